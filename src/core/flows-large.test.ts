/** Flows of 100,000 tasks: no step of them grows with the flow. */
import { expect, test } from 'vitest';
import { apply, type Applied } from './apply.ts';
import type { Command, NewTask } from './command.ts';
import type { TaskId } from './ids.ts';
import { createState, nextDeadline, type CoreState } from './state.ts';
import { ADVANCE, register, taskSpec } from './testing/commands.ts';

const COUNT = 100_000;
/** Events of one batch: those of 2,000 tasks told, and of as many canceled. */
const EVENTS_MAX = 10_000;

const idOf = (i: number): TaskId => `t${String(i).padStart(6, '0')}` as TaskId;

function submitOf(parentsOf: (i: number) => readonly number[]): Command {
  const tasks = Array.from({ length: COUNT }, (_, i): NewTask => {
    const dependsOn = parentsOf(i).map((parent) => ({ taskId: idOf(parent) }));
    return { id: idOf(i), spec: 0, payloadBytes: 1, dependsOn };
  });
  const spec = taskSpec({ retry: { attemptsMax: 1 } });
  return { type: 'task.submit', specs: [spec], tasks, flow: { id: 'f' } };
}

const SHAPES = {
  'a chain': (i: number): readonly number[] => (i === 0 ? [] : [i - 1]),
  'one, all of which one waits for': (i: number): readonly number[] => {
    if (i === 0) return [];
    return i < COUNT - 1 ? [0] : Array.from({ length: COUNT - 2 }, (_, j) => j + 1);
  },
  layers: (i: number): readonly number[] => {
    const layer = Math.floor(i / 500);
    if (layer === 0) return [];
    return [...new Set([i * 7, i * 31, i * 101].map((n) => (layer - 1) * 500 + (n % 500)))];
  },
} as const;

class Runner {
  readonly state: CoreState = createState(1);
  longestEvents = 0;

  run(...commands: readonly Command[]): Applied {
    const applied = apply(this.state, this.state.index + 1, { at: 1000, commands });
    if (commands[0]?.type !== 'task.submit') {
      this.longestEvents = Math.max(this.longestEvents, applied.events.length);
    }
    return applied;
  }

  /** Lets the clock bring what is due, as the runtime does. */
  drain(): void {
    while ((nextDeadline(this.state) ?? Infinity) <= this.state.nowMs) this.run(ADVANCE);
  }
}

test.each(Object.entries(SHAPES))('%s of 100,000 tasks runs to its end', (_, parentsOf) => {
  const runner = new Runner();
  runner.run(register('a1', { slots: 100_000 }));
  const { events } = runner.run(submitOf(parentsOf));
  expect(events.length).toBe(COUNT);
  let ready = [...runner.state.tasks.values()].filter(({ state }) => state === 'queued');
  let done = 0;
  while (ready.length > 0) {
    const taskIds = ready.slice(0, 1_000).map(({ id }) => id);
    const rest = ready.slice(1_000);
    runner.run({ type: 'task.assign', taskIds, agentIds: taskIds.map(() => 'a1' as never) });
    const fencingToken = runner.state.index;
    const items = taskIds.map((taskId) => ({ taskId, fencingToken, resultBytes: 1 }));
    const freed = runner.run({ type: 'task.complete', items }).events;
    const more = [...freed];
    while ((nextDeadline(runner.state) ?? Infinity) <= 1000)
      more.push(...runner.run(ADVANCE).events);
    done += taskIds.length;
    ready = [
      ...rest,
      ...more.flatMap((event) => (event.type === 'task.queued' ? [event.task] : [])),
    ];
  }
  expect(done).toBe(COUNT);
  expect(runner.state.tasks.size).toBe(0);
  expect(runner.longestEvents).toBeLessThan(EVENTS_MAX);
});

test.each(Object.entries(SHAPES))('%s of 100,000 tasks is canceled in steps', (_, parentsOf) => {
  const runner = new Runner();
  runner.run(submitOf(parentsOf));
  runner.run({ type: 'tree.cancel', target: 'f', reason: 'unwanted' });
  runner.drain();
  expect(runner.state.tasks.size).toBe(0);
  expect(runner.state.records.trees.get('f')).toMatchObject({ canceled: COUNT });
  expect(runner.longestEvents).toBeLessThan(EVENTS_MAX);
});

test('a failure at the head of 100,000 tasks takes all of them along in steps', () => {
  const runner = new Runner();
  runner.run(register('a1', { slots: 1 }));
  runner.run(submitOf(SHAPES['a chain']));
  runner.run({ type: 'task.assign', taskIds: [idOf(0)], agentIds: ['a1' as never] });
  const error = { code: 'NO_LUCK', message: 'none' };
  const items = [{ taskId: idOf(0), fencingToken: runner.state.index, error, retryable: false }];
  runner.run({ type: 'task.fail', items });
  runner.drain();
  const states = new Set([...runner.state.tasks.values()].map(({ state }) => state));
  expect([...states]).toEqual(['failed']);
  expect(runner.longestEvents).toBeLessThan(EVENTS_MAX);
});
