import { describe, expect, test } from 'vitest';
import { normalizeSpec, type SubmitExtras } from '../contract/index.ts';
import type { TaskId } from '../core/index.ts';
import { reportCommands } from './reports.ts';
import { submitCommand } from './submission.ts';

const ID = 'id' as TaskId;
const SPEC = normalizeSpec({ type: 'work' });

function hashOf(extra: SubmitExtras, payload = '{}', spec = SPEC): string | undefined {
  const submission = { specs: [spec], specOf: null, payloads: [payload], extras: [extra] };
  return submitCommand(submission, () => ID).tasks[0]?.bodyHash;
}

describe('a submit', () => {
  test('becomes one command with an id and a spec for each task', () => {
    let next = 0;
    const submission = {
      specs: [SPEC, normalizeSpec({ type: 'other' })],
      specOf: [1, 0],
      payloads: ['{"a":1}', 'null'],
      extras: [null, { affinityKey: 'k', runAt: 7, deadlineAt: undefined }],
    };
    expect(submitCommand(submission, () => `id-${next++}` as TaskId)).toEqual({
      type: 'task.submit',
      specs: submission.specs,
      tasks: [
        { id: 'id-0', spec: 1, payloadBytes: 7 },
        { id: 'id-1', spec: 0, payloadBytes: 4, affinityKey: 'k', runAt: 7 },
      ],
    });
  });

  test('has the same hash when it is the same, whenever it is to run', () => {
    const first = hashOf({ idempotencyKey: 'k', runAt: 1 });
    expect(first).toMatch(/^[\w-]{22}$/);
    expect(hashOf({ idempotencyKey: 'k', runAt: 2 })).toBe(first);
    expect(hashOf({ idempotencyKey: 'other' })).toBe(first);
    expect(hashOf({ runAt: 1 })).toBeUndefined();
  });

  test('has another hash when anything else differs', () => {
    const key = { idempotencyKey: 'k' };
    const hashes = [
      hashOf(key),
      hashOf(key, '{ }'),
      hashOf(key, '{}', normalizeSpec({ type: 'work', priority: 5 })),
      hashOf({ ...key, affinityKey: 'a' }),
      hashOf({ ...key, deadlineAt: 1 }),
      hashOf({ ...key, metadata: { a: 1 } }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('reports', () => {
  test('become one command of completions and one of failures, which remember their places', () => {
    const failed = { ok: false, code: 'C', message: 'm', retryable: true } as const;
    const reports = [
      { ...failed, retryAfterMs: 0 },
      { ok: true, result: '"é"' } as const,
      { ...failed, retryable: false, retryAfterMs: 5 },
    ];
    const ends = reports.map((report, i) => ({ taskId: ID, fencingToken: i, report }));
    const error = { code: 'C', message: 'm' };
    expect(reportCommands(ends)).toEqual({
      complete: {
        type: 'task.complete',
        items: [{ taskId: ID, fencingToken: 1, resultBytes: 3 }],
      },
      completePositions: [1],
      results: ['"é"'],
      fail: {
        type: 'task.fail',
        items: [
          { taskId: ID, fencingToken: 0, error, retryable: true },
          { taskId: ID, fencingToken: 2, error, retryable: false, retryAfterMs: 5 },
        ],
      },
      failPositions: [0, 2],
    });
    expect(reportCommands([])).toMatchObject({ complete: null, fail: null });
  });
});
