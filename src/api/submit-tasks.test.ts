import { expect, test } from 'vitest';
import { METADATA_BYTES_MAX, submissionOfMany, submissionOfOne } from './submit-tasks.ts';

const limits = { payloadBytesMax: 100, nowMs: 1_000 };

test('tasks with the same options share them, whatever else differs', () => {
  const { extras, payloads, specOf, specs } = submissionOfMany(
    [
      { type: 'a', payload: 1 },
      { type: 'b', payload: 2 },
      { type: 'a', payload: 3, affinityKey: 'k' },
      { type: 'a', priority: 9 },
    ],
    limits,
  );
  expect(specs.map(({ priority, type }) => [type, priority])).toEqual([
    ['a', 4],
    ['b', 4],
    ['a', 9],
  ]);
  expect(specOf).toEqual([0, 1, 0, 2]);
  expect(payloads).toEqual(['1', '2', '3', 'null']);
  expect(extras?.map((one) => one?.affinityKey)).toEqual([undefined, undefined, 'k', undefined]);
});

test('a task without moments and keys has no extras', () => {
  expect(submissionOfOne({ type: 'a' }, limits).extras).toBeNull();
  expect(submissionOfMany([{ type: 'a' }, { type: 'a' }], limits).extras).toBeNull();
});

test('a delay counts from now, and moments may be text or numbers', () => {
  const runAt = (task: object): number | undefined =>
    submissionOfOne({ type: 'a', ...task }, limits).extras?.[0]?.runAt;
  expect(runAt({ delayMs: 500 })).toBe(1_500);
  expect(runAt({ runAt: 5 })).toBe(5);
  expect(() => runAt({ runAt: '1970-01-01T00:00:01+01:00' })).toThrow(/since 1970/);
  expect(runAt({ runAt: '1970-01-01T01:00:01+01:00' })).toBe(1_000);
});

test('the size of a payload is that of its JSON in UTF-8', () => {
  expect(() => submissionOfOne({ type: 'a', payload: 'é'.repeat(49) }, limits)).not.toThrow();
  expect(() => submissionOfOne({ type: 'a', payload: 'é'.repeat(50) }, limits)).toThrow(
    expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
  );
});

test('metadata is bounded too', () => {
  const withNote = (length: number): object => ({
    type: 'a',
    metadata: { note: 'n'.repeat(length) },
  });
  const frame = '{"note":""}'.length;
  expect(() => submissionOfOne(withNote(METADATA_BYTES_MAX - frame), limits)).not.toThrow();
  expect(() => submissionOfOne(withNote(METADATA_BYTES_MAX - frame + 1), limits)).toThrow(
    expect.objectContaining({
      code: 'PAYLOAD_TOO_LARGE',
      details: expect.objectContaining({ path: '/metadata' }),
    }),
  );
});
