import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { UNWATCHED } from '../watch.ts';
import { adjoint, multiply, scale } from './arithmetic.ts';
import { matrix, zeros, type ComplexMatrix } from './complex-matrix.ts';
import { maxDistance, maxNorm, unitaryDeviation } from './deviation.ts';
import { eigenHermitian, eigenvaluesHermitian } from './hermitian-eigen.ts';
import { diagonaliseByJacobi } from './testing/jacobi.ts';
import {
  diagonalMatrix,
  hermitianMatrix,
  hermitianWith,
  matrixOfRank,
  PARAMETERS,
  seeds,
} from './testing/random-matrices.ts';

/** Backward error: a small multiple of n·ε, n ≤ 40, of the largest entry. */
const ROUNDING = 1e-13;
const sizes = fc.integer({ min: 1, max: 40 });
/** Powers of two, so that scaling rounds nothing. */
const exponents = fc.integer({ min: -900, max: 900 });

/** A·V = V·D, V unitary, A = V·D·V†, ascending order; errors relative to the largest entry. */
function expectDecomposition(a: ComplexMatrix): Float64Array {
  const { values, vectors } = eigenHermitian(a);
  const size = maxNorm(a) || 1;
  const d = diagonalMatrix(values.map((value) => value / size));
  const unit = scale(a, 1 / size);
  expect(unitaryDeviation(vectors)).toBeLessThan(ROUNDING);
  expect(maxDistance(multiply(unit, vectors), multiply(vectors, d))).toBeLessThan(ROUNDING);
  expect(maxDistance(multiply(multiply(vectors, d), adjoint(vectors)), unit)).toBeLessThan(
    ROUNDING,
  );
  expect([...values]).toEqual([...values].sort((x, y) => x - y));
  const alone = eigenvaluesHermitian(a);
  for (const [k, value] of values.entries()) {
    expect(Math.abs(alone[k] - value) / size).toBeLessThan(ROUNDING);
  }
  return values;
}

