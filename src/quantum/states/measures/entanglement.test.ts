import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { adjoint, multiply, trace } from '../../linear/arithmetic.ts';
import { identity } from '../../linear/complex-matrix.ts';
import { maxDistance } from '../../linear/deviation.ts';
import { randomUnitary } from '../../linear/random-unitary.ts';
import { applyUnitary } from '../apply-unitary.ts';
import {
  maximallyMixed,
  mixture,
  pureDensity,
  randomDensity,
  tensorDensities,
  type DensityMatrix,
} from '../density-matrix.ts';
import { randomState, stateFromAmplitudes, tensorStates } from '../state-vector.ts';
import { bitsAt, PARAMETERS, seeds, someQubits } from '../testing/random-states.ts';
import {
  concurrence,
  entanglementOfFormation,
  logarithmicNegativity,
  negativity,
  partialTranspose,
} from './entanglement.ts';
import { entropyOfQubits } from './entropy.ts';
import { schmidtCoefficients, schmidtDecomposition } from './schmidt.ts';

const ROUNDING = 1e-10;
const BELL = stateFromAmplitudes([1, 0, 0, [0, 1]], { normalise: true });

/** p·|Bell⟩⟨Bell| + (1 − p)·I/4. */
function werner(p: number): DensityMatrix {
  return mixture([
    { probability: p, state: BELL },
    { probability: 1 - p, state: maximallyMixed(2) },
  ]);
}

const shares = fc.double({ min: 0, max: 1, noNaN: true });

describe('two qubits', () => {
  test('Bell states have all of it', () => {
    expect(concurrence(BELL)).toBeCloseTo(1, 14);
    expect(concurrence(pureDensity(BELL))).toBeCloseTo(1, 12);
    expect(entanglementOfFormation(BELL)).toBeCloseTo(1, 12);
    expect(negativity(BELL, [0])).toBeCloseTo(0.5, 13);
    expect(negativity(pureDensity(BELL), [1])).toBeCloseTo(0.5, 13);
    expect(logarithmicNegativity(BELL, [1])).toBeCloseTo(1, 13);
  });

  test('Werner states have concurrence (3p − 1)/2 and negativity (3p − 1)/4 from p = 1/3 on', () => {
    fc.assert(
      fc.property(shares, (p) => {
        const state = werner(p);
        expect(concurrence(state)).toBeCloseTo(Math.max(0, (3 * p - 1) / 2), 10);
        expect(negativity(state, [0])).toBeCloseTo(Math.max(0, (3 * p - 1) / 4), 12);
      }),
      PARAMETERS,
    );
  });

  test('pure states: entanglement of formation is the entropy of a part, negativity half the concurrence', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const state = randomState(2, Rng.fromSeed(seed));
        const wanted = entropyOfQubits(state, [0]);
        expect(entanglementOfFormation(state)).toBeCloseTo(wanted, 10);
        expect(negativity(state, [0])).toBeCloseTo(concurrence(state) / 2, 12);
        const mixed = pureDensity(state);
        expect(concurrence(mixed)).toBeCloseTo(concurrence(state), 7);
        expect(negativity(mixed, [0])).toBeCloseTo(negativity(state, [0]), 11);
      }),
      PARAMETERS,
    );
  });

  test('mixtures of products have none', () => {
    fc.assert(
      fc.property(seeds, shares, (seed, p) => {
        const rng = Rng.fromSeed(seed);
        const product = (): DensityMatrix =>
          tensorDensities(randomDensity(1, rng.below(2), rng), randomDensity(1, 1, rng));
        const state = mixture([
          { probability: p, state: product() },
          { probability: 1 - p, state: product() },
        ]);
        expect(concurrence(state)).toBeLessThan(ROUNDING);
        expect(entanglementOfFormation(state)).toBeLessThan(ROUNDING);
        expect(negativity(state, [0])).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('unitaries on one qubit change nothing', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 }), fc.nat({ max: 1 }), seeds, (rank, qubit, seed) => {
        const rng = Rng.fromSeed(seed);
        const state = randomDensity(2, rank, rng);
        const turned = applyUnitary(state, randomUnitary(2, rng), [qubit]);
        expect(concurrence(turned)).toBeCloseTo(concurrence(state), 7);
        expect(negativity(turned, [0])).toBeCloseTo(negativity(state, [0]), 11);
      }),
      PARAMETERS,
    );
  });

  test('concurrence and negativity bound each other (Verstraete and others 2001)', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 }), seeds, (rank, seed) => {
        const state = randomDensity(2, rank, Rng.fromSeed(seed));
        const c = concurrence(state);
        const n = 2 * negativity(state, [0]);
        expect(n).toBeLessThan(c + 1e-7);
        expect(n).toBeGreaterThan(Math.hypot(1 - c, c) - (1 - c) - 1e-7);
      }),
      PARAMETERS,
    );
  });

  test('other numbers of qubits are refused', () => {
    expect(() => concurrence(maximallyMixed(3))).toThrow(
      expect.objectContaining({ code: 'QUANTUM_DIMENSION_INVALID' }),
    );
  });
});

