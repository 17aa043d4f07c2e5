import { expect, test } from 'vitest';
import { makeTask } from '../testing/fixtures.ts';
import { Fleet } from '../testing/fleet.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const ZONES = 4;
const AGENTS = 200;

/** Runs single tasks on agents in four zones, of which `z0` fails; says what part of the last half it got. */
function badShare(strategy: 'born' | 'born+zones' | 'born+zones+p2c', rounds: number): number {
  const fleet = new Fleet(strategy, SEED);
  for (let agent = 0; agent < AGENTS; agent++) {
    fleet.add(`${agent}`, { slots: 10, labels: { zone: `z${agent % ZONES}` } });
  }
  let bad = 0;
  for (let round = 0; round < rounds; round++) {
    const id = fleet.start() as string;
    const isBad = Number(id) % ZONES === 0;
    if (isBad && round >= rounds / 2) bad += 1;
    // So slowly that the scheduler itself takes no zone for suspect.
    fleet.nowMs += 1_000;
    fleet.finish(id);
    fleet.scheduler.observe(fleet.agent(id).id, 100, !isBad, fleet.nowMs);
  }
  return bad / (rounds / 2);
}

test('a zone that fails is learned from all its agents, long before each of them is known', () => {
  // Two attempts an agent: on its own each has hardly been heard of.
  expect(badShare('born', 2 * AGENTS)).toBeGreaterThan(0.15);
  expect(badShare('born+zones', 2 * AGENTS)).toBeLessThan(0.1);
  expect(badShare('born+zones+p2c', 2 * AGENTS)).toBeLessThan(0.1);
});

test('says of which zone an agent was drawn, and that dispatch follows the law', () => {
  const fleet = new Fleet('born+zones', SEED);
  for (let agent = 0; agent < 30; agent++) {
    const labels = agent < 3 ? {} : { zone: `z${agent % 3}` };
    fleet.add(`${agent}`, { slots: 1 + (agent % 5), labels });
  }
  const counts = new Map<string, number>();
  for (let round = 0; round < 8_000; round++) {
    const id = fleet.start() as string;
    counts.set(id, (counts.get(id) ?? 0) + 1);
    fleet.finish(id);
    fleet.nowMs += 10;
    fleet.scheduler.observe(fleet.agent(id).id, 50 + Number(id) * 10, true, fleet.nowMs);
  }
  expect(counts.size).toBe(30);
  const { dispatchFidelity, entropyBits, pools, targetFidelity } = fleet.scheduler.bornStatus();
  expect(pools).toBe(1);
  expect(dispatchFidelity?.dispatches).toBe(Math.floor(8_000 / 7));
  // Half as far again as the alarm, which sounds by chance for one seed in a thousand.
  const { alarmBelow = 1, expected = 1, value = 0 } = dispatchFidelity ?? {};
  expect(expected - value).toBeLessThan(1.5 * (expected - alarmBelow));
  expect(targetFidelity).toBeLessThan(1);
  expect(entropyBits).toBeLessThan(Math.log2(30));
  const { pick } = fleet.scheduler.explain(makeTask(0, fleet.profile), fleet.nowMs);
  expect(pick?.reason).toMatch(
    /^drawn with probability [\d.]+ %, of (zone z\d|those without a zone) among 4$/,
  );
});
