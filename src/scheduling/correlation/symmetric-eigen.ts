/** Sweeps over all pairs; Jacobi's method converges quadratically, in six to ten for up to 64 rows. */
const SWEEPS_MAX = 30;
const PRECISION = 1e-22;

/** Eigenvalues, and at the same position the unit vectors that belong to them. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

/** Rows whose pairs are rotated in one step. */
const ROWS_A_STEP = 12;

/** Eigenvalues and vectors of a real symmetric matrix by Jacobi's rotations (1846). O(n³) a sweep, O(n²) a step. */
export function* symmetricEigen(matrix: readonly Float64Array[]): Generator<void, SymmetricEigen> {
  const size = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const v = matrix.map((_, row) => {
    const unit = new Float64Array(size);
    unit[row] = 1;
    return unit;
  });
  for (let sweep = 0; sweep < SWEEPS_MAX && offDiagonal(a) > PRECISION * size; sweep++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) rotate(a, v, p, q);
      if (p % ROWS_A_STEP === ROWS_A_STEP - 1) yield;
    }
  }
  return { values: Float64Array.from(a, (row, at) => row[at] as number), vectors: v };
}

function offDiagonal(a: readonly Float64Array[]): number {
  let sum = 0;
  for (const [at, row] of a.entries()) {
    for (let column = 0; column < at; column++) sum += (row[column] as number) ** 2;
  }
  return sum;
}

/** Makes a[p][q] zero; the rows of `v` turn along. */
function rotate(
  a: readonly Float64Array[],
  v: readonly Float64Array[],
  p: number,
  q: number,
): void {
  const [rowP, rowQ] = [a[p] as Float64Array, a[q] as Float64Array];
  const apq = rowP[q] as number;
  if (apq === 0) return;
  const theta = ((rowQ[q] as number) - (rowP[p] as number)) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  turn(rowP, rowQ, c, s);
  for (const row of a) {
    const [x, y] = [row[p] as number, row[q] as number];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  turn(v[p] as Float64Array, v[q] as Float64Array, c, s);
}

function turn(one: Float64Array, other: Float64Array, c: number, s: number): void {
  for (let at = 0; at < one.length; at++) {
    const [x, y] = [one[at] as number, other[at] as number];
    one[at] = c * x - s * y;
    other[at] = s * x + c * y;
  }
}
