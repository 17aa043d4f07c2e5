import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Task } from './task.ts';
import { submit } from './testing/commands.ts';
import { World } from './testing/world.ts';
import { Timers } from './timers.ts';

const SEED = process.env['SEED'];
const options = SEED === undefined ? {} : { seed: Number(SEED) };

/** Tasks without any bound, so that nothing but the test arms their timers. */
function idleTasks(count: number): Task[] {
  const world = new World();
  const ids = Array.from({ length: count }, (_, i) => `t${i}`);
  world.run(1000, ...ids.map((id) => submit(id)));
  return ids.map((id) => world.task(id));
}

describe('timers against a sorted array', () => {
  type Act =
    | { readonly type: 'arm'; readonly task: number; readonly dueAt: number }
    | { readonly type: 'pop'; readonly nowMs: number };
  const act: fc.Arbitrary<Act> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('arm'), task: fc.nat(29), dueAt: fc.nat(40) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('pop'), nowMs: fc.nat(40) }) },
  );

  test('pop the earliest due task, ties by submission, whatever was armed, moved and disarmed', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200, size: 'max' }), (acts) => {
        const timers = new Timers<Task>();
        const tasks = idleTasks(30);
        let twin: { task: Task; dueAt: number }[] = [];
        for (const one of acts) {
          if (one.type === 'arm') {
            const task = tasks.at(one.task) as Task;
            timers.arm(task, one.dueAt);
            twin = twin.filter((entry) => entry.task !== task);
            if (one.dueAt !== 0) twin.push({ task, dueAt: one.dueAt });
          } else {
            twin.sort((a, b) => a.dueAt - b.dueAt || a.task.seq - b.task.seq);
            const isDue = twin[0] !== undefined && twin[0].dueAt <= one.nowMs;
            const expected = isDue ? twin.shift() : undefined;
            expect(timers.popDue(one.nowMs)?.id).toBe(expected?.task.id);
          }
          const dues = twin.map((entry) => entry.dueAt);
          expect(timers.size).toBe(twin.length);
          expect(timers.nextDueAt).toBe(dues.length === 0 ? null : Math.min(...dues));
          for (const { task, dueAt } of twin) expect(task.dueAt).toBe(dueAt);
        }
      }),
      options,
    );
  });
});

test('a popped or disarmed task is as if it had never been armed', () => {
  const timers = new Timers<Task>();
  const [popped, disarmed] = idleTasks(2) as [Task, Task];
  timers.arm(popped, 5);
  timers.arm(disarmed, 6);
  timers.popDue(5);
  timers.arm(disarmed, 0);
  for (const task of [popped, disarmed]) expect(task).toMatchObject({ dueAt: 0, timerSlot: -1 });
  expect(timers.nextDueAt).toBeNull();
});

test('nothing is popped a millisecond early', () => {
  const timers = new Timers<Task>();
  const [task] = idleTasks(1) as [Task];
  timers.arm(task, 5);
  expect(timers.popDue(4)).toBeNull();
  expect(timers.popDue(5)).toBe(task);
});
