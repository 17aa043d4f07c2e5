import { OrchestratorError } from '../../../base/errors.ts';

/** Unordered pairs of variables with a value each; the three arrays have one length. */
export interface Pairs {
  /** Indices in [0, size). */
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/** A symmetric sparse matrix without diagonal, row after row, each pair stored in both rows. */
export interface SymmetricRows {
  /** Length size + 1: row i is rowStart[i] … rowStart[i + 1] − 1 of the other two. */
  readonly rowStart: Int32Array;
  /** Ascending within a row. */
  readonly column: Int32Array;
  readonly value: Float64Array;
}

/** The most variables a problem may have: some 100 MB of work arrays. */
export const VARIABLES_MAX = 1_000_000;

/** The most pairs a problem may have: 24 bytes each in the finished rows, as much again while they are built. */
export const PAIRS_MAX = 20_000_000;

/** Refuses a problem that is empty or beyond {@link VARIABLES_MAX}. @throws OrchestratorError */
export function checkSize(size: number): void {
  if (Number.isSafeInteger(size) && size >= 1 && size <= VARIABLES_MAX) return;
  throw new OrchestratorError(
    'QUANTUM_PROBLEM_INVALID',
    `a problem must have 1 to ${VARIABLES_MAX} variables, got ${size}`,
    { size, sizeMax: VARIABLES_MAX },
  );
}

/** Refuses a coefficient that is no finite number. @throws OrchestratorError QUANTUM_PROBLEM_INVALID */
export function checkFinite(values: ArrayLike<number>, what: string): void {
  for (let k = 0; k < values.length; k++) {
    if (Number.isFinite(values[k])) continue;
    throw new OrchestratorError(
      'QUANTUM_PROBLEM_INVALID',
      `${what} must be finite numbers, got ${values[k]} at index ${k}`,
      { index: k },
    );
  }
}

/**
 * Sorts pairs into rows: values of the same pair are added up, sums of zero are left out.
 *
 * O(size + pairs). @throws OrchestratorError QUANTUM_PROBLEM_INVALID for indices out of range, a pair of
 * a variable with itself, arrays of different lengths, or values that are not finite.
 */
export function symmetricRows(size: number, pairs: Pairs): SymmetricRows {
  checkSize(size);
  checkPairs(size, pairs);
  const scattered = scatter(size, pairs);
  return mergeDuplicates(size, transpose(size, scattered));
}

function checkPairs(size: number, { first, second, value }: Pairs): void {
  const count = first.length;
  if (second.length !== count || value.length !== count || count > PAIRS_MAX) {
    throw new OrchestratorError(
      'QUANTUM_PROBLEM_INVALID',
      `pairs must be three arrays of one length of at most ${PAIRS_MAX}, got ${count}, ${second.length} and ${value.length}`,
      { pairsMax: PAIRS_MAX },
    );
  }
  checkFinite(value, 'pair values');
  for (let k = 0; k < count; k++) {
    const a = first[k];
    const b = second[k];
    const inside = a >= 0 && b >= 0 && a < size && b < size;
    if (inside && a !== b && Number.isInteger(a) && Number.isInteger(b)) continue;
    throw new OrchestratorError(
      'QUANTUM_PROBLEM_INVALID',
      `a pair must join two different indices below ${size}, got ${a} and ${b} at index ${k}`,
      { index: k },
    );
  }
}

function scatter(size: number, { first, second, value }: Pairs): SymmetricRows {
  const rowStart = new Int32Array(size + 1);
  for (let k = 0; k < first.length; k++) {
    rowStart[first[k] + 1] += 1;
    rowStart[second[k] + 1] += 1;
  }
  for (let i = 0; i < size; i++) rowStart[i + 1] += rowStart[i];
  const next = rowStart.slice();
  const column = new Int32Array(2 * first.length);
  const values = new Float64Array(2 * first.length);
  for (let k = 0; k < first.length; k++) {
    const a = first[k];
    const b = second[k];
    const atA = next[a]++;
    const atB = next[b]++;
    column[atA] = b;
    column[atB] = a;
    values[atA] = value[k];
    values[atB] = value[k];
  }
  return { rowStart, column, value: values };
}

/** Walks the rows in order, so that the columns of each new row come out ascending. */
function transpose(size: number, rows: SymmetricRows): SymmetricRows {
  const next = rows.rowStart.slice();
  const column = new Int32Array(rows.column.length);
  const value = new Float64Array(rows.value.length);
  for (let i = 0; i < size; i++) {
    for (let k = rows.rowStart[i]; k < rows.rowStart[i + 1]; k++) {
      const at = next[rows.column[k]]++;
      column[at] = i;
      value[at] = rows.value[k];
    }
  }
  return { rowStart: rows.rowStart, column, value };
}

function mergeDuplicates(size: number, rows: SymmetricRows): SymmetricRows {
  const { column, value } = rows;
  const rowStart = new Int32Array(size + 1);
  let kept = 0;
  for (let i = 0; i < size; i++) {
    let k = rows.rowStart[i];
    const end = rows.rowStart[i + 1];
    while (k < end) {
      const j = column[k];
      let sum = 0;
      while (k < end && column[k] === j) sum += value[k++];
      if (sum === 0) continue;
      column[kept] = j;
      value[kept++] = sum;
    }
    rowStart[i + 1] = kept;
  }
  return { rowStart, column: column.slice(0, kept), value: value.slice(0, kept) };
}
