import { expect, test } from 'vitest';
import { Fleet } from '../testing/fleet.ts';

function busy(fleet: Fleet, rounds: number): void {
  for (let round = 0; round < rounds; round++) {
    const id = fleet.start() as string;
    fleet.nowMs += 1;
    fleet.finish(id);
    fleet.scheduler.observe(id as never, id === 'slow' ? 4_000 : 100, true, fleet.nowMs);
  }
}

function fleetOf(strategy: 'born' | 'born+p2c' | 'round-robin'): Fleet {
  const fleet = new Fleet(strategy, Number(process.env['SEED'] ?? 4));
  for (const id of ['slow', 'b', 'c', 'd']) fleet.add(id, { slots: 4 });
  return fleet;
}

test('nothing is reported of a scheduler without Born strategies', () => {
  const fleet = fleetOf('round-robin');
  busy(fleet, 500);
  expect(fleet.scheduler.bornStatus()).toEqual({
    pools: 0,
    dispatchFidelity: null,
    targetFidelity: null,
    entropyBits: null,
    alarms: [],
    states: [],
  });
});

test('the state begins as its target and leaves it by what is learned', () => {
  const fleet = fleetOf('born');
  busy(fleet, 1);
  const before = fleet.scheduler.bornStatus();
  expect(before).toMatchObject({ pools: 1, dispatchFidelity: null });
  expect(before.targetFidelity).toBeCloseTo(1, 10);
  expect(before.entropyBits).toBeCloseTo(2, 10);
  busy(fleet, 3_000);
  const after = fleet.scheduler.bornStatus();
  expect(after.targetFidelity).toBeLessThan(0.95);
  expect(after.targetFidelity).toBeGreaterThan(0.5);
  expect(after.entropyBits).toBeLessThan(1.95);
});

test('dispatch by born keeps to its distribution while that learns', () => {
  const fleet = fleetOf('born');
  busy(fleet, 20_000);
  const fidelity = fleet.scheduler.bornStatus().dispatchFidelity;
  expect(fidelity?.dispatches).toBeGreaterThan(2_500);
  expect(fidelity?.value).toBeGreaterThan(fidelity?.alarmBelow ?? 1);
  expect(Math.abs((fidelity?.value ?? 0) - (fidelity?.expected ?? 0))).toBeLessThan(0.006);
});

test('of born+p2c, which overrides its draws by load, no dispatch fidelity is reported', () => {
  const fleet = fleetOf('born+p2c');
  busy(fleet, 3_000);
  expect(fleet.scheduler.bornStatus()).toMatchObject({ pools: 1, dispatchFidelity: null });
});

test('draws from the prior, when nothing was heard for long, keep to the distribution too', () => {
  const fleet = fleetOf('born');
  busy(fleet, 3_000);
  fleet.nowMs += 60_000_000;
  for (let round = 0; round < 60_000; round++) fleet.finish(fleet.start() as string);
  const fidelity = fleet.scheduler.bornStatus().dispatchFidelity;
  expect(fidelity?.value).toBeGreaterThan(fidelity?.alarmBelow ?? 1);
});

test('an agent that is slow is told from chance, in its pool', () => {
  const fleet = fleetOf('born');
  busy(fleet, 20);
  const [first] = fleet.scheduler.bornStatus().states;
  expect(first).toMatchObject({
    pool: fleet.profile.signature,
    strategy: 'born',
    agents: 4,
    attempts: 20,
    targetFidelity: { expected: null, alarmBelow: null },
  });
  busy(fleet, 3_000);
  const { alarms, states, targetFidelity } = fleet.scheduler.bornStatus();
  expect(alarms).toContain('targetFidelity');
  const { alarmBelow, expected, value } = states[0]?.targetFidelity ?? {};
  expect(value).toBe(targetFidelity);
  expect(alarmBelow).toBeGreaterThan(value ?? 1);
  expect(expected).toBeGreaterThan(alarmBelow ?? 1);
});

test('many large pools are measured in part, and all of them are counted', () => {
  const fleet = new Fleet('born', 3);
  for (let agent = 0; agent < 2_000; agent++) fleet.add(`${agent}`, { slots: 9 });
  busy(fleet, 200);
  const { pools, states } = fleet.scheduler.bornStatus();
  expect(pools).toBe(1);
  expect(states[0]?.agents).toBe(2_000);
  expect(states[0]?.entropyBits.value).toBeCloseTo(Math.log2(2_000), 1);
});
