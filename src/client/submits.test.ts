import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SubmitTask } from '../contract/index.ts';
import { submitColumns } from './submits.ts';

const seed = process.env['SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

const task = fc.record(
  {
    type: fc.constantFrom('a', 'b'),
    queue: fc.constantFrom('q', 'r'),
    priority: fc.nat(2),
    retry: fc.record({ attemptsMax: fc.nat(2) }),
    payload: fc.jsonValue(),
    idempotencyKey: fc.constantFrom('k', 'l'),
    delayMs: fc.nat(5),
  },
  { requiredKeys: ['type'] },
) as fc.Arbitrary<SubmitTask>;

describe('columns of a submit', () => {
  test('say of each task what was said, and each set of options once', () => {
    fc.assert(
      fc.property(fc.array(task, { minLength: 1 }), (tasks) => {
        const { extras, payloads, specOf, specs } = submitColumns(tasks, 1_000);
        for (const [i, { delayMs, idempotencyKey, payload, ...options }] of tasks.entries()) {
          expect(specs[specOf?.[i] ?? 0]).toEqual(options);
          expect(payloads[i]).toBe(JSON.stringify(payload ?? null));
          const extra = extras?.[i] ?? {};
          const runAt = delayMs === undefined ? {} : { runAt: 1_000 + delayMs };
          expect(extra).toEqual({
            ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
            ...runAt,
          });
        }
        const texts = new Set(specs.map((spec) => JSON.stringify(spec)));
        expect(texts.size).toBe(specs.length);
        expect(specOf === null).toBe(specs.length === 1);
      }),
    );
  });

  test('can be sent twice where every task has a key', () => {
    const keyed = { type: 'a', idempotencyKey: 'k' };
    expect(submitColumns([keyed, keyed], 0).isRepeatable).toBe(true);
    expect(submitColumns([keyed, { type: 'a' }], 0).isRepeatable).toBe(false);
  });

  test('take moments as text or number', () => {
    const columns = submitColumns(
      [{ type: 'a', runAt: '1970-01-01T00:00:01Z', deadlineAt: 5 }, { type: 'a' }],
      0,
    );
    expect(columns.extras).toEqual([{ runAt: 1_000, deadlineAt: 5 }, null]);
    expect(submitColumns([{ type: 'a' }], 0).extras).toBeNull();
  });

  test.each([
    ['a BigInt', 1n],
    ['a function', () => 0],
  ])('refuse %s for a payload', (_, payload) => {
    expect(() => submitColumns([{ type: 'a' }, { type: 'a', payload }], 0)).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        details: { path: '/tasks/1/payload' },
      }) as Error,
    );
  });
});