describe('Hermitian eigen-decomposition', () => {
  test('matrices of any size are decomposed', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        expectDecomposition(hermitianMatrix(n, Rng.fromSeed(seed)));
      }),
      PARAMETERS,
    );
  });

  test('spectra with equal, zero and nearly equal eigenvalues are found, vectors orthonormal', () => {
    const value = fc.constantFrom(0, 0, 1, 1, -1, 1 + 1e-15, 1e-9, -3, 1e-17);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), seeds, (spectrum, seed) => {
        const found = expectDecomposition(hermitianWith(spectrum, Rng.fromSeed(seed)));
        const wanted = spectrum.sort((x, y) => x - y);
        for (const [k, value] of wanted.entries()) {
          expect(Math.abs(found[k] - value)).toBeLessThan(10 * ROUNDING);
        }
      }),
      PARAMETERS,
    );
  });

  // Steps once went on for ever among diagonal entries that were rounding of zero.
  test('matrices of low rank are decomposed, whose small entries are nothing but rounding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 60 }), fc.nat({ max: 20 }), seeds, (n, rank, seed) => {
        const a = matrixOfRank([n, n], rank, Rng.fromSeed(seed));
        const values = expectDecomposition(multiply(a, adjoint(a)));
        const largest = values[n - 1] || 1;
        for (const value of values.subarray(0, Math.max(0, n - rank))) {
          expect(Math.abs(value)).toBeLessThan(ROUNDING * largest);
        }
      }),
      PARAMETERS,
    );
  });

  test('scaling by a power of two scales eigenvalues exactly, however tiny or huge', () => {
    fc.assert(
      fc.property(sizes, seeds, exponents, (n, seed, exponent) => {
        const a = hermitianMatrix(n, Rng.fromSeed(seed));
        const scaled = eigenHermitian(scale(a, 2 ** exponent));
        const { values, vectors } = eigenHermitian(a);
        expect(scaled.values).toEqual(values.map((value) => value * 2 ** exponent));
        expect(scaled.vectors).toEqual(vectors);
      }),
      PARAMETERS,
    );
  });

  test('graded matrices, whose entries span the range of numbers, are decomposed', () => {
    fc.assert(
      fc.property(sizes, seeds, fc.double({ min: 0, max: 20, noNaN: true }), (n, seed, slope) => {
        const a = hermitianMatrix(n, Rng.fromSeed(seed));
        for (let r = 0; r < n; r++) {
          for (let c = 0; c < n; c++) {
            a.re[r * n + c] *= 10 ** (-slope * (r + c) * 0.5);
            a.im[r * n + c] *= 10 ** (-slope * (r + c) * 0.5);
          }
        }
        expectDecomposition(a);
      }),
      PARAMETERS,
    );
  });

  test('nearly diagonal matrices are decomposed, where reflectors turn by next to nothing', () => {
    fc.assert(
      fc.property(sizes, seeds, fc.constantFrom(1e-7, 1e-9, 1e-12), (n, seed, size) => {
        const a = scale(hermitianMatrix(n, Rng.fromSeed(seed)), size);
        for (let i = 0; i < n; i++) {
          a.re[i * n + i] += i;
          if (i === 0) continue;
          a.re[i * n + i - 1] += 1;
          a.re[(i - 1) * n + i] += 1;
        }
        expectDecomposition(a);
      }),
      PARAMETERS,
    );
  });

  test('diagonal, zero, empty and one-row matrices are decomposed', () => {
    expect([...expectDecomposition(diagonalMatrix([3, -1, 2]))]).toEqual([-1, 2, 3]);
    expect([...expectDecomposition(zeros(20))]).toEqual(Array.from({ length: 20 }, () => 0));
    expect(eigenHermitian(zeros(0)).values).toHaveLength(0);
    expect([...expectDecomposition(matrix([[7]]))]).toEqual([7]);
  });

  test('Jacobi rotations find the same eigenvalues', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), seeds, (n, seed) => {
        const a = hermitianMatrix(n, Rng.fromSeed(seed));
        const copy = { ...a, re: a.re.slice(), im: a.im.slice() };
        const jacobi = diagonaliseByJacobi(copy).sort();
        const found = eigenvaluesHermitian(a);
        for (const [k, value] of jacobi.entries()) {
          expect(Math.abs(found[k] - value)).toBeLessThan(100 * ROUNDING);
        }
      }),
      PARAMETERS,
    );
  });

  test('the path graph has the eigenvalues 2·cos(πk/(n+1))', () => {
    const n = 50;
    const a = zeros(n);
    for (let i = 0; i + 1 < n; i++) {
      a.im[i * n + i + 1] = 1;
      a.im[(i + 1) * n + i] = -1;
    }
    const values = expectDecomposition(a);
    for (let k = 1; k <= n; k++) {
      expect(values[n - k]).toBeCloseTo(2 * Math.cos((Math.PI * k) / (n + 1)), 12);
    }
  });

  test('what is not Hermitian is refused with its deviation, and so is what is not finite', () => {
    const skew = matrix([
      [0, 1],
      [0.5, 0],
    ]);
    expect(() => eigenHermitian(skew)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_NOT_HERMITIAN', details: { deviation: 0.5 } }),
    );
    expect(() => eigenvaluesHermitian(matrix([[Number.NaN]]))).toThrow(
      expect.objectContaining({ code: 'QUANTUM_NOT_FINITE' }),
    );
    expect(() => eigenHermitian(zeros(2, 3))).toThrow(
      expect.objectContaining({ code: 'QUANTUM_SHAPE_MISMATCH' }),
    );
  });

  test('a watch ends it', () => {
    const watch = { ...UNWATCHED, isCanceled: () => true };
    const canceled = expect.objectContaining({ code: 'QUANTUM_CANCELED' });
    for (const n of [4, 40]) {
      const a = hermitianMatrix(n, Rng.fromSeed(n));
      expect(() => eigenHermitian(a, watch)).toThrow(canceled);
    }
  });
});
