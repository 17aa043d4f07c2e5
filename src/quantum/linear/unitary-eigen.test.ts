import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { adjoint, multiply } from './arithmetic.ts';
import { identity, matrix, zeros, type ComplexMatrix } from './complex-matrix.ts';
import { maxDistance } from './deviation.ts';
import { randomUnitary } from './random-unitary.ts';
import { PARAMETERS, seeds } from './testing/random-matrices.ts';
import { eigenUnitary } from './unitary-eigen.ts';

/** A small multiple of n·ε, n ≤ 32. */
const ROUNDING = 2e-13;

function phases(angles: ArrayLike<number>): ComplexMatrix {
  const result = zeros(angles.length);
  for (let k = 0; k < angles.length; k++) {
    result.re[k * (angles.length + 1)] = Math.cos(angles[k]);
    result.im[k * (angles.length + 1)] = Math.sin(angles[k]);
  }
  return result;
}

function expectDecomposition(unitary: ComplexMatrix): void {
  const { angles, vectors } = eigenUnitary(unitary);
  const square = multiply(adjoint(vectors), vectors);
  expect(maxDistance(square, identity(unitary.rows))).toBeLessThan(ROUNDING);
  const product = multiply(multiply(vectors, phases(angles)), adjoint(vectors));
  expect(maxDistance(product, unitary)).toBeLessThan(ROUNDING);
}

test('a unitary matrix is its eigenvectors turned by its angles', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), seeds, (size, seed) => {
      expectDecomposition(randomUnitary(size, Rng.fromSeed(seed)));
    }),
    PARAMETERS,
  );
});

test('eigenvalues that are equal, near each other or mirrored about any axis are told apart', () => {
  const angle = fc.constantFrom(
    0,
    Math.PI,
    Math.PI / 2,
    -Math.PI / 4,
    1e-9,
    0.5,
    2 * 0.7372819 - 0.5,
  );
  fc.assert(
    fc.property(fc.array(angle, { minLength: 1, maxLength: 12 }), seeds, (angles, seed) => {
      const basis = randomUnitary(angles.length, Rng.fromSeed(seed));
      expectDecomposition(multiply(multiply(basis, phases(angles)), adjoint(basis)));
    }),
    { numRuns: 300, ...PARAMETERS },
  );
});

test('an angle just above −π counts as π', () => {
  const { angles } = eigenUnitary(matrix([[[-1, -1e-12]]]));
  expect(angles[0]).toBeCloseTo(Math.PI, 9);
});
