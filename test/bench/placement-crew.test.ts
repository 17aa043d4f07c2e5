import { expect, test } from 'vitest';
import { Crew } from '../../bench/placement/crew.ts';
import { figuresOf } from '../../bench/placement/estimates.ts';
import { POLICIES } from '../../bench/placement/policies.ts';
import type { Policy } from '../../bench/placement/policy.ts';
import { SCENARIOS, type Scenario } from '../../bench/placement/scenarios.ts';
import { simulate } from '../../bench/placement/simulate.ts';
import { makeWorld } from '../../bench/placement/world.ts';

const job = (task: number, leftMs: number): Parameters<Crew['add']>[1] => {
  return { task, leftMs, sentMs: 0, fails: false, isHedge: false };
};

test('tasks of one agent are worked on at once, as many as it has hands', () => {
  const crew = new Crew(Float64Array.of(1, 2), 2);
  for (const [task, leftMs] of [300, 100, 50].entries()) crew.add(0, job(task, leftMs), 0);
  crew.add(1, job(3, 400), 0);
  expect(crew.load(0)).toBe(3);
  expect(crew.backlogMs(0, 0)).toBe(100);
  const ends: [number, number, number][] = [];
  while (crew.taskCount > 0) {
    const atMs = crew.nextEndMs;
    const { agent, job: ended } = crew.end(atMs);
    ends.push([atMs, agent, ended.task]);
  }
  // The third waits for neither of the hands that are still busy when its own is: the one with the fewest tasks was the first.
  expect(ends).toEqual([
    [100, 0, 1],
    [200, 1, 3],
    [300, 0, 0],
    [350, 0, 2],
  ]);
  expect([...crew.workedMs()]).toEqual([450, 200]);
});

test('an attempt that is called off leaves the hand that has it', () => {
  const crew = new Crew(Float64Array.of(1), 2);
  crew.add(0, job(0, 300), 0);
  crew.add(0, job(1, 300), 0);
  expect(crew.remove(0, 1, false, 100)).toBe(100);
  expect(crew.remove(0, 7, false, 100)).toBeNull();
  expect(crew.takeDown(0).map(({ task }) => task)).toEqual([0]);
  expect(crew.isDown(0)).toBe(true);
});

test('with hands to spare a task takes as long as its work', () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'eight idle hands') as Scenario;
  const alike = { ...scenario, speeds: 'equal' as const, tasks: 20_000 };
  const world = makeWorld(alike, 1);
  const policy = POLICIES.find(({ name }) => name === 'least-loaded') as Policy;
  const { mean } = figuresOf(simulate({ scenario: alike, world, policy, setting: {}, seed: 1 }));
  expect(mean / 1_000).toBeCloseTo(1, 1);
});
