/**
 * A Hermitian matrix made real and tridiagonal by Householder reflectors: A = Q·T·Q†.
 *
 * Source: Golub and Van Loan (4th ed., 2013) §8.3.1; the complex form is that of LAPACK's zhetd2.
 */
import { throwIfCanceled, type Watch } from '../watch.ts';
import type { ComplexVector } from './arithmetic.ts';
import type { ComplexMatrix } from './complex-matrix.ts';
import { applyReflector, makeReflector, type Reflector } from './reflector.ts';

/** T's diagonal and the entries below it, and the reflectors that make up Q. */
export interface Tridiagonal {
  /** Length n. */
  readonly diagonal: Float64Array;
  /** Length n; the last is 0. */
  readonly offDiagonal: Float64Array;
  /** Row i holds the v of reflector i in its columns i+1 … n−1. */
  readonly reflectors: ComplexMatrix;
  readonly tau: ComplexVector;
}

/** product ← S·v for the Hermitian S, the lower triangle of `a` from row `first` on. */
function multiplyLower(
  a: ComplexMatrix,
  first: number,
  v: ComplexVector,
  product: ComplexVector,
): void {
  const n = a.rows;
  const { re: vRe, im: vIm } = v;
  const { re: pRe, im: pIm } = product;
  pRe.fill(0, first);
  pIm.fill(0, first);
  for (let r = first; r < n; r++) {
    const xr = vRe[r];
    const xi = vIm[r];
    const row = r * n;
    let sumRe = a.re[row + r] * xr;
    let sumIm = a.re[row + r] * xi;
    for (let c = first; c < r; c++) {
      const ar = a.re[row + c];
      const ai = a.im[row + c];
      sumRe += ar * vRe[c] - ai * vIm[c];
      sumIm += ar * vIm[c] + ai * vRe[c];
      pRe[c] += ar * xr + ai * xi;
      pIm[c] += ar * xi - ai * xr;
    }
    pRe[r] += sumRe;
    pIm[r] += sumIm;
  }
}

/** S ← S − v·w† − w·v† on the same triangle. */
function updateLower(a: ComplexMatrix, first: number, v: ComplexVector, w: ComplexVector): void {
  const n = a.rows;
  const { re: vRe, im: vIm } = v;
  const { re: wRe, im: wIm } = w;
  for (let r = first; r < n; r++) {
    const vr = vRe[r];
    const vi = vIm[r];
    const wr = wRe[r];
    const wi = wIm[r];
    const row = r * n;
    for (let c = first; c <= r; c++) {
      a.re[row + c] -= vr * wRe[c] + vi * wIm[c] + wr * vRe[c] + wi * vIm[c];
      a.im[row + c] -= vi * wRe[c] - vr * wIm[c] + wi * vRe[c] - wr * vIm[c];
    }
  }
}

/** w ← τ·w − ½·τ·(w′†·v)·v with w′ = τ·w: what the update of both sides needs. */
function balance(
  w: ComplexVector,
  v: ComplexVector,
  first: number,
  { tauRe, tauIm }: Reflector,
): void {
  let dotRe = 0;
  let dotIm = 0;
  for (let i = first; i < v.re.length; i++) {
    const wr = tauRe * w.re[i] - tauIm * w.im[i];
    const wi = tauRe * w.im[i] + tauIm * w.re[i];
    w.re[i] = wr;
    w.im[i] = wi;
    dotRe += wr * v.re[i] + wi * v.im[i];
    dotIm += wr * v.im[i] - wi * v.re[i];
  }
  // Real, because v†·S·v is.
  const alpha = -0.5 * (tauRe * dotRe - tauIm * dotIm);
  for (let i = first; i < v.re.length; i++) {
    w.re[i] += alpha * v.re[i];
    w.im[i] += alpha * v.im[i];
  }
}

/** Reduces `a`, of which the lower triangle counts, and uses it up; O(4/3·n³) complex products. */
export function tridiagonalise(a: ComplexMatrix, watch: Watch): Tridiagonal {
  const n = a.rows;
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const reflectors = {
    rows: n,
    columns: n,
    re: new Float64Array(n * n),
    im: new Float64Array(n * n),
  };
  const tau = { re: new Float64Array(n), im: new Float64Array(n) };
  const w = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let i = 0; i < n - 1; i++) {
    throwIfCanceled(watch);
    const v = {
      re: reflectors.re.subarray(i * n, (i + 1) * n),
      im: reflectors.im.subarray(i * n, (i + 1) * n),
    };
    for (let r = i + 1; r < n; r++) {
      v.re[r] = a.re[r * n + i];
      v.im[r] = a.im[r * n + i];
    }
    const reflector = makeReflector(v, i + 1, n);
    diagonal[i] = a.re[i * n + i];
    offDiagonal[i] = reflector.beta;
    tau.re[i] = reflector.tauRe;
    tau.im[i] = reflector.tauIm;
    multiplyLower(a, i + 1, v, w);
    balance(w, v, i + 1, reflector);
    updateLower(a, i + 1, v, w);
  }
  if (n > 0) diagonal[n - 1] = a.re[n * n - 1];
  return { diagonal, offDiagonal, reflectors, tau };
}

/** Rows ← those of (Q·X)ᵀ for rows of Xᵀ, in place. */
export function applyTridiagonalBasis(
  { reflectors, tau }: Tridiagonal,
  rows: ComplexMatrix,
  watch: Watch,
): void {
  const n = rows.columns;
  for (let row = 0; row < rows.rows; row++) {
    throwIfCanceled(watch);
    for (let i = n - 2; i >= 0; i--) {
      const placement = { v: reflectors, start: i * n + i + 1, length: n - i - 1 };
      const factor = { tauRe: tau.re[i], tauIm: tau.im[i] };
      applyReflector(rows, row * n + i + 1, placement, factor);
    }
  }
}
