/** What the bench says of outages, of histories that are known. */
import { describe, expect, test } from 'vitest';
import { bootstrap } from '../../bench/placement/bootstrap.ts';
import { meanOf, type Figures } from '../../bench/placement/estimates.ts';
import { linePlot } from '../../bench/placement/page/line-plot.ts';
import { lostOfStruck } from '../../bench/placement/page/outages.ts';
import { POLICIES } from '../../bench/placement/policies.ts';
import type { Policy } from '../../bench/placement/policy.ts';
import {
  courseOf,
  recoveryOf,
  throughputOf,
  type Throughput,
} from '../../bench/placement/recovery.ts';
import { SCENARIOS, type Scenario } from '../../bench/placement/scenarios.ts';
import { LOST_MS, simulate, type Run } from '../../bench/placement/simulate.ts';
import { makeWorld, ZONE_OUTAGE, ZONE_SIZE, type World } from '../../bench/placement/world.ts';

const OUTAGE = SCENARIOS.find(({ trouble }) => trouble === 'outage') as Scenario;

function run(name: string, seed = 1): { run: Run; world: World } {
  const policy = POLICIES.find((one) => one.name === name) as Policy;
  const world = makeWorld(OUTAGE, seed);
  const setting = policy.grid?.[4] ?? {};
  return { run: simulate({ scenario: OUTAGE, world, policy, setting, seed }), world };
}

/** Ten tasks each tenth of a second, four of them in the zone, but for a time after each change. */
function history(gapMs: number, lagMs: number, zoneLagMs: number): Throughput {
  const { fromMs, untilMs } = ZONE_OUTAGE;
  const [all, zone] = [new Float64Array(1_700).fill(10), new Float64Array(1_700).fill(4)];
  all.fill(6, fromMs / 100, (fromMs + gapMs) / 100);
  all.fill(9, untilMs / 100, (untilMs + lagMs) / 100);
  zone.fill(0, fromMs / 100, (untilMs + zoneLagMs) / 100);
  return { all, zone };
}

describe('the time to recover', () => {
  test('is that for which less gets done, less what a window forgives', () => {
    const { afterDeath, afterReturn, lowest, zone } = recoveryOf([history(7_000, 4_000, 9_000)]);
    expect(lowest).toBeCloseTo(0.6, 9);
    // 30 tenths may lack 5 %: 15 tasks, at 4 a tenth three tenths; at 1 a tenth fifteen; a fifth of the zone's six.
    expect(afterDeath).toEqual({ mean: 6.7, low: 6.7, high: 6.7 });
    expect(afterReturn.mean).toBe(2.5);
    expect(zone.mean).toBe(8.4);
  });

  test('is 0 where as much gets done all the time, and infinite where it stays less', () => {
    const { afterDeath, afterReturn, zone } = recoveryOf([history(0, 60_000, 0)]);
    expect([afterDeath.mean, afterReturn.mean, zone.mean]).toEqual([0, Infinity, 0]);
  });

  test('is not over while a window of the next five seconds lacks as much again', () => {
    const relapse = history(1_000, 0, 0);
    relapse.all.fill(6, ZONE_OUTAGE.fromMs / 100 + 40, ZONE_OUTAGE.fromMs / 100 + 50);
    expect(recoveryOf([relapse]).afterDeath.mean).toBe(4.7);
  });

  test('counts what is done by when and by whom, but for what is lost', () => {
    const world = { arrivalsMs: Float64Array.of(0, 50, 250, 400) } as unknown as World;
    const responsesMs = Float64Array.of(120, 40, 90, LOST_MS);
    const doneBy = Int32Array.of(ZONE_SIZE, 0, ZONE_SIZE - 1, -1);
    const { all, zone } = throughputOf({ responsesMs, doneBy } as unknown as Run, world);
    expect([...all]).toEqual([1, 1, 0, 1]);
    expect([...zone]).toEqual([1, 0, 0, 1]);
  });
});

test('the course of throughput is a share of that before, second by second', () => {
  const course = new Map(courseOf([history(7_000, 0, 0), history(7_000, 0, 0)]));
  expect([40, 57, 59, 60, 63, 66, 69].map((second) => course.get(second)?.toFixed(2))).toEqual([
    '1.00',
    '1.00',
    '0.73',
    '0.60',
    '0.60',
    '0.87',
    '1.00',
  ]);
  const svg = linePlot({
    title: 'a < b',
    x: { label: 's', from: 50, to: 60, step: 5 },
    y: { label: '', from: 0, to: 1, step: 0.5 },
    marks: [55],
    lines: [{ label: 'one', color: '#000', points: [...course] }],
  });
  // Between the ends of the axis x, and never beyond those of y: 1 is on top, 0.6 at three fifths.
  expect(svg).toContain(
    'M50 40L119 40L188 40L257 40L326 40L395 40L464 40L533 40L602 80L671 120L740 160',
  );
  expect(svg).toContain('a &lt; b');
});

describe('the outage of a zone', () => {
  test('has its agents do nothing while it lasts, and something before and after', () => {
    const { run: one, world } = run('least-loaded');
    const { zone } = throughputOf(one, world);
    const [from, until] = [ZONE_OUTAGE.fromMs / 100, ZONE_OUTAGE.untilMs / 100];
    const sum = (bins: Float64Array): number => bins.reduce((total, count) => total + count, 0);
    expect(sum(zone.subarray(from, until))).toBe(0);
    expect(sum(zone.subarray(from - 100, from))).toBeGreaterThan(50);
    expect(sum(zone.subarray(until + 20, until + 120))).toBeGreaterThan(50);
  });

  test('strikes fewer tasks where a policy steers clear of it', () => {
    const [plain, avoiding] = ['least-loaded', 'least-loaded, avoiding'].map((name) => run(name));
    expect(avoiding?.run.struck).toBeLessThan((plain?.run.struck ?? 0) / 2);
  });

  test('loses only tasks that it struck', () => {
    const { lost, responsesMs, struck } = run('least-loaded').run;
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(struck);
    expect(responsesMs.filter((ms) => ms === LOST_MS)).toHaveLength(lost);
  });

  test('leaves idle agents that are back to those who join idle queues', () => {
    const { run: one, world } = run('join idle queue');
    const { zone } = throughputOf(one, world);
    const [before, after] = [
      zone.subarray(ZONE_OUTAGE.fromMs / 100 - 300, ZONE_OUTAGE.fromMs / 100),
      zone.subarray(ZONE_OUTAGE.untilMs / 100 + 20, ZONE_OUTAGE.untilMs / 100 + 320),
    ];
    expect(meanOf(after)).toBeGreaterThan(0.7 * meanOf(before));
  });
});

test('of the struck so many are lost as over all runs together', () => {
  const runs = [
    { figures: { lost: 1, struck: 2 } as Figures },
    { figures: { lost: 0, struck: 6 } as Figures },
  ];
  expect(lostOfStruck(runs)).toBe(1 / 8);
  expect(lostOfStruck([{ figures: { lost: 0, struck: 0 } as Figures }])).toBe(0);
});

test('intervals of drawn-again runs are those of the mean where that is asked for', () => {
  const runs = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? 1 : -1));
  const [interval] = bootstrap(runs, (drawn) => [meanOf(drawn)]);
  // ±1.96 / √100, to what 400 draws can tell.
  expect(interval?.mean).toBe(0);
  expect(interval?.low).toBeCloseTo(-0.196, 1);
  expect(interval?.high).toBeCloseTo(0.196, 1);
  expect(bootstrap(runs, (drawn) => [meanOf(drawn)])).toEqual([interval]);
});
