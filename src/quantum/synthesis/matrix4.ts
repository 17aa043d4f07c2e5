/** Four by four matrices of two-qubit gates. */

/** Row after row; bit 0 of a row's number is the first qubit. */
export interface Matrix4 {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Sweeps after which Jacobi's rotations have long converged. */
const SWEEPS_MAX = 60;

const PAIRS = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const;

function turnColumns(
  m: Float64Array,
  p: number,
  q: number,
  [c, s]: readonly [number, number],
): void {
  for (let r = 0; r < 4; r++) {
    const x = m[4 * r + p];
    const y = m[4 * r + q];
    m[4 * r + p] = c * x + s * y;
    m[4 * r + q] = c * y - s * x;
  }
}

function turnRows(m: Float64Array, p: number, q: number, [c, s]: readonly [number, number]): void {
  for (let k = 0; k < 4; k++) {
    const x = m[4 * p + k];
    const y = m[4 * q + k];
    m[4 * p + k] = c * x + s * y;
    m[4 * q + k] = c * y - s * x;
  }
}

/** The turn after which rows p and q of all matrices are as diagonal as can be; null where they are. */
function bestTurn(
  matrices: readonly Float64Array[],
  p: number,
  q: number,
): readonly [number, number] | null {
  let on = 0;
  let off = 0;
  for (const m of matrices) {
    const difference = m[5 * p] - m[5 * q];
    const sum = m[4 * p + q] + m[4 * q + p];
    on += difference * difference - sum * sum;
    off += 2 * difference * sum;
  }
  // Where all have settled, what is left is rounding, and its angle means nothing.
  if (Math.hypot(on, off) < 1e-30) return null;
  const angle = Math.atan2(off, on) / 4;
  return [Math.cos(angle), Math.sin(angle)];
}

/**
 * Eigenvectors (columns, determinant 1) that two commuting real symmetric matrices have in common.
 *
 * Jacobi's rotations chosen for both at once (Cardoso and Souloumiac 1996); degenerate eigenvalues of
 * either are no matter. Error a few ulps.
 */
export function diagonalizeTogether(first: Float64Array, second: Float64Array): Float64Array {
  const matrices = [first.slice(), second.slice()];
  const vectors = new Float64Array(16);
  for (let k = 0; k < 4; k++) vectors[5 * k] = 1;
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let turned = 0;
    for (const [p, q] of PAIRS) {
      const turn = bestTurn(matrices, p, q);
      if (turn === null) continue;
      turned = Math.max(turned, Math.abs(turn[1]));
      for (const m of matrices) {
        turnColumns(m, p, q, turn);
        turnRows(m, p, q, turn);
      }
      turnColumns(vectors, p, q, turn);
    }
    if (turned < 1e-15) break;
  }
  return vectors;
}
