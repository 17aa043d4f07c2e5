/**
 * Singular value decomposition of complex matrices by one-sided Jacobi rotations.
 *
 * A pivoted QR comes first, and the rotations act on R†, which is nearly diagonal already: few sweeps,
 * and small singular values keep their relative accuracy.
 * Source: Hestenes, J. SIAM 6 (1958) 51; Drmač and Veselić, SIAM J. Matrix Anal. Appl. 29 (2008) 1322.
 */
import { invariant } from '../../base/invariant.ts';
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { adjoint } from './arithmetic.ts';
import type { ComplexMatrix } from './complex-matrix.ts';
import {
  applyReflected,
  columnsOf,
  columnsOfQ,
  fromColumns,
  reflectColumns,
  safeScale,
  type ColumnStore,
  type Reflected,
} from './qr.ts';
import { runNorm } from './reflector.ts';

/** A = left·diag(values)·right†, with k = min(rows, columns) values. */
export interface SingularValues {
  /** rows × k, orthonormal columns. */
  readonly left: ComplexMatrix;
  /** Descending, ≥ 0. */
  readonly values: Float64Array;
  /** columns × k, orthonormal columns. */
  readonly right: ComplexMatrix;
}

/** Six or seven are usual; far more is a bug. */
const SWEEPS_MAX = 60;

/** Columns of the matrix of size 1 shorter than this count as zero: their squares would underflow. */
const NEGLIGIBLE = 1e-140;

/** A plane rotation with a phase, of columns p and q. */
interface Rotation {
  readonly c: number;
  readonly sRe: number;
  readonly sIm: number;
}

/** Columns p ← c·p − conj(s)·q and q ← s·p + c·q. */
function rotateColumns(
  { rows, re, im }: ColumnStore,
  p: number,
  q: number,
  { c, sRe, sIm }: Rotation,
): void {
  for (let k = 0, i = p * rows, j = q * rows; k < rows; k++, i++, j++) {
    const pr = re[i];
    const pi = im[i];
    const qr = re[j];
    const qi = im[j];
    re[i] = c * pr - (sRe * qr + sIm * qi);
    im[i] = c * pi - (sRe * qi - sIm * qr);
    re[j] = sRe * pr - sIm * pi + c * qr;
    im[j] = sRe * pi + sIm * pr + c * qi;
  }
}

/** The rotation that makes columns p and q orthogonal, or null if they are; keeps `squares` up to date. */
function orthogonalise(
  { rows, re, im }: ColumnStore,
  p: number,
  q: number,
  squares: Float64Array,
): Rotation | null {
  let dotRe = 0;
  let dotIm = 0;
  for (let k = 0, i = p * rows, j = q * rows; k < rows; k++, i++, j++) {
    dotRe += re[i] * re[j] + im[i] * im[j];
    dotIm += re[i] * im[j] - im[i] * re[j];
  }
  const size = Math.hypot(dotRe, dotIm);
  const negligible =
    Number.EPSILON * Math.sqrt(rows) * Math.sqrt(squares[p]) * Math.sqrt(squares[q]);
  if (size <= negligible) return null;
  const theta = (squares[q] - squares[p]) / (2 * size);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  squares[p] = Math.max(0, squares[p] - t * size);
  squares[q] += t * size;
  return { c, sRe: (t * c * dotRe) / size, sIm: (t * c * dotIm) / size };
}

function columnLengths(x: ColumnStore): Float64Array {
  return Float64Array.from({ length: x.columns }, (_, c) => {
    const norm = runNorm(x, c * x.rows, (c + 1) * x.rows);
    return norm < NEGLIGIBLE ? 0 : norm;
  });
}

/** Squared lengths of all columns; 0 for those that count as zero. */
function squaredLengths(x: ColumnStore): Float64Array {
  return columnLengths(x).map((length) => length * length);
}

/** Rotates every pair of columns once, those of `basis` along; true if all were orthogonal. */
function sweepColumns(x: ColumnStore, basis: ColumnStore | null, watch: Watch): boolean {
  const squares = squaredLengths(x);
  let isDone = true;
  for (let p = 0; p < x.columns - 1; p++) {
    throwIfCanceled(watch);
    for (let q = p + 1; q < x.columns && squares[p] > 0; q++) {
      const rotation = squares[q] > 0 ? orthogonalise(x, p, q, squares) : null;
      if (rotation === null) continue;
      isDone = false;
      rotateColumns(x, p, q, rotation);
      if (basis !== null) rotateColumns(basis, p, q, rotation);
    }
  }
  return isDone;
}

/** Rotates columns of `x` until all are orthogonal, and those of `basis` along. */
function orthogonaliseAll(x: ColumnStore, basis: ColumnStore | null, watch: Watch): void {
  for (let sweep = 0; !sweepColumns(x, basis, watch); sweep++) {
    invariant(sweep < SWEEPS_MAX, 'one-sided Jacobi rotations converge within 60 sweeps');
  }
}

