import { describe, expect, test } from 'vitest';
import { Fleet } from '../testing/fleet.ts';

const SECOND = 1_000;

/** Share of `rounds` single tasks that went to agent `slow`; every task is told to take what `runMs` says. */
function shareOfSlow(fleet: Fleet, rounds: number, runMs: (id: string) => number): number {
  let slow = 0;
  for (let round = 0; round < rounds; round++) {
    const id = fleet.start();
    if (id === null) throw new Error('an agent must be available');
    if (id === 'slow') slow += 1;
    fleet.nowMs += 10;
    fleet.finish(id);
    fleet.scheduler.observe(id, runMs(id), true, fleet.nowMs);
  }
  return slow / rounds;
}

function fleetOf(...ids: string[]): Fleet {
  const fleet = new Fleet('latency-aware');
  for (const id of ids) fleet.add(id, { slots: 10 });
  return fleet;
}

describe('latency aware', () => {
  test('a slow agent gets much less than its even share', () => {
    const fleet = fleetOf('slow', 'b', 'c', 'd');
    const share = shareOfSlow(fleet, 400, (id) => (id === 'slow' ? 2 * SECOND : 100));
    expect(share).toBeLessThan(0.05);
  });

  test('an agent that was slow gets its share again some time after', () => {
    const fleet = fleetOf('slow', 'b', 'c', 'd');
    shareOfSlow(fleet, 400, (id) => (id === 'slow' ? 2 * SECOND : 100));
    fleet.nowMs += 300 * SECOND;
    const share = shareOfSlow(fleet, 400, () => 100);
    expect(share).toBeGreaterThan(0.15);
  });

  test('one slow run counts at once, whatever was fast before', () => {
    const fleet = fleetOf('slow', 'b');
    shareOfSlow(fleet, 100, () => 100);
    fleet.scheduler.observe(fleet.agent('slow').id, 10 * SECOND, true, fleet.nowMs);
    expect(fleet.startAll([null, null, null])).toEqual(['b', 'b', 'b']);
  });

  test('an agent that fails fast does not pass for a fast one', () => {
    const fleet = fleetOf('broken', 'b');
    shareOfSlow(fleet, 100, () => 100);
    for (let attempt = 0; attempt < 5; attempt++) {
      fleet.scheduler.observe(fleet.agent('broken').id, 1, false, fleet.nowMs);
    }
    expect(fleet.startAll([null, null, null])).toEqual(['b', 'b', 'b']);
  });

  test('a new agent is taken to be like the others', () => {
    const fleet = fleetOf('slow', 'b');
    shareOfSlow(fleet, 300, (id) => (id === 'slow' ? 4 * SECOND : 100));
    fleet.add('new', { slots: 10 });
    const picks = new Set(fleet.startAll(new Array<null>(12).fill(null)));
    expect(picks).toContain('new');
  });

  test('tasks in flight weigh as much as time', () => {
    const fleet = fleetOf('a', 'b');
    const picks = fleet.startAll(new Array<null>(10).fill(null));
    expect(picks.filter((pick) => pick === 'a')).toHaveLength(5);
  });
});
