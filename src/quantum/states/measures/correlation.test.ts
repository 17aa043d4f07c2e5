import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNWATCHED } from '../../watch.ts';
import { Rng } from '../../../base/rng.ts';
import { maximallyMixed, type DensityMatrix } from '../density-matrix.ts';
import { expectation } from '../expectation.ts';
import { parsePauli } from '../pauli.ts';
import { partialTrace } from '../partial-trace.ts';
import { randomState, stateFromAmplitudes } from '../state-vector.ts';
import { anyState, PARAMETERS, seeds, stateDistance } from '../testing/random-states.ts';
import { blochVector, correlationMatrix, zzCorrelations } from './correlation.ts';
import { entropyOfQubits, mutualInformation } from './entropy.ts';
import { forEachPair } from './pair-densities.ts';

const counts = fc.integer({ min: 1, max: 4 });
const GHZ = stateFromAmplitudes([1, 0, 0, 0, 0, 0, 0, 1], { normalise: true });

describe('correlation matrices', () => {
  test('every pair has its mutual information, every qubit its entropy', () => {
    fc.assert(
      fc.property(counts, seeds, (n, seed) => {
        const state = anyState(n, seed);
        const matrix = correlationMatrix(state);
        for (let i = 0; i < n; i++) {
          expect(matrix[i][i]).toBeCloseTo(entropyOfQubits(state, [i]), 12);
          for (let j = 0; j < n; j++) {
            expect(matrix[i][j]).toBe(matrix[j][i]);
            if (i === j) continue;
            const wanted = mutualInformation(state, { a: [i], b: [j] });
            expect(matrix[i][j]).toBeCloseTo(wanted, 9);
          }
        }
      }),
      PARAMETERS,
    );
  });

  test('all pairs at once are what tracing each out gives, on more qubits than a block', () => {
    for (const n of [2, 5, 12]) {
      const state = randomState(n, Rng.fromSeed(n));
      let seen = 0;
      const visit = (i: number, j: number, pair: DensityMatrix): void => {
        expect(stateDistance(pair, partialTrace(state, [i, j]))).toBeLessThan(1e-14);
        seen++;
      };
      forEachPair(state, visit, UNWATCHED);
      expect(seen).toBe((n * (n - 1)) / 2);
    }
  });

  test('qubits of a GHZ state share 1 bit with each other, those of I/2^n nothing', () => {
    for (const row of correlationMatrix(GHZ)) {
      for (const value of row) expect(value).toBeCloseTo(1, 13);
    }
    for (const [i, row] of correlationMatrix(maximallyMixed(3)).entries()) {
      for (const [j, value] of row.entries()) expect(value).toBeCloseTo(i === j ? 1 : 0, 13);
    }
  });

  test('progress ends at 1, and a watch ends it', () => {
    const seen: number[] = [];
    correlationMatrix(GHZ, { ...UNWATCHED, progress: (fraction) => seen.push(fraction) });
    expect(seen).toEqual([1 / 3, 2 / 3, 1]);
    expect(() => correlationMatrix(GHZ, { ...UNWATCHED, isCanceled: () => true })).toThrow(
      expect.objectContaining({ code: 'QUANTUM_CANCELED' }),
    );
  });

  test('connected correlations are ⟨ZᵢZⱼ⟩ − ⟨Zᵢ⟩⟨Zⱼ⟩', () => {
    fc.assert(
      fc.property(counts, seeds, (n, seed) => {
        const state = anyState(n, seed);
        const matrix = zzCorrelations(state);
        const mean = (...qubits: number[]): number =>
          expectation(state, parsePauli({ Z: qubits }, n));
        for (let i = 0; i < n; i++) {
          expect(matrix[i][i]).toBeCloseTo(1 - mean(i) ** 2, 12);
          for (let j = 0; j < i; j++) {
            const wanted = mean(i, j) - mean(i) * mean(j);
            expect(matrix[i][j]).toBeCloseTo(wanted, 12);
            expect(matrix[j][i]).toBe(matrix[i][j]);
          }
        }
      }),
      PARAMETERS,
    );
  });

  test('a qubit outside is refused', () => {
    expect(() => blochVector(GHZ, 3)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_QUBITS_INVALID' }),
    );
  });
});
