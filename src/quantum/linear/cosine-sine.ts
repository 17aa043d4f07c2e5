/**
 * The cosine-sine decomposition of a unitary matrix in four equal blocks.
 *
 * Source: Van Loan, Numer. Math. 46 (1985) 479; Golub and Van Loan, Matrix Computations (4th ed., 2013), §2.5.4.
 */
import { invariant } from '../../base/invariant.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { addScaled, adjoint, multiply } from './arithmetic.ts';
import { zeros, type ComplexMatrix } from './complex-matrix.ts';
import { qr } from './qr.ts';
import { singularValues } from './singular-values.ts';

/** U = diag(left₀, left₁) · [[cos, −sin], [sin, cos]] · diag(right₀, right₁). */
export interface CosineSine {
  readonly left: readonly [ComplexMatrix, ComplexMatrix];
  /** Radians in [0, π/2], one for each row of a block. */
  readonly angles: Float64Array;
  readonly right: readonly [ComplexMatrix, ComplexMatrix];
}

/** What stands at a row and a column, and so many of them from there. */
function block(
  a: ComplexMatrix,
  [row, column]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): ComplexMatrix {
  const result = zeros(rows, columns);
  for (let r = 0; r < rows; r++) {
    const start = (row + r) * a.columns + column;
    result.re.set(a.re.subarray(start, start + columns), r * columns);
    result.im.set(a.im.subarray(start, start + columns), r * columns);
  }
  return result;
}

/** One of the four quarters of a matrix of an even number of rows. */
export function quarter(a: ComplexMatrix, row: 0 | 1, column: 0 | 1): ComplexMatrix {
  const size = a.rows / 2;
  return block(a, [row * size, column * size], [size, size]);
}

/** Columns in the opposite order. */
function mirrored(a: ComplexMatrix): ComplexMatrix {
  const result = zeros(a.rows, a.columns);
  for (let r = 0; r < a.rows; r++) {
    for (let c = 0; c < a.columns; c++) {
      const [from, to] = [r * a.columns + c, (r + 1) * a.columns - 1 - c];
      result.re[to] = a.re[from];
      result.im[to] = a.im[from];
    }
  }
  return result;
}

/** Multiplies the columns from `first` on by a square matrix, from the right and in place. */
function turnColumns(a: ComplexMatrix, first: number, by: ComplexMatrix): void {
  const turned = multiply(block(a, [0, first], [a.rows, by.rows]), by);
  for (let r = 0; r < a.rows; r++) {
    const row = r * by.columns;
    a.re.set(turned.re.subarray(row, row + by.columns), r * a.columns + first);
    a.im.set(turned.im.subarray(row, row + by.columns), r * a.columns + first);
  }
}

/** diag(values)·A */
function scaledRows(values: Float64Array, a: ComplexMatrix): ComplexMatrix {
  const at = (i: number): number => values[Math.floor(i / a.columns)];
  const { rows, columns } = a;
  return { rows, columns, re: a.re.map((x, i) => x * at(i)), im: a.im.map((x, i) => x * at(i)) };
}

/**
 * Takes a unitary matrix of an even number of rows apart, to rounding; O(n³).
 *
 * @throws OrchestratorError as `singularValues`
 */
export function cosineSine(unitary: ComplexMatrix, watch: Watch = UNWATCHED): CosineSine {
  const size = unitary.rows / 2;
  invariant(Number.isInteger(size) && size > 0, 'a cosine-sine decomposition halves the rows');
  const part = (row: 0 | 1, column: 0 | 1): ComplexMatrix => quarter(unitary, row, column);
  const upper = singularValues(part(0, 0), watch);
  // Cosines ascend, so that the large sines come first and QR finds their vectors well.
  const cosines = upper.values.toReversed();
  const left0 = mirrored(upper.left);
  const right = mirrored(upper.right);
  const lower = qr(multiply(part(1, 0), right), watch);
  const left1 = lower.q;
  const sines = Float64Array.from({ length: size }, (_, k) => lower.r.re[k * (size + 1)]);
  // Near 1 cosines lie together and say nothing of their sines' vectors: those are found from the sines.
  const found = cosines.findIndex((cosine) => cosine > Math.SQRT1_2);
  if (found >= 0) {
    const rest = size - found;
    const inner = singularValues(block(lower.r, [found, found], [rest, rest]), watch);
    turnColumns(left1, found, inner.left);
    turnColumns(right, found, inner.right);
    const outer = qr(scaledRows(cosines.slice(found), inner.right), watch);
    turnColumns(left0, found, outer.q);
    for (let k = 0; k < rest; k++) {
      cosines[found + k] = outer.r.re[k * (rest + 1)];
      sines[found + k] = inner.values[k];
    }
  }
  const angles = sines.map((sine, k) => Math.atan2(sine, cosines[k]));
  // What is left of the right half: C·(L₁†·U₁₁) − S·(L₀†·U₀₁), either of which alone may vanish.
  const fromLower = scaledRows(angles.map(Math.cos), multiply(adjoint(left1), part(1, 1)));
  const fromUpper = scaledRows(angles.map(Math.sin), multiply(adjoint(left0), part(0, 1)));
  return {
    left: [left0, left1],
    angles,
    right: [adjoint(right), addScaled(fromUpper, -1, fromLower)],
  };
}
