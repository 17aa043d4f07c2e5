import { OrchestratorError } from '../../../base/errors.ts';
import type { Rng } from '../../../base/rng.ts';
import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { inSlices, throwIfCanceled, UNWATCHED, type Watch } from '../../watch.ts';
import { drawOutcomes } from '../draw-outcomes.ts';
import type { Distribution, ExactState } from '../exact-state.ts';
import { asMonomial, gateAction, type GateAction, type Monomial } from '../gate-action.ts';
import { distributionOf, unpack } from '../outcome-counts.ts';
import { PackedTable, wordsFor } from '../packed-table.ts';
import type { UnitaryPart } from '../../circuit/operation.ts';
import type { Outcomes } from '../simulated-state.ts';

/** Amplitudes with a smaller modulus are dropped. */
const AMPLITUDE_MIN = 1e-14;
const ENTRIES_BETWEEN_LOOKS = 20_000;

export interface SparseOptions {
  /** Most bytes the state may take while a gate is applied; default 1 GiB. */
  readonly bytesMax?: number;
}

/** Bytes that one amplitude needs while a gate is applied to all of them: old, new, and the table. */
export function sparseBytesEach(qubits: number): number {
  return 2 * (4 * wordsFor(qubits) + 16) + 3 * (4 * wordsFor(qubits) + 8) + 32;
}

/** Basis states with an amplitude, their numbers packed into words. */
interface Entries {
  readonly keys: Uint32Array;
  readonly re: Float64Array;
  readonly im: Float64Array;
  count: number;
}

/** Amplitudes by the rest of their basis state: those of group g at g × 2^targets. */
interface Groups {
  readonly table: PackedTable;
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** Entries that the controls leave alone. */
  readonly idle: readonly number[];
}

/** The amplitudes that are not zero, whatever the number of qubits. */
export class SparseState implements ExactState {
  readonly qubits: number;
  readonly entriesMax: number;
  readonly #words: number;
  #entries: Entries;

  private constructor(qubits: number, entriesMax: number, entries: Entries) {
    this.qubits = qubits;
    this.entriesMax = entriesMax;
    this.#words = wordsFor(qubits);
    this.#entries = entries;
  }

  /** |0…0⟩. */
  static create(qubits: number, { bytesMax = 2 ** 30 }: SparseOptions = {}): SparseState {
    const entriesMax = Math.max(1, Math.floor(bytesMax / sparseBytesEach(qubits)));
    return SparseState.withMost(qubits, entriesMax);
  }

  /** |0…0⟩, of at most `entriesMax` amplitudes. */
  static withMost(qubits: number, entriesMax: number): SparseState {
    const entries = makeEntries(1, wordsFor(qubits));
    entries.re[0] = 1;
    entries.count = 1;
    return new SparseState(qubits, entriesMax, entries);
  }

  /** Number of amplitudes that are not zero. */
  get size(): number {
    return this.#entries.count;
  }

