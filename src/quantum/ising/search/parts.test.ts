import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { UNWATCHED } from '../../watch.ts';
import { isingEnergy } from '../problem/ising-problem.ts';
import { allSpins, isingProblems, leastEnergy, PROPERTY } from '../testing/problems.ts';
import { Effort } from './effort.ts';
import { energyBound } from './energy-bound.ts';
import { isSymmetric, mergeParts, mergeScratch } from './merge-parts.ts';
import { energiesOf } from './qaoa.ts';
import { reduceProblem } from './reduce.ts';
import { searchContext } from './search-context.ts';
import {
  blocksOf,
  copyState,
  descend,
  newState,
  noiseFrom,
  randomize,
  refresh,
  sweep,
} from './spin-state.ts';
import { temperatureRange } from './temperature-range.ts';
import { offerTreeStates } from './tree-states.ts';

describe('reduction', () => {
  test('keeps the least energy, and lifts spins to no more than the energy of the core', () => {
    fc.assert(
      fc.property(isingProblems(10, 18), (problem) => {
        const { core, offset, lift } = reduceProblem(problem);
        const least = leastEnergy(problem);
        if (core === undefined) {
          expect(offset).toBe(least);
          expect(isingEnergy(problem, lift(new Int8Array(0)))).toBe(least);
          return;
        }
        expect(leastEnergy(core)).toBe(least);
        for (const spins of allSpins(core.size)) {
          expect(isingEnergy(problem, lift(spins))).toBeLessThanOrEqual(isingEnergy(core, spins));
        }
      }),
      PROPERTY,
    );
  });
});

describe('bound', () => {
  test('never exceeds the least energy', () => {
    fc.assert(
      fc.property(isingProblems(9), (problem) => {
        expect(energyBound(problem, 1e6)).toBeLessThanOrEqual(leastEnergy(problem));
      }),
      PROPERTY,
    );
  });

  test('is exact for up to three spins without fields', () => {
    fc.assert(
      fc.property(isingProblems(3), (problem) => {
        fc.pre(isSymmetric(problem));
        expect(energyBound(problem, 1e6)).toBe(leastEnergy(problem));
      }),
      PROPERTY,
    );
  });
});

describe('merging', () => {
  test('gives the best combination of the parts, and at most the energies of both', () => {
    fc.assert(
      fc.property(isingProblems(12, 14), fc.nat(), (problem, seed) => {
        const rng = Rng.fromSeed(seed);
        const [target, source, before] = [0, 1, 2].map(() => newState(problem.size));
        randomize(problem, target!, rng);
        randomize(problem, source!, rng);
        copyState(before!, target!);
        const symmetric = isSymmetric(problem);
        mergeParts(problem, [target!, source!], mergeScratch(problem.size), { symmetric });
        expect(target!.energy).toBe(isingEnergy(problem, target!.spins));
        expect(target!.energy).toBeLessThanOrEqual(Math.min(before!.energy, source!.energy));
        for (let i = 0; i < problem.size; i++) {
          if (symmetric || before!.spins[i] !== source!.spins[i]) continue;
          expect(target!.spins[i]).toBe(before!.spins[i]);
        }
      }),
      PROPERTY,
    );
  });
});

