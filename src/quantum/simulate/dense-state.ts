import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import type { KernelTeam } from '../kernels/kernel-team.ts';
import type { Kernels, Precision } from '../kernels/kernels.ts';
import type { KernelStage } from '../kernels/stage.ts';
import { chunkBitsFor } from '../kernels/twin-measures.ts';
import { BLOCK_BITS } from '../kernels/wasm-arena.ts';
import { inSlices, throwIfCanceled, UNWATCHED, type Watch } from '../watch.ts';
import { denseBytes, requireFits } from './dense-bytes.ts';
import { openKernels, type KernelChoice } from './dense-memory.ts';
import { planDense } from './dense-plan.ts';
import { distribution, IndexMap } from './dense-readout.ts';
import { sampleIndices } from './dense-sample.ts';
import type { BlockPlan } from './dense-stages.ts';
import type { UnitaryPart } from '../circuit/operation.ts';
import type { Outcomes, SimulatedState } from './simulated-state.ts';

export interface DenseOptions {
  /** Default `f64`. */
  readonly precision?: Precision;
  /** Threads to share the work with, from 16 qubits up. */
  readonly team?: KernelTeam;
  /** Most bytes the amplitudes may take, those of copies among them; default what one 32-bit memory holds for each. */
  readonly bytesMax?: number;
  /** Default `fastest`; `twin` keeps to the kernels in TypeScript, which are what others are tested against. */
  readonly kernels?: 'fastest' | 'twin';
}

/** Vectors of f32 hold the amplitudes of two qubits; a smaller state has idle ones beside its own. */
const PHYSICAL_QUBITS_MIN = 2;
/** Below, the tables that merge phases cost more than the arithmetic that they save. */
const SPLIT_QUBITS_MIN = 12;
/** Operations planned at once. */
const BATCH = 4096;
/** Amplitudes that are read or copied between two looks at the watch: about a millisecond. */
const READ_PER_LOOK = 2 ** 16;
/** Bytes of a state up to which all of it stays in a cache, so that blocks need no gathering. */
const CACHED_BYTES_MAX = 2 ** 24;
/** Lowest qubits of gathered blocks: runs of neighbouring amplitudes that are fast to copy. */
const GATHERED_LOW_BITS: Readonly<Record<Precision, number>> = { f64: 9, f32: 10 };

/**
 * All 2^qubits amplitudes of a state.
 *
 * Qubits move between places as swaps rename them; the memory is free once the state is dropped. A run
 * that was canceled, or failed, leaves the amplitudes undefined.
 */
export class DenseState implements SimulatedState {
  readonly qubits: number;
  readonly precision: Precision;
  readonly #choice: KernelChoice;
  readonly #kernels: Kernels;
  /** The physical qubit of each logical one. */
  #placeOf: readonly number[];
  /** Whether nothing has been done to |0…0⟩ yet. */
  #isFresh = true;
  /** What all amplitudes are yet to be multiplied by. */
  #factor: readonly [re: number, im: number] = [1, 0];

  readonly #bytesMax: number;

  private constructor(qubits: number, choice: KernelChoice, bytesMax: number) {
    requireFits(qubits, choice.precision, bytesMax);
    this.qubits = qubits;
    this.#bytesMax = bytesMax;
    this.precision = choice.precision;
    this.#choice = choice;
    this.#kernels = openKernels(Math.max(qubits, PHYSICAL_QUBITS_MIN), choice);
    this.#kernels.amplitudes.re[0] = 1;
    this.#placeOf = Array.from({ length: qubits }, (_, qubit) => qubit);
  }

  /**
   * |0…0⟩.
   *
   * @throws OrchestratorError QUANTUM_TOO_LARGE before anything is allocated, QUANTUM_OUT_OF_MEMORY
   */
  static create(qubits: number, options: DenseOptions = {}): DenseState {
    const { kernels = 'fastest', precision = 'f64', team = null } = options;
    return new DenseState(qubits, { precision, team, kernels }, options.bytesMax ?? Infinity);
  }

