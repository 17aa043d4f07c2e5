import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { randomUnitary } from '../../linear/random-unitary.ts';
import { diagonalMatrix, hermitianWith } from '../../linear/testing/random-matrices.ts';
import { UNWATCHED } from '../../watch.ts';
import { applyUnitary } from '../apply-unitary.ts';
import {
  asDensity,
  densityFromMatrix,
  maximallyMixed,
  mixture,
  pureDensity,
  randomDensity,
  tensorDensities,
} from '../density-matrix.ts';
import { basisState, randomState, stateFromAmplitudes, type StateVector } from '../state-vector.ts';
import { anyState, PARAMETERS, seeds, someQubits } from '../testing/random-states.ts';
import {
  conditionalEntropy,
  entropyOfQubits,
  mutualInformation,
  purity,
  relativeEntropyOfCoherence,
  renyiEntropy,
  shannonEntropy,
  spectrum,
  vonNeumannEntropy,
} from './entropy.ts';

/** Entropies of eigenvalues p are rounded at ε·log₂ p, and at √ε near p = 0 not at all. */
const ROUNDING = 1e-10;

function ghz(qubits: number): StateVector {
  const amplitudes = Array.from({ length: 2 ** qubits }, () => 0);
  amplitudes[0] = 1;
  amplitudes[amplitudes.length - 1] = 1;
  return stateFromAmplitudes(amplitudes, { normalise: true });
}

/** A state of three parts, one qubit or more each. */
const tripartite = fc.record({
  seed: seeds,
  sizes: fc.tuple(
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 1, max: 2 }),
  ),
});

function parts([a, b, c]: readonly [number, number, number]): number[][] {
  const range = (start: number, length: number): number[] =>
    Array.from({ length }, (_, k) => start + k);
  return [range(0, a), range(a, b), range(a + b, c)];
}

