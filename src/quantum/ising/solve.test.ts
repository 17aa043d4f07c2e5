import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNWATCHED, type Watch } from '../watch.ts';
import { Rng } from '../../base/rng.ts';
import { maxCutToIsing } from './problem/convert.ts';
import { isingEnergy, isingProblem, type IsingProblem } from './problem/ising-problem.ts';
import { cutWeight, maxCutGraph } from './problem/max-cut-graph.ts';
import { ISING_METHODS, solveIsing, type IsingMethod } from './solve-ising.ts';
import { solveBinaryFile, solveMaxCut } from './solve-problem.ts';
import { isingProblems, leastEnergy, PROPERTY } from './testing/problems.ts';

const FINDING: readonly IsingMethod[] = ISING_METHODS.filter((method) => method !== 'qaoa');

/** Bifurcation splits it to the same side at every strength, and that is not the best one. */
const ONE_SIDED: IsingProblem = {
  size: 8,
  fields: Float64Array.of(0, -4, -1, -2, 1, 2, 0, 1),
  rowStart: Int32Array.of(0, 0, 1, 1, 3, 4, 6, 6, 6),
  column: Int32Array.of(5, 4, 5, 3, 1, 3),
  coupling: Float64Array.of(-4, -3, 2, -3, -4, 2),
  offset: 7,
};

describe.each(FINDING.map((method) => ({ method })))('$method', ({ method }) => {
  test('finds the least energy of small problems, and says it truly', () => {
    fc.assert(
      fc.property(isingProblems(10), fc.nat(), (problem, seed) => {
        const least = leastEnergy(problem);
        const options = { method, seed, stepsMax: 3_000_000, target: least };
        const solution = solveIsing(problem, options, UNWATCHED);
        expect(isingEnergy(problem, solution.spins)).toBe(solution.energy);
        expect(solution.energy).toBe(least);
        if (solution.bound !== undefined) expect(solution.bound).toBeLessThanOrEqual(least);
      }),
      { ...PROPERTY, numRuns: 40, examples: [[ONE_SIDED, 3]] },
    );
  });

  test('gives the same for the same seed and steps', () => {
    const size = method === 'exact' ? 16 : 60;
    const problem = randomProblem(size, 4 * size);
    const run = (): unknown => {
      const { timeMs, history, ...rest } = solveIsing(
        problem,
        { method, seed: 7, stepsMax: 400_000 },
        UNWATCHED,
      );
      return { ...rest, values: history.map(({ value, steps }) => [value, steps]), timeMs };
    };
    expect(run()).toEqual(run());
  });
});

describe('auto', () => {
  test('proves problems of up to 25 spins left', () => {
    fc.assert(
      fc.property(isingProblems(12), (problem) => {
        const solution = solveIsing(problem, { stepsMax: 1e9 }, UNWATCHED);
        expect(solution.proven).toBe(true);
        expect(solution.bound).toBe(solution.energy);
        expect(solution.energy).toBe(leastEnergy(problem));
      }),
      PROPERTY,
    );
  });

  test('eliminates a tree of any size', () => {
    const size = 20_000;
    const rng = Rng.fromSeed(3);
    const value = Array.from({ length: size - 1 }, () => rng.below(19) - 9 || 1);
    const second = value.map((_, i) => rng.below(i + 1));
    const first = value.map((_, i) => i + 1);
    const problem = isingProblem(new Float64Array(size), { first, second, value });
    const solution = solveIsing(problem, { stepsMax: 1000 }, UNWATCHED);
    expect(solution.method).toBe('reduction');
    expect(solution.energy).toBe(-value.reduce((sum, v) => sum + Math.abs(v), 0));
  });

  test('proves two-colourable graphs that cannot be reduced', () => {
    const side = 20;
    const first: number[] = [];
    const second: number[] = [];
    for (let i = 0; i < side * side; i++) {
      const row = Math.floor(i / side);
      first.push(i, i);
      second.push(row * side + ((i + 1) % side), ((row + 1) % side) * side + (i % side));
    }
    const graph = maxCutGraph(side * side, { first, second, value: first.map(() => 1) });
    const solution = solveMaxCut(graph, { stepsMax: 1e8 }, UNWATCHED);
    expect(solution).toMatchObject({ value: 800, bound: 800, proven: true, stopped: 'proven' });
  });

  test('bounds what it cannot prove', () => {
    const problem = randomProblem(80, 400);
    const solution = solveIsing(problem, { stepsMax: 2_000_000 }, UNWATCHED);
    expect(solution.proven).toBe(false);
    expect(solution.bound).toBeLessThanOrEqual(solution.energy);
    expect(solution.stopped).toBe('steps');
  });

  test('its history falls step by step to the energy it gives', () => {
    const solution = solveIsing(randomProblem(80, 400), { stepsMax: 2_000_000 }, UNWATCHED);
    const values = solution.history.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(values.at(-1)).toBe(solution.energy);
  });
});

