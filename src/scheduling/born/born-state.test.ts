import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { BornState, FLOOR_SHARE } from './born-state.ts';
import { InterferingMasses } from './interfering-masses.ts';
import { angleOf, RATE } from './feedback.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

function stateOf(priors: readonly number[]): BornState {
  const state = new BornState();
  for (const [member, prior] of priors.entries()) {
    state.add(member, prior);
    state.enter(member);
  }
  return state;
}

function probabilities(state: BornState, count: number): number[] {
  return Array.from({ length: count }, (_, member) => state.probability(member));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const priorLists = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 90 });

describe('born state', () => {
  test('starts as its prior', () => {
    const p = probabilities(stateOf([1, 2, 5]), 3);
    for (const [member, share] of [1 / 8, 2 / 8, 5 / 8].entries()) {
      expect(p[member]).toBeCloseTo(share, 14);
    }
    expect(stateOf([1, 2, 5]).measures()?.targetFidelity).toBeCloseTo(1, 14);
  });

  test('a rotation turns the plane of one member and the rest, and keeps the norm', () => {
    fc.assert(
      fc.property(
        priorLists,
        fc.array(
          fc.record({ who: fc.nat(), angle: fc.double({ min: -0.2, max: 0.2, noNaN: true }) }),
        ),
        (priors, turns) => {
          const state = stateOf(priors);
          // The plain twin: n amplitudes, each turn a rotation matrix in span(|i⟩, |rest⟩).
          let c = priors.map((prior) => Math.sqrt(prior / sum(priors)));
          for (const { who, angle } of turns) {
            const member = who % priors.length;
            const own = c[member] as number;
            const alpha = Math.asin(Math.min(1, own));
            const lowest = Math.asin(
              Math.sqrt((FLOOR_SHARE * (priors[member] ?? 0)) / sum(priors)),
            );
            const highest = Math.PI / 2 - Math.asin(Math.sqrt(FLOOR_SHARE));
            const turned = Math.min(Math.max(alpha + angle, lowest), highest);
            c = c.map((one, at) =>
              at === member ? Math.sin(turned) : (one * Math.cos(turned)) / Math.cos(alpha),
            );
            state.rotate(member, angle);
          }
          const p = probabilities(state, priors.length);
          expect(sum(p)).toBeCloseTo(1, 12);
          for (const [member, one] of c.entries()) expect(p[member]).toBeCloseTo(one ** 2, 9);
        },
      ),
      { numRuns: 100, ...SEED },
    );
  });

  test('draws follow |c|² after rotations: χ² over 100 members', () => {
    const priors = Array.from({ length: 100 }, (_, member) => 1 + (member % 5));
    const state = stateOf(priors);
    for (let member = 0; member < 100; member += 3) state.rotate(member, 0.05);
    const rng = Rng.fromSeed(Number(process.env['SEED'] ?? 5));
    const counts = new Array<number>(100).fill(0);
    const draws = 100_000;
    for (let draw = 0; draw < draws; draw++) {
      const member = state.drawBorn(rng.unit());
      counts[member] = (counts[member] ?? 0) + 1;
    }
    const chiSquare = sum(
      probabilities(state, 100).map((p, at) => ((counts[at] ?? 0) - draws * p) ** 2 / (draws * p)),
    );
    // 99 degrees of freedom: above 160 once in 10,000, below 48 once in 100,000.
    expect(chiSquare).toBeLessThan(160);
    expect(chiSquare).toBeGreaterThan(48);
  });

  test('members come and go; those left keep their proportions', () => {
    const moves = fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(priorLists, moves, (priors, history) => {
        const state = stateOf(priors);
        const present = new Set(priors.keys());
        for (const [who, comes] of history) {
          const member = who % priors.length;
          if (comes) present.add(member);
          else if (present.size > 1) present.delete(member);
          if (present.has(member)) state.enter(member);
          else state.leave(member);
        }
        const total = sum([...present].map((member) => priors[member] as number));
        for (const member of present) {
          expect(state.has(member)).toBe(true);
          expect(state.probability(member)).toBeCloseTo((priors[member] as number) / total, 11);
        }
        expect(state.size).toBe(present.size);
        // Each is where a draw of the middle of its step lands.
        for (const member of present) {
          const middle = state.chanceBefore(member, 1) + state.probability(member) / 2;
          expect(state.drawBorn(middle)).toBe(member);
          expect(
            state.drawPrior(state.chanceBefore(member, 0) + state.priorShare(member) / 2),
          ).toBe(member);
        }
      }),
      { numRuns: 100, ...SEED },
    );
  });

  test('feedback drifts as the replicator equation says', () => {
    const priors = [3, 1, 4, 1, 5, 9, 2, 6];
    const rewards = [0.9, 0.1, 0.5, 0.3, 0.7, 0.2, 0.8, 0.4];
    const n = priors.length;
    const start = probabilities(stateOf(priors), n);
    const mean = sum(start.map((p, at) => p * (rewards[at] as number)));
    // A small step, for the equation is of first order; the baseline is to cancel out.
    for (const baseline of [0, 0.5]) {
      const drift = new Array<number>(n).fill(0);
      for (let drawn = 0; drawn < n; drawn++) {
        const state = stateOf(priors);
        const p = start[drawn] as number;
        const small = 1e-4;
        state.rotate(drawn, angleOf(((rewards[drawn] ?? 0) - baseline) * small, n * p, p));
        const after = probabilities(state, n);
        // In the mean over which member is drawn.
        for (const [at, q] of after.entries()) {
          drift[at] = (drift[at] ?? 0) + (p * (q - (start[at] as number))) / small;
        }
      }
      for (const [at, p] of start.entries()) {
        const expected = (RATE / n) * p * ((rewards[at] as number) - mean);
        expect(drift[at]).toBeCloseTo(expected, 5);
        expect(Math.abs((drift[at] as number) - expected)).toBeLessThan(
          1e-3 * Math.abs(expected) + 1e-7,
        );
      }
    }
  });

  test('no rotation takes a member below its floor or above what leaves the rest one', () => {
    const state = stateOf([1, 1, 2]);
    for (let turn = 0; turn < 50; turn++) state.rotate(0, -1);
    expect(state.probability(0)).toBeCloseTo(FLOOR_SHARE / 4, 12);
    for (let turn = 0; turn < 50; turn++) state.rotate(1, 1);
    expect(state.probability(1)).toBeCloseTo(1 - FLOOR_SHARE, 12);
  });

  test('a member that leaves takes along what interference made of it', () => {
    const state = new BornState(new InterferingMasses());
    for (let member = 0; member < 3; member++) {
      state.add(member, 1);
      state.enter(member);
    }
    for (let step = 0; step < 5; step++) state.interfere(1, -0.3, 0.3);
    const before = probabilities(state, 3);
    expect(before[1]).toBeGreaterThan(0.36);
    state.leave(1);
    state.enter(1);
    const after = probabilities(state, 3);
    for (const [member, p] of before.entries()) expect(after[member]).toBeCloseTo(p, 12);
  });

  test('a changed prior keeps the factor that was learned', () => {
    const state = stateOf([1, 1]);
    state.rotate(0, 0.2);
    const odds = state.probability(0) / state.probability(1);
    state.setPrior(0, 3);
    expect(state.probability(0) / state.probability(1)).toBeCloseTo(3 * odds, 10);
    expect(state.priorShare(0)).toBeCloseTo(0.75, 12);
  });

  test('priors that are no numbers, none or without bound are bounded', () => {
    const state = stateOf([1, Number.NaN, Number.POSITIVE_INFINITY, 0, -3]);
    const p = probabilities(state, 5);
    expect(sum(p)).toBeCloseTo(1, 12);
    expect(p.every((one) => one > 0 && one <= 1)).toBe(true);
  });

  test('masses stay within bounds when two members take turns to win for ever', () => {
    const state = stateOf([1, 1, 1]);
    for (let turn = 0; turn < 4_000; turn++) state.rotate(turn % 2, 1);
    state.leave(2);
    for (let turn = 0; turn < 4_000; turn++) state.rotate(turn % 2, 1);
    state.enter(2);
    const p = probabilities(state, 3);
    expect(sum(p)).toBeCloseTo(1, 12);
    expect(p[2]).toBeGreaterThan(1e-6);
    expect(state.measures()?.entropyBits).toBeGreaterThan(0);
  });

  test('a single member is always drawn, and nothing can be learned of it', () => {
    const state = stateOf([2]);
    state.rotate(0, -0.3);
    expect(state.probability(0)).toBe(1);
    expect(state.drawBorn(0.999_999)).toBe(0);
    expect(state.measures()).toMatchObject({ entropyBits: 0, targetFidelity: 1, size: 1 });
    state.remove(0);
    expect(state.measures()).toBeNull();
  });

  test('shares of all members add up to one, whoever came, went, was away or was learned of', () => {
    const kinds = ['add', 'remove', 'enter', 'leave', 'rotate', 'reweigh'] as const;
    const moves = fc.array(
      fc.tuple(fc.constantFrom(...kinds), fc.nat(11), fc.integer({ min: -9, max: 9 })),
      { maxLength: 120, size: 'max' },
    );
    fc.assert(
      fc.property(moves, (history) => {
        const state = new BornState();
        const known = new Map<number, number>();
        for (const [kind, member, number] of history) {
          const prior = 4 ** number;
          if (kind === 'add') {
            if (!known.has(member)) state.add(member, prior);
            known.set(member, known.get(member) ?? prior);
          } else if (known.has(member)) {
            if (kind === 'remove') state.remove(member);
            else if (kind === 'enter') state.enter(member);
            else if (kind === 'leave') state.leave(member);
            else if (kind === 'rotate') state.rotate(member, number / 10);
            else state.setPrior(member, prior);
            if (kind === 'remove') known.delete(member);
            if (kind === 'reweigh') known.set(member, prior);
          }
          const members = [...known.keys()];
          if (members.length === 0) {
            expect(state.measures()).toBeNull();
            continue;
          }
          expect(sum(members.map((one) => state.shareOfAll(one)))).toBeCloseTo(1, 9);
          const total = sum([...known.values()]);
          for (const [one, its] of known)
            expect(state.priorShareOfAll(one) / (its / total)).toBeCloseTo(1, 9);
        }
      }),
      { numRuns: 300, ...SEED },
    );
  });

  test('a member that is alone is learned of against those that are away', () => {
    const state = stateOf([1, 1, 1, 1]);
    for (const member of [0, 1, 2]) state.leave(member);
    for (let turn = 0; turn < 20; turn++) state.rotate(3, 0.02);
    expect(state.shareOfAll(3)).toBeGreaterThan(0.4);
    for (const member of [0, 1, 2]) state.enter(member);
    expect(state.probability(3)).toBeCloseTo(state.shareOfAll(3), 12);
    for (const member of [0, 1, 2])
      expect(state.probability(member)).toBeCloseTo((1 - state.probability(3)) / 3, 12);
  });

  test('entropy and fidelity are those of their definitions', () => {
    const priors = [1, 2, 3, 4];
    const state = stateOf(priors);
    state.rotate(0, 0.4);
    state.rotate(3, -0.1);
    const p = probabilities(state, 4);
    const measures = state.measures();
    const overlap = sum(p.map((one, at) => Math.sqrt((one * (priors[at] ?? 0)) / 10)));
    expect(measures?.entropyBits).toBeCloseTo(-sum(p.map((one) => one * Math.log2(one))), 12);
    expect(measures?.targetFidelity).toBeCloseTo(overlap ** 2, 12);
    const logs = priors.map((prior) => -Math.log(prior / 10));
    const mean = sum(logs.map((log, at) => (log * (priors[at] ?? 0)) / 10));
    expect(measures?.priors.entropy).toBeCloseTo(mean, 12);
    const squares = sum(logs.map((log, at) => ((log - mean) ** 2 * (priors[at] ?? 0)) / 10));
    expect(measures?.priors.variance).toBeCloseTo(squares, 12);
    expect(measures).toMatchObject({ size: 4, samples: 4 });
  });

  test('past 8,192 members the measures come close from places spread evenly', () => {
    const count = 140_000;
    const state = stateOf(Array.from({ length: count }, (_, member) => 1 + (member % 3)));
    const p = [1, 2, 3].map((prior) => prior / (2 * count));
    // Shares of the members of each prior are a third, up to one member.
    const entropy = -sum(p.map((one) => ((one * count) / 3) * Math.log2(one)));
    expect(Math.abs((state.measures()?.entropyBits ?? 0) - entropy)).toBeLessThan(0.01);
    expect(state.measures()?.targetFidelity).toBeCloseTo(1, 9);
  });
});
