import { expect, test } from 'vitest';
import type { TaskView } from '../../contract/index.ts';
import { taskFields } from './task-table.ts';

const ID = '0198c0de-7a11-7000-8000-000000000000';

const PLAIN: TaskView = {
  id: ID,
  namespace: 'default',
  queue: 'default',
  type: 'work',
  state: 'queued',
  reason: null,
  priority: 4,
  attempt: 0,
  createdAt: '2026-01-01T00:00:00.000Z',
  stateAt: '2026-01-01T00:00:00.000Z',
  fencingToken: 0,
  requires: {},
  retry: {},
  timeouts: {},
  payloadBytes: 4,
  failures: [],
};

function shown(task: Partial<TaskView>): Record<string, unknown> {
  const fields = taskFields({ ...PLAIN, ...task }, 0).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields);
}

test('a task is shown with its budget, and with what it and its attempts take', () => {
  const budget = {
    limits: { tokens: 100, costUsd: 1, subtasks: 5, wallMs: 60_000 },
    used: { tokens: 60, costUsd: 0.25 },
    reserved: { tokens: 20, costUsd: 0 },
    subtasks: 2,
    warned: [],
  };
  expect(shown({ budget, estimate: { tokens: 20 }, usage: { costUsd: 0.25 } })).toMatchObject({
    budget: 'tokens 60 of 100 and 20 reserved, usd 0.25 of 1, subtasks 2 of 5, wallMs 60000',
    estimate: '20 tokens, 0 usd',
    used: '0 tokens, 0.25 usd',
  });
});

test('a task is shown with what it belongs to and waits behind', () => {
  const dependsOn = [
    { taskId: 'a', onFailure: 'fail' },
    { taskId: 'b', onFailure: 'skip' },
  ] as const;
  const copies = {
    kind: 'redundant',
    taskIds: ['1', '2', '3', '4', '5', '6'],
    votes: [],
    lost: [],
  };
  expect(
    shown({
      flowId: 'f',
      parentId: 'p',
      dependsOn: [...dependsOn],
      copies: { ...copies, agreed: ['ann', 'bob'], dissented: ['eve'] } as never,
      concurrencyKey: 'k',
      concurrency: { limit: 2, policy: 'cancel-oldest' },
      limits: [{ name: 'tpm', key: 'acme', units: 9 }, { name: 'calls' }],
      dedupe: { mode: 'keep-last', key: 'd' },
      avoid: { agents: ['a1'], zones: ['eu'] },
      progress: { fraction: 0.625, note: 'page 5', at: 'noon' },
      cancel: { reason: 'enough', requestedAt: '', until: 'soon' },
    }),
  ).toMatchObject({
    flow: 'f',
    parent: 'p',
    'depends on': 'a b (skip)',
    copies: '1 2 3 4 5 and 1 more',
    agreed: 'ann bob',
    dissented: 'eve',
    'concurrency key': 'k, 2 at a time, cancel-oldest',
    limits: 'tpm:acme=9 calls=1',
    dedupe: 'keep-last d',
    'keeps from': 'a1 zone=eu',
    progress: '63 % page 5 (at noon)',
    'asked to end': 'enough, until soon',
  });
});

test('a plain task is shown without any of that', () => {
  expect(Object.keys(shown({}))).toEqual([
    'id',
    'state',
    'type',
    'queue',
    'priority',
    'attempt',
    'created',
    'in this state',
    'requires',
  ]);
});