/** R†, whose column j is row j of R conjugated; lower triangular. */
function adjointOfR({ store, diagonal }: Reflected): ColumnStore {
  const n = store.columns;
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    re[j * n + j] = diagonal[j];
    for (let c = j + 1; c < n; c++) {
      re[j * n + c] = store.re[c * store.rows + j];
      im[j * n + c] = -store.im[c * store.rows + j];
    }
  }
  return { rows: n, columns: n, re, im };
}

/** Columns in a new order, as the first columns of a store with more rows. */
function arranged(x: ColumnStore, order: Int32Array, rows: number): ColumnStore {
  const re = new Float64Array(rows * order.length);
  const im = new Float64Array(rows * order.length);
  for (const [target, source] of order.entries()) {
    const start = source * x.rows;
    re.set(x.re.subarray(start, start + x.rows), target * rows);
    im.set(x.im.subarray(start, start + x.rows), target * rows);
  }
  return { rows, columns: order.length, re, im };
}

/** Divides columns by their lengths; those of length 0, all at the end, complete the basis. */
function normaliseColumns(x: ColumnStore, lengths: Float64Array, watch: Watch): void {
  const { rows, columns } = x;
  const firstZero = lengths.indexOf(0);
  const rank = firstZero === -1 ? columns : firstZero;
  for (let c = 0; c < rank; c++) {
    for (let i = c * rows; i < (c + 1) * rows; i++) {
      x.re[i] /= lengths[c];
      x.im[i] /= lengths[c];
    }
  }
  if (rank === columns) return;
  const spanned = {
    rows,
    columns: rank,
    re: x.re.slice(0, rank * rows),
    im: x.im.slice(0, rank * rows),
  };
  const reflected = reflectColumns(spanned, false, watch);
  const rest = columnsOfQ(reflected, rank, columns - rank, watch);
  x.re.set(rest.re, rank * rows);
  x.im.set(rest.im, rank * rows);
}

/** Row i of the result is the row of `x` that belongs to column `order[i]` of A. */
function unpermuted(x: ColumnStore, order: Int32Array): ColumnStore {
  const re = new Float64Array(x.re.length);
  const im = new Float64Array(x.im.length);
  for (let c = 0; c < x.columns; c++) {
    for (let r = 0; r < x.rows; r++) {
      re[c * x.rows + order[r]] = x.re[c * x.rows + r];
      im[c * x.rows + order[r]] = x.im[c * x.rows + r];
    }
  }
  return { rows: x.rows, columns: x.columns, re, im };
}

/** For at least as many rows as columns. A·P = Q·R and R†·W = U·Σ give A = (Q·W)·Σ·(P·U)†. */
function decomposeTall(a: ComplexMatrix, watch: Watch): SingularValues {
  const n = a.columns;
  const scale = safeScale(a);
  const reflected = reflectColumns(columnsOf(a, scale), true, watch);
  const x = adjointOfR(reflected);
  const w = { rows: n, columns: n, re: new Float64Array(n * n), im: new Float64Array(n * n) };
  for (let i = 0; i < n; i++) w.re[i * n + i] = 1;
  orthogonaliseAll(x, w, watch);
  const lengths = columnLengths(x);
  const order = Int32Array.from({ length: n }, (_, c) => c).sort((i, j) => lengths[j] - lengths[i]);
  const values = Float64Array.from(order, (c) => lengths[c]);
  const u = arranged(x, order, n);
  normaliseColumns(u, values, watch);
  const left = arranged(w, order, a.rows);
  applyReflected(reflected, left, watch);
  return {
    left: fromColumns(left),
    values: values.map((value) => value * scale),
    right: fromColumns(unpermuted(u, reflected.order)),
  };
}

/**
 * The thin singular value decomposition.
 *
 * O(rows · columns² + sweeps · columns³) where rows ≥ columns, with five to ten sweeps. Vectors of
 * singular values that are zero complete an orthonormal set.
 *
 * @throws OrchestratorError QUANTUM_NOT_FINITE, QUANTUM_CANCELED
 */
export function singularValues(a: ComplexMatrix, watch: Watch = UNWATCHED): SingularValues {
  if (a.rows >= a.columns) return decomposeTall(a, watch);
  const { left, values, right } = decomposeTall(adjoint(a), watch);
  return { left: right, values, right: left };
}

/**
 * Σσᵢ, the trace norm ‖A‖₁; without vectors, at about two thirds of the cost.
 *
 * @throws OrchestratorError as {@link singularValues}
 */
export function traceNorm(a: ComplexMatrix, watch: Watch = UNWATCHED): number {
  const tall = a.rows >= a.columns ? a : adjoint(a);
  const scale = safeScale(tall);
  const x = adjointOfR(reflectColumns(columnsOf(tall, scale), true, watch));
  orthogonaliseAll(x, null, watch);
  return columnLengths(x).reduce((sum, length) => sum + length, 0) * scale;
}
