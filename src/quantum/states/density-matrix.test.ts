import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { kronecker, scale } from '../linear/arithmetic.ts';
import { identity, matrix, zeros } from '../linear/complex-matrix.ts';
import { maxDistance } from '../linear/deviation.ts';
import { hermitianWith } from '../linear/testing/random-matrices.ts';
import {
  densityFromMatrix,
  maximallyMixed,
  mixture,
  pureDensity,
  randomDensity,
  tensorDensities,
} from './density-matrix.ts';
import { purity, spectrum } from './measures/entropy.ts';
import { basisState, randomState, tensorStates } from './state-vector.ts';
import { PARAMETERS, seeds, stateDistance } from './testing/random-states.ts';

const ROUNDING = 1e-13;

describe('density matrices', () => {
  test('every state that is made passes the check that matrices from outside must pass', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), fc.nat({ max: 4 }), seeds, (n, rank, seed) => {
        const rng = Rng.fromSeed(seed);
        const states = [
          randomDensity(n, rank, rng),
          pureDensity(randomState(n, rng)),
          maximallyMixed(n),
        ];
        for (const state of states) {
          expect(stateDistance(densityFromMatrix(state.matrix), state)).toBeLessThan(ROUNDING);
        }
      }),
      PARAMETERS,
    );
  });

  test('a random state traced from m more qubits has rank 2^m at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 3 }), seeds, (n, m, seed) => {
        const values = spectrum(randomDensity(n, m, Rng.fromSeed(seed)));
        expect(values.filter((value) => value > 0)).toHaveLength(Math.min(2 ** n, 2 ** m));
      }),
      PARAMETERS,
    );
  });

  test('a mixture is the weighted sum of its parts, pure and mixed', () => {
    const rng = Rng.fromSeed(1);
    const mixed = randomDensity(2, 1, rng);
    const state = randomState(2, rng);
    const both = mixture([
      { probability: 0.25, state },
      { probability: 0.75, state: mixed },
    ]);
    const quarter = scale(pureDensity(state).matrix, 0.25);
    const wanted = scale(mixed.matrix, 0.75);
    for (let i = 0; i < 16; i++) {
      expect(both.matrix.re[i]).toBeCloseTo(quarter.re[i] + wanted.re[i], 14);
      expect(both.matrix.im[i]).toBeCloseTo(quarter.im[i] + wanted.im[i], 14);
    }
    const half = mixture([
      { probability: 0.5, state: basisState(1, 0) },
      { probability: 0.5, state: basisState(1, 1) },
    ]);
    expect(half).toEqual(maximallyMixed(1));
  });

  test('tensor products are Kronecker products, and those of pure states are pure', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rng = Rng.fromSeed(seed);
        const [high, low] = [randomDensity(2, 1, rng), randomDensity(1, 1, rng)];
        const product = tensorDensities(high, low);
        expect(maxDistance(product.matrix, kronecker(high.matrix, low.matrix))).toBe(0);
        expect(purity(product)).toBeCloseTo(purity(high) * purity(low), 13);
        const [a, b] = [randomState(1, rng), randomState(2, rng)];
        expect(stateDistance(tensorDensities(a, b), tensorStates(a, b))).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('what is no state is refused with the property that fails and its deviation', () => {
    const refused = (property: string, deviation: number): unknown =>
      expect.objectContaining({
        code: 'QUANTUM_NOT_A_STATE',
        details: { property, deviation: expect.closeTo(deviation, 9) },
      });
    const skew = matrix([
      [0.5, 0.25],
      [0, 0.5],
    ]);
    expect(() => densityFromMatrix(skew)).toThrow(refused('hermitian', 0.25));
    expect(() => densityFromMatrix(identity(2))).toThrow(refused('trace', 1));
    const negative = matrix([
      [1.25, 0],
      [0, -0.25],
    ]);
    expect(() => densityFromMatrix(negative)).toThrow(refused('positive', 0.25));
    expect(() => densityFromMatrix(matrix([[Number.NaN]]))).toThrow(
      refused('hermitian', Number.POSITIVE_INFINITY),
    );
    expect(() => densityFromMatrix(scale(identity(3), 1 / 3))).toThrow(
      expect.objectContaining({ code: 'QUANTUM_DIMENSION_INVALID' }),
    );
    expect(() => densityFromMatrix(zeros(0))).toThrow(
      expect.objectContaining({ code: 'QUANTUM_DIMENSION_INVALID' }),
    );
  });

  test('eigenvalues below zero are accepted up to the tolerance and refused beyond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), seeds, (n, seed) => {
        const rng = Rng.fromSeed(seed);
        const size = 2 ** n;
        const spectrumWith = (least: number): number[] => [
          least,
          1 - least,
          ...Array.from({ length: size - 2 }, () => 0),
        ];
        const close = hermitianWith(spectrumWith(-5e-9), rng);
        expect(() => densityFromMatrix(close)).not.toThrow();
        const wrong = hermitianWith(spectrumWith(-2e-8), rng);
        expect(() => densityFromMatrix(wrong)).toThrow('have no negative eigenvalues');
      }),
      PARAMETERS,
    );
  });

  test('mixtures of nothing, of wrong weights and of different sizes are refused', () => {
    const state = basisState(1);
    const invalid = expect.objectContaining({ code: 'QUANTUM_PROBABILITY_INVALID' });
    expect(() => mixture([])).toThrow(invalid);
    expect(() => mixture([{ probability: 0.5, state }])).toThrow(invalid);
    expect(() => mixture([{ probability: Number.NaN, state }])).toThrow(invalid);
    expect(() =>
      mixture([
        { probability: -0.5, state },
        { probability: 1.5, state },
      ]),
    ).toThrow(invalid);
    expect(() =>
      mixture([
        { probability: 0.5, state },
        { probability: 0.5, state: basisState(2) },
      ]),
    ).toThrow(expect.objectContaining({ code: 'QUANTUM_DIMENSION_INVALID' }));
    expect(() => maximallyMixed(14)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_TOO_LARGE' }),
    );
  });
});