describe('sweeps', () => {
  test('keep local fields and energy in step with the spins', () => {
    fc.assert(
      fc.property(isingProblems(12), fc.nat(), (problem, seed) => {
        const rng = Rng.fromSeed(seed);
        const state = newState(problem.size);
        randomize(problem, state, rng);
        const heat = { temperature: 5, noise: noiseFrom(rng) };
        for (let pass = 0; pass < 20; pass++) {
          for (const block of blocksOf(problem)) sweep(problem, state, block, heat);
        }
        const twin = newState(problem.size);
        twin.spins.set(state.spins);
        refresh(problem, twin);
        expect(state.energy).toBe(twin.energy);
        expect(state.local).toEqual(twin.local);
      }),
      PROPERTY,
    );
  });

  test('at one temperature visit assignments as often as Boltzmann says', () => {
    const problem = fc
      .sample(isingProblems(4), { seed: 11, numRuns: 30 })
      .find((p) => p.size === 4)!;
    const temperature = 12;
    const counts = new Float64Array(16);
    const rng = Rng.fromSeed(5);
    const state = newState(4);
    refresh(problem, state);
    const heat = { temperature, noise: noiseFrom(rng) };
    const visits = 200_000;
    for (let visit = 0; visit < visits; visit++) {
      // Ties and order make sequential passes periodic; a random place to end breaks that.
      const to = 1 + rng.below(4);
      sweep(problem, state, { from: to - 1, to, steps: 1 }, heat);
      counts[state.spins.reduce((index, s, i) => index | (s > 0 ? 1 << i : 0), 0)]! += 1 / visits;
    }
    const weights = [...allSpins(4)].map((spins) =>
      Math.exp(-isingEnergy(problem, spins) / temperature),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    // Moves beyond nine temperatures are cut off, and neighbours are correlated: 0.01 is five deviations.
    for (const [index, weight] of weights.entries()) {
      expect(Math.abs(counts[index]! - weight / total)).toBeLessThan(0.01);
    }
  });

  test('descent ends where no single flip lowers the energy', () => {
    fc.assert(
      fc.property(isingProblems(12), fc.nat(), (problem, seed) => {
        const state = newState(problem.size);
        randomize(problem, state, Rng.fromSeed(seed));
        const before = state.energy;
        descend(problem, state, blocksOf(problem), new Effort({ stepsMax: 1e9 }, UNWATCHED));
        expect(state.energy).toBeLessThanOrEqual(before);
        for (let i = 0; i < problem.size; i++) {
          expect(state.spins[i]! * state.local[i]!).toBeLessThanOrEqual(0);
        }
      }),
      PROPERTY,
    );
  });
});

test('a spanning forest solves what is not frustrated', () => {
  fc.assert(
    fc.property(isingProblems(10), fc.nat(1023), (problem, code) => {
      const gauge = Array.from({ length: problem.size }, (_, i) => ((code >> i) & 1 ? 1 : -1));
      const coupling = problem.coupling.slice();
      for (let i = 0; i < problem.size; i++) {
        for (let k = problem.rowStart[i]!; k < problem.rowStart[i + 1]!; k++) {
          coupling[k] = -Math.abs(coupling[k]!) * gauge[i]! * gauge[problem.column[k]!]!;
        }
      }
      const fields = problem.fields.map((field, i) => -Math.abs(field) * gauge[i]!);
      const unfrustrated = { ...problem, coupling, fields };
      const context = searchContext(unfrustrated, new Effort({ stepsMax: 1e9 }, UNWATCHED));
      offerTreeStates(context);
      expect(context.incumbent.energy).toBe(leastEnergy(unfrustrated));
    }),
    PROPERTY,
  );
});

test('the diagonal of QAOA is the energy of every assignment', () => {
  fc.assert(
    fc.property(isingProblems(8), (problem) => {
      expect([...energiesOf(problem)]).toEqual(
        [...allSpins(problem.size)].map((spins) => isingEnergy(problem, spins)),
      );
    }),
    PROPERTY,
  );
});

test('temperatures scale with the problem, and cold is below hot', () => {
  fc.assert(
    fc.property(isingProblems(12), (problem) => {
      const range = temperatureRange(problem);
      expect(range.cold).toBeGreaterThan(0);
      expect(range.cold).toBeLessThan(range.hot);
      if (problem.coupling.length === 0 && problem.fields.every((field) => field === 0)) return;
      const larger = temperatureRange({
        ...problem,
        fields: problem.fields.map((field) => field * 64),
        coupling: problem.coupling.map((coupling) => coupling * 64),
      });
      expect(larger.hot).toBeCloseTo(64 * range.hot, 6);
      expect(larger.cold).toBeCloseTo(64 * range.cold, 6);
    }),
    PROPERTY,
  );
});
