import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import { digest, headDigest } from './digest.ts';
import type { NewOperation } from './operation.ts';
import { restoreState } from './restore.ts';
import {
  assign,
  complete,
  register,
  scheduleSettings,
  submit,
  taskSpec,
} from './testing/commands.ts';
import { CheckpointStore } from './testing/checkpoint-store.ts';
import { eventText, refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const remove = (queue: string): Command => ({ type: 'queue.remove', queue });
const SETTINGS: Command = {
  type: 'queue.set',
  queue: 'mail',
  settings: { strategy: 'born', depthMax: 3, concurrencyMax: 1, rate: { units: 1, perMs: 60_000 } },
};

/** A queue `mail` with settings of its own, an agent, and nothing in it. */
function world(): World {
  const made = new World();
  made.run(1000, register('a1', { slots: 9 }), SETTINGS);
  return made;
}

function refusal(made: World, command: Command): unknown {
  const [result] = made.run(1000, command).results;
  return result?.type === 'refused' ? result.rejection.details : refusalsOf(result);
}

const NOTHING = {
  queue: 'mail',
  waiting: 0,
  running: 0,
  coming: 0,
  deadLetters: 0,
  schedules: 0,
  operations: 0,
};

describe('a queue that is removed', () => {
  test('comes back with the settings of all, its rate full and nothing paused', () => {
    const gone = world();
    gone.run(1000, submit('t1', { queue: 'mail' }));
    gone.run(1000, assign('t1', 'a1'), { type: 'queue.pause', queue: 'mail' });
    gone.run(1000, complete('t1', 3));
    expect(gone.state.records.buckets.size).toBe(1);
    expect(gone.run(1000, remove('mail')).events.map(eventText)).toEqual(['queue.removed mail']);
    expect(gone.state.queues.has('mail')).toBe(false);
    expect(gone.state.records.buckets.size).toBe(0);
    gone.run(1000, submit('t2', { queue: 'mail' }), submit('t3', { queue: 'mail' }));
    expect(gone.queue('mail')).toMatchObject({
      settings: gone.state.settings.queueDefaults,
      paused: false,
      gate: null,
    });
    const { results } = gone.run(1000, assign('t2', 'a1'), assign('t3', 'a1'));
    expect(results.flatMap(refusalsOf)).toEqual([]);
  });

  test('may come back in the same batch', () => {
    const gone = world();
    gone.run(1000, remove('mail'), submit('t1', { queue: 'mail' }));
    expect(gone.queue('mail')).toMatchObject({ queued: 1, gate: null });
  });

  test('is forgotten by the next checkpoint, even one that is being written', () => {
    const gone = world();
    const store = new CheckpointStore();
    store.begin(gone.state);
    gone.run(1000, remove('mail'));
    while (!store.step(1)) continue;
    expect([...store.rows().queues].map(([name]) => name)).toEqual(['mail']);
    store.begin(gone.state);
    while (!store.step(1)) continue;
    expect([...store.rows().queues]).toEqual([]);
    expect(digest(restoreState(store.rows()))).toBe(digest(gone.state));
  });
});

describe('a queue stays', () => {
  test('while it is the default one', () => {
    const made = new World();
    const isDefault = ['QUEUE_IS_DEFAULT'];
    expect(made.run(1000, remove('default')).results.flatMap(refusalsOf)).toEqual(isDefault);
    made.run(1000, submit('t1'));
    expect(made.run(1000, remove('default')).results.flatMap(refusalsOf)).toEqual(isDefault);
  });

  test.each<[string, readonly Command[], object]>([
    ['a task waits', [submit('t1', { queue: 'mail' })], { waiting: 1 }],
    ['a task is delayed', [submit('t1', { queue: 'mail' }, { runAt: 9000 })], { waiting: 1 }],
    [
      'a schedule makes tasks in it',
      [
        {
          type: 'schedule.set',
          namespace: 'default',
          name: 'nightly',
          nextAt: 9000,
          settings: scheduleSettings({
            task: { spec: taskSpec({ queue: 'mail' }), fields: { payloadBytes: 2 }, payload: '{}' },
          }),
        },
      ],
      { schedules: 1 },
    ],
    [
      'tasks of a schedule may escalate to it',
      [
        {
          type: 'schedule.set',
          namespace: 'default',
          name: 'nightly',
          nextAt: 9000,
          settings: scheduleSettings({
            task: {
              spec: taskSpec({ rules: { escalate: [{ afterAttempt: 1, queue: 'mail' }] } }),
              fields: { payloadBytes: 2 },
              payload: '{}',
            },
          }),
        },
      ],
      { schedules: 1 },
    ],
    [
      'a large submit brings tasks to it',
      [
        {
          type: 'stage.add',
          stageId: 's1',
          index: 0,
          specs: [taskSpec({ queue: 'mail' })],
          tasks: [{ id: 't1' as never, spec: 0, payloadBytes: 2 }],
          payloads: ['{}'],
        },
      ],
      { coming: 1 },
    ],
    [
      'an operation moves tasks to it',
      [{ type: 'operation.start', operation: operation({ queue: 'mail' }) }],
      { operations: 1 },
    ],
  ])('while %s', (_, commands, uses) => {
    const used = world();
    expect(used.run(1000, ...commands).results.flatMap(refusalsOf)).toEqual([]);
    expect(refusal(used, remove('mail'))).toEqual({ ...NOTHING, ...uses });
    expect(used.queue('mail').settings.strategy).toBe('born');
  });

  test('of another namespace is another queue', () => {
    const made = world();
    made.run(1000, submit('t1', { queue: 'mail', namespace: 'team' }));
    expect(made.run(1000, remove('mail')).results.flatMap(refusalsOf)).toEqual([]);
    expect([...made.state.queues.keys()]).toEqual(['team/mail']);
  });
});

test('a schedule that changes queues, or goes, lets the queue go', () => {
  const made = world();
  const set = (queue: string): Command => ({
    type: 'schedule.set',
    namespace: 'default',
    name: 'nightly',
    nextAt: 9000,
    settings: scheduleSettings({
      task: { spec: taskSpec({ queue }), fields: { payloadBytes: 2 }, payload: '{}' },
    }),
  });
  made.run(1000, set('mail'));
  made.run(1000, set('other'));
  expect([...made.state.queueSchedules]).toEqual([['other', 1]]);
  expect(made.run(1000, remove('mail')).results.flatMap(refusalsOf)).toEqual([]);
  made.run(1000, { type: 'schedule.remove', key: 'nightly' });
  expect([...made.state.queueSchedules]).toEqual([]);
});

test('10,000 queues that come and go leave nothing behind', () => {
  const made = new World();
  for (let i = 0; i < 10_000; i++) {
    const queue = `n${i}/q`;
    made.run(1000, { ...SETTINGS, queue }, remove(queue));
  }
  expect(made.state.queues.size).toBe(0);
  expect(made.state.queueChanges.size).toBe(0);
});

test('the fingerprint of changes does not depend on the order in which queues were made', () => {
  const made = new World();
  made.run(1000, { ...SETTINGS, queue: 'z' }, { ...SETTINGS, queue: 'a' });
  const store = new CheckpointStore();
  store.begin(made.state);
  while (!store.step(9)) continue;
  const rows = store.rows();
  // A data base gives them by their names.
  const queues = [...rows.queues].toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(headDigest(restoreState({ ...rows, queues }))).toBe(headDigest(made.state));
});

function operation(params: NewOperation['params']): NewOperation {
  return {
    id: 'o1',
    action: 'redrive',
    params,
    query: '',
    group: null,
    includePoison: false,
    hashMax: null,
    seed: 1,
    before: 'z',
    itemsMax: null,
    rate: 0,
    by: 'ann',
    reason: null,
    matched: 1,
  };
}