describe('entropies', () => {
  test('k qubits of a GHZ state have 1 bit, any two of them share 1, and all have none', () => {
    const state = ghz(5);
    for (const qubits of [[0], [3, 1], [4, 2, 0], [0, 1, 2, 3]]) {
      expect(entropyOfQubits(state, qubits)).toBeCloseTo(1, 13);
      expect(entropyOfQubits(pureDensity(state), qubits)).toBeCloseTo(1, 13);
    }
    expect(mutualInformation(state, { a: [1], b: [4] })).toBeCloseTo(1, 13);
    expect(mutualInformation(ghz(2), { a: [0], b: [1] })).toBeCloseTo(2, 13);
    expect(vonNeumannEntropy(state)).toBe(0);
    expect(vonNeumannEntropy(pureDensity(state))).toBeCloseTo(0, 12);
  });

  test('entropy is that of the spectrum: n bits for I/2^n, Shannon’s for a diagonal', () => {
    expect(vonNeumannEntropy(maximallyMixed(4))).toBeCloseTo(4, 13);
    const diagonal = [0.5, 0.25, 0.125, 0.125];
    expect(shannonEntropy(diagonal)).toBe(1.75);
    expect(vonNeumannEntropy(densityFromMatrix(diagonalMatrix(diagonal)))).toBeCloseTo(1.75, 13);
    expect(shannonEntropy([1, 0])).toBe(0);
    expect(() => shannonEntropy([0.5, 0.4])).toThrow(
      expect.objectContaining({ code: 'QUANTUM_PROBABILITY_INVALID' }),
    );
  });

  test('unitaries leave it, and products add it', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.nat({ max: 3 }), seeds, (first, second, seed) => {
        const rng = Rng.fromSeed(seed);
        const [a, b] = [randomDensity(2, first, rng), randomDensity(2, second, rng)];
        const turned = applyUnitary(a, randomUnitary(4, rng), [0, 1]);
        expect(Math.abs(vonNeumannEntropy(turned) - vonNeumannEntropy(a))).toBeLessThan(ROUNDING);
        const sum = vonNeumannEntropy(a) + vonNeumannEntropy(b);
        const product = tensorDensities(a, b);
        expect(Math.abs(vonNeumannEntropy(product) - sum)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('it is concave: mixing never lowers the mean, and adds no more than the mixing itself', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), seeds, (p, seed) => {
        const [a, b] = [anyState(2, seed), anyState(2, seed ^ 0x5bd1e995)];
        const mixed = vonNeumannEntropy(
          mixture([
            { probability: p, state: a },
            { probability: 1 - p, state: b },
          ]),
        );
        const mean = p * vonNeumannEntropy(a) + (1 - p) * vonNeumannEntropy(b);
        expect(mixed).toBeGreaterThan(mean - ROUNDING);
        expect(mixed).toBeLessThan(mean + shannonEntropy([p, 1 - p]) + ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('it is subadditive, strongly so, and obeys Araki and Lieb', () => {
    fc.assert(
      fc.property(tripartite, ({ seed, sizes }) => {
        const [a, b, c] = parts(sizes);
        const state = anyState(a.length + b.length + c.length, seed);
        const s = (...qubits: number[][]): number => entropyOfQubits(state, qubits.flat());
        expect(s(a, b)).toBeLessThan(s(a) + s(b) + ROUNDING);
        expect(s(a, b)).toBeGreaterThan(Math.abs(s(a) - s(b)) - ROUNDING);
        expect(s(a, b, c) + s(b)).toBeLessThan(s(a, b) + s(b, c) + ROUNDING);
        const shared = mutualInformation(state, { a, b });
        expect(Math.abs(shared - (s(a) + s(b) - s(a, b)))).toBeLessThan(ROUNDING);
        const conditional = conditionalEntropy(state, { a, b });
        expect(Math.abs(conditional - (s(a, b) - s(b)))).toBeLessThan(ROUNDING);
        expect(Math.abs(s(a, b, c) - vonNeumannEntropy(state))).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('both sides of a pure state have one entropy', () => {
    fc.assert(
      fc.property(someQubits(6, 0), seeds, ([count, qubits], seed) => {
        const state = randomState(count, Rng.fromSeed(seed));
        const direct = entropyOfQubits(pureDensity(state), qubits);
        expect(Math.abs(entropyOfQubits(state, qubits) - direct)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('conditional entropy is −1 for a Bell pair: one qubit can be sent on with it', () => {
    expect(conditionalEntropy(ghz(2), { a: [0], b: [1] })).toBeCloseTo(-1, 13);
  });

  test('parts that overlap are refused, and a watch ends it', () => {
    expect(() => mutualInformation(ghz(3), { a: [0, 1], b: [1] })).toThrow(
      expect.objectContaining({ code: 'QUANTUM_QUBITS_INVALID' }),
    );
    const watch = { ...UNWATCHED, isCanceled: () => true };
    expect(() => vonNeumannEntropy(maximallyMixed(2), watch)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_CANCELED' }),
    );
  });
});

describe('Rényi entropies', () => {
  const orders = [0, 0.3, 0.999_999, 1, 1.000_001, 2, 3, 50, 1e6, Number.POSITIVE_INFINITY];

  test('they fall as the order grows, from log₂ of the rank to −log₂ of the largest eigenvalue', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), seeds, (rank, seed) => {
        const state = randomDensity(3, rank, Rng.fromSeed(seed));
        const values = orders.map((alpha) => renyiEntropy(state, alpha));
        for (let k = 1; k < values.length; k++) {
          expect(values[k]).toBeLessThan(values[k - 1] + 1e-9);
        }
        expect(values[0]).toBe(rank);
        const largest = Math.max(...spectrum(state));
        expect(values.at(-1)).toBeCloseTo(-Math.log2(largest), 12);
        expect(values.at(-2)).toBeCloseTo(-Math.log2(largest), 4);
        expect(values[2]).toBeCloseTo(values[3], 4);
        expect(values[4]).toBeCloseTo(values[3], 4);
        expect(values[3]).toBeCloseTo(vonNeumannEntropy(state), 12);
      }),
      PARAMETERS,
    );
  });

  test('order 2 is that of the purity, and agrees with the spectrum', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), seeds, (rank, seed) => {
        const state = randomDensity(3, rank, Rng.fromSeed(seed));
        const sum = spectrum(state).reduce((total, value) => total + value * value, 0);
        expect(purity(state)).toBeCloseTo(sum, 12);
        expect(renyiEntropy(state, 2)).toBeCloseTo(-Math.log2(sum), 11);
        expect(purity(state)).toBeGreaterThan(1 / 8 - ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('pure states have none of any order', () => {
    for (const alpha of orders) {
      expect(renyiEntropy(basisState(2, 1), alpha)).toBe(0);
      expect(renyiEntropy(pureDensity(ghz(3)), alpha)).toBeCloseTo(0, 12);
    }
  });

  test('orders below 0 and NaN are refused', () => {
    for (const alpha of [-1, Number.NaN]) {
      expect(() => renyiEntropy(maximallyMixed(1), alpha)).toThrow(
        expect.objectContaining({ code: 'QUANTUM_PARAMETER_INVALID' }),
      );
    }
  });
});

describe('relative entropy of coherence', () => {
  test('it is n bits for |+…+⟩, 0 for what is diagonal, and never negative', () => {
    const plus = stateFromAmplitudes([1, 1, 1, 1], { normalise: true });
    expect(relativeEntropyOfCoherence(plus)).toBeCloseTo(2, 13);
    expect(relativeEntropyOfCoherence(pureDensity(plus))).toBeCloseTo(2, 12);
    expect(relativeEntropyOfCoherence(basisState(3, 5))).toBe(0);
    expect(relativeEntropyOfCoherence(maximallyMixed(2))).toBeCloseTo(0, 13);
    fc.assert(
      fc.property(seeds, (seed) => {
        const state = anyState(2, seed);
        const value = relativeEntropyOfCoherence(state);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(2 - vonNeumannEntropy(state) + ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('eigenvalues below rounding of the largest do not count', () => {
    const state = densityFromMatrix(hermitianWith([1, 0, 0, 0], Rng.fromSeed(2)));
    expect([...spectrum(state)]).toEqual([0, 0, 0, 1]);
    expect(asDensity(state)).toBe(state);
  });
});