  copy(): SparseState {
    const { keys, re, im, count } = this.#entries;
    return new SparseState(this.qubits, this.entriesMax, {
      keys: keys.slice(0, count * this.#words),
      re: re.slice(0, count),
      im: im.slice(0, count),
      count,
    });
  }

  /** @throws OrchestratorError QUANTUM_TOO_LARGE once too many amplitudes are not zero */
  applyAll(operations: readonly UnitaryPart[], watch: Watch): void {
    let work = 0;
    for (const [i, operation] of operations.entries()) {
      work += this.size;
      if (work > ENTRIES_BETWEEN_LOOKS) {
        work = 0;
        throwIfCanceled(watch);
        watch.progress(i / operations.length);
      }
      if (operation.kind === 'global-phase') {
        const { angle } = operation;
        this.#scaleAll(Math.cos(angle), Math.sin(angle));
      } else {
        const action = gateAction(operation);
        const monomial = asMonomial(action.matrix);
        if (monomial === null) this.#applyDense(action, watch);
        else this.#applyMonomial(action, monomial);
      }
    }
  }

  /** Amplitude of the basis state whose number is `key`. Linear time. */
  amplitude(key: bigint): readonly [re: number, im: number] {
    const { keys, re, im, count } = this.#entries;
    for (let i = 0; i < count; i++) {
      if (unpack(keys, i * this.#words, this.#words) === key) return [re[i], im[i]];
    }
    return [0, 0];
  }

  probabilityOfOne(qubit: number): number {
    const { re, im, count } = this.#entries;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      if (this.#bit(i, qubit) === 1) sum += re[i] * re[i] + im[i] * im[i];
    }
    return Math.min(1, sum);
  }

  collapse(qubit: number, outcome: 0 | 1): void {
    const one = this.probabilityOfOne(qubit);
    const scale = 1 / Math.sqrt(outcome === 1 ? one : 1 - one);
    const entries = this.#entries;
    let kept = 0;
    for (let i = 0; i < entries.count; i++) {
      if (this.#bit(i, qubit) !== outcome) continue;
      const start = i * this.#words;
      entries.keys.copyWithin(kept * this.#words, start, start + this.#words);
      entries.re[kept] = entries.re[i] * scale;
      entries.im[kept] = entries.im[i] * scale;
      kept++;
    }
    entries.count = kept;
  }

  distribution(
    qubits: readonly number[],
    countMax: number,
    watch: Watch = UNWATCHED,
  ): Distribution | null {
    const words = wordsFor(qubits.length);
    const table = new PackedTable(words);
    const { re, im, count } = this.#entries;
    const weights = new Float64Array(count);
    const outcome = new Uint32Array(words);
    inSlices(count, ENTRIES_BETWEEN_LOOKS, watch, (from, to) => {
      for (let i = from; i < to; i++) {
        outcome.fill(0);
        for (let k = 0; k < qubits.length; k++) {
          outcome[k >>> 5] |= this.#bit(i, qubits[k]) << (k & 31);
        }
        weights[table.add(outcome, 0)] += re[i] * re[i] + im[i] * im[i];
      }
    });
    return table.size > countMax ? null : distributionOf(table, weights);
  }

  sample(qubits: readonly number[], shots: number, rng: Rng, watch: Watch = UNWATCHED): Outcomes {
    return drawOutcomes(this.distribution(qubits, Infinity, watch) as Distribution, shots, rng);
  }

  reduced(qubits: readonly number[]): ComplexMatrix {
    const size = 2 ** qubits.length;
    const { table, re, im } = this.#grouped({ targets: qubits, controls: [] });
    const result = zeros(size);
    for (let group = 0; group < table.size; group++) {
      for (let r = 0; r < size; r++) {
        for (let c = 0; c < size; c++) {
          const [i, j] = [group * size + r, group * size + c];
          result.re[r * size + c] += re[i] * re[j] + im[i] * im[j];
          result.im[r * size + c] += im[i] * re[j] - re[i] * im[j];
        }
      }
    }
    return result;
  }

  #bit(entry: number, qubit: number): 0 | 1 {
    const word = this.#entries.keys[entry * this.#words + (qubit >>> 5)];
    return ((word >>> (qubit & 31)) & 1) as 0 | 1;
  }

  #scaleAll(c: number, s: number): void {
    const { re, im, count } = this.#entries;
    for (let i = 0; i < count; i++) {
      const kept = re[i];
      re[i] = c * kept - s * im[i];
      im[i] = s * kept + c * im[i];
    }
  }

  #isActive(entry: number, { controls }: Pick<GateAction, 'controls'>): boolean {
    for (const { qubit, value } of controls) if (this.#bit(entry, qubit) !== value) return false;
    return true;
  }

  #local(entry: number, targets: readonly number[]): number {
    let local = 0;
    for (let k = 0; k < targets.length; k++) local |= this.#bit(entry, targets[k]) << k;
    return local;
  }

  /** Different basis states stay different, so that each entry changes in its place. */
  #applyMonomial(action: GateAction, { rowOf, re, im, isDiagonal }: Monomial): void {
    const { targets } = action;
    const entries = this.#entries;
    for (let i = 0; i < entries.count; i++) {
      if (!this.#isActive(i, action)) continue;
      const local = this.#local(i, targets);
      const kept = entries.re[i];
      entries.re[i] = re[local] * kept - im[local] * entries.im[i];
      entries.im[i] = re[local] * entries.im[i] + im[local] * kept;
      if (isDiagonal) continue;
      const changed = local ^ rowOf[local];
      for (let k = 0; k < targets.length; k++) {
        const at = i * this.#words + (targets[k] >>> 5);
        entries.keys[at] ^= ((changed >>> k) & 1) << (targets[k] & 31);
      }
    }
  }

  #grouped(action: Pick<GateAction, 'targets' | 'controls'>): Groups {
    const { targets } = action;
    const size = 2 ** targets.length;
    const { keys, re, im, count } = this.#entries;
    const words = this.#words;
    const table = new PackedTable(words, count);
    const groupRe = new Float64Array(count * size);
    const groupIm = new Float64Array(count * size);
    const idle: number[] = [];
    const base = new Uint32Array(words);
    for (let i = 0; i < count; i++) {
      if (!this.#isActive(i, action)) {
        idle.push(i);
        continue;
      }
      for (let w = 0; w < words; w++) base[w] = keys[i * words + w];
      for (const qubit of targets) base[qubit >>> 5] &= ~(1 << (qubit & 31));
      const at = table.add(base, 0) * size + this.#local(i, targets);
      groupRe[at] = re[i];
      groupIm[at] = im[i];
    }
    return { table, re: groupRe, im: groupIm, idle };
  }

