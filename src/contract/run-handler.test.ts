import { describe, expect, test } from 'vitest';
import { TaskFailure, type AgentHandler, type HandlerContext } from './handler.ts';
import { progressFacts } from './progress.ts';
import { runHandler, type AttemptReport } from './run-handler.ts';

const CONTEXT = { attempt: 1, fencingToken: 1 } as HandlerContext;
const cycle: { self?: unknown } = {};
cycle.self = cycle;

function reportOf(handler: () => unknown): Promise<AttemptReport> {
  const task = { id: 'id', type: 'type', payload: null };
  return runHandler(handler as AgentHandler, task, CONTEXT);
}

function thrown(error: unknown): Promise<AttemptReport> {
  return reportOf(() => {
    throw error;
  });
}

describe('a handler that returns', () => {
  test.each([
    ['a value', () => ({ a: 1 }), '{"a":1}'],
    ['a promise', () => Promise.resolve('x'), '"x"'],
    ['nothing', () => undefined, 'null'],
    ['null', () => null, 'null'],
    ['a date', () => new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['what is not a number', () => Number.NaN, 'null'],
  ])('%s completes', async (_, handler, result) => {
    expect(await reportOf(handler)).toEqual({ ok: true, result });
  });

  test.each([
    ['a BigInt', () => 1n, /BigInt/],
    ['a cycle', () => cycle, /circular/],
    ['a function', () => () => 0, /got a function/],
    ['a symbol', () => Symbol('x'), /got a symbol/],
    ['what throws when it is written', () => ({ toJSON: () => bomb() }), /boom/],
    ['what throws something unreadable', () => ({ toJSON: () => bomb(unreadable()) }), /JSON/],
  ])('%s fails for good', async (_, handler, message) => {
    expect(await reportOf(handler)).toEqual({
      ok: false,
      code: 'RESULT_NOT_SERIALISABLE',
      message: expect.stringMatching(message) as string,
      retryable: false,
      retryAfterMs: 0,
    });
  });
});

function bomb(error: unknown = new Error('boom')): never {
  throw error;
}

/** Neither its fields nor its text can be read. */
function unreadable(): object {
  return new Proxy({}, { get: () => bomb(), getPrototypeOf: () => bomb() });
}

describe('a handler that throws', () => {
  const plain = { ok: false, code: 'HANDLER_ERROR', retryable: true, retryAfterMs: 0 };

  test.each([
    ['an error', new Error('boom'), 'boom'],
    ['a text', 'boom', 'boom'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 7, '7'],
    ['an error with an odd message', Object.assign(new Error(''), { message: 42 }), '42'],
  ])('%s fails the attempt', async (_, error, message) => {
    expect(await thrown(error)).toEqual({ ...plain, message });
    expect(await reportOf(() => Promise.reject(error as Error))).toEqual({ ...plain, message });
  });

  test.each([
    ['an object without a prototype', Object.create(null)],
    ['what cannot be read', unreadable()],
    [
      'an error whose code cannot be read',
      Object.defineProperty(new Error('x'), 'code', { get: () => bomb() }),
    ],
  ])('%s fails the attempt all the same', async (_, error) => {
    expect(await thrown(error)).toMatchObject(plain);
  });

  test('hands on the code, and whether and when to try again', async () => {
    const failure = new TaskFailure('NO_ROOM', 'full', { retryable: false, retryAfterMs: 1_500 });
    expect(await thrown(failure)).toEqual({
      ok: false,
      code: 'NO_ROOM',
      message: 'full',
      retryable: false,
      retryAfterMs: 1_500,
    });
  });

  test.each([
    [{ code: 7, retryable: 'no', retryAfterMs: 'soon' }, plain],
    [{ code: '', retryAfterMs: -5 }, plain],
    [{ retryAfterMs: Number.NaN }, plain],
    [{ retryAfterMs: Number.POSITIVE_INFINITY }, { ...plain, retryAfterMs: 2_592_000_000 }],
    [{ retryAfterMs: 0.4 }, plain],
    [{ code: 'C'.repeat(500) }, { ...plain, code: 'C'.repeat(100) }],
  ])('fields that make no sense are passed over: %j', async (fields, expected) => {
    expect(await thrown(Object.assign(new Error('x'), fields))).toEqual({
      ...expected,
      message: 'x',
    });
  });

  test('a message of any length is cut to what a server takes', async () => {
    expect(((await thrown(new Error('m'.repeat(2_000_000)))) as { message: string }).message).toBe(
      'm'.repeat(4_096),
    );
  });
});

describe('progress', () => {
  test.each([
    [0.5, 'half', { fraction: 0.5, note: 'half' }],
    [2, undefined, { fraction: 1, note: null }],
    [-1, '', { fraction: 0, note: '' }],
    [0 / 0, undefined, { fraction: null, note: null }],
    [null, undefined, { fraction: null, note: null }],
    [Number.POSITIVE_INFINITY, 'n'.repeat(2_000), { fraction: 1, note: 'n'.repeat(1_000) }],
  ])('of %d with %j is made fit to be sent', (fraction, note, expected) => {
    expect(progressFacts(fraction, note)).toEqual(expected);
  });
});
