import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { zeros } from '../linear/complex-matrix.ts';
import { maxDistance } from '../linear/deviation.ts';
import {
  asDensity,
  maximallyMixed,
  pureDensity,
  randomDensity,
  tensorDensities,
  type DensityMatrix,
} from './density-matrix.ts';
import { purity } from './measures/entropy.ts';
import { partialTrace } from './partial-trace.ts';
import { randomState, stateFromAmplitudes } from './state-vector.ts';
import {
  anyState,
  bitsAt,
  PARAMETERS,
  seeds,
  someQubits,
  stateDistance,
} from './testing/random-states.ts';

const ROUNDING = 1e-13;

/** By definition: entries whose bits outside agree, summed. */
function tracedByDefinition({ qubits, matrix }: DensityMatrix, kept: readonly number[]) {
  const others = Array.from({ length: qubits }, (_, q) => q).filter((q) => !kept.includes(q));
  const result = zeros(2 ** kept.length);
  for (let r = 0; r < matrix.rows; r++) {
    for (let c = 0; c < matrix.rows; c++) {
      if (bitsAt(r, others) !== bitsAt(c, others)) continue;
      const at = bitsAt(r, kept) * result.rows + bitsAt(c, kept);
      result.re[at] += matrix.re[r * matrix.rows + c];
      result.im[at] += matrix.im[r * matrix.rows + c];
    }
  }
  return result;
}

describe('partial trace', () => {
  test('it is what the definition says, to any qubits in any order', () => {
    fc.assert(
      fc.property(someQubits(5, 0), seeds, ([count, kept], seed) => {
        const state = anyState(count, seed);
        const got = partialTrace(state, kept);
        expect(got.qubits).toBe(kept.length);
        const wanted = tracedByDefinition(asDensity(state), kept);
        expect(maxDistance(got.matrix, wanted)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('pure states of more amplitudes than a block are reduced like their density matrices', () => {
    const state = randomState(12, Rng.fromSeed(4));
    for (const kept of [[11], [3, 0, 7], [10, 1, 4, 2, 8]]) {
      const reference = tracedBlocks(state.re, state.im, kept);
      expect(maxDistance(partialTrace(state, kept).matrix, reference)).toBeLessThan(ROUNDING);
    }
  });

  test('each factor of a product comes back', () => {
    fc.assert(
      fc.property(seeds, fc.nat({ max: 3 }), fc.nat({ max: 3 }), (seed, a, b) => {
        const rng = Rng.fromSeed(seed);
        const [high, low] = [randomDensity(a, 1, rng), randomDensity(b, 1, rng)];
        const product = tensorDensities(high, low);
        const lows = Array.from({ length: b }, (_, q) => q);
        const highs = Array.from({ length: a }, (_, q) => b + q);
        expect(stateDistance(partialTrace(product, lows), low)).toBeLessThan(ROUNDING);
        expect(stateDistance(partialTrace(product, highs), high)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('either half of a Bell pair is maximally mixed', () => {
    const bell = stateFromAmplitudes([1, 0, 0, 1], { normalise: true });
    for (const qubit of [0, 1]) {
      expect(stateDistance(partialTrace(bell, [qubit]), maximallyMixed(1))).toBeLessThan(1e-15);
      const mixed = partialTrace(pureDensity(bell), [qubit]);
      expect(stateDistance(mixed, maximallyMixed(1))).toBeLessThan(1e-15);
    }
  });

  // Lubkin, J. Math. Phys. 19 (1978) 1028.
  test('k of n qubits of Haar-random states have the mean purity (2^k + 2^(n−k)) / (2^n + 1)', () => {
    const rng = Rng.fromSeed(21);
    const draws = 400;
    for (const [n, k] of [
      [5, 1],
      [5, 2],
      [6, 3],
    ]) {
      const kept = Array.from({ length: k }, (_, q) => q);
      const values = Array.from({ length: draws }, () =>
        purity(partialTrace(randomState(n, rng), kept)),
      );
      const mean = values.reduce((sum, value) => sum + value, 0) / draws;
      const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws - 1);
      const wanted = (2 ** k + 2 ** (n - k)) / (2 ** n + 1);
      expect(Math.abs(mean - wanted)).toBeLessThan(5 * Math.sqrt(square / draws));
    }
  });

  test('qubits that do not exist, or twice, are refused', () => {
    const state = randomState(3, Rng.fromSeed(1));
    for (const kept of [[3], [0, 0], [-1], [1.5]]) {
      expect(() => partialTrace(state, kept)).toThrow(
        expect.objectContaining({ code: 'QUANTUM_QUBITS_INVALID' }),
      );
    }
  });
});

function tracedBlocks(re: Float64Array, im: Float64Array, kept: readonly number[]) {
  const others = Array.from({ length: 12 }, (_, q) => q).filter((q) => !kept.includes(q));
  const size = 2 ** kept.length;
  const rows = Array.from({ length: size }, () => new Map<number, number>());
  for (let k = 0; k < re.length; k++) rows[bitsAt(k, kept)].set(bitsAt(k, others), k);
  const result = zeros(size);
  for (let r = 0; r < size; r++) {
    for (let c = 0; c < size; c++) {
      for (const [other, k] of rows[r]) {
        const j = rows[c].get(other) as number;
        result.re[r * size + c] += re[k] * re[j] + im[k] * im[j];
        result.im[r * size + c] += im[k] * re[j] - re[k] * im[j];
      }
    }
  }
  return result;
}
