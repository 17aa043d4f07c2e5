import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { randomUnitary } from '../../linear/random-unitary.ts';
import { diagonalMatrix } from '../../linear/testing/random-matrices.ts';
import { applyUnitary } from '../apply-unitary.ts';
import { applyChannel } from '../channel.ts';
import {
  densityFromMatrix,
  maximallyMixed,
  pureDensity,
  randomDensity,
  tensorDensities,
  type QuantumState,
} from '../density-matrix.ts';
import { amplitudeDamping, depolarizing, phaseDamping } from '../noise-channels.ts';
import { partialTrace } from '../partial-trace.ts';
import { basisState, innerProduct, randomState, stateFromAmplitudes } from '../state-vector.ts';
import { anyState, PARAMETERS, seeds } from '../testing/random-states.ts';
import { fidelity, relativeEntropy, traceDistance } from './distance.ts';
import { mutualInformation, vonNeumannEntropy } from './entropy.ts';

/** Roots of eigenvalues near 0 carry errors of √ε into fidelities. */
const ROUNDING = 1e-7;
const CLOSE = 1e-11;
const sizes = fc.integer({ min: 1, max: 3 });

/** Two states that have nothing to do with each other. */
function pair(n: number, seed: number): [QuantumState, QuantumState] {
  return [anyState(n, seed), anyState(n, seed ^ 0x2545f491)];
}

describe('fidelity', () => {
  test('a state has fidelity 1 with itself, and pure states |⟨a|b⟩|²', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const state = anyState(n, seed);
        expect(Math.abs(fidelity(state, state) - 1)).toBeLessThan(CLOSE);
        const rng = Rng.fromSeed(seed);
        const [a, b] = [randomState(n, rng), randomState(n, rng)];
        const wanted = Math.hypot(...innerProduct(a, b)) ** 2;
        expect(fidelity(a, b)).toBeCloseTo(wanted, 12);
        expect(fidelity(a, pureDensity(b))).toBeCloseTo(wanted, 12);
        expect(fidelity(pureDensity(a), b)).toBeCloseTo(wanted, 12);
        expect(Math.abs(fidelity(pureDensity(a), pureDensity(b)) - wanted)).toBeLessThan(CLOSE);
      }),
      PARAMETERS,
    );
  });

  test('of commuting states it is the classical one', () => {
    const [p, q] = [
      [0.5, 0.3, 0.2, 0],
      [0.1, 0.2, 0.3, 0.4],
    ];
    const wanted = p.reduce((sum, value, k) => sum + Math.sqrt(value * q[k]), 0) ** 2;
    const [a, b] = [p, q].map((values) => densityFromMatrix(diagonalMatrix(values)));
    expect(fidelity(a, b)).toBeCloseTo(wanted, 12);
  });

  test('it is symmetric, unitarily invariant and multiplicative', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const [a, b] = pair(n, seed);
        const f = fidelity(a, b);
        expect(Math.abs(fidelity(b, a) - f)).toBeLessThan(CLOSE);
        const unitary = randomUnitary(2 ** n, Rng.fromSeed(seed));
        const qubits = Array.from({ length: n }, (_, q) => q);
        const turned = [a, b].map((state) => applyUnitary(state, unitary, qubits));
        expect(Math.abs(fidelity(turned[0], turned[1]) - f)).toBeLessThan(ROUNDING);
        const [c, d] = pair(1, seed + 1);
        const product = fidelity(tensorDensities(a, c), tensorDensities(b, d));
        expect(Math.abs(product - f * fidelity(c, d))).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });
});

