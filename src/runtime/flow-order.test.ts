import { expect, test } from 'vitest';
import type { NewTask, TaskId } from '../core/index.ts';
import { flowOrder } from './flow-order.ts';
import { Slices } from './slices.ts';

/** Each look at it is a tenth of a millisecond later. */
function clock(): { monotonicMs(): number; looks: number } {
  return {
    looks: 0,
    monotonicMs() {
      this.looks += 1;
      return this.looks / 10;
    },
  };
}

function tasksOf(edges: readonly (readonly number[])[]): {
  readonly tasks: readonly NewTask[];
  readonly own: ReadonlyMap<TaskId, number>;
} {
  const id = (at: number): TaskId => `task-${at}` as TaskId;
  const tasks = edges.map((parents, at) => ({
    id: id(at),
    dependsOn: parents.map((parent) => ({ taskId: id(parent), on: 'completed' })),
  })) as unknown as NewTask[];
  return { tasks, own: new Map(edges.map((_, at) => [id(at), at])) };
}

test('each task stands after those that it depends on', async () => {
  const { own, tasks } = tasksOf([[2], [], [1, 3], [1]]);
  expect(await flowOrder(tasks, own, new Slices(clock()))).toEqual([1, 3, 2, 0]);
  const ordered = tasksOf([[], [0], [0, 1]]);
  expect(await flowOrder(ordered.tasks, ordered.own, new Slices(clock()))).toEqual([0, 1, 2]);
});

test('tasks that wait for each other are refused', async () => {
  const { own, tasks } = tasksOf([[1], [0]]);
  const order = flowOrder(tasks, own, new Slices(clock()));
  await expect(order).rejects.toMatchObject({ code: 'FLOW_CYCLE' });
});

test.each([
  { name: 'in order', first: [] as number[] },
  { name: 'out of order', first: [1] },
])('others have their turn while one task has 20,000 parents, $name', async ({ first }) => {
  const parents = Array.from({ length: 20_000 }, (_, at) => at);
  const { own, tasks } = tasksOf([first, ...parents.slice(1).map(() => []), parents]);
  let turns = 0;
  const slices = new Slices(clock(), 2);
  const next = slices.next.bind(slices);
  slices.next = () => {
    turns += 1;
    return next();
  };
  const order = await flowOrder(tasks, own, slices);
  expect(order).toHaveLength(20_001);
  expect(turns).toBeGreaterThan(10);
});
