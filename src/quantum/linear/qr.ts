/**
 * QR decomposition of complex matrices by Householder reflectors, with or without column pivoting.
 *
 * Source: Golub and Van Loan, Matrix Computations (4th ed., 2013), §5.2 and §5.4.
 */
import { OrchestratorError } from '../../base/errors.ts';
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { isFiniteVector, type ComplexVector } from './arithmetic.ts';
import { zeros, type ComplexMatrix } from './complex-matrix.ts';
import { applyReflector, makeReflector, runNorm } from './reflector.ts';

/** A = Q·R with orthonormal columns in Q, and R upper triangular with a diagonal that is real and ≥ 0. */
export interface QrDecomposition {
  /** rows × min(rows, columns) */
  readonly q: ComplexMatrix;
  /** min(rows, columns) × columns */
  readonly r: ComplexMatrix;
}

/** Columns of a matrix one after the other, each contiguous: its transpose, row after row. */
export interface ColumnStore extends ComplexVector {
  readonly rows: number;
  readonly columns: number;
}

/** The reflectors of a QR decomposition below the diagonal, and R above it. */
export interface Reflected {
  readonly store: ColumnStore;
  readonly tau: ComplexVector;
  /** R's diagonal, of either sign: reflectors have a 1 in its place. */
  readonly diagonal: Float64Array;
  /** Column j of R belongs to column `order[j]` of A. */
  readonly order: Int32Array;
}

/** The power of two by which a matrix is divided so that squares of its entries are safe; 1 for zero. */
export function safeScale(a: ComplexMatrix): number {
  if (!isFiniteVector(a)) {
    throw new OrchestratorError('QUANTUM_NOT_FINITE', 'entries of a matrix must be finite', {});
  }
  let max = 0;
  for (const part of [a.re, a.im]) {
    for (let i = 0; i < part.length; i++) max = Math.max(max, Math.abs(part[i]));
  }
  if (max === 0) return 1;
  const exponent = Math.floor(Math.log2(max));
  return 2 ** Math.min(1023, Math.max(-1022, exponent));
}

/** The columns of a / scale. */
export function columnsOf(a: ComplexMatrix, scale: number): ColumnStore {
  const { rows, columns } = a;
  const re = new Float64Array(rows * columns);
  const im = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      re[c * rows + r] = a.re[r * columns + c] / scale;
      im[c * rows + r] = a.im[r * columns + c] / scale;
    }
  }
  return { rows, columns, re, im };
}

/** The matrix of such columns. */
export function fromColumns({ rows, columns, re, im }: ColumnStore): ComplexMatrix {
  const result = zeros(rows, columns);
  for (let c = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++) {
      result.re[r * columns + c] = re[c * rows + r];
      result.im[r * columns + c] = im[c * rows + r];
    }
  }
  return result;
}

function swapColumns({ rows, re, im }: ColumnStore, a: number, b: number): void {
  for (const part of [re, im]) {
    const kept = part.slice(a * rows, (a + 1) * rows);
    part.copyWithin(a * rows, b * rows, (b + 1) * rows);
    part.set(kept, b * rows);
  }
}

/** Brings the column that has most left below row `step` to its place. */
function pivotColumn(
  store: ColumnStore,
  order: Int32Array,
  norms: Float64Array,
  step: number,
): void {
  let best = step;
  for (let c = step + 1; c < store.columns; c++) if (norms[c] > norms[best]) best = c;
  if (best === step) return;
  swapColumns(store, step, best);
  [order[step], order[best]] = [order[best], order[step]];
  norms[best] = norms[step];
}

/** Reflects `store` in place; its columns are those of A divided by a safe scale. */
export function reflectColumns(store: ColumnStore, pivoting: boolean, watch: Watch): Reflected {
  const { rows, columns } = store;
  const steps = Math.min(rows, columns);
  const tau = { re: new Float64Array(steps), im: new Float64Array(steps) };
  const diagonal = new Float64Array(steps);
  const order = Int32Array.from({ length: columns }, (_, c) => c);
  const norms = new Float64Array(columns);
  for (let k = 0; k < steps; k++) {
    throwIfCanceled(watch);
    if (pivoting) {
      // Recomputed rather than downdated: as dear as one more reflector, and never wrong.
      for (let c = k; c < columns; c++) norms[c] = runNorm(store, c * rows + k, (c + 1) * rows);
      pivotColumn(store, order, norms, k);
    }
    const start = k * rows + k;
    const reflector = makeReflector(store, start, (k + 1) * rows);
    diagonal[k] = reflector.beta;
    tau.re[k] = reflector.tauRe;
    tau.im[k] = reflector.tauIm;
    const placement = { v: store, start, length: rows - k };
    const conjugated = { tauRe: reflector.tauRe, tauIm: -reflector.tauIm };
    for (let c = k + 1; c < columns; c++) {
      applyReflector(store, c * rows + k, placement, conjugated);
    }
  }
  return { store, tau, diagonal, order };
}

/** Columns ← Q·columns, in place; each column has as many rows as A. */
export function applyReflected(reflected: Reflected, target: ColumnStore, watch: Watch): void {
  const { store, tau, diagonal } = reflected;
  const { rows } = store;
  for (let k = diagonal.length - 1; k >= 0; k--) {
    throwIfCanceled(watch);
    const placement = { v: store, start: k * rows + k, length: rows - k };
    const factor = { tauRe: tau.re[k], tauIm: tau.im[k] };
    for (let c = 0; c < target.columns; c++) {
      applyReflector(target, c * rows + k, placement, factor);
    }
  }
}

/** Columns from `first` on of the square Q, without R's signs. */
export function columnsOfQ(
  reflected: Reflected,
  first: number,
  count: number,
  watch: Watch,
): ColumnStore {
  const { rows } = reflected.store;
  const re = new Float64Array(rows * count);
  for (let c = 0; c < count; c++) re[c * rows + first + c] = 1;
  const target = { rows, columns: count, re, im: new Float64Array(rows * count) };
  applyReflected(reflected, target, watch);
  return target;
}

/**
 * The QR decomposition, unique for matrices of full rank, in O(rows · columns²).
 *
 * @throws OrchestratorError QUANTUM_NOT_FINITE, QUANTUM_CANCELED
 */
export function qr(a: ComplexMatrix, watch: Watch = UNWATCHED): QrDecomposition {
  const scale = safeScale(a);
  const reflected = reflectColumns(columnsOf(a, scale), false, watch);
  const { store, diagonal } = reflected;
  const count = diagonal.length;
  const q = columnsOfQ(reflected, 0, count, watch);
  const r = zeros(count, a.columns);
  for (let k = 0; k < count; k++) {
    const sign = diagonal[k] < 0 ? -1 : 1;
    for (let i = k * a.rows; i < (k + 1) * a.rows; i++) {
      q.re[i] *= sign;
      q.im[i] *= sign;
    }
    r.re[k * a.columns + k] = Math.abs(diagonal[k]) * scale;
    for (let c = k + 1; c < a.columns; c++) {
      r.re[k * a.columns + c] = sign * store.re[c * a.rows + k] * scale;
      r.im[k * a.columns + c] = sign * store.im[c * a.rows + k] * scale;
    }
  }
  return { q: fromColumns(q), r };
}