describe('trace distance', () => {
  test('it is a metric from 0 to 1, and 1 for orthogonal states', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const [a, b] = pair(n, seed);
        const c = anyState(n, seed + 1);
        expect(traceDistance(a, a)).toBeLessThan(CLOSE);
        expect(traceDistance(a, b)).toBeCloseTo(traceDistance(b, a), 12);
        const detour = traceDistance(a, c) + traceDistance(c, b);
        expect(traceDistance(a, b)).toBeLessThan(detour + CLOSE);
      }),
      PARAMETERS,
    );
    expect(traceDistance(basisState(2, 1), basisState(2, 2))).toBe(1);
    expect(traceDistance(basisState(1), maximallyMixed(1))).toBeCloseTo(0.5, 14);
  });

  test('of pure states it is √(1 − |⟨a|b⟩|²), also for states that differ by 1e-9', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const rng = Rng.fromSeed(seed);
        const [a, b] = [randomState(n, rng), randomState(n, rng)];
        const mixed = traceDistance(pureDensity(a), pureDensity(b));
        expect(traceDistance(a, b)).toBeCloseTo(mixed, 12);
      }),
      PARAMETERS,
    );
    const near = stateFromAmplitudes([1, 1e-9], { normalise: true });
    expect(traceDistance(basisState(1), near) / 1e-9).toBeCloseTo(1, 9);
  });

  test('Fuchs and van de Graaf: 1 − √F ≤ T ≤ √(1 − F)', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const [a, b] = pair(n, seed);
        const f = fidelity(a, b);
        const t = traceDistance(a, b);
        expect(t).toBeGreaterThan(1 - Math.sqrt(f) - ROUNDING);
        expect(t).toBeLessThan(Math.sqrt(1 - f) + ROUNDING);
      }),
      PARAMETERS,
    );
  });
});

describe('relative entropy', () => {
  test('it is infinite where the support is not contained', () => {
    expect(relativeEntropy(basisState(1, 1), basisState(1))).toBe(Number.POSITIVE_INFINITY);
    expect(relativeEntropy(maximallyMixed(1), basisState(1))).toBe(Number.POSITIVE_INFINITY);
    expect(relativeEntropy(basisState(1), maximallyMixed(1))).toBeCloseTo(1, 13);
    expect(relativeEntropy(basisState(2), pureDensity(basisState(2)))).toBe(0);
    const low = randomDensity(3, 1, Rng.fromSeed(4));
    expect(relativeEntropy(low, low)).toBeCloseTo(0, 9);
    expect(relativeEntropy(maximallyMixed(3), low)).toBe(Number.POSITIVE_INFINITY);
  });

  test('of commuting states it is that of Kullback and Leibler', () => {
    const [p, q] = [
      [0.5, 0.5, 0, 0],
      [0.25, 0.5, 0.125, 0.125],
    ];
    const [a, b] = [p, q].map((values) => densityFromMatrix(diagonalMatrix(values)));
    expect(relativeEntropy(a, b)).toBeCloseTo(0.5, 13);
  });

  test('it is at least 0, obeys Pinsker, and from I/2^n lacks the entropy', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const a = anyState(n, seed);
        const b = randomDensity(n, n, Rng.fromSeed(seed + 1));
        const value = relativeEntropy(a, b);
        const bound = (2 * traceDistance(a, b) ** 2) / Math.LN2;
        expect(value).toBeGreaterThan(bound - ROUNDING);
        const mixed = relativeEntropy(a, maximallyMixed(n));
        expect(mixed).toBeCloseTo(n - vonNeumannEntropy(a), 10);
      }),
      PARAMETERS,
    );
  });

  test('from the product of the parts it is the mutual information', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const state = randomDensity(2, 2, Rng.fromSeed(seed));
        const product = tensorDensities(partialTrace(state, [1]), partialTrace(state, [0]));
        const shared = mutualInformation(state, { a: [0], b: [1] });
        expect(relativeEntropy(state, product)).toBeCloseTo(shared, 9);
      }),
      PARAMETERS,
    );
  });
});

test('channels never make states easier to tell apart', () => {
  const channels = [depolarizing(0.2), amplitudeDamping(0.3), phaseDamping(0.4)];
  fc.assert(
    fc.property(sizes, fc.constantFrom(...channels), seeds, (n, channel, seed) => {
      const a = anyState(n, seed);
      const b = randomDensity(n, n, Rng.fromSeed(seed + 1));
      const [c, d] = [applyChannel(a, channel, [0]), applyChannel(b, channel, [0])];
      expect(traceDistance(c, d)).toBeLessThan(traceDistance(a, b) + CLOSE);
      expect(fidelity(c, d)).toBeGreaterThan(fidelity(a, b) - ROUNDING);
      expect(relativeEntropy(c, d)).toBeLessThan(relativeEntropy(a, b) + ROUNDING);
    }),
    PARAMETERS,
  );
});

test('states of different numbers of qubits are refused', () => {
  const [a, b] = [basisState(1), maximallyMixed(2)];
  for (const measure of [fidelity, traceDistance, relativeEntropy]) {
    expect(() => measure(a, b)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_DIMENSION_INVALID' }),
    );
  }
});
