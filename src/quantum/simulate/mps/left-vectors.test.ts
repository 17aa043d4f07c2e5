import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { adjoint, multiply } from '../../linear/arithmetic.ts';
import { identity, zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { maxDistance } from '../../linear/deviation.ts';
import { singularValues } from '../../linear/singular-values.ts';
import {
  gaussianMatrix,
  matrixOfRank,
  PARAMETERS,
  seeds,
} from '../../linear/testing/random-matrices.ts';
import { UNWATCHED } from '../../watch.ts';
import { diagonaliseByQr } from './bidiagonal-steps.ts';
import { leftVectors } from './left-vectors.ts';
import { product } from './product.ts';

const sizes = fc.integer({ min: 1, max: 40 });

/** Columns that fall off by that many orders of magnitude, or rise. */
function graded(rows: number, columns: number, orders: number, rng: Rng): ComplexMatrix {
  const a = gaussianMatrix(rows, columns, rng);
  for (let i = 0; i < a.re.length; i++) {
    const factor = 10 ** ((-orders * (i % columns)) / columns);
    a.re[i]! *= factor;
    a.im[i]! *= factor;
  }
  return a;
}

/** Orthonormal vectors, the values that rotations find, and rows of L†·A as long as these. */
function expectVectors(a: ComplexMatrix): void {
  const { left, values } = leftVectors(a, UNWATCHED);
  const { values: expected } = singularValues(a);
  const size = expected[0]! || 1;
  expect(maxDistance(multiply(adjoint(left), left), identity(left.columns))).toBeLessThan(1e-13);
  const rows = multiply(adjoint(left), a);
  for (const [k, value] of values.entries()) {
    expect(Math.abs(value - expected[k]!) / size).toBeLessThan(1e-13);
    let square = 0;
    for (let i = k * a.columns; i < (k + 1) * a.columns; i++) {
      square += rows.re[i]! ** 2 + rows.im[i]! ** 2;
    }
    expect(Math.abs(Math.sqrt(square) - value) / size).toBeLessThan(1e-13);
  }
}

test('left vectors are those of the singular values, for matrices of any shape', () => {
  fc.assert(
    fc.property(sizes, sizes, seeds, (rows, columns, seed) => {
      expectVectors(gaussianMatrix(rows, columns, Rng.fromSeed(seed)));
    }),
    { numRuns: 150, ...PARAMETERS },
  );
});

test('of matrices that have a low rank, or whose columns fall off by many orders, too', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.nat({ max: 60 }), seeds, (rows, columns, n, seed) => {
      const rng = Rng.fromSeed(seed);
      expectVectors(matrixOfRank([rows, columns], 1 + (n % 5), rng));
      expectVectors(graded(rows, columns, n, rng));
      expectVectors(graded(rows, columns, -n, rng));
    }),
    { numRuns: 100, ...PARAMETERS },
  );
  expectVectors(zeros(5, 3));
  expectVectors(identity(7));
});

test('values that are rounding among 256 columns do not keep the steps from ending', () => {
  const { values } = leftVectors(graded(256, 256, 8.7, Rng.fromSeed(3)), UNWATCHED);
  expect(values[255]! / values[0]!).toBeLessThan(1e-8);
});

test('a block of rounding on a zero diagonal does not keep the steps from ending', () => {
  const diagonal = Float64Array.of(1.7, 0.3, 0, 0);
  const beside = Float64Array.of(0, 0, 1.001 * 4 * Number.EPSILON * 1.7, 0);
  const basis = new Float64Array(16);
  for (let k = 0; k < 4; k++) basis[5 * k] = 1;
  diagonaliseByQr({ diagonal, beside, basis }, UNWATCHED);
  expect(
    diagonal
      .map(Math.abs)
      .toSorted((a, b) => b - a)
      .slice(0, 2),
  ).toEqual(Float64Array.of(1.7, 0.3));
  // As the steps leave it while a circuit runs on a chain of sites.
  const left = Float64Array.of(
    9.429146891907925e-17,
    7.581729768805554e-16,
    -0.3197366685768997,
    0.5258954052873377,
    -0.4123507784925751,
    -1.4516533548738492e-17,
    2.861733438346491e-17,
    -1.4181935101869953e-17,
  );
  const above = Float64Array.of(
    1.6986040971527299,
    0.6351287753575111,
    0.01344036010598169,
    -0.4029196415051468,
    3.1136176070185747e-15,
    3.003938023649882e-17,
    5.01182986473579e-18,
    0,
  );
  const square = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0);
  const norm = square(left) + square(above);
  diagonaliseByQr({ diagonal: left, beside: above, basis: new Float64Array(64) }, UNWATCHED);
  expect(square(left)).toBeCloseTo(norm, 13);
});

test('a product of large matrices is the product, and looks at the watch', () => {
  const rng = Rng.fromSeed(3);
  const [a, b] = [gaussianMatrix(150, 120, rng), gaussianMatrix(120, 130, rng)];
  let looks = 0;
  const watch = { ...UNWATCHED, isCanceled: () => ++looks < 0 };
  expect(maxDistance(product(a, b, watch), multiply(a, b))).toBe(0);
  expect(looks).toBeGreaterThan(1);
});
