/**
 * Expectation values of Pauli sums, without a matrix.
 *
 * With g(k) = ⟨k|ρ|k⊕x⟩ a string is Re i^ys · Σₖ (−1)^|k∧z| g(k): strings of one x share g, and a
 * Walsh–Hadamard transform of g, block by block, holds the sums for all z at once.
 */
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { checkQubits, parity } from './bits.ts';
import { isDensity, type QuantumState } from './density-matrix.ts';
import { pauliMasks, type PauliSum, type PauliTerm } from './pauli.ts';

/** Entries transformed at a time; they fit in a first-level cache. */
const BLOCK_BITS = 11;

/** Sums and differences between two looks at the watch: about a millisecond. */
const WORK_PER_LOOK = 2 ** 19;

/** Strings of one x from which the transform is cheaper than summing for each; measured. */
const TRANSFORM_FROM = 3;

/** A string that shares its x with others. */
interface Signed {
  readonly z: number;
  /** Whether it sums Re g or Im g. */
  readonly part: 0 | 1;
  /** Its coefficient, with the sign that Re i^ys·g gives the part. */
  readonly coefficient: number;
}

/** Strings of one x, and what their sums share. */
interface Group {
  readonly x: number;
  readonly strings: readonly Signed[];
}

/** Walsh–Hadamard transform of 2ⁿ values, in place: sums with the signs of every z. O(n·2ⁿ). */
export function walshHadamard(values: Float64Array, watch: Watch): void {
  const size = values.length;
  let work = 0;
  for (let half = 1; half < size; half *= 2) {
    for (let start = 0; start < size; start += 2 * half) {
      for (let i = start, j = start + half; i < start + half; i++, j++) {
        const low = values[i];
        const high = values[j];
        values[i] = low + high;
        values[j] = low - high;
      }
      work += half;
      if (work < WORK_PER_LOOK) continue;
      throwIfCanceled(watch);
      work = 0;
    }
  }
}

/** Re g(k), or Im g(k), for the entries from `start` on that `target` has room for. */
function fillPart(
  state: QuantumState,
  { x, part }: { readonly x: number; readonly part: 0 | 1 },
  start: number,
  target: Float64Array,
): void {
  if (isDensity(state)) {
    const { rows, re, im } = state.matrix;
    const values = part === 0 ? re : im;
    for (let i = 0, k = start; i < target.length; i++, k++) target[i] = values[k * rows + (k ^ x)];
    return;
  }
  const { re, im } = state;
  if (part === 0) {
    for (let i = 0, k = start; i < target.length; i++, k++) {
      target[i] = re[k] * re[k ^ x] + im[k] * im[k ^ x];
    }
    return;
  }
  for (let i = 0, k = start; i < target.length; i++, k++) {
    target[i] = im[k] * re[k ^ x] - re[k] * im[k ^ x];
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Sums of a part of g over a block with the signs of each string, by the cheaper way. */
function blockSummer(
  strings: readonly Signed[],
  size: number,
): (values: Float64Array) => (index: number) => number {
  const low = size - 1;
  if (strings.length >= TRANSFORM_FROM) {
    return (values) => {
      walshHadamard(values, UNWATCHED);
      return (index) => values[strings[index].z & low];
    };
  }
  const signs = strings.map(({ z }) =>
    Float64Array.from({ length: size }, (_, i) => 1 - 2 * parity(i & z & low)),
  );
  return (values) => (index) => dot(values, signs[index]);
}

/** Σ coefficient · string over strings that have one x and sum one part of g. */
function partExpectation(
  state: QuantumState,
  { x, strings }: Group,
  part: 0 | 1,
  watch: Watch,
): number {
  const total = 2 ** state.qubits;
  const values = new Float64Array(Math.min(total, 2 ** BLOCK_BITS));
  const size = values.length;
  const summer = blockSummer(strings, size);
  // g(k⊕x) = g(k)*, and the string's sign at k⊕x is turned iff it sums Im g: half the blocks will do.
  const skipped = x >= size ? 2 ** Math.floor(Math.log2(x)) : 0;
  let sum = 0;
  for (let start = 0; start < total; start += size) {
    if ((start & skipped) !== 0) continue;
    throwIfCanceled(watch);
    fillPart(state, { x, part }, start, values);
    const sumOf = summer(values);
    for (const [index, { z, coefficient }] of strings.entries()) {
      const inside = coefficient * sumOf(index);
      sum += parity(start & z) === 0 ? inside : -inside;
    }
  }
  return skipped === 0 ? sum : 2 * sum;
}

/** Strings grouped by the qubits they flip. */
function groupsOf(terms: PauliSum, qubits: number): readonly Group[] {
  const groups = new Map<number, Signed[]>();
  for (const term of terms) {
    checkQubits(
      term.factors.map(({ qubit }) => qubit),
      qubits,
    );
    const { x, z, ys } = pauliMasks(term);
    // Re i^ys·g is Re g, −Im g, −Re g, Im g.
    const sign = ys % 4 === 0 || ys % 4 === 3 ? 1 : -1;
    const part = ys % 2 === 0 ? 0 : 1;
    const group = groups.get(x) ?? [];
    group.push({ z, part, coefficient: sign * term.coefficient });
    groups.set(x, group);
  }
  return Array.from(groups, ([x, strings]) => ({ x, strings }));
}

/**
 * ⟨O⟩ of a term or a sum, in O(2^qubits) for each different set of qubits that X and Y flip.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID for factors outside the state, QUANTUM_CANCELED
 */
export function expectation(
  state: QuantumState,
  observable: PauliTerm | PauliSum,
  watch: Watch = UNWATCHED,
): number {
  const terms: PauliSum = 'factors' in observable ? [observable] : observable;
  let sum = 0;
  for (const { x, strings } of groupsOf(terms, state.qubits)) {
    for (const part of [0, 1] as const) {
      const summed = strings.filter((string) => string.part === part);
      if (summed.length > 0) sum += partExpectation(state, { x, strings: summed }, part, watch);
    }
  }
  return sum;
}
