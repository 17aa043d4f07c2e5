/**
 * Sums, products and adjoints of complex matrices; each makes a new matrix and keeps its operands.
 *
 * Shapes that do not fit throw `QUANTUM_SHAPE_MISMATCH`.
 */
import { OrchestratorError } from '../../base/errors.ts';
import { zeros, type ComplexMatrix, type Scalar } from './complex-matrix.ts';

/** A complex vector, real and imaginary parts apart, of one length. */
export interface ComplexVector {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function shape(a: ComplexMatrix): string {
  return `${a.rows}×${a.columns}`;
}

/** An error for two shapes, or a shape and what was wanted, that do not fit. */
export function shapeMismatch(must: string, a: ComplexMatrix, b?: ComplexMatrix): Error {
  const got = b === undefined ? shape(a) : `${shape(a)} and ${shape(b)}`;
  return new OrchestratorError('QUANTUM_SHAPE_MISMATCH', `${must}, got ${got}`, {
    rows: a.rows,
    columns: a.columns,
  });
}

function requireSameShape(a: ComplexMatrix, b: ComplexMatrix): void {
  if (a.rows !== b.rows || a.columns !== b.columns) {
    throw shapeMismatch('matrices must have one shape', a, b);
  }
}

/** True if no entry is infinite or not a number. */
export function isFiniteVector({ re, im }: ComplexVector): boolean {
  // A sum of zeros stays zero unless something infinite or not a number was multiplied.
  let sum = 0;
  for (let i = 0; i < re.length; i++) sum += re[i] * 0 + im[i] * 0;
  return sum === 0;
}

/** factor · a + b, where both have one shape. */
export function addScaled(a: ComplexMatrix, factor: Scalar, b: ComplexMatrix): ComplexMatrix {
  requireSameShape(a, b);
  const result = scale(a, factor);
  for (let i = 0; i < b.re.length; i++) {
    result.re[i] += b.re[i];
    result.im[i] += b.im[i];
  }
  return result;
}

export function add(a: ComplexMatrix, b: ComplexMatrix): ComplexMatrix {
  return addScaled(a, 1, b);
}

/** a − b. */
export function subtract(a: ComplexMatrix, b: ComplexMatrix): ComplexMatrix {
  return addScaled(b, -1, a);
}

/** factor · a. */
export function scale(a: ComplexMatrix, factor: Scalar): ComplexMatrix {
  const [fr, fi] = typeof factor === 'number' ? [factor, 0] : factor;
  const result = zeros(a.rows, a.columns);
  if (fi === 0) {
    for (let i = 0; i < a.re.length; i++) {
      result.re[i] = fr * a.re[i];
      result.im[i] = fr * a.im[i];
    }
    return result;
  }
  for (let i = 0; i < a.re.length; i++) {
    result.re[i] = fr * a.re[i] - fi * a.im[i];
    result.im[i] = fr * a.im[i] + fi * a.re[i];
  }
  return result;
}

/** The product a·b in O(rows · inner · columns). */
export function multiply(a: ComplexMatrix, b: ComplexMatrix): ComplexMatrix {
  if (a.columns !== b.rows) {
    throw shapeMismatch('columns of the first must be the rows of the second factor', a, b);
  }
  const n = b.columns;
  const result = zeros(a.rows, n);
  for (let r = 0; r < a.rows; r++) {
    const re = result.re.subarray(r * n, (r + 1) * n);
    const im = result.im.subarray(r * n, (r + 1) * n);
    for (let k = 0; k < a.columns; k++) {
      const ar = a.re[r * a.columns + k];
      const ai = a.im[r * a.columns + k];
      if (ar === 0 && ai === 0) continue;
      for (let c = 0, at = k * n; c < n; c++, at++) {
        const br = b.re[at];
        const bi = b.im[at];
        re[c] += ar * br - ai * bi;
        im[c] += ar * bi + ai * br;
      }
    }
  }
  return result;
}

/** The conjugate transpose. */
export function adjoint(a: ComplexMatrix): ComplexMatrix {
  const result = zeros(a.columns, a.rows);
  for (let r = 0; r < a.rows; r++) {
    for (let c = 0; c < a.columns; c++) {
      result.re[c * a.rows + r] = a.re[r * a.columns + c];
      // Not negated, so that no −0 comes up.
      result.im[c * a.rows + r] = 0 - a.im[r * a.columns + c];
    }
  }
  return result;
}

/** Every entry conjugated. */
export function conjugate(a: ComplexMatrix): ComplexMatrix {
  return { ...a, re: a.re.slice(), im: a.im.map((value) => 0 - value) };
}

/**
 * The Kronecker product a ⊗ b: entry (r, c) of `a` scales the block (r, c).
 *
 * On qubits, `b` acts on the lower ones.
 */
export function kronecker(a: ComplexMatrix, b: ComplexMatrix): ComplexMatrix {
  const columns = a.columns * b.columns;
  const result = zeros(a.rows * b.rows, columns);
  for (let r = 0; r < a.rows * b.rows; r++) {
    const ra = Math.floor(r / b.rows) * a.columns;
    const rb = (r % b.rows) * b.columns;
    for (let c = 0; c < columns; c++) {
      const ia = ra + Math.floor(c / b.columns);
      const ib = rb + (c % b.columns);
      result.re[r * columns + c] = a.re[ia] * b.re[ib] - a.im[ia] * b.im[ib];
      result.im[r * columns + c] = a.re[ia] * b.im[ib] + a.im[ia] * b.re[ib];
    }
  }
  return result;
}

/** Sum of the diagonal of a square matrix. */
export function trace(a: ComplexMatrix): readonly [re: number, im: number] {
  if (a.rows !== a.columns) throw shapeMismatch('a matrix with a trace must be square', a);
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.re.length; i += a.columns + 1) {
    re += a.re[i];
    im += a.im[i];
  }
  return [re, im];
}

/** The product of a matrix and a column vector. */
export function multiplyVector(a: ComplexMatrix, vector: ComplexVector): ComplexVector {
  if (a.columns !== vector.re.length || a.columns !== vector.im.length) {
    throw shapeMismatch(`a matrix must have ${vector.re.length} columns for this vector`, a);
  }
  const re = new Float64Array(a.rows);
  const im = new Float64Array(a.rows);
  for (let r = 0, at = 0; r < a.rows; r++) {
    let sumRe = 0;
    let sumIm = 0;
    for (let c = 0; c < a.columns; c++, at++) {
      sumRe += a.re[at] * vector.re[c] - a.im[at] * vector.im[c];
      sumIm += a.re[at] * vector.im[c] + a.im[at] * vector.re[c];
    }
    re[r] = sumRe;
    im[r] = sumIm;
  }
  return { re, im };
}
