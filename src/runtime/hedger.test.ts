import { expect, test } from 'vitest';
import { createState, type Task } from '../core/index.ts';
import { World } from '../core/testing/world.ts';
import { assign, cancel, register, submit } from '../core/testing/commands.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Hedger } from './hedger.ts';
import { SILENT_LOGGER } from './runtime-logger.ts';

function hedgerOf(world: World, clock: ManualClock): { hedger: Hedger; proposed: string[] } {
  const proposed: string[] = [];
  const propose = (command: unknown): Promise<never> => {
    proposed.push(JSON.stringify(command));
    return Promise.reject(new Error('nobody takes it'));
  };
  const parts = { state: world.state, clock, logger: SILENT_LOGGER, propose, options: {} };
  return { hedger: new Hedger(parts), proposed };
}

function running(world: World, id: string): Task {
  const rules = { hedge: { afterMs: 100, percentile: 0.95, copiesMax: 1 } };
  world.run(1_000, submit(id, { rules }));
  world.run(1_000, assign(id, 'a1'));
  return world.task(id);
}

test('nothing is kept of what has ended, and nothing proposed for it', () => {
  const world = new World(createState(1));
  const clock = new ManualClock(1_000);
  const { hedger, proposed } = hedgerOf(world, clock);
  world.run(1_000, register('a1', { slots: 9 }));
  const [gone, late, done, failed] = ['gone', 'late', 'done', 'failed'].map((id) =>
    running(world, id),
  ) as [Task, Task, Task, Task];
  hedger.open();
  for (const task of [gone, late, done, failed]) hedger.started(task);
  expect(hedger.watching).toBe(4);
  world.run(1_000, cancel('gone'));
  hedger.ended(done, 50);
  hedger.forget(failed);
  expect(hedger.watching).toBe(2);
  clock.advance(100);
  expect(hedger.watching).toBe(1);
  expect(proposed).toHaveLength(1);
  hedger.overtaken(late);
  expect(hedger.watching).toBe(0);
  hedger.close();
  expect(clock.timers).toBe(0);
});
