import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { adjoint, multiply, scale } from './arithmetic.ts';
import { identity, matrix } from './complex-matrix.ts';
import { maxDistance, maxNorm, unitaryDeviation } from './deviation.ts';
import { evolution, functionOfHermitian, logarithm, squareRoot } from './matrix-function.ts';
import {
  hermitianMatrix,
  hermitianWith,
  matrixOfRank,
  PARAMETERS,
  seeds,
} from './testing/random-matrices.ts';

const ROUNDING = 1e-11;
const sizes = fc.integer({ min: 1, max: 20 });
const times = fc.double({ min: -5, max: 5, noNaN: true });

const Z = matrix([
  [1, 0],
  [0, -1],
]);

describe('functions of Hermitian matrices', () => {
  test('the square of a square root is the matrix, whatever its rank', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 20 }), seeds, (n, rank, seed) => {
        const a = matrixOfRank([n, n], rank, Rng.fromSeed(seed));
        const positive = multiply(a, adjoint(a));
        const root = squareRoot(positive);
        const size = maxNorm(positive) || 1;
        expect(maxDistance(multiply(root, root), positive)).toBeLessThan(ROUNDING * size);
      }),
      PARAMETERS,
    );
  });

  test('a projector is its own square root, to rounding of its entries and not to the root of that', () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 }), seeds, (rank, seed) => {
        const spectrum = Array.from({ length: 9 }, (_, k) => (k < rank ? 1 : 0));
        const projector = hermitianWith(spectrum, Rng.fromSeed(seed));
        expect(maxDistance(squareRoot(projector), projector)).toBeLessThan(1e-13);
      }),
      PARAMETERS,
    );
  });

  test('the logarithm undoes the exponential', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const a = scale(hermitianMatrix(n, Rng.fromSeed(seed)), 0.2);
        const back = logarithm(functionOfHermitian(a, Math.exp));
        expect(maxDistance(back, a)).toBeLessThan(1e-9);
      }),
      PARAMETERS,
    );
  });

  test('evolution is unitary, and times add', () => {
    fc.assert(
      fc.property(sizes, seeds, times, times, (n, seed, first, second) => {
        const hamiltonian = hermitianMatrix(n, Rng.fromSeed(seed));
        const both = evolution(hamiltonian, first + second);
        expect(unitaryDeviation(both)).toBeLessThan(ROUNDING);
        const product = multiply(evolution(hamiltonian, first), evolution(hamiltonian, second));
        expect(maxDistance(product, both)).toBeLessThan(ROUNDING);
        expect(maxDistance(evolution(hamiltonian, 0), identity(n))).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('Z for a time t turns phases by −t and t', () => {
    const { re, im } = evolution(Z, 0.3);
    expect(re[0]).toBeCloseTo(Math.cos(0.3), 15);
    expect(im[0]).toBeCloseTo(-Math.sin(0.3), 15);
    expect(im[3]).toBeCloseTo(Math.sin(0.3), 15);
  });

  test('roots of negative and logarithms of singular matrices are refused with the eigenvalue', () => {
    expect(() => squareRoot(Z)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_NOT_POSITIVE', details: { eigenvalue: -1 } }),
    );
    expect(() =>
      logarithm(
        matrix([
          [1, 0],
          [0, 0],
        ]),
      ),
    ).toThrow(expect.objectContaining({ code: 'QUANTUM_NOT_POSITIVE' }));
    expect(() => evolution(Z, Number.NaN)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_NOT_FINITE' }),
    );
  });
});
