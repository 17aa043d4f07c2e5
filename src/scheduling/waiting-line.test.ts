import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../base/rng.ts';
import type { Lane } from './lane.ts';
import { makeProfile, makeQueue, makeTask } from './testing/fixtures.ts';
import { WaitingLine, type WaitingTask } from './waiting-line.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const profile = makeProfile({ queue: makeQueue('default', 'round-robin') });

function waitingTask(seq: number): WaitingTask {
  // A line never looks at the lane of a task.
  const place = {
    lane: null as unknown as Lane,
    priority: 4,
    gone: false,
    turn: seq,
    heldSinceMs: 0,
    heapSlot: -1,
  };
  return { task: makeTask(seq, profile), ...place };
}

const step = fc.record({
  kind: fc.constantFrom('push', 'push', 'late', 'take', 'remove'),
  number: fc.nat(1_000),
});

test('gives tasks by age, whatever the order in which they come and go', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const line = new WaitingLine();
      let plain: WaitingTask[] = [];
      const taken: number[] = [];
      let seq = 0;
      for (const { kind, number } of steps) {
        const comes = kind === 'push' ? ++seq : kind === 'late' ? (taken.pop() ?? 0) : 0;
        if (comes > 0) {
          const waiting = waitingTask(comes);
          plain.push(waiting);
          line.push(waiting);
        }
        const one = kind === 'take' ? line.head : plain[number % Math.max(1, plain.length)];
        if ((kind === 'take' || kind === 'remove') && one !== null && one !== undefined) {
          line.remove(one);
          plain = plain.filter((other) => other !== one);
          taken.push(one.task.seq);
        }
        const sorted = plain.toSorted((a, b) => a.task.seq - b.task.seq);
        expect(line.head).toBe(sorted[0] ?? null);
        expect(line.size).toBe(plain.length);
        const older = sorted.filter((other) => other.task.seq < number).length;
        if (number % 7 === 0) expect(line.countOlder(makeTask(number, profile))).toBe(older);
      }
    }),
    { numRuns: 100, ...SEED },
  );
});

test('keeps no more than twice the places of those that wait, and a few', () => {
  const line = new WaitingLine();
  const tasks = Array.from({ length: 10_000 }, (_, index) => waitingTask(index + 1));
  for (const task of tasks) line.push(task);
  // From the back, so that nothing is freed merely because the front moved on.
  for (const task of tasks.slice(10).toReversed()) {
    line.remove(task);
    expect(line.held).toBeLessThanOrEqual(2 * line.size + 65);
  }
  expect(line.size).toBe(10);
});

test('frees the places of tasks that went in order', () => {
  const line = new WaitingLine();
  const tasks = Array.from({ length: 10_000 }, (_, index) => waitingTask(index + 1));
  for (const task of tasks) line.push(task);
  for (const task of tasks.slice(0, 9_000)) line.remove(task);
  expect(line.held).toBeLessThan(2_100);
});

test('gives the tasks of a long line by age, wherever others leave', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 40 }), (seed, stay) => {
      const rng = Rng.fromSeed(seed);
      const line = new WaitingLine();
      const tasks = Array.from({ length: 6_000 }, (_, index) => waitingTask(index + 1));
      for (const task of tasks) line.push(task);
      const from = rng.below(6_000);
      const leaving = tasks.filter((_, at) => (at >= from && at < from + 2_000) || at % stay > 0);
      for (const task of leaving) line.remove(task);
      const left = tasks.filter(({ gone }) => !gone);
      for (let count = 0; count < 20; count++) {
        const turn = rng.below(6_001);
        const older = left.filter((task) => task.turn < turn).length;
        expect(line.countOlder(makeTask(turn, profile))).toBe(older);
      }
      expect(line.held).toBeLessThanOrEqual(2 * line.size + 65);
      for (const task of left) {
        expect(line.head).toBe(task);
        line.remove(task);
      }
      expect([line.size, line.held, line.head]).toEqual([0, 0, null]);
    }),
    { numRuns: 20, ...SEED },
  );
});
