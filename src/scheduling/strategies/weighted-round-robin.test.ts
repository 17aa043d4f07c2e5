import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fleet } from '../testing/fleet.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

function fleetOf(weights: readonly number[]): Fleet {
  const fleet = new Fleet('weighted-round-robin');
  for (const [index, weight] of weights.entries()) fleet.add(`${index}`, { weight, slots: 9_999 });
  return fleet;
}

function picksOf(fleet: Fleet, count: number): number[] {
  return fleet.startAll(new Array<null>(count).fill(null)).map(Number);
}

const weightLists = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });

describe('weighted round robin', () => {
  test('gives each agent its weight, one more or less, in any window of all weights', () => {
    fc.assert(
      fc.property(weightLists, (weights) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const picks = picksOf(fleetOf(weights), sum * 4);
        for (let from = 0; from + sum <= picks.length; from++) {
          const window = picks.slice(from, from + sum);
          for (const [index, weight] of weights.entries()) {
            const got = window.filter((pick) => pick === index).length;
            expect(Math.abs(got - weight)).toBeLessThanOrEqual(1);
          }
        }
      }),
      { numRuns: 60, ...SEED },
    );
  });

  test('is never a whole task ahead of or behind the share of any agent', () => {
    fc.assert(
      fc.property(weightLists, (weights) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const got = weights.map(() => 0);
        for (const [position, pick] of picksOf(fleetOf(weights), sum * 3).entries()) {
          got[pick] = (got[pick] ?? 0) + 1;
          for (const [index, weight] of weights.entries()) {
            const due = ((position + 1) * weight) / sum;
            expect(Math.abs((got[index] ?? 0) - due)).toBeLessThan(1 + 1e-6);
          }
        }
      }),
      { numRuns: 60, ...SEED },
    );
  });

  test('spreads the turns of a heavy agent instead of giving them in a row', () => {
    const picks = picksOf(fleetOf([5, 1, 1]), 7).join('');
    expect(picks).not.toContain('000');
  });

  test('owes nothing to an agent for the time it was away', () => {
    const fleet = new Fleet('weighted-round-robin');
    fleet.add('steady', { weight: 1, slots: 9_999 });
    const away = fleet.add('away', { weight: 1, slots: 9_999 });
    fleet.scheduler.setCredit(away.id, 0);
    fleet.startAll(new Array<null>(100).fill(null));
    fleet.scheduler.setCredit(away.id, Infinity);
    const picks = fleet.startAll(new Array<null>(20).fill(null));
    expect(picks.filter((pick) => pick === 'away')).toHaveLength(10);
  });

  test('a changed weight counts from the next pick', () => {
    const fleet = new Fleet('weighted-round-robin');
    fleet.add('a', { weight: 1, slots: 9_999 });
    const b = fleet.add('b', { weight: 1, slots: 9_999 });
    fleet.startAll(new Array<null>(10).fill(null));
    b.spec = { ...b.spec, weight: 4 };
    fleet.scheduler.agentChanged(b);
    const picks = fleet.startAll(new Array<null>(50).fill(null));
    expect(picks.filter((pick) => pick === 'b').length).toBeGreaterThanOrEqual(39);
    expect(picks.filter((pick) => pick === 'b').length).toBeLessThanOrEqual(41);
  });

  test('takes weights that a float of 32 bits cannot say for the least there is', () => {
    const fleet = fleetOf([1e-300, 5e-324, Number.MIN_VALUE]);
    expect(picksOf(fleet, 30).toSorted()).toEqual(
      [0, 1, 2].flatMap((agent) => new Array<number>(10).fill(agent)),
    );
  });
});
