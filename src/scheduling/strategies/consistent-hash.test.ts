import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fleet } from '../testing/fleet.ts';
import { LOAD_FACTOR_MAX } from './consistent-hash.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const KEYS = Array.from({ length: 2_000 }, (_, index) => `customer-${index}`);

function fleetOf(count: number): Fleet {
  const fleet = new Fleet('consistent-hash');
  for (let index = 0; index < count; index++) fleet.add(`agent-${index}`, { slots: 50 });
  return fleet;
}

/** The home of each key: where its task goes while nothing else runs. */
function homes(fleet: Fleet): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of KEYS) {
    const agent = fleet.start(key) as string;
    fleet.finish(agent);
    found.set(key, agent);
  }
  return found;
}

describe('consistent hash', () => {
  test('an agent that leaves moves its own keys and no others', () => {
    const fleet = fleetOf(20);
    const before = homes(fleet);
    fleet.remove('agent-7');
    const after = homes(fleet);
    for (const key of KEYS) {
      if (before.get(key) === 'agent-7') expect(after.get(key)).not.toBe('agent-7');
      else expect(after.get(key)).toBe(before.get(key));
    }
    expect([...before.values()]).toContain('agent-7');
  });

  test('an agent that joins takes keys and moves no others', () => {
    const fleet = fleetOf(20);
    const before = homes(fleet);
    fleet.add('newcomer', { slots: 50 });
    const after = homes(fleet);
    const moved = KEYS.filter((key) => after.get(key) !== before.get(key));
    expect(moved.length).toBeGreaterThan(0);
    expect(new Set(moved.map((key) => after.get(key)))).toEqual(new Set(['newcomer']));
  });

  test('the keys of an agent that was away come back to it', () => {
    const fleet = fleetOf(12);
    const before = homes(fleet);
    const agent = fleet.agent('agent-3');
    agent.state = 'lost';
    fleet.scheduler.agentChanged(agent);
    expect([...homes(fleet).values()]).not.toContain('agent-3');
    agent.state = 'ready';
    fleet.scheduler.agentChanged(agent);
    expect(homes(fleet)).toEqual(before);
  });

  test('tasks of one key share an agent up to its bound, whatever else comes and goes', () => {
    const fleet = new Fleet('consistent-hash');
    for (const id of ['a', 'b']) fleet.add(id, { slots: 100 });
    const home = fleet.start('key') as string;
    // With 80 others in flight over two agents the bound is at least ⌈1.25 · 81 / 2⌉ = 51.
    fleet.startAll(KEYS.slice(0, 80));
    const room = 51 - fleet.agent(home).leases.size;
    for (let task = 0; task < room; task++) expect(fleet.start('key')).toBe(home);
  });

  test('a task without a key goes by its own id', () => {
    const fleet = fleetOf(10);
    const picks = fleet.startAll(new Array<null>(100).fill(null));
    expect(new Set(picks).size).toBe(10);
  });

  test('no agent is given more than c times its even share, rounded up', () => {
    const loads = fc.record({
      slotList: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }),
      keys: fc.array(fc.nat(5), { maxLength: 150 }),
    });
    fc.assert(
      fc.property(loads, ({ slotList, keys }) => {
        const fleet = new Fleet('consistent-hash');
        for (const [index, slots] of slotList.entries()) fleet.add(`${index}`, { slots });
        const slotSum = slotList.reduce((sum, slots) => sum + slots, 0);
        for (const [inFlight, key] of keys.entries()) {
          const picked = fleet.start(`key-${key}`);
          if (picked === null) {
            expect(inFlight).toBeGreaterThanOrEqual(slotSum);
            return;
          }
          const { leases, spec } = fleet.agent(picked);
          const bound = Math.ceil((LOAD_FACTOR_MAX * (inFlight + 1) * spec.slots) / slotSum);
          expect(leases.size).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 100, ...SEED },
    );
  });
});
