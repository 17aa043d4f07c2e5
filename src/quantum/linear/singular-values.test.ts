import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { UNWATCHED } from '../watch.ts';
import { adjoint, multiply, scale } from './arithmetic.ts';
import { identity, matrix, zeros, type ComplexMatrix } from './complex-matrix.ts';
import { maxDistance, maxNorm } from './deviation.ts';
import { eigenvaluesHermitian } from './hermitian-eigen.ts';
import { qr } from './qr.ts';
import { randomUnitary } from './random-unitary.ts';
import { singularValues, traceNorm } from './singular-values.ts';
import {
  diagonalMatrix,
  gaussianMatrix,
  matrixOfRank,
  PARAMETERS,
  seeds,
} from './testing/random-matrices.ts';

/** Backward error: a small multiple of n·ε, n ≤ 24, of the largest entry. */
const ROUNDING = 1e-13;
const sizes = fc.integer({ min: 1, max: 24 });

function orthonormalDeviation(a: ComplexMatrix): number {
  return maxDistance(multiply(adjoint(a), a), identity(a.columns));
}

/** A = L·Σ·R†, orthonormal columns, descending order; errors relative to the largest entry. */
function expectDecomposition(a: ComplexMatrix): Float64Array {
  const { left, values, right } = singularValues(a);
  const size = maxNorm(a) || 1;
  const count = Math.min(a.rows, a.columns);
  expect([left.rows, left.columns]).toEqual([a.rows, count]);
  expect([right.rows, right.columns]).toEqual([a.columns, count]);
  expect(orthonormalDeviation(left)).toBeLessThan(ROUNDING);
  expect(orthonormalDeviation(right)).toBeLessThan(ROUNDING);
  const sigma = diagonalMatrix(values.map((value) => value / size));
  const product = multiply(multiply(left, sigma), adjoint(right));
  expect(maxDistance(product, scale(a, 1 / size))).toBeLessThan(10 * ROUNDING);
  expect([...values]).toEqual([...values].sort((x, y) => y - x));
  expect(values.every((value) => value >= 0)).toBe(true);
  const sum = values.reduce((total, value) => total + value, 0);
  expect(Math.abs(traceNorm(a) - sum)).toBeLessThanOrEqual(ROUNDING * sum);
  return values;
}

describe('singular value decomposition', () => {
  test('matrices of any shape and rank are decomposed', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 0, max: 24 }), seeds, (m, n, rank, seed) => {
        const a = matrixOfRank([m, n], rank, Rng.fromSeed(seed));
        const values = expectDecomposition(a);
        for (const value of values.subarray(rank)) {
          expect(value).toBeLessThanOrEqual(100 * ROUNDING * (values[0] || 1));
        }
      }),
      PARAMETERS,
    );
  });

  test('given singular values are found, equal ones and zeros among them', () => {
    const value = fc.constantFrom(0, 1, 1, 2, 1e-8, 1e-20, 1 + 1e-15);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), seeds, (wanted, seed) => {
        const rng = Rng.fromSeed(seed);
        const n = wanted.length;
        const a = multiply(
          multiply(randomUnitary(n, rng), diagonalMatrix(wanted)),
          randomUnitary(n, rng),
        );
        const found = expectDecomposition(a);
        wanted.sort((x, y) => y - x);
        for (const [k, value] of wanted.entries()) {
          expect(Math.abs(found[k] - value)).toBeLessThan(ROUNDING);
        }
      }),
      PARAMETERS,
    );
  });

  test('columns of very different lengths keep the relative accuracy of small singular values', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), seeds, (n, seed) => {
        const rng = Rng.fromSeed(seed);
        const lengths = Array.from({ length: n }, (_, k) => 10 ** (-9 * k));
        const unitary = randomUnitary(n, rng);
        const found = expectDecomposition(multiply(unitary, diagonalMatrix(lengths)));
        for (const [k, length] of lengths.entries()) {
          expect(found[k] / length).toBeCloseTo(1, 12);
        }
      }),
      PARAMETERS,
    );
  });

  test('their squares are the eigenvalues of A†·A', () => {
    fc.assert(
      fc.property(sizes, sizes, seeds, (m, n, seed) => {
        const a = gaussianMatrix(m, n, Rng.fromSeed(seed));
        const values = expectDecomposition(a);
        const squares = eigenvaluesHermitian(multiply(adjoint(a), a)).toReversed();
        for (const [k, value] of values.entries()) {
          expect(Math.abs(value * value - squares[k])).toBeLessThan(100 * ROUNDING * squares[0]);
        }
      }),
      PARAMETERS,
    );
  });

  test('tiny and huge matrices are decomposed', () => {
    const a = gaussianMatrix(7, 4, Rng.fromSeed(5));
    const values = expectDecomposition(a);
    for (const exponent of [-1000, -600, 600, 1000]) {
      const found = singularValues(scale(a, 2 ** exponent)).values;
      expect(found).toEqual(values.map((value) => value * 2 ** exponent));
    }
    expect([...expectDecomposition(zeros(3, 5))]).toEqual([0, 0, 0]);
    expect(singularValues(zeros(0, 3)).values).toHaveLength(0);
  });

  test('what is not finite is refused, and a watch ends it', () => {
    expect(() => singularValues(matrix([[1, Number.NaN]]))).toThrow(
      expect.objectContaining({ code: 'QUANTUM_NOT_FINITE' }),
    );
    const watch = { ...UNWATCHED, isCanceled: () => true };
    expect(() => singularValues(identity(3), watch)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_CANCELED' }),
    );
  });
});

describe('QR decomposition', () => {
  test('columns that are all but unit vectors lose no digits', () => {
    for (const rest of [1e-7, 1e-9, 1e-16]) {
      const a = matrix([
        [1, rest],
        [rest, 1],
        [[0, rest], -rest],
      ]);
      const { q, r } = qr(a);
      expect(orthonormalDeviation(q)).toBeLessThan(ROUNDING);
      expect(maxDistance(multiply(q, r), a)).toBeLessThan(ROUNDING);
    }
  });

  test('Q has orthonormal columns, R is upper triangular with a diagonal ≥ 0, and Q·R is the matrix', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 0, max: 24 }), seeds, (m, n, rank, seed) => {
        const a = matrixOfRank([m, n], rank, Rng.fromSeed(seed));
        const { q, r } = qr(a);
        expect([q.rows, q.columns, r.rows, r.columns]).toEqual([
          m,
          Math.min(m, n),
          Math.min(m, n),
          n,
        ]);
        expect(orthonormalDeviation(q)).toBeLessThan(ROUNDING);
        expect(maxDistance(multiply(q, r), a)).toBeLessThan(10 * ROUNDING * (maxNorm(a) || 1));
        for (let row = 0; row < r.rows; row++) {
          expect(r.re[row * n + row]).toBeGreaterThanOrEqual(0);
          for (let c = 0; c <= row; c++) {
            expect(r.im[row * n + c]).toBe(0);
            if (c < row) expect(r.re[row * n + c]).toBe(0);
          }
        }
      }),
      PARAMETERS,
    );
  });
});
