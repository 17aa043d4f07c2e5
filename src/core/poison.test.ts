import { describe, expect, test } from 'vitest';
import {
  agentCommand,
  assign,
  breakLease,
  fail,
  register,
  retry,
  submit,
} from './testing/commands.ts';
import { World } from './testing/world.ts';
import { CORE_SETTINGS_DEFAULT } from './state.ts';

/** Task `t1`, which may be attempted often, and agents `a1` to `a5`. */
function world(poisonAgents?: number): World {
  const made = new World();
  if (poisonAgents !== undefined) {
    const settings = { ...CORE_SETTINGS_DEFAULT, poisonAgents };
    made.run(1_000, { type: 'settings.set', settings });
  }
  for (let n = 1; n <= 5; n++) made.run(1_000, register(`a${n}`));
  made.run(1_000, submit('t1', { retry: { attemptsMax: 20, delayMs: 0 } }));
  return made;
}

/** The agent takes the task and falls silent. */
function lose(on: World, agentId: string): void {
  on.run(1_000, assign('t1', agentId));
  on.run(1_000, agentCommand('agent.lost', agentId));
  on.run(1_000, agentCommand('agent.back', agentId));
}

describe('a task that takes its agents down', () => {
  test('is held back as poison after three of them, though attempts are left', () => {
    const on = world();
    lose(on, 'a1');
    lose(on, 'a3');
    expect(on.task('t1').state).toBe('queued');
    lose(on, 'a2');
    expect(on.task('t1')).toMatchObject({
      state: 'failed',
      reason: 'poison',
      attempt: 3,
      error: { code: 'POISON_TASK', message: expect.stringContaining('3: a1, a2, a3') as string },
    });
    const groups = [...on.state.records.failureGroups.values()];
    expect(groups).toMatchObject([{ code: 'POISON_TASK', live: 1, exampleId: 't1' }]);
  });

  test('counts each agent once, and silence and restarts alike', () => {
    const on = world();
    lose(on, 'a1');
    lose(on, 'a1');
    lose(on, 'a1');
    expect(on.task('t1').state).toBe('queued');
    on.run(1_000, assign('t1', 'a2'));
    on.run(1_000, breakLease('t1', on.state.index));
    on.run(1_000, assign('t1', 'a3'));
    on.run(1_000, register('a3', {}, 'second'));
    expect(on.task('t1').reason).toBe('poison');
  });

  test('is told from one that fails by itself', () => {
    const on = world();
    for (const agentId of ['a1', 'a2', 'a3', 'a4']) {
      on.run(1_000, assign('t1', agentId));
      on.run(1_000, fail('t1', on.state.index, { code: 'SMTP_DOWN' }));
    }
    expect(on.task('t1').state).toBe('queued');
  });

  test('that is redriven is held back again with the next agent it takes down', () => {
    const on = world();
    for (const agentId of ['a1', 'a2', 'a3']) lose(on, agentId);
    on.run(1_000, retry('t1'));
    lose(on, 'a3');
    expect(on.task('t1').reason).toBe('poison');
  });

  test.each([
    [1, ['a1'], 'poison'],
    [2, ['a1', 'a2'], 'poison'],
    [0, ['a1', 'a2', 'a3', 'a4', 'a5'], 'agent_lost'],
  ])('with poisonAgents %d', (poisonAgents, agents, reason) => {
    const on = world(poisonAgents);
    for (const agentId of agents) lose(on, agentId);
    expect(on.task('t1').reason).toBe(reason);
  });
});
