import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fleet } from '../testing/fleet.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

interface Step {
  readonly finish: boolean;
  readonly agent: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ finish: fc.boolean(), agent: fc.nat(7) }),
  { maxLength: 120 },
);
const slotLists = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 });

describe('least loaded', () => {
  test('picks an agent no other is less loaded than, in any history', () => {
    fc.assert(
      fc.property(slotLists, steps, (slotList, history) => {
        const fleet = new Fleet('least-loaded');
        for (const [index, slots] of slotList.entries()) fleet.add(`${index}`, { slots });
        for (const { finish, agent } of history) {
          const id = `${agent % slotList.length}`;
          if (finish) {
            if (fleet.agent(id).leases.size > 0) fleet.finish(id);
            continue;
          }
          const shares = [...fleet.agents.values()].map((one) => one.leases.size / one.spec.slots);
          const least = Math.min(...shares);
          const picked = fleet.start();
          if (picked === null) expect(least).toBe(1);
          else expect(shares[Number(picked)]).toBe(least);
        }
      }),
      { numRuns: 100, ...SEED },
    );
  });

  test('prefers the cheaper of equally loaded agents', () => {
    const fleet = new Fleet('least-loaded');
    fleet.add('dear', { cost: 2 });
    fleet.add('cheap', { cost: 1 });
    expect(fleet.startAll([null, null])).toEqual(['cheap', 'dear']);
  });

  test('takes turns among agents that are alike and idle', () => {
    const fleet = new Fleet('least-loaded');
    for (const id of ['a', 'b', 'c']) fleet.add(id);
    const picks: (string | null)[] = [];
    for (let turn = 0; turn < 3; turn++) {
      picks.push(fleet.start());
      fleet.finishAll();
    }
    expect(picks.toSorted()).toEqual(['a', 'b', 'c']);
  });
});
