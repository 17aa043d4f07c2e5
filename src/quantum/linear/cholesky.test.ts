import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { isPositiveDefinite } from './cholesky.ts';
import { matrix } from './complex-matrix.ts';
import { hermitianWith, PARAMETERS, seeds } from './testing/random-matrices.ts';

test('a matrix is positive definite iff its least eigenvalue and the shift are above 0 together', () => {
  const values = fc.array(fc.double({ min: 0.5, max: 5, noNaN: true }), { maxLength: 9 });
  fc.assert(
    fc.property(values, fc.double({ min: -1, max: 1, noNaN: true }), seeds, (rest, least, seed) => {
      const a = hermitianWith([Math.min(least, 0.5), ...rest], Rng.fromSeed(seed));
      for (const shift of [0, 0.1, 1]) {
        const sum = Math.min(least, 0.5) + shift;
        fc.pre(Math.abs(sum) > 1e-9);
        expect(isPositiveDefinite(a, shift)).toBe(sum > 0);
      }
    }),
    PARAMETERS,
  );
});

test('what is not a number is not positive', () => {
  expect(isPositiveDefinite(matrix([[Number.NaN]]), 1)).toBe(false);
});
