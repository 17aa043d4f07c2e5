import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkLinearizability, type Operation } from './linearizability.ts';
import { registerModel, type RegisterInput, type RegisterOutput } from './register-model.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

type Entry = Operation<RegisterInput, RegisterOutput>;

function put(value: number, calledAt: number, returnedAt: number): Entry {
  const output = returnedAt === Infinity ? undefined : 0;
  return { key: 'k', input: { kind: 'put', value }, calledAt, returnedAt, output };
}

function get(output: number, calledAt: number, returnedAt: number): Entry {
  return { key: 'k', input: { kind: 'get' }, calledAt, returnedAt, output };
}

function swap(
  expected: number,
  value: number,
  output: number,
  at: readonly [number, number],
): Entry {
  const input = { kind: 'swap', expected, value } as const;
  return { key: 'k', input, calledAt: at[0], returnedAt: at[1], output };
}

function verdict(history: readonly Entry[]): string {
  return checkLinearizability(registerModel, history).verdict;
}

describe('histories that one copy could have given', () => {
  test.each<[string, Entry[]]>([
    ['nothing at all', []],
    ['a read of what was never written', [get(0, 1, 2)]],
    ['a read after a write', [put(1, 1, 2), get(1, 3, 4)]],
    ['a read during a write that sees the old value', [put(1, 1, 9), get(0, 2, 3)]],
    ['a read during a write that sees the new value', [put(1, 1, 9), get(1, 2, 3)]],
    [
      'an unanswered write that took effect late',
      [put(1, 1, Infinity), get(0, 2, 3), get(1, 4, 5)],
    ],
    [
      'an unanswered write that never took effect',
      [put(1, 1, Infinity), get(0, 2, 3), get(0, 8, 9)],
    ],
    ['operations that touch in either order', [put(1, 1, 2), get(0, 2, 3)]],
    ['a swap that lost against a write', [put(1, 1, 4), swap(0, 2, 0, [2, 3]), get(1, 5, 6)]],
  ])('%s', (_name, history) => {
    expect(verdict(history)).toBe('linearizable');
  });
});

describe('histories that no single copy could have given', () => {
  test.each<[string, Entry[]]>([
    ['a stale read', [put(1, 1, 2), put(2, 3, 4), get(1, 5, 6)]],
    ['a lost write', [put(1, 1, 2), get(0, 3, 4)]],
    ['a value from nowhere', [put(1, 1, 2), get(7, 3, 4)]],
    ['two readers that disagree on the order', [put(1, 1, 9), get(1, 2, 3), get(0, 4, 5)]],
    ['an unanswered write that is taken back', [put(1, 1, Infinity), get(1, 2, 3), get(0, 4, 5)]],
    ['two swaps that both won', [swap(0, 1, 1, [1, 5]), swap(0, 2, 1, [2, 4])]],
    ['a read before the write was called', [get(1, 1, 2), put(1, 3, 4)]],
  ])('%s', (_name, history) => {
    expect(verdict(history)).toBe('not linearizable');
  });
});

test('a bad key is named among good ones', () => {
  const history = [put(1, 1, 2), get(1, 3, 4), { ...get(5, 1, 2), key: 'bad' }];
  expect(checkLinearizability(registerModel, history)).toEqual({
    verdict: 'not linearizable',
    key: 'bad',
  });
});

test('a search that grows too large says so instead of guessing', () => {
  const history = [put(1, 1, 2), get(1, 3, 4)];
  expect(checkLinearizability(registerModel, history, 1)).toEqual({
    verdict: 'too large',
    key: 'k',
  });
});

/** Tries every order of every choice of the unanswered operations. */
function hasOrder(history: readonly Entry[], state: number, left: ReadonlySet<number>): boolean {
  const answered = [...left].filter((index) => history[index]?.returnedAt !== Infinity);
  if (answered.length === 0) return true;
  const firstReturn = Math.min(...answered.map((index) => history[index]?.returnedAt ?? Infinity));
  return [...left].some((index) => {
    const operation = history[index];
    if (operation === undefined || operation.calledAt > firstReturn) return false;
    const after = registerModel.step(state, operation.input, operation.output);
    if (after === undefined) return false;
    const rest = new Set(left);
    rest.delete(index);
    return hasOrder(history, after, rest);
  });
}

const operations = fc
  .record({
    kind: fc.constantFrom('get', 'put', 'swap'),
    value: fc.integer({ min: 1, max: 3 }),
    expected: fc.integer({ min: 0, max: 3 }),
    output: fc.integer({ min: 0, max: 3 }),
    calledAt: fc.integer({ min: 0, max: 12 }),
    durationMs: fc.integer({ min: 1, max: 6 }),
    isAnswered: fc.integer({ min: 0, max: 4 }).map((draw) => draw > 0),
  })
  .map(({ kind, value, expected, output, calledAt, durationMs, isAnswered }): Entry => {
    const returnedAt = isAnswered ? calledAt + durationMs : Infinity;
    const inputs = {
      get: { kind: 'get' },
      put: { kind: 'put', value },
      swap: { kind: 'swap', expected, value },
    } as const;
    const input = inputs[kind as keyof typeof inputs];
    const answer = kind === 'swap' ? output % 2 : kind === 'put' ? 0 : output;
    return { key: 'k', input, calledAt, returnedAt, output: isAnswered ? answer : undefined };
  });

test('the search finds an order exactly where trying all of them does', () => {
  const seen = { linearizable: 0, 'not linearizable': 0 };
  fc.assert(
    fc.property(fc.array(operations, { maxLength: 6 }), (history) => {
      const all = new Set(history.keys());
      const expected = hasOrder(history, 0, all) ? 'linearizable' : 'not linearizable';
      seen[expected] += 1;
      expect(verdict(history)).toBe(expected);
    }),
    { numRuns: 3000, ...seed },
  );
  expect(Math.min(seen.linearizable, seen['not linearizable'])).toBeGreaterThan(300);
});
