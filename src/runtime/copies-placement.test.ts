/** Where the scheduler puts copies, and that core never has to refuse one for the copies beside it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { barredAgents, copyOf, type Task } from '../core/index.ts';
import {
  agentCommand,
  breakLease,
  cancel,
  fail,
  register,
  vote,
} from '../core/testing/commands.ts';
import { PlacementWorld } from './testing/placement-world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const move = fc.record({
  kind: fc.constantFrom(
    'submit',
    'vote',
    'vote',
    'vote',
    'fail',
    'break',
    'lose',
    'back',
    'cancel',
  ),
  a: fc.nat(999_999),
  b: fc.nat(999_999),
});
const AGENTS = 5;

function tasksOf(world: PlacementWorld, where: (task: Task) => boolean): Task[] {
  return [...world.state.tasks.values()].filter(where);
}

function play(world: PlacementWorld, { a, b, kind }: { kind: string; a: number; b: number }): void {
  const running = tasksOf(world, ({ state }) => state === 'running');
  const task = running[a % (running.length || 1)];
  const agentId = `a${b % AGENTS}`;
  if (kind === 'submit') {
    const copies = 2 + (a % 4);
    const rules = { redundancy: { copies, agree: 1 + (b % copies) } };
    world.submitMany(1 + (a % 3), {}, 1, { rules, retry: { delayMs: 0, attemptsMax: 2 } });
  } else if (kind === 'lose') world.apply(agentCommand('agent.lost', agentId));
  else if (kind === 'back') world.apply(agentCommand('agent.back', agentId));
  else if (task === undefined) world.apply();
  else if (kind === 'vote') world.apply(vote(task.id, task.fencingToken, `h${b % 3}`));
  else if (kind === 'fail') world.apply(fail(task.id, task.fencingToken));
  else if (kind === 'break') world.apply(breakLease(task.id, task.fencingToken));
  else world.apply(cancel(copyOf(task)?.taskId ?? task.id));
}

function checkApart(world: PlacementWorld): void {
  const seen = new Set<string>();
  for (const task of tasksOf(world, ({ agentId }) => agentId !== null)) {
    const place = `${copyOf(task)?.taskId} on ${task.agentId}`;
    expect(seen).not.toContain(place);
    seen.add(place);
  }
}

test('no two copies are ever proposed for one agent, and none waits that could go somewhere', () => {
  let [waiting, proposed] = [0, 0];
  fc.assert(
    fc.property(fc.array(move, { minLength: 1, maxLength: 50, size: 'max' }), (moves) => {
      const world = new PlacementWorld(1);
      for (let i = 0; i < AGENTS; i++) {
        world.apply(register(`a${i}`, { slots: 1 + (i % 3), labels: { zone: `z${i % 2}` } }));
      }
      for (const one of moves) {
        play(world, one);
        checkApart(world);
        world.settle();
        expect(world.refused).not.toContain('COPY_SAME_AGENT');
        checkApart(world);
        for (const task of tasksOf(world, ({ state }) => state === 'queued')) {
          const barred = barredAgents(world.state, task) ?? [];
          const free = [...world.state.agents.values()].filter(
            ({ id, leases, spec, state }) =>
              state === 'ready' && leases.size < spec.slots && !barred.includes(id),
          );
          expect(free.map(({ id }) => id)).toEqual([]);
          waiting += 1;
        }
      }
      proposed += world.proposed;
    }),
    { ...SEED, numRuns: 200 },
  );
  expect(waiting).toBeGreaterThan(1_000);
  expect(proposed).toBeGreaterThan(1_000);
});

test('copies go to different zones, then hosts, while there are any', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = new PlacementWorld(seed);
    for (let i = 0; i < 18; i++) {
      const labels = { zone: `z${i % 3}`, host: `h${i % 9}` };
      world.apply(register(`a${i}`, { slots: 9, labels }));
    }
    world.submitMany(1, {}, 1, { rules: { redundancy: { copies: 3, agree: 2 } } });
    world.settle();
    const running = tasksOf(world, ({ state }) => state === 'running');
    const labels = running.map(
      ({ agentId }) => world.state.agents.get(agentId as never)?.spec.labels,
    );
    expect(labels).toHaveLength(3);
    expect(new Set(labels.map((each) => each?.['zone'])).size).toBe(3);
    world.submitMany(1, {}, 1, { rules: { redundancy: { copies: 7, agree: 4 } } });
    world.settle();
    const hosts = tasksOf(world, (task) => task.state === 'running' && !running.includes(task)).map(
      ({ agentId }) => world.state.agents.get(agentId as never)?.spec.labels['host'],
    );
    expect(new Set(hosts).size).toBe(7);
  }
});

test('an agent that dissented gets less of the work where weights count', () => {
  const world = new PlacementWorld(1);
  for (const id of ['a1', 'a2']) world.apply(register(id, { slots: 1_000 }));
  const liar = world.state.agents.get('a1' as never);
  if (liar === undefined) throw new Error('the liar is registered');
  world.apply({
    type: 'queue.set',
    queue: 'default',
    settings: { strategy: 'weighted-round-robin' },
  });
  world.submitMany(300, {}, 1);
  expect(liar.leases.size).toBe(150);
  world.completeAll();
  liar.trust = { factor: 0.5, dissents: 1, agreements: 0 };
  world.scheduler.agentChanged(liar);
  world.submitMany(300, {}, 1);
  expect(liar.leases.size).toBe(100);
});