describe('across a cut', () => {
  test('negativity is one for both sides, and its logarithm adds over products', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 }), seeds, (rank, seed) => {
        const rng = Rng.fromSeed(seed);
        const state = randomDensity(3, rank, rng);
        expect(negativity(state, [0])).toBeCloseTo(negativity(state, [1, 2]), 11);
        const [a, b] = [randomDensity(2, 1, rng), randomDensity(2, 1, rng)];
        const sum = logarithmicNegativity(a, [0]) + logarithmicNegativity(b, [0]);
        expect(logarithmicNegativity(tensorDensities(a, b), [0, 2])).toBeCloseTo(sum, 10);
      }),
      PARAMETERS,
    );
  });

  test('transposing twice, or a part and then the rest, is as if it were not, or all', () => {
    const state = randomDensity(3, 2, Rng.fromSeed(4));
    const once = partialTranspose(state, [0, 2]);
    const twice = partialTranspose({ qubits: 3, matrix: once }, [2, 0]);
    expect(twice).toEqual(state.matrix);
    const all = partialTranspose({ qubits: 3, matrix: once }, [1]);
    expect(all.re).toEqual(adjoint(state.matrix).re);
    expect(trace(once)[0]).toBeCloseTo(1, 13);
  });

  test('a Schmidt decomposition gives the state back, for any cut in any order', () => {
    fc.assert(
      fc.property(someQubits(6, 0), seeds, ([count, qubits], seed) => {
        const state = randomState(count, Rng.fromSeed(seed));
        const found = schmidtDecomposition(state, qubits);
        const { coefficients, left, right, leftQubits, rightQubits } = found;
        const count2 = coefficients.length;
        expect(count2).toBe(2 ** Math.min(qubits.length, count - qubits.length));
        for (const side of [left, right]) {
          const deviation = maxDistance(multiply(adjoint(side), side), identity(count2));
          expect(deviation).toBeLessThan(1e-12);
        }
        for (let k = 0; k < state.re.length; k++) {
          const [l, r] = [bitsAt(k, leftQubits), bitsAt(k, rightQubits)];
          let [re, im] = [0, 0];
          for (const [j, c] of coefficients.entries()) {
            const [a, b] = [l * count2 + j, r * count2 + j];
            re += c * (left.re[a] * right.re[b] - left.im[a] * right.im[b]);
            im += c * (left.re[a] * right.im[b] + left.im[a] * right.re[b]);
          }
          expect(Math.hypot(re - state.re[k], im - state.im[k])).toBeLessThan(1e-12);
        }
        const squares = coefficients.reduce((sum, c) => sum + c * c, 0);
        expect(squares).toBeCloseTo(1, 12);
      }),
      PARAMETERS,
    );
  });

  test('its coefficients hold entropy and negativity; products have rank 1', () => {
    fc.assert(
      fc.property(someQubits(5, 1), seeds, ([count, qubits], seed) => {
        const state = randomState(count, Rng.fromSeed(seed));
        const coefficients = schmidtCoefficients(state, qubits);
        const entropy = coefficients.reduce(
          (s, c) => (c > 0 ? s - c * c * Math.log2(c * c) : s),
          0,
        );
        expect(entropyOfQubits(state, qubits)).toBeCloseTo(entropy, 9);
        const direct = negativity(pureDensity(state), qubits);
        expect(negativity(state, qubits)).toBeCloseTo(direct, 9);
      }),
      PARAMETERS,
    );
    const rng = Rng.fromSeed(5);
    const product = tensorStates(randomState(2, rng), randomState(3, rng));
    expect(schmidtDecomposition(product, [0, 1, 2]).rank).toBe(1);
    expect(schmidtDecomposition(product, [0]).rank).toBe(2);
    expect(negativity(product, [3, 4])).toBeLessThan(ROUNDING);
  });
});