  /** Which kernels do the work, and on how many threads. */
  get engine(): { readonly kernels: 'wasm' | 'twin'; readonly threads: number } {
    return { kernels: this.#kernels.name, threads: this.#kernels.threads };
  }

  /** Matrices need not be unitary: what they do to the norm is kept. */
  applyAll(operations: readonly UnitaryPart[], watch: Watch): void {
    for (let begin = 0; begin < operations.length; begin += BATCH) {
      throwIfCanceled(watch);
      const batch = operations.slice(begin, begin + BATCH);
      const plan = planDense(batch, this.#placeOf, this.#blocks(), turnOf(watch));
      const share = batch.length / operations.length;
      const before = begin / operations.length;
      this.#run(plan.stages, watch, (fraction) => watch.progress(before + share * fraction));
      this.#placeOf = plan.placeOf;
      this.#multiplyFactor(plan.factor);
    }
  }

  probabilityOfOne(qubit: number, watch: Watch = UNWATCHED): number {
    const [zero, one] = this.#weightsOf(qubit, watch);
    // Rounding, and in f32 more of it, leaves the norm a little off 1.
    return one / (zero + one);
  }

  collapse(qubit: number, outcome: 0 | 1, watch: Watch = UNWATCHED): void {
    const kept = this.#weightsOf(qubit, watch)[outcome];
    invariant(kept > 0, 'an outcome to collapse to has a probability above zero');
    const controlMask = 1 << this.#placeOf[qubit];
    const [keep, drop] = outcome === 1 ? [controlMask, 0] : [0, controlMask];
    const re = 1 / Math.sqrt(kept);
    const steps: KernelStage['steps'] = [
      { kind: 'scale', controlMask, controlValue: keep, re, im: 0 },
      { kind: 'scale', controlMask, controlValue: drop, re: 0, im: 0 },
    ];
    const lowBits = this.#kernels.amplitudes.qubits;
    this.#run(
      steps.map((step) => ({ steps: [step], lowBits, highMask: 0 })),
      watch,
      () => undefined,
    );
  }

  sample(qubits: readonly number[], shots: number, rng: Rng, watch: Watch = UNWATCHED): Outcomes {
    const places = qubits.map((qubit) => this.#placeOf[qubit]);
    return sampleIndices(this.#kernels, places, shots, { rng, watch });
  }

  /** The amplitudes of some basis states, by their numbers. */
  amplitudesAt(states: ArrayLike<number>): { re: Float64Array; im: Float64Array } {
    const { im, re } = this.#kernels.amplitudes;
    const map = new IndexMap(this.#placeOf);
    const result = { re: new Float64Array(states.length), im: new Float64Array(states.length) };
    const [fr, fi] = this.#factor;
    for (let k = 0; k < states.length; k++) {
      const at = map.physical(states[k]);
      result.re[k] = fr * re[at] - fi * im[at];
      result.im[k] = fr * im[at] + fi * re[at];
    }
    return result;
  }

  /** Copies of all amplitudes, each at its basis state's number. */
  amplitudes(watch: Watch = UNWATCHED): { re: Float64Array; im: Float64Array } {
    const { im, re } = this.#kernels.amplitudes;
    const map = new IndexMap(this.#placeOf);
    const size = 2 ** this.qubits;
    const result = { re: new Float64Array(size), im: new Float64Array(size) };
    const [fr, fi] = this.#factor;
    inSlices(size, READ_PER_LOOK, watch, (from, to) => {
      for (let k = from; k < to; k++) {
        const at = map.physical(k);
        result.re[k] = fr * re[at] - fi * im[at];
        result.im[k] = fr * im[at] + fi * re[at];
      }
    });
    return result;
  }

  /** Born distribution of these qubits, the first of them lowest; of all where none are named. */
  probabilities(qubits?: readonly number[], watch: Watch = UNWATCHED): Float64Array {
    const places = qubits?.map((qubit) => this.#placeOf[qubit]) ?? this.#placeOf;
    return distribution(this.#kernels.amplitudes, places, watch);
  }

  /** The square root of the sum of all probabilities: 1 but for rounding, if all matrices were unitary. */
  norm(watch: Watch = UNWATCHED): number {
    const controls = { controlMask: 0, controlValue: 0 };
    return Math.sqrt(total(this.#kernels.weights(controls, turnOf(watch)).sums));
  }

  /**
   * Expectation of a product of Pauli matrices, one letter of `IXYZ` for each of `qubits`.
   *
   * One pass over the amplitudes.
   */
  expectationPauli(letters: string, qubits: readonly number[], watch: Watch = UNWATCHED): number {
    invariant(letters.length === qubits.length, 'there is one letter for each qubit');
    let x = 0;
    let z = 0;
    let ys = 0;
    for (const [k, qubit] of qubits.entries()) {
      const bit = 1 << this.#placeOf[qubit];
      const letter = letters[k];
      invariant('IXYZ'.includes(letter), 'letters are of IXYZ');
      if (letter === 'X' || letter === 'Y') x |= bit;
      if (letter === 'Z' || letter === 'Y') z |= bit;
      if (letter === 'Y') ys++;
    }
    const [re, im] = this.#kernels.pauli(x, z, turnOf(watch));
    // Each Y is i·X·Z; the sum is of X·Z.
    return [re, -im, -re, im][ys % 4];
  }

  /**
   * Another state with the same amplitudes. Both together must fit into what this one might have taken.
   *
   * @throws OrchestratorError as {@link DenseState.create}, and QUANTUM_CANCELED
   */
  copy(watch: Watch = UNWATCHED): DenseState {
    const bytesLeft = this.#bytesMax - denseBytes(this.qubits, this.precision);
    const copy = new DenseState(this.qubits, this.#choice, bytesLeft);
    const [from, to] = [this.#kernels.amplitudes, copy.#kernels.amplitudes];
    const length = this.#isFresh ? 0 : from.re.length;
    inSlices(length, READ_PER_LOOK, watch, (begin, end) => {
      to.re.set(from.re.subarray(begin, end), begin);
      to.im.set(from.im.subarray(begin, end), begin);
    });
    copy.#isFresh = this.#isFresh;
    copy.#placeOf = this.#placeOf;
    copy.#factor = this.#factor;
    return copy;
  }

  /** Σ |a|² of the amplitudes with 0, and of those with 1, at a qubit. */
  #weightsOf(qubit: number, watch: Watch): readonly [zero: number, one: number] {
    const turn = turnOf(watch);
    const bit = 1 << this.#placeOf[qubit];
    if (this.#placeOf[qubit] < chunkBitsFor(this.#kernels.amplitudes.qubits)) {
      // Not as a difference: the smaller of them would be all rounding.
      const zeros = this.#kernels.weights({ controlMask: bit, controlValue: 0 }, turn);
      const ones = this.#kernels.weights({ controlMask: bit, controlValue: bit }, turn);
      return [total(zeros.sums), total(ones.sums)];
    }
    const { chunkBits, sums } = this.#kernels.weights({ controlMask: 0, controlValue: 0 }, turn);
    const weights: [number, number] = [0, 0];
    for (let chunk = 0; chunk < sums.length; chunk++) {
      weights[(chunk * 2 ** chunkBits) & bit ? 1 : 0] += sums[chunk];
    }
    return weights;
  }

  #multiplyFactor([re, im]: readonly [number, number]): void {
    const [fr, fi] = this.#factor;
    const x = fr * re - fi * im;
    const y = fr * im + fi * re;
    const length = Math.hypot(x, y);
    this.#factor = [x / length, y / length];
  }

  #run(stages: readonly KernelStage[], watch: Watch, progress: (fraction: number) => void): void {
    let reported = 0;
    if (this.#isFresh && stages.length > 0) {
      this.#kernels.touch(turnOf(watch));
      this.#kernels.amplitudes.re[0] = 1;
      this.#isFresh = false;
    }
    this.#kernels.run(stages, (stagesDone) => {
      throwIfCanceled(watch);
      if (stagesDone === reported) return;
      reported = stagesDone;
      progress(stagesDone / stages.length);
    });
    progress(1);
  }

  #blocks(): BlockPlan & { readonly splits: boolean } {
    const { qubits } = this.#kernels.amplitudes;
    const { threads } = this.#kernels;
    // Several blocks for each thread, so that all have work until the end.
    const shared = threads > 1 ? qubits - Math.ceil(Math.log2(threads)) - 1 : qubits;
    const blockBits = Math.min(BLOCK_BITS[this.precision], shared);
    // Threads wait for each other after every stage, and gathering makes stages few.
    const isInPlace = threads === 1 && denseBytes(qubits, this.precision) <= CACHED_BYTES_MAX;
    const lowBits = isInPlace ? blockBits : GATHERED_LOW_BITS[this.precision];
    return { qubits, blockBits, lowBits, splits: qubits >= SPLIT_QUBITS_MIN };
  }
}

function turnOf(watch: Watch): () => void {
  return () => throwIfCanceled(watch);
}

function total(sums: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < sums.length; k++) sum += sums[k];
  return sum;
}

export { denseBytes };
