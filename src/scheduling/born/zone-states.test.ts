import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { BornState } from './born-state.ts';
import { ZONES_MAX, ZoneStates } from './zone-states.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const LAMBDA = 0.9;

const ZONE_NAMES = ['a', 'b', 'c', null];
const step = fc.record({
  kind: fc.constantFrom('add', 'remove', 'show', 'hide', 'reweigh', 'learn'),
  member: fc.nat(15),
  zone: fc.nat(ZONE_NAMES.length - 1),
  prior: fc.integer({ min: 1, max: 9 }),
  ok: fc.boolean(),
});

interface Known {
  readonly zone: string | null;
  readonly prior: number;
  readonly isPresent: boolean;
}

function play(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): {
  states: ZoneStates;
  known: Map<number, Known>;
  present: Map<number, Known>;
} {
  const states = new ZoneStates();
  const known = new Map<number, Known>();
  for (const { kind, member, ok, prior, zone } of steps) {
    const old = known.get(member);
    if (old === undefined) {
      if (kind !== 'add') continue;
      const name = ZONE_NAMES[zone] ?? null;
      states.add(member, name, prior);
      states.change(member, prior, true);
      known.set(member, { zone: name, prior, isPresent: true });
    } else if (kind === 'remove') {
      states.remove(member);
      known.delete(member);
    } else if (kind === 'learn') {
      if (old.isPresent) states.learn(member, states.odds(member, LAMBDA), prior * 10, ok);
    } else {
      const next = {
        ...old,
        prior: kind === 'reweigh' ? prior : old.prior,
        isPresent: kind === 'show' || (kind !== 'hide' && old.isPresent),
      };
      states.change(member, next.prior, next.isPresent);
      known.set(member, next);
    }
  }
  return { states, known, present: new Map([...known].filter(([, { isPresent }]) => isPresent)) };
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

test('the chances of all that can be drawn are a distribution, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const { known, present, states } = play(steps);
      expect(states.measures() === null).toBe(known.size === 0);
      if (present.size === 0) return;
      const members = [...present.keys()];
      for (const lambda of [0, LAMBDA, 1]) {
        expect(sumOf(members.map((member) => states.chance(member, lambda)))).toBeCloseTo(1, 9);
        // Places in the distribution function follow each other without a gap.
        const places = members
          .map((member) => [states.chanceBefore(member, lambda), states.chance(member, lambda)])
          .sort(([a = 0], [b = 0]) => a - b);
        let next = 0;
        for (const [before = 0, chance = 0] of places) {
          expect(before).toBeCloseTo(next, 9);
          next = before + chance;
        }
      }
      const total = sumOf([...present.values()].map(({ prior }) => prior));
      for (const [member, { prior }] of present) {
        expect(states.chance(member, 0)).toBeCloseTo(prior / total, 9);
      }
      // Measures are of all members.
      expect(states.measures()?.members).toBe(known.size);
      if (present.size < known.size) return;
      let [entropyBits, overlap] = [0, 0];
      for (const [member, { prior }] of present) {
        const p = states.chance(member, 1);
        entropyBits -= p * Math.log2(p);
        overlap += Math.sqrt((p * prior) / total);
      }
      expect(states.measures()?.entropyBits).toBeCloseTo(entropyBits, 9);
      expect(states.measures()?.targetFidelity).toBeCloseTo(overlap ** 2, 9);
    }),
    { numRuns: 300, ...SEED },
  );
});

test('without anything learned a draw is the same as over all members at once', () => {
  const states = new ZoneStates();
  const flat = new BornState();
  for (let member = 0; member < 40; member++) {
    const prior = 1 + (member % 7);
    states.add(member, `z${member % 3}`, prior);
    states.change(member, prior, member % 5 !== 0);
    flat.add(member, prior);
    if (member % 5 !== 0) flat.enter(member);
  }
  for (let member = 0; member < 40; member++) {
    if (member % 5 === 0) continue;
    expect(states.chance(member, 1)).toBeCloseTo(flat.probability(member), 12);
  }
});

test('draws follow the product of the law of zones and the law within the zone', () => {
  const states = new ZoneStates();
  for (let member = 0; member < 12; member++) {
    states.add(member, `z${member % 3}`, 1 + (member % 4));
    states.change(member, 1 + (member % 4), true);
  }
  const rng = Rng.fromSeed(Number(process.env['SEED'] ?? 1));
  for (let round = 0; round < 400; round++) {
    const member = states.draw(true, rng.unit(), rng.unit());
    const runMs = member % 3 === 0 ? 400 : 100 + member;
    states.learn(member, states.odds(member, 1), runMs, member !== 4);
  }
  const draws = 60_000;
  const counts = new Float64Array(12);
  for (let draw = 0; draw < draws; draw++) {
    const member = states.draw(true, rng.unit(), rng.unit());
    counts[member] = (counts[member] as number) + 1;
  }
  let chiSquare = 0;
  for (let member = 0; member < 12; member++) {
    const expected = draws * states.chance(member, 1);
    chiSquare += ((counts[member] as number) - expected) ** 2 / expected;
  }
  // 99.99 % quantile with 11 degrees of freedom.
  expect(chiSquare).toBeLessThan(37.4);
  const zone = (name: number): number =>
    sumOf([0, 1, 2, 3].map((index) => states.chance(name + 3 * index, 1)));
  expect(zone(0)).toBeLessThan(zone(1));
});

test('a zone that fails loses weight for its agents that were never tried', () => {
  const states = new ZoneStates();
  for (let member = 0; member < 40; member++) {
    states.add(member, member < 20 ? 'bad' : 'good', 1);
    states.change(member, 1, true);
  }
  const rng = Rng.fromSeed(Number(process.env['SEED'] ?? 1));
  for (let round = 0; round < 200; round++) {
    const member = states.draw(true, rng.unit(), rng.unit());
    if (member === 0 || member === 20) continue;
    states.learn(member, states.odds(member, 1), 100, member >= 20);
  }
  expect(states.chance(0, 1)).toBeLessThan(0.2 / 40);
  expect(states.chance(20, 1)).toBeGreaterThan(1.5 / 40);
});

test('agents of more zones than there may be count as without one', () => {
  const states = new ZoneStates();
  for (let member = 0; member < ZONES_MAX + 50; member++) {
    states.add(member, `z${member}`, 1);
    states.change(member, 1, true);
  }
  expect(states.size).toBeLessThanOrEqual(ZONES_MAX + 1);
  expect(states.chance(ZONES_MAX + 49, 1)).toBeCloseTo(1 / (ZONES_MAX + 50), 12);
  for (let member = 0; member < ZONES_MAX + 50; member++) states.remove(member);
  expect(states.size).toBe(0);
});

test('a zone that outgrows its columns keeps the law of draws', () => {
  const states = new ZoneStates(262_144);
  const count = 200_000;
  for (let member = 0; member < count; member++) {
    states.add(member, member % 2 === 0 ? 'even' : 'odd', 1 + (member % 2));
    states.change(member, 1 + (member % 2), true);
  }
  for (const member of [0, 1, 65_535, 131_071, 131_072, count - 1]) {
    const before = states.chanceBefore(member, 1);
    expect(states.chance(member, 1)).toBeCloseTo((1 + (member % 2)) / (1.5 * count), 12);
    const zone = member % 2;
    const inner = (before + states.chance(member, 1) / 2 - zone / 3) / ((1 + zone) / 3);
    expect(states.draw(true, zone === 0 ? 0.1 : 0.9, inner)).toBe(member);
  }
});
