import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import {
  add,
  addScaled,
  adjoint,
  conjugate,
  isFiniteVector,
  kronecker,
  multiply,
  multiplyVector,
  scale,
  subtract,
  trace,
} from './arithmetic.ts';
import { identity, matrix, zeros } from './complex-matrix.ts';
import {
  frobeniusDistance,
  frobeniusNorm,
  hermitianDeviation,
  maxDistance,
  maxNorm,
  unitaryDeviation,
} from './deviation.ts';
import { gaussianMatrix, PARAMETERS, seeds } from './testing/random-matrices.ts';

/** Entries are of size 1 and sums have at most 8 × 8 terms. */
const ROUNDING = 1e-12;
const sizes = fc.integer({ min: 1, max: 6 });

const Y = matrix([
  [0, [0, -1]],
  [[0, 1], 0],
]);

describe('matrices', () => {
  test('products of known matrices are known', () => {
    const a = matrix([
      [1, [0, 1]],
      [2, [3, -1]],
    ]);
    expect(multiply(a, Y)).toEqual(
      matrix([
        [-1, [0, -1]],
        [
          [1, 3],
          [0, -2],
        ],
      ]),
    );
    expect(multiplyVector(Y, { re: Float64Array.of(1, 0), im: Float64Array.of(0, 2) })).toEqual({
      re: Float64Array.of(2, 0),
      im: Float64Array.of(0, 1),
    });
    expect(trace(a)).toEqual([4, -1]);
    expect(scale(Y, [0, 1])).toEqual(
      matrix([
        [0, 1],
        [-1, 0],
      ]),
    );
    expect(adjoint(matrix([[1, [2, 3]]]))).toEqual(matrix([[1], [[2, -3]]]));
  });

  test('a Kronecker product has the second factor in its lower indices', () => {
    const z = matrix([
      [1, 0],
      [0, -1],
    ]);
    const x = matrix([
      [0, 1],
      [1, 0],
    ]);
    const product = matrix([
      [0, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, -1],
      [0, 0, -1, 0],
    ]);
    expect(maxDistance(kronecker(z, x), product)).toBe(0);
  });

  test('adjoints reverse products, and Kronecker products multiply factor by factor', () => {
    fc.assert(
      fc.property(sizes, sizes, sizes, seeds, (m, n, k, seed) => {
        const rng = Rng.fromSeed(seed);
        const a = gaussianMatrix(m, n, rng);
        const b = gaussianMatrix(n, k, rng);
        expect(maxDistance(adjoint(multiply(a, b)), multiply(adjoint(b), adjoint(a)))).toBeLessThan(
          ROUNDING,
        );
        const c = gaussianMatrix(k, m, rng);
        const d = gaussianMatrix(m, 2, rng);
        expect(
          maxDistance(
            multiply(kronecker(a, c), kronecker(b, d)),
            kronecker(multiply(a, b), multiply(c, d)),
          ),
        ).toBeLessThan(100 * ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('a product is linear, and the trace does not see the order of factors', () => {
    fc.assert(
      fc.property(sizes, sizes, seeds, (m, n, seed) => {
        const rng = Rng.fromSeed(seed);
        const [a, b] = [gaussianMatrix(m, n, rng), gaussianMatrix(m, n, rng)];
        const c = gaussianMatrix(n, m, rng);
        const sum = multiply(addScaled(a, [2, -1], b), c);
        const parts = add(scale(multiply(a, c), [2, -1]), multiply(b, c));
        expect(maxDistance(sum, parts)).toBeLessThan(ROUNDING);
        const [re, im] = trace(multiply(a, c));
        const [otherRe, otherIm] = trace(multiply(c, a));
        expect(Math.hypot(re - otherRe, im - otherIm)).toBeLessThan(ROUNDING);
        expect(maxNorm(subtract(a, a))).toBe(0);
        expect(conjugate(conjugate(a))).toEqual(a);
      }),
      PARAMETERS,
    );
  });

  test('shapes that do not fit are refused with both shapes', () => {
    const wide = zeros(2, 3);
    expect(() => multiply(wide, wide)).toThrow(
      'columns of the first must be the rows of the second factor, got 2×3 and 2×3',
    );
    expect(() => add(wide, zeros(3, 2))).toThrow('got 2×3 and 3×2');
    const refused = expect.objectContaining({ code: 'QUANTUM_SHAPE_MISMATCH' });
    expect(() => trace(wide)).toThrow(refused);
    expect(() => unitaryDeviation(wide)).toThrow(refused);
    expect(() => hermitianDeviation(wide)).toThrow(refused);
    const short = { re: new Float64Array(2), im: new Float64Array(2) };
    expect(() => multiplyVector(wide, short)).toThrow(refused);
  });
});

describe('deviations', () => {
  test('norms survive huge and tiny entries', () => {
    expect(frobeniusNorm(matrix([[3e200, [0, 4e200]]]))).toBeCloseTo(5e200, -188);
    expect(frobeniusNorm(matrix([[3e-200, [0, 4e-200]]])) / 5e-200).toBeCloseTo(1, 14);
    expect(frobeniusDistance(matrix([[1, 2]]), matrix([[1, [2, 3]]]))).toBe(3);
    expect(maxNorm(zeros(0))).toBe(0);
    expect(maxNorm(matrix([[1, Number.NaN, 2]]))).toBeNaN();
  });

  test('a deviation is the largest entry by which an identity fails', () => {
    expect(unitaryDeviation(Y)).toBe(0);
    expect(unitaryDeviation(scale(Y, 2))).toBe(3);
    expect(unitaryDeviation(scale(identity(2), Number.NaN))).toBe(Number.POSITIVE_INFINITY);
    expect(hermitianDeviation(Y)).toBe(0);
    expect(hermitianDeviation(scale(Y, [0, 1]))).toBe(2);
    expect(hermitianDeviation(matrix([[Number.NaN]]))).toBe(Number.POSITIVE_INFINITY);
  });

  test('infinite entries are found wherever they are', () => {
    expect(isFiniteVector(Y)).toBe(true);
    expect(isFiniteVector(matrix([[1, [0, Number.POSITIVE_INFINITY]]]))).toBe(false);
    expect(isFiniteVector(matrix([[Number.NaN, 1]]))).toBe(false);
  });
});
