import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { adjoint, multiply, multiplyVector, scale } from '../linear/arithmetic.ts';
import { identity, matrix, zeros } from '../linear/complex-matrix.ts';
import { maxDistance, maxNorm } from '../linear/deviation.ts';
import { randomUnitary } from '../linear/random-unitary.ts';
import { gaussianMatrix } from '../linear/testing/random-matrices.ts';
import { UNWATCHED } from '../watch.ts';
import { applyOperator, applyUnitary } from './apply-unitary.ts';
import { pureDensity, randomDensity } from './density-matrix.ts';
import { basisState, randomState, squaredNorm } from './state-vector.ts';
import { embedded, PARAMETERS, seeds, someQubits } from './testing/random-states.ts';

const ROUNDING = 1e-13;

describe('operators on some qubits', () => {
  test('they are the embedded matrix, for pure and mixed states, in any order of qubits', () => {
    fc.assert(
      fc.property(someQubits(4), seeds, ([count, qubits], seed) => {
        const rng = Rng.fromSeed(seed);
        const operator = gaussianMatrix(2 ** qubits.length, 2 ** qubits.length, rng);
        const full = embedded(operator, qubits, count);
        const state = randomState(count, rng);
        const image = applyOperator(state, operator, qubits);
        const wanted = multiplyVector(full, state);
        const difference = image.re.map((re, k) =>
          Math.hypot(re - wanted.re[k], image.im[k] - wanted.im[k]),
        );
        expect(Math.max(...difference)).toBeLessThan(ROUNDING * 10);
        const density = randomDensity(count, 2, rng);
        const product = multiply(multiply(full, density.matrix), adjoint(full));
        const got = applyOperator(density, operator, qubits).matrix;
        expect(maxDistance(got, product)).toBeLessThan(ROUNDING * (1 + maxNorm(product)));
      }),
      PARAMETERS,
    );
  });

  test('a mirror circuit returns to |0…0⟩ with length 1, however deep', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 200 }), (seed, depth) => {
        const rng = Rng.fromSeed(seed);
        const layers = Array.from({ length: depth }, () => {
          const first = rng.below(5);
          const second = (first + 1 + rng.below(4)) % 5;
          return { unitary: randomUnitary(4, rng), qubits: [first, second] };
        });
        let state = basisState(5);
        for (const { unitary, qubits } of layers) state = applyUnitary(state, unitary, qubits);
        expect(Math.abs(squaredNorm(state) - 1)).toBeLessThan(ROUNDING);
        for (const { unitary, qubits } of layers.toReversed()) {
          state = applyUnitary(state, adjoint(unitary), qubits);
        }
        expect(Math.hypot(state.re[0], state.im[0])).toBeCloseTo(1, 13);
      }),
      { ...PARAMETERS, numRuns: 20 },
    );
  });

  test('a pure state and its density matrix stay together', () => {
    fc.assert(
      fc.property(someQubits(4), seeds, ([count, qubits], seed) => {
        const rng = Rng.fromSeed(seed);
        const state = randomState(count, rng);
        const unitary = randomUnitary(2 ** qubits.length, rng);
        const pure = pureDensity(applyUnitary(state, unitary, qubits));
        const mixed = applyUnitary(pureDensity(state), unitary, qubits);
        expect(maxDistance(pure.matrix, mixed.matrix)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('what is no unitary of the qubits is refused, with its deviation', () => {
    const state = basisState(2);
    expect(() => applyUnitary(state, scale(identity(2), 1.1), [0])).toThrow(
      /U†U must be the identity to 1e-8, got a deviation of 0\.21/u,
    );
    const refused = (code: string): unknown => expect.objectContaining({ code });
    expect(() =>
      applyUnitary(
        state,
        matrix([
          [Number.NaN, 0],
          [0, 1],
        ]),
        [0],
      ),
    ).toThrow(refused('QUANTUM_NOT_UNITARY'));
    expect(() => applyUnitary(state, identity(4), [0])).toThrow(
      refused('QUANTUM_DIMENSION_INVALID'),
    );
    expect(() => applyUnitary(state, zeros(2, 4), [0])).toThrow(
      refused('QUANTUM_DIMENSION_INVALID'),
    );
    for (const qubits of [
      [0, 0],
      [0, 2],
      [-1, 0],
      [0.5, 1],
      [0, Number.NaN],
    ]) {
      expect(() => applyUnitary(state, identity(4), qubits)).toThrow(
        refused('QUANTUM_QUBITS_INVALID'),
      );
    }
    const watch = { ...UNWATCHED, isCanceled: () => true };
    expect(() => applyUnitary(state, identity(2), [0], watch)).toThrow(refused('QUANTUM_CANCELED'));
  });
});