  #applyDense(action: GateAction, watch: Watch): void {
    const words = this.#words;
    const groups = this.#grouped(action);
    const old = this.#entries;
    const size = action.matrix.rows;
    const next = makeEntries(groups.idle.length + groups.table.size * size, words);
    for (const i of groups.idle) {
      for (let w = 0; w < words; w++) next.keys[next.count * words + w] = old.keys[i * words + w];
      next.re[next.count] = old.re[i];
      next.im[next.count] = old.im[i];
      next.count++;
    }
    for (let group = 0; group < groups.table.size; group++) {
      if (group % ENTRIES_BETWEEN_LOOKS === ENTRIES_BETWEEN_LOOKS - 1) throwIfCanceled(watch);
      for (let row = 0; row < size; row++) emit(next, words, groups, { group, row, action });
    }
    if (next.count > this.entriesMax) this.#refuse(next.count);
    this.#entries = next;
  }

  #refuse(count: number): never {
    const { qubits, entriesMax } = this;
    const bytesNeeded = count * sparseBytesEach(qubits);
    const bytesAvailable = entriesMax * sparseBytesEach(qubits);
    throw new OrchestratorError(
      'QUANTUM_TOO_LARGE',
      `a sparse state must have at most ${entriesMax} amplitudes to fit into ${bytesAvailable} bytes, got ${count}, which need ${bytesNeeded} bytes: try the mps method`,
      { qubits, entries: count, entriesMax, bytesNeeded, bytesAvailable },
    );
  }
}

/** Adds one row of a gate's product with a group, unless it is nothing. */
function emit(
  next: Entries,
  words: number,
  { table, re, im }: Groups,
  { group, row, action }: { group: number; row: number; action: GateAction },
): void {
  const { matrix, targets } = action;
  const size = matrix.rows;
  let sumRe = 0;
  let sumIm = 0;
  for (let c = 0; c < size; c++) {
    const mr = matrix.re[row * size + c];
    const mi = matrix.im[row * size + c];
    const at = group * size + c;
    sumRe += mr * re[at] - mi * im[at];
    sumIm += mr * im[at] + mi * re[at];
  }
  if (sumRe * sumRe + sumIm * sumIm < AMPLITUDE_MIN * AMPLITUDE_MIN) return;
  const start = next.count * words;
  for (let w = 0; w < words; w++) next.keys[start + w] = table.keys[group * words + w];
  for (let k = 0; k < targets.length; k++) {
    next.keys[start + (targets[k] >>> 5)] |= ((row >>> k) & 1) << (targets[k] & 31);
  }
  next.re[next.count] = sumRe;
  next.im[next.count] = sumIm;
  next.count++;
}

function makeEntries(capacity: number, words: number): Entries {
  return {
    keys: new Uint32Array(capacity * words),
    re: new Float64Array(capacity),
    im: new Float64Array(capacity),
    count: 0,
  };
}