describe('QAOA', () => {
  test('more layers lower the mean energy, and samples find the least', () => {
    const problem = randomProblem(10, 20);
    const [one, four] = [1, 4].map((layers) =>
      solveIsing(problem, { method: 'qaoa', qaoa: { layers }, stepsMax: 1e10 }, UNWATCHED),
    );
    expect(four!.qaoa!.expectation).toBeLessThan(one!.qaoa!.expectation);
    expect(one!.qaoa!.expectation).toBeLessThan(problem.offset);
    expect(four!.energy).toBe(leastEnergy(problem));
  });

  test('one layer on one edge reaches the optimum, as is known', () => {
    const edge = isingProblem([0, 0], { first: [0], second: [1], value: [1] });
    const { qaoa } = solveIsing(
      edge,
      { method: 'qaoa', qaoa: { layers: 1 }, stepsMax: 1e9 },
      UNWATCHED,
    );
    expect(qaoa!.expectation).toBeCloseTo(-1, 4);
    expect(qaoa!.groundProbability).toBeCloseTo(1, 4);
  });

  test('one layer on a ring cuts three quarters (Farhi, Goldstone, Gutmann §4)', () => {
    const size = 10;
    const first = Array.from({ length: size }, (_, i) => i);
    const second = first.map((i) => (i + 1) % size);
    const ring = maxCutToIsing(maxCutGraph(size, { first, second, value: first.map(() => 1) }));
    const { qaoa } = solveIsing(
      ring,
      { method: 'qaoa', qaoa: { layers: 1 }, stepsMax: 1e9 },
      UNWATCHED,
    );
    expect(-qaoa!.expectation / size).toBeCloseTo(0.75, 4);
  });
});

describe('limits', () => {
  test.each([{ timeMs: 0 }, { timeMs: Number.NaN }, { stepsMax: -1 }, { seed: 0.5 }])(
    '%j is refused',
    (options) => {
      expect(() => solveIsing(randomProblem(5, 5), options, UNWATCHED)).toThrow(
        expect.objectContaining({ code: 'QUANTUM_OPTION_INVALID' }),
      );
    },
  );

  test('a method that is not known is refused', () => {
    const method = 'magic' as IsingMethod;
    expect(() => solveIsing(randomProblem(5, 5), { method }, UNWATCHED)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_OPTION_INVALID' }),
    );
  });

  test.each([{ method: 'exact' as const }, { method: 'qaoa' as const }])(
    '$method refuses what is too large for it',
    ({ method }) => {
      expect(() => solveIsing(randomProblem(26, 60), { method }, UNWATCHED)).toThrow(
        expect.objectContaining({ code: 'QUANTUM_PROBLEM_TOO_LARGE' }),
      );
    },
  );

  test.each(
    ISING_METHODS.filter((m) => m !== 'exact' && m !== 'qaoa').map((method) => ({ method })),
  )('$method ends by time, and by cancellation with its best', ({ method }) => {
    const problem = randomProblem(300, 1500);
    const late = solveIsing(
      problem,
      { method, timeMs: 40 },
      ticking(() => false),
    );
    expect(late.stopped).toBe('time');
    expect(late.timeMs).toBeLessThan(60);
    let looks = 0;
    const canceled = solveIsing(
      problem,
      { method, timeMs: 1e9 },
      ticking(() => ++looks > 20),
    );
    expect(canceled.stopped).toBe('canceled');
    expect(isingEnergy(problem, canceled.spins)).toBe(canceled.energy);
  });

  test('a search that is canceled before it begins still gives an assignment', () => {
    const solution = solveIsing(
      randomProblem(50, 400),
      {},
      ticking(() => true),
    );
    expect(solution.stopped).toBe('canceled');
    expect(solution.spins).toHaveLength(50);
  });

  test('progress rises from 0 to at most 1', () => {
    const seen: number[] = [];
    const watch = { ...ticking(() => false), progress: (share: number) => void seen.push(share) };
    solveIsing(randomProblem(300, 1500), { timeMs: 30 }, watch);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBeLessThanOrEqual(1);
  });
});

test('files are solved in their own sense', () => {
  const gset = solveBinaryFile('3 3\n1 2 1\n2 3 1\n1 3 1\n', 'gset', { stepsMax: 1e6 }, UNWATCHED);
  expect(gset).toMatchObject({ value: 2, bound: 2, proven: true });
  const bqp = solveBinaryFile('2 3\n1 1 3\n2 2 -1\n1 2 -5\n', 'bqp', { stepsMax: 1e6 }, UNWATCHED);
  expect(bqp).toMatchObject({ value: -8, assignment: Uint8Array.of(1, 1) });
  const qubo = solveBinaryFile('0 0 3\n1 1 -1\n0 1 -5\n', 'qubo', { stepsMax: 1e6 }, UNWATCHED);
  expect(qubo).toMatchObject({ value: -3, assignment: Uint8Array.of(1, 1) });
});

test('a cut is worth what its assignment cuts', () => {
  const problem = randomPairs(60, 300);
  const graph = maxCutGraph(60, problem);
  const solution = solveMaxCut(graph, { stepsMax: 500_000 }, UNWATCHED);
  expect(cutWeight(graph, solution.assignment)).toBe(solution.value);
  expect(solution.history.at(-1)!.value).toBe(solution.value);
});

/** A clock that moves on by a millisecond at each look. */
function ticking(isCanceled: () => boolean): Watch {
  let nowMs = 0;
  return { nowMs: () => nowMs++, isCanceled, progress: () => undefined };
}

function randomPairs(
  size: number,
  count: number,
): { first: number[]; second: number[]; value: number[] } {
  const rng = Rng.fromSeed(size);
  const first = Array.from({ length: count }, () => rng.below(size));
  const second = first.map((i) => (i + 1 + rng.below(size - 1)) % size);
  return { first, second, value: first.map(() => 2 * rng.below(2) - 1) };
}

function randomProblem(size: number, couplings: number): IsingProblem {
  return isingProblem(new Float64Array(size), randomPairs(size, couplings), 1);
}
