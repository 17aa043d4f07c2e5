/** Matrices for property tests, each drawn from a seed that fast-check prints and shrinks. */
import fc from 'fast-check';
import type { Rng } from '../../../base/rng.ts';
import { add, adjoint, multiply } from '../arithmetic.ts';
import { zeros, type ComplexMatrix } from '../complex-matrix.ts';
import { complexGaussians, randomUnitary } from '../random-unitary.ts';

/** Parameters for `fc.assert`: `SEED=…` repeats a run. */
export const PARAMETERS: fc.Parameters<unknown> =
  process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

export const seeds: fc.Arbitrary<number> = fc.integer();

export function gaussianMatrix(rows: number, columns: number, rng: Rng): ComplexMatrix {
  return { rows, columns, ...complexGaussians(rows * columns, rng) };
}

export function diagonalMatrix(values: ArrayLike<number>): ComplexMatrix {
  const result = zeros(values.length);
  for (let i = 0; i < values.length; i++) result.re[i * values.length + i] = values[i];
  return result;
}

/** U·diag(values)·U† for a Haar-random U. */
export function hermitianWith(values: readonly number[], rng: Rng): ComplexMatrix {
  const unitary = randomUnitary(values.length, rng);
  return multiply(multiply(unitary, diagonalMatrix(values)), adjoint(unitary));
}

export function hermitianMatrix(size: number, rng: Rng): ComplexMatrix {
  const a = gaussianMatrix(size, size, rng);
  return add(a, adjoint(a));
}

/** A product of a rows × rank and a rank × columns matrix. */
export function matrixOfRank(
  [rows, columns]: readonly [number, number],
  rank: number,
  rng: Rng,
): ComplexMatrix {
  return multiply(gaussianMatrix(rows, rank, rng), gaussianMatrix(rank, columns, rng));
}
