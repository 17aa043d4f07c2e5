import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { adjoint, multiply, scale } from './arithmetic.ts';
import { identity, zeros, type ComplexMatrix } from './complex-matrix.ts';
import { cosineSine } from './cosine-sine.ts';
import { maxDistance } from './deviation.ts';
import { randomUnitary } from './random-unitary.ts';
import { diagonalMatrix, PARAMETERS, seeds } from './testing/random-matrices.ts';

/** A small multiple of n·ε, n ≤ 32. */
const ROUNDING = 2e-13;

/** A matrix of four blocks. */
function blocks(rows: readonly (readonly ComplexMatrix[])[]): ComplexMatrix {
  const size = rows[0][0].rows;
  const result = zeros(2 * size);
  for (let r = 0; r < 2 * size; r++) {
    for (let c = 0; c < 2 * size; c++) {
      const part = rows[Math.floor(r / size)][Math.floor(c / size)];
      const at = (r % size) * size + (c % size);
      result.re[r * 2 * size + c] = part.re[at];
      result.im[r * 2 * size + c] = part.im[at];
    }
  }
  return result;
}

function middle(angles: ArrayLike<number>): ComplexMatrix {
  const cos = diagonalMatrix(Array.from(angles, Math.cos));
  const sin = diagonalMatrix(Array.from(angles, Math.sin));
  return blocks([
    [cos, scale(sin, -1)],
    [sin, cos],
  ]);
}

function direct([a, b]: readonly [ComplexMatrix, ComplexMatrix]): ComplexMatrix {
  const zero = zeros(a.rows);
  return blocks([
    [a, zero],
    [zero, b],
  ]);
}

function expectDecomposition(unitary: ComplexMatrix): void {
  const { left, angles, right } = cosineSine(unitary);
  for (const factor of [...left, ...right]) {
    const product = multiply(adjoint(factor), factor);
    expect(maxDistance(product, identity(factor.rows))).toBeLessThan(ROUNDING);
  }
  for (const angle of angles) {
    expect(angle).toBeGreaterThanOrEqual(0);
    expect(angle).toBeLessThanOrEqual(Math.PI / 2);
  }
  const product = multiply(multiply(direct(left), middle(angles)), direct(right));
  expect(maxDistance(product, unitary)).toBeLessThan(ROUNDING);
}

test('a unitary matrix is the product of its parts, and all parts are unitary', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), seeds, (size, seed) => {
      expectDecomposition(randomUnitary(2 * size, Rng.fromSeed(seed)));
    }),
    PARAMETERS,
  );
});

test('given angles, equal, tiny and right ones among them, are no harder', () => {
  const angle = fc
    .constantFrom(0, 0, 1e-15, 1e-12, 1e-8, 1.5e-8, 1e-4, 0.3, Math.PI / 4, 1.5)
    .chain((small) => fc.constantFrom(small, Math.PI / 2 - small));
  fc.assert(
    fc.property(fc.array(angle, { minLength: 1, maxLength: 12 }), seeds, (angles, seed) => {
      const rng = Rng.fromSeed(seed);
      const factors = (): readonly [ComplexMatrix, ComplexMatrix] => [
        randomUnitary(angles.length, rng),
        randomUnitary(angles.length, rng),
      ];
      expectDecomposition(multiply(multiply(direct(factors()), middle(angles)), direct(factors())));
    }),
    { numRuns: 300, ...PARAMETERS },
  );
});

test('permutations and the identity are taken apart', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), seeds, (size, seed) => {
      const rng = Rng.fromSeed(seed);
      const order = Array.from({ length: 2 * size }, (_, k) => k);
      for (let k = order.length - 1; k > 0; k--) {
        const other = rng.below(k + 1);
        [order[k], order[other]] = [order[other], order[k]];
      }
      const permutation = zeros(2 * size);
      for (const [row, column] of order.entries()) permutation.re[row * 2 * size + column] = 1;
      expectDecomposition(permutation);
      expectDecomposition(identity(2 * size));
    }),
    PARAMETERS,
  );
});
