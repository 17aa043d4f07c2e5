import { describe, expect, test } from 'vitest';
import { copiesOf, copyOf, liveCopies } from './copies.ts';
import type { TaskId } from './ids.ts';
import type { Task } from './task.ts';
import {
  agentCommand,
  assign,
  cancel,
  complete,
  fail,
  fire,
  hedge,
  register,
  retry,
  setSchedule,
  submit,
  taskSpec,
  vote,
  type SpecOptions,
  type TaskFields,
} from './testing/commands.ts';
import { eventText, refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const twice = (agree = 2): SpecOptions => ({ rules: { redundancy: { copies: 2, agree } } });

function worldWithAgents(...ids: readonly string[]): World {
  const world = new World();
  for (const id of ids) world.run(1_000, register(id));
  return world;
}

function copies(world: World, id = 't1'): Task[] {
  return (copiesOf(world.task(id))?.ids ?? []).map((copy) => world.task(copy));
}

/** Assigns the copies of `t1` to the agents, in order, and returns their ids and tokens. */
function started(world: World, ...agents: readonly string[]): { id: string; token: number }[] {
  const tasks = copies(world);
  world.run(1_000, ...agents.map((agentId, i) => assign(tasks[i]?.id ?? '', agentId)));
  return tasks.map(({ fencingToken, id }) => ({ id, token: fencingToken }));
}

describe('a copy', () => {
  test('asks for what its task asks for, but for what bounds or divides the task itself', () => {
    const world = worldWithAgents();
    const rules = {
      avoid: 'agent' as const,
      redundancy: { copies: 2, agree: 2 },
      resultSchema: '{}',
    };
    const timeouts = { runMs: 5, totalMs: 9_000 };
    const control = { concurrencyKey: 'k', dedupe: { key: 'd', mode: 'keep-last' as const } };
    const fields = { deadlineAt: 8_000, affinityKey: 'user', metadata: { a: 1 }, ...control };
    world.run(1_000, submit('t1', { priority: 7, rules, timeouts }, fields));
    const [copy] = copies(world);
    expect(copy?.profile.spec).toEqual(
      taskSpec({
        priority: 7,
        rules: { avoid: 'agent', resultSchema: '{}' },
        timeouts: { runMs: 5 },
      }),
    );
    expect(copy).toMatchObject({ deadlineAt: 0, affinityKey: 'user', metadata: { a: 1 } });
    expect(copy?.extra?.control).toMatchObject({ concurrencyKey: 'k', dedupe: null });
    expect(copy && copyOf(copy)).toEqual({
      taskId: 't1',
      kind: 'redundant',
      hash: null,
      startedAt: 0,
    });
  });

  test('has an id that comes after all that the leader makes in its millisecond', () => {
    const world = worldWithAgents();
    world.run(1_767_225_600_000, submit('t1', twice()));
    for (const { id } of copies(world)) {
      expect(id).toMatch(/^019b76da-a800-7[89a-f][0-9a-f]{2}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  test('takes room in the queue', () => {
    const world = worldWithAgents();
    const settings = { depthMax: 5 };
    world.run(1_000, { type: 'queue.set', queue: 'default', settings }, submit('t1', twice()));
    const { results } = world.run(1_000, submit('t2', twice()));
    expect(refusalsOf(results[0])).toEqual(['QUEUE_FULL']);
    expect(world.queue()).toMatchObject({ blocked: 1, queued: 2 });
  });

  test('may go back to the agent it failed on where the only other one has a sibling', () => {
    const world = worldWithAgents('a1', 'a2');
    const rules = { avoid: 'agent' as const, redundancy: { copies: 2, agree: 2 } };
    world.run(1_000, submit('t1', { rules, retry: { delayMs: 0 } }));
    const [first, second] = started(world, 'a1', 'a2');
    world.run(1_000, fail(first?.id ?? '', first?.token ?? 0));
    const { results } = world.run(1_000, assign(first?.id ?? '', 'a1'));
    expect(refusalsOf(results[0])).toEqual([]);
    world.run(1_000, vote(second?.id ?? '', second?.token ?? 0, 'x'));
    expect(world.task(first?.id).agentId).toBe('a1');
  });

  test('that is retried does not go where another one voted', () => {
    const world = worldWithAgents('a1', 'a2');
    world.run(1_000, submit('t1', { ...twice(), retry: { delayMs: 0 } }));
    const [first, second] = started(world, 'a1', 'a2');
    world.run(
      1_000,
      vote(first?.id ?? '', first?.token ?? 0, 'x'),
      fail(second?.id ?? '', second?.token ?? 0),
    );
    const { results } = world.run(1_000, assign(second?.id ?? '', 'a1'));
    expect(refusalsOf(results[0])).toEqual(['COPY_SAME_AGENT']);
  });
});

describe('a redundant task', () => {
  test('that is canceled in the batch that made it leaves nothing', () => {
    const world = worldWithAgents();
    const { events } = world.run(1_000, submit('t1', twice()), cancel('t1'));
    expect(events.map(eventText)).toEqual(['task.submitted t1', 'task.canceled t1 (unwanted)']);
    expect(world.state.tasks.size).toBe(0);
  });

  test('completes although the agents that agreed left in the same batch', () => {
    const world = worldWithAgents('a1', 'a2');
    world.run(1_000, submit('t1', twice()));
    const [first, second] = started(world, 'a1', 'a2');
    const { events } = world.run(
      1_000,
      vote(first?.id ?? '', first?.token ?? 0, 'x'),
      vote(second?.id ?? '', second?.token ?? 0, 'x'),
      agentCommand('agent.remove', 'a1'),
      agentCommand('agent.remove', 'a2'),
    );
    expect(events.filter(({ type }) => type === 'task.adopted')).toHaveLength(1);
  });

  test('of which a copy is reported without a hash finds nothing that is the same', () => {
    const world = worldWithAgents('a1', 'a2');
    world.run(1_000, submit('t1', twice()));
    const [first, second] = started(world, 'a1', 'a2');
    world.run(1_000, complete(first?.id ?? '', first?.token ?? 0));
    world.run(1_000, complete(second?.id ?? '', second?.token ?? 0));
    expect(world.task().error?.code).toBe('REDUNDANCY_DISAGREED');
  });

  test('goes on with its copies when a parent it forgave is redriven', () => {
    const world = worldWithAgents('a1');
    const dependsOn = [{ taskId: 'p' as TaskId, onFailure: 'continue' as const }];
    world.run(1_000, submit('p'), submit('t1', twice(), { dependsOn }));
    world.run(1_000, assign('p', 'a1'));
    world.run(1_000, fail('p', world.task('p').fencingToken, { retryable: false }));
    const before = copies(world).map(({ id }) => id);
    world.run(1_000, retry('p'));
    world.run(1_000, assign('p', 'a1'));
    world.run(1_000, complete('p', world.task('p').fencingToken));
    expect(copies(world).map(({ id }) => id)).toEqual(before);
    expect(world.task().reason).toBe('redundant');
  });

  test('is made by a schedule like any other', () => {
    const world = worldWithAgents();
    const task = { spec: taskSpec(twice()), fields: { payloadBytes: 2 }, payload: '{}' };
    world.run(1_000, setSchedule('s', 2_000, { task }));
    world.run(2_000, fire('s', 2_000, 3_000, 't1'));
    expect(copies(world).map(({ state }) => state)).toEqual(['queued', 'queued']);
  });
});

describe('trust', () => {
  test('halves with each dissent, to a thousandth, and comes back with agreements, to 1', () => {
    const world = worldWithAgents('a1', 'a2', 'a3');
    const rules = { redundancy: { copies: 3, agree: 2 } };
    const round = (hash: string): number => {
      world.run(1_000, submit('t1', { rules }));
      const [liar, second, third] = started(world, 'a1', 'a2', 'a3');
      world.run(
        1_000,
        vote(liar?.id ?? '', liar?.token ?? 0, hash),
        vote(second?.id ?? '', second?.token ?? 0, 'x'),
        ...(hash === 'x' ? [] : [vote(third?.id ?? '', third?.token ?? 0, 'x')]),
      );
      return world.agent('a1').trust?.factor ?? 1;
    };
    expect(Array.from({ length: 12 }, () => round('y')).slice(-3)).toEqual([
      1 / 1_024,
      1 / 1_024,
      1 / 1_024,
    ]);
    const back = Array.from({ length: 33 }, () => round('x'));
    expect(back[0]).toBe(1 / 1_024 + 1 / 32);
    expect(back.slice(-2)).toEqual([1, 1]);
    expect(world.agent('a1').trust).toEqual({ factor: 1, dissents: 12, agreements: 33 });
    expect(world.agent('a2').trust).toBeNull();
  });
});

describe('a hedge', () => {
  const hedged: SpecOptions = { rules: { hedge: { percentile: 0.95, copiesMax: 1 } } };

  test.each([
    ['is not asked for', {}, [], 'HEDGE_NOT_ALLOWED'],
    [
      'is for an attempt that is asked to end',
      hedged,
      [cancel('t1', 'why', 500)],
      'HEDGE_NOT_ALLOWED',
    ],
    ['is there already', hedged, [hedge('t1', 3)], 'HEDGE_LIMIT'],
    ['is for an older attempt', hedged, [fail('t1', 3)], 'LEASE_FENCED'],
  ])('is refused where it %s', (_why, spec, before, code) => {
    const world = worldWithAgents('a1');
    world.run(1_000, submit('t1', spec));
    world.run(1_000, assign('t1', 'a1'));
    if (before.length > 0) world.run(1_000, ...before);
    expect(refusalsOf(world.run(1_000, hedge('t1', 3)).results[0])).toEqual([code]);
  });

  test('keeps running while its task is tried again, and neither goes to the agent of the other', () => {
    const world = worldWithAgents('a1', 'a2');
    world.run(1_000, submit('t1', { ...hedged, retry: { delayMs: 0 } }));
    world.run(1_000, assign('t1', 'a1'));
    world.run(1_000, hedge('t1', 4));
    const [copy] = liveCopies(world.state, world.task());
    world.run(1_000, assign(copy?.id ?? '', 'a2'));
    world.run(1_000, fail('t1', 4));
    expect(refusalsOf(world.run(1_000, assign('t1', 'a2')).results[0])).toEqual([
      'COPY_SAME_AGENT',
    ]);
    world.run(1_000, assign('t1', 'a1'));
    const { events } = world.run(1_000, complete(copy?.id ?? '', copy?.fencingToken ?? 0));
    expect(events.map(eventText)).toContain('lease.revoked t1 from a1 token=9 (hedged)');
    expect(world.state.tasks.size).toBe(0);
  });
});

describe('what copies submit', () => {
  const below = (parentId: string): TaskFields => ({ parentId: parentId as TaskId });
  const states = (world: World, ...ids: readonly string[]): readonly (string | undefined)[] =>
    ids.map((id) => world.state.tasks.get(id as TaskId)?.state);

  /** A task that runs on `a`, its hedge that runs on `b`, and children of both. */
  function raced(): { world: World; own: number; hedged: { id: string; token: number } } {
    const world = worldWithAgents('a', 'b');
    world.run(
      1_000,
      submit('t1', { rules: { hedge: { percentile: 0.95, copiesMax: 1 } } }),
      assign('t1', 'a'),
    );
    const own = world.task('t1').fencingToken;
    world.run(1_000, hedge('t1', own));
    const [hedged] = started(world, 'b');
    if (hedged === undefined) throw new Error('it is hedged');
    world.run(1_000, submit('of-own', {}, below('t1')), submit('of-hedge', {}, below(hedged.id)));
    world.run(1_000, submit('other'), assign('of-hedge', 'b'));
    world.run(1_000, submit('deeper', {}, below('of-hedge')));
    return { world, own, hedged };
  }

  test('is in the tree of their task, and is canceled with it', () => {
    const { world } = raced();
    expect([...world.state.records.trees.values()].map(({ key }) => key)).toEqual(['t1']);
    world.run(1_000, { type: 'tree.cancel', target: 't1', reason: 'unwanted' });
    expect([...world.state.tasks.keys()]).toEqual(['other']);
    expect(world.state.records.trees.size).toBe(0);
  });

  test('is canceled with a tree of which only copies had submitted', () => {
    const world = worldWithAgents('a', 'b');
    world.run(1_000, submit('t1', twice()));
    const [first, second] = started(world, 'a', 'b');
    world.run(1_000, submit('x', {}, below(first?.id ?? '')));
    world.run(1_000, submit('y', {}, below(second?.id ?? '')));
    world.run(1_000, { type: 'tree.cancel', target: 't1', reason: 'unwanted' });
    expect(world.state.tasks.size).toBe(0);
  });

  test('goes with a hedge that lost, and only that', () => {
    const { own, world } = raced();
    world.run(1_000, complete('t1', own));
    expect(states(world, 'of-own', 'of-hedge', 'deeper')).toEqual(['queued', undefined, undefined]);
  });

  test('stays when the hedge won, or the task alone was canceled', () => {
    const won = raced();
    won.world.run(1_000, complete(won.hedged.id, won.hedged.token));
    expect(states(won.world, 'of-hedge', 'deeper')).toEqual(['running', 'queued']);
    const left = raced();
    left.world.run(1_000, cancel('t1'));
    expect(states(left.world, 'of-own', 'of-hedge')).toEqual(['queued', 'running']);
  });

  test('takes what its budget has, as the attempts of their task do', () => {
    const world = worldWithAgents('a', 'b');
    const estimate = { tokens: 10 };
    world.run(1_000, submit('t1', twice(), { estimate }));
    const [first, second] = started(world, 'a', 'b');
    world.run(1_000, submit('x', {}, below(first?.id ?? '')));
    expect(world.state.records.trees.get('t1')?.reservedTokens).toBe(20);
    world.run(1_000, vote(second?.id ?? '', second?.token ?? 0, 'h'));
    expect(world.state.records.trees.get('t1')?.reservedTokens).toBe(10);
    expect(world.state.records.trees.get('t1')?.usedTokens).toBe(10);
  });
});
