import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { kronecker } from '../linear/arithmetic.ts';
import { maxDistance } from '../linear/deviation.ts';
import { formatBits } from '../circuit/bit-order.ts';
import {
  basisState,
  bitstringState,
  innerProduct,
  randomState,
  squaredNorm,
  stateFromAmplitudes,
  tensorStates,
  type StateVector,
} from './state-vector.ts';
import { PARAMETERS, seeds } from './testing/random-states.ts';

const ROUNDING = 1e-14;
const counts = fc.integer({ min: 0, max: 6 });

function column(state: StateVector): Parameters<typeof kronecker>[0] {
  return { rows: state.re.length, columns: 1, re: state.re, im: state.im };
}

describe('state vectors', () => {
  test('a bitstring has qubit 0 rightmost', () => {
    expect(bitstringState('0110')).toEqual(basisState(4, 6));
    expect(formatBits(6, 4)).toBe('0110');
    expect(formatBits(2n ** 70n, 71)).toBe(`1${'0'.repeat(70)}`);
    expect(bitstringState('')).toEqual(basisState(0));
  });

  test('states that are made have length 1', () => {
    fc.assert(
      fc.property(counts, counts, seeds, (a, b, seed) => {
        const rng = Rng.fromSeed(seed);
        const high = randomState(a, rng);
        const low = randomState(b, rng);
        expect(squaredNorm(high)).toBeCloseTo(1, 13);
        const product = tensorStates(high, low);
        expect(squaredNorm(product)).toBeCloseTo(1, 13);
        expect(maxDistance(column(product), kronecker(column(high), column(low)))).toBe(0);
      }),
      PARAMETERS,
    );
  });

  test('the inner product is conjugate symmetric and factors over tensor products', () => {
    fc.assert(
      fc.property(counts, seeds, (n, seed) => {
        const rng = Rng.fromSeed(seed);
        const [a, b, c] = [randomState(n, rng), randomState(n, rng), randomState(2, rng)];
        const [re, im] = innerProduct(a, b);
        const [backRe, backIm] = innerProduct(b, a);
        expect(Math.hypot(re - backRe, im + backIm)).toBeLessThan(ROUNDING);
        const [tensorRe, tensorIm] = innerProduct(tensorStates(a, c), tensorStates(b, c));
        expect(Math.hypot(re - tensorRe, im - tensorIm)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('amplitudes are copied and scaled to length 1 exactly', () => {
    const re = Float64Array.of(0.6, 0.8 + 1e-9);
    const state = stateFromAmplitudes({ re, im: new Float64Array(2) });
    re[0] = 7;
    expect(squaredNorm(state)).toBeCloseTo(1, 15);
    expect(state.re[0]).toBeCloseTo(0.6, 8);
    expect(stateFromAmplitudes([0, [0, 1]]).im[1]).toBe(1);
  });

  test('any length is normalised on request, even where squares overflow or vanish', () => {
    for (const size of [3, 1e200, 1e-200]) {
      const state = stateFromAmplitudes([size, [0, size]], { normalise: true });
      expect(state.re[0]).toBeCloseTo(Math.SQRT1_2, 15);
      expect(state.im[1]).toBeCloseTo(Math.SQRT1_2, 15);
    }
  });

  test('what is no state is refused by what is wrong with it', () => {
    const refused = (code: string): unknown => expect.objectContaining({ code });
    expect(() => stateFromAmplitudes([1, 1])).toThrow(
      expect.objectContaining({ code: 'QUANTUM_NOT_NORMALISED', details: { deviation: 1 } }),
    );
    expect(() => stateFromAmplitudes([0, 0], { normalise: true })).toThrow(
      refused('QUANTUM_NOT_NORMALISED'),
    );
    expect(() => stateFromAmplitudes([1, Number.NaN])).toThrow(refused('QUANTUM_NOT_FINITE'));
    expect(() => stateFromAmplitudes([1, 0, 0])).toThrow(refused('QUANTUM_DIMENSION_INVALID'));
    expect(() => stateFromAmplitudes([])).toThrow(refused('QUANTUM_DIMENSION_INVALID'));
    expect(() => basisState(2, 4)).toThrow(refused('QUANTUM_DIMENSION_INVALID'));
    expect(() => basisState(-1)).toThrow(refused('QUANTUM_QUBITS_INVALID'));
    expect(() => bitstringState('012')).toThrow(refused('QUANTUM_BITSTRING_INVALID'));
    expect(() => innerProduct(basisState(1), basisState(2))).toThrow(
      refused('QUANTUM_DIMENSION_INVALID'),
    );
  });

  test('too many qubits are refused with the bytes they need', () => {
    expect(() => basisState(40)).toThrow(
      expect.objectContaining({
        code: 'QUANTUM_TOO_LARGE',
        details: {
          qubits: 40,
          bytesNeeded: 2 ** 44,
          bytesAvailable: 2 ** 31,
          qubitsFitting: 27,
        },
      }),
    );
    expect(() => bitstringState('0'.repeat(5000))).toThrow(
      expect.objectContaining({ code: 'QUANTUM_TOO_LARGE' }),
    );
  });
});
