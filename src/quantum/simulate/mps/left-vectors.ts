/**
 * The left singular vectors of complex matrices through a bidiagonal one.
 *
 * Rotations (`singularValues`) keep small values to all their digits, which truncation does not ask for, and
 * take several times as long from some dozen rows on; the right vectors are not needed either.
 * Source: Golub and Van Loan, Matrix Computations (4th ed., 2013), §5.4.8.
 */
import { adjoint } from '../../linear/arithmetic.ts';
import type { ComplexMatrix } from '../../linear/complex-matrix.ts';
import {
  applyReflected,
  columnsOf,
  fromColumns,
  qr,
  safeScale,
  type ColumnStore,
  type Reflected,
} from '../../linear/qr.ts';
import { applyReflector, makeReflector } from '../../linear/reflector.ts';
import { throwIfCanceled, type Watch } from '../../watch.ts';
import { diagonaliseByQr } from './bidiagonal-steps.ts';

/** Left singular vectors and the values that they belong to. */
export interface LeftVectors {
  /** rows × min(rows, columns), orthonormal columns. */
  readonly left: ComplexMatrix;
  /** Descending, ≥ 0, to rounding of the largest. */
  readonly values: Float64Array;
}

interface Bidiagonalised {
  /** The reflectors from the left; their diagonal is that of the bidiagonal matrix. */
  readonly reflected: Reflected;
  /** What is beside the diagonal; the last entry is 0. */
  readonly beside: Float64Array;
}

/** Row `row` right of the diagonal, conjugated: a vector whose reflector clears it. */
function rowBeside({ columns, im, re, rows }: ColumnStore, row: number): ComplexVectorRun {
  const count = columns - row - 1;
  const run = { re: new Float64Array(count), im: new Float64Array(count) };
  for (let k = 0; k < count; k++) {
    const at = (row + 1 + k) * rows + row;
    run.re[k] = re[at];
    run.im[k] = -im[at];
  }
  return run;
}

interface ComplexVectorRun {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** A ← A·(I − τ·v·v†) for rows below `row` and columns right of it. */
function reflectRows(
  store: ColumnStore,
  row: number,
  v: ComplexVectorRun,
  { tauIm, tauRe }: { readonly tauRe: number; readonly tauIm: number },
): void {
  const { im, re, rows } = store;
  const begin = row + 1;
  const length = rows - begin;
  const sumRe = new Float64Array(length);
  const sumIm = new Float64Array(length);
  for (let k = 0; k < v.re.length; k++) {
    const [vr, vi] = [v.re[k], v.im[k]];
    for (let i = 0, at = (begin + k) * rows + begin; i < length; i++, at++) {
      sumRe[i] += re[at] * vr - im[at] * vi;
      sumIm[i] += re[at] * vi + im[at] * vr;
    }
  }
  for (let k = 0; k < v.re.length; k++) {
    // τ·conj(v_k)
    const fr = tauRe * v.re[k] + tauIm * v.im[k];
    const fi = tauIm * v.re[k] - tauRe * v.im[k];
    for (let i = 0, at = (begin + k) * rows + begin; i < length; i++, at++) {
      re[at] -= sumRe[i] * fr - sumIm[i] * fi;
      im[at] -= sumRe[i] * fi + sumIm[i] * fr;
    }
  }
}

/** Reflects columns and rows in turn until all that is left is real and on two diagonals. */
function bidiagonalise(store: ColumnStore, watch: Watch): Bidiagonalised {
  const { columns, rows } = store;
  const tau = { re: new Float64Array(columns), im: new Float64Array(columns) };
  const diagonal = new Float64Array(columns);
  const beside = new Float64Array(columns);
  for (let k = 0; k < columns; k++) {
    throwIfCanceled(watch);
    const start = k * rows + k;
    const { beta, tauIm, tauRe } = makeReflector(store, start, (k + 1) * rows);
    diagonal[k] = beta;
    tau.re[k] = tauRe;
    tau.im[k] = tauIm;
    const placement = { v: store, start, length: rows - k };
    const conjugated = { tauRe, tauIm: -tauIm };
    for (let c = k + 1; c < columns; c++) {
      applyReflector(store, c * rows + k, placement, conjugated);
    }
    if (k + 1 === columns) break;
    const v = rowBeside(store, k);
    const right = makeReflector(v, 0, v.re.length);
    beside[k] = right.beta;
    reflectRows(store, k, v, right);
  }
  const order = Int32Array.from({ length: columns }, (_, c) => c);
  return { reflected: { store, tau, diagonal, order }, beside };
}

/** For at least as many rows as columns. */
function ofTall(a: ComplexMatrix, watch: Watch): LeftVectors {
  const { columns: n, rows } = a;
  const scale = safeScale(a);
  const { beside, reflected } = bidiagonalise(columnsOf(a, scale), watch);
  const diagonal = reflected.diagonal.slice();
  const basis = new Float64Array(n * n);
  for (let k = 0; k < n; k++) basis[k * n + k] = 1;
  diagonaliseByQr({ diagonal, beside, basis }, watch);
  const order = Int32Array.from({ length: n }, (_, k) => k);
  order.sort((i, j) => Math.abs(diagonal[j]) - Math.abs(diagonal[i]));
  const left = { rows, columns: n, re: new Float64Array(rows * n), im: new Float64Array(rows * n) };
  for (const [to, from] of order.entries()) {
    left.re.set(basis.subarray(from * n, (from + 1) * n), to * rows);
  }
  applyReflected(reflected, left, watch);
  const values = Float64Array.from(order, (k) => Math.abs(diagonal[k]) * scale);
  return { left: fromColumns(left), values };
}

/**
 * The left singular vectors of a matrix, all of them orthonormal to rounding.
 *
 * O(rows · columns²) where rows ≥ columns, about a third of what rotations take.
 *
 * @throws OrchestratorError QUANTUM_NOT_FINITE, QUANTUM_CANCELED
 */
export function leftVectors(a: ComplexMatrix, watch: Watch): LeftVectors {
  if (a.rows >= a.columns) return ofTall(a, watch);
  // A = R†·Q† with a square R†.
  return ofTall(adjoint(qr(adjoint(a), watch).r), watch);
}
