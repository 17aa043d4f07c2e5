import { recordTables } from '../records.ts';
import type { StateRows } from '../restore.ts';
import { stateHead } from '../restore.ts';
import { agentRow, profileRow, queueRow, taskRow } from '../rows.ts';
import type { CoreState } from '../state.ts';
import {
  agentCommand,
  answer,
  ask,
  assign,
  complete,
  details,
  extend,
  fail,
  fire,
  register,
  setSchedule,
  submit,
} from './commands.ts';
import { World } from './world.ts';

/** Every row of a state, as it comes back from text. */
export function rowsOf(state: CoreState): StateRows {
  return JSON.parse(rowsTextOf(state)) as StateRows;
}

/** Every row of a state, as JSON. */
export function rowsTextOf(state: CoreState): string {
  const rows: StateRows = {
    head: stateHead(state),
    queues: [...state.queues.values()].map(queueRow),
    profiles: [...state.profiles.values()].map(profileRow),
    agents: [...state.agents.values()].map(agentRow),
    tasks: [...state.tasks.values()].map(taskRow),
    records: recordTables(state.records).flatMap((table) =>
      [...table.values()].map(table.changes.rowOf),
    ),
    idempotency: [...state.idempotency.values()],
  };
  return JSON.stringify(rows);
}

/** A state with something of everything: each live state, failures, keys, labels, questions, several queues. */
export function busyWorld(): World {
  const world = new World();
  const labels = { zone: 'eu' };
  world.run(
    1_000,
    register('a1', { slots: 3, labels: { zone: 'eu', rack: '7' } }),
    register('a2', { capabilities: ['email@2', 'gpu'], cost: 2 }, 'second'),
    register('a3'),
    { type: 'queue.set', queue: 'mail', settings: { strategy: 'least-loaded', depthMax: 50 } },
  );
  world.run(
    1_100,
    submit('done', {}, { idempotencyKey: 'k0', bodyHash: 'h0' }),
    submit('running', { timeouts: { runMs: 900 }, requires: { capabilities: ['email'], labels } }),
    submit('dead', { queue: 'mail' }, { metadata: { ward: 3, note: { deep: [1, null] } } }),
    submit('again', { retry: { jitter: 0.5 } }, { idempotencyKey: 'k1', bodyHash: 'h1' }),
    submit('waits', { namespace: 'team', timeouts: { queueMs: 5_000, heartbeatMs: 7 } }),
    submit('later', { priority: 9 }, { runAt: 8_000, deadlineAt: 9_000, affinityKey: 'user-1' }),
  );
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  world.run(1_150, submit('asks', { timeouts: { runMs: 5_000 } }, { traceparent }));
  world.run(
    1_200,
    assign('asks', 'a1'),
    assign('done', 'a1'),
    assign('running', 'a1'),
    assign('dead', 'a2'),
  );
  world.run(1_250, assign('again', 'a3'), agentCommand('agent.drain', 'a2'));
  world.run(
    1_255,
    setSchedule('hourly', 2_000, { overlap: 'queue-one', runsMax: 9 }),
    setSchedule('daily', 5_000, { timing: { type: 'at', moments: [5_000] } }),
    { type: 'schedule.pause', key: 'daily', reason: 'holiday', by: 'ann' },
    fire('hourly', 2_000, 3_000, 'fired'),
    fire('hourly', 3_000, 4_000, 'fires-next'),
    fire('hourly', 4_000, 5_000, 'left-out'),
  );
  world.run(1_260, ask('asks', 4, { key: 'first' }), details('again', 5));
  world.run(1_270, answer('asks', 4, { key: 'first', by: null }));
  world.run(
    1_300,
    ask('asks', 4, { schema: '{"type":"boolean"}', answerers: ['ann'], expiresMs: 60_000 }),
    complete('done', 4),
    fail('dead', 4, { retryable: false }),
    fail('again', 5),
    extend('running', 4, 2_000),
    agentCommand('agent.lost', 'a3'),
    { type: 'queue.pause', queue: 'team/default' },
  );
  return world;
}
