import type { StateRows } from '../restore.ts';
import { stateHead } from '../restore.ts';
import { agentRow, profileRow, queueRow, taskRow } from '../rows.ts';
import type { CoreState } from '../state.ts';
import { agentCommand, assign, complete, extend, fail, register, submit } from './commands.ts';
import { World } from './world.ts';

/** Every row of a state, as it comes back from text. */
export function rowsOf(state: CoreState): StateRows {
  const rows = {
    head: stateHead(state),
    queues: [...state.queues.values()].map(queueRow),
    profiles: [...state.profiles.values()].map(profileRow),
    agents: [...state.agents.values()].map(agentRow),
    tasks: [...state.tasks.values()].map(taskRow),
    idempotency: [...state.idempotency.values()],
  };
  return JSON.parse(JSON.stringify(rows)) as typeof rows;
}

/** A state with something of everything: each live state, failures, keys, labels, several queues. */
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
  world.run(1_200, assign('done', 'a1'), assign('running', 'a1'), assign('dead', 'a2'));
  world.run(1_250, assign('again', 'a3'), agentCommand('agent.drain', 'a2'));
  world.run(
    1_300,
    complete('done', 3),
    fail('dead', 3, { retryable: false }),
    fail('again', 4),
    extend('running', 3, 2_000),
    agentCommand('agent.lost', 'a3'),
    { type: 'queue.pause', queue: 'team/default' },
  );
  return world;
}
