/** A matrix applied to some of the bits that number a vector's entries. */
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import type { ComplexVector } from '../linear/arithmetic.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { bitOffsets, maskOf, nextOutside } from './bits.ts';

/** Multiplications between two looks at the watch: about a millisecond. */
const WORK_PER_LOOK = 400_000;

/** The entries of a matrix that are not zero, row after row. */
interface SparseRows {
  /** Length rows + 1: where each row's entries begin. */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function sparseRows({ rows, columns, re, im }: ComplexMatrix): SparseRows {
  const starts = new Int32Array(rows + 1);
  const entries: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let at = r * columns; at < (r + 1) * columns; at++) {
      if (re[at] !== 0 || im[at] !== 0) entries.push(at);
    }
    starts[r + 1] = entries.length;
  }
  return {
    starts,
    columns: Int32Array.from(entries, (at) => at % columns),
    re: Float64Array.from(entries, (at) => re[at]),
    im: Float64Array.from(entries, (at) => im[at]),
  };
}

/** Transforms `count` groups of entries from `base` on; returns the base after them. */
function transformGroups(
  vector: ComplexVector,
  sparse: SparseRows,
  { offsets, mask }: { offsets: Int32Array; mask: number },
  [base, count]: [number, number],
): number {
  const size = offsets.length;
  const { re, im } = vector;
  const groupRe = new Float64Array(size);
  const groupIm = new Float64Array(size);
  let at = base;
  for (let group = 0; group < count; group++) {
    for (let j = 0; j < size; j++) {
      groupRe[j] = re[at + offsets[j]];
      groupIm[j] = im[at + offsets[j]];
    }
    for (let r = 0; r < size; r++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let e = sparse.starts[r]; e < sparse.starts[r + 1]; e++) {
        const xr = groupRe[sparse.columns[e]];
        const xi = groupIm[sparse.columns[e]];
        sumRe += sparse.re[e] * xr - sparse.im[e] * xi;
        sumIm += sparse.re[e] * xi + sparse.im[e] * xr;
      }
      re[at + offsets[r]] = sumRe;
      im[at + offsets[r]] = sumIm;
    }
    at = nextOutside(at, mask);
  }
  return at;
}

/** Transforms pairs `start` … `end`−1 of entries that differ in the bit `stride` only. */
function transformPairs(
  { re, im }: ComplexVector,
  matrix: ComplexMatrix,
  stride: number,
  [start, end]: [number, number],
): void {
  const [ar, br, cr, dr] = matrix.re;
  const [ai, bi, ci, di] = matrix.im;
  for (let pair = start; pair < end;) {
    const offset = pair % stride;
    const length = Math.min(stride - offset, end - pair);
    const first = 2 * (pair - offset) + offset;
    for (let k = first, j = first + stride; k < first + length; k++, j++) {
      const xr = re[k];
      const xi = im[k];
      const yr = re[j];
      const yi = im[j];
      re[k] = ar * xr - ai * xi + br * yr - bi * yi;
      im[k] = ar * xi + ai * xr + br * yi + bi * yr;
      re[j] = cr * xr - ci * xi + dr * yr - di * yi;
      im[j] = cr * xi + ci * xr + dr * yi + di * yr;
    }
    pair += length;
  }
}

/** The case of one bit, the most frequent, without a table. */
function transformBit(
  vector: ComplexVector,
  matrix: ComplexMatrix,
  qubit: number,
  watch: Watch,
): void {
  const pairs = vector.re.length / 2;
  for (let start = 0; start < pairs; start += WORK_PER_LOOK) {
    throwIfCanceled(watch);
    const end = Math.min(pairs, start + WORK_PER_LOOK);
    transformPairs(vector, matrix, 2 ** qubit, [start, end]);
  }
}

/**
 * Multiplies the entries by `matrix` on bits `qubits` of their numbers, in place.
 *
 * Bit k of a row's number is bit `qubits[k]` of an entry's. Any square matrix of 2^qubits.length rows;
 * qubits are distinct. O(vector length · non-zeros per row).
 */
export function transform(
  vector: ComplexVector,
  matrix: ComplexMatrix,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): void {
  if (qubits.length === 1) {
    transformBit(vector, matrix, qubits[0], watch);
    return;
  }
  const sparse = sparseRows(matrix);
  const layout = { offsets: bitOffsets(qubits), mask: maskOf(qubits) };
  const groups = vector.re.length / layout.offsets.length;
  const perLook = Math.max(1, Math.floor(WORK_PER_LOOK / (sparse.re.length + matrix.rows)));
  let base = 0;
  for (let done = 0; done < groups; done += perLook) {
    throwIfCanceled(watch);
    base = transformGroups(vector, sparse, layout, [base, Math.min(perLook, groups - done)]);
  }
}
