/**
 * A density matrix ρ of n qubits as 4^n numbers: entry (r, c) at r + 2^n·c.
 *
 * A gate U acts with U on the low n bits and with its conjugate on the high ones; a channel as the one
 * matrix ΣK⊗K* on both. Born's rule reads the diagonal.
 */
import { OrchestratorError } from '../../../base/errors.ts';
import type { Rng } from '../../../base/rng.ts';
import { matrix as matrixOf, zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import type { KernelTeam } from '../../kernels/kernel-team.ts';
import { superoperator } from '../../states/channel.ts';
import type { Kraus } from '../../states/kraus.ts';
import { UNWATCHED, type Watch } from '../../watch.ts';
import { DenseState } from '../dense-state.ts';
import { distributionOfWeights } from '../distribution-of-weights.ts';
import { drawMultinomial } from '../../states/draw-binomial.ts';
import type { Distribution, ExactState } from '../exact-state.ts';
import { gateAction, type GateAction } from '../gate-action.ts';
import type { UnitaryPart } from '../../circuit/operation.ts';
import type { Outcomes } from '../simulated-state.ts';

/** Most qubits: 1 GiB. */
export const DENSITY_QUBITS_MAX = 13;

/** Bytes of a density matrix. */
export function densityBytes(qubits: number): number {
  return 16 * 4 ** qubits;
}

export interface DensityOptions {
  /** Threads to share the work with. */
  readonly team?: KernelTeam;
  /** Most bytes the matrix may take; default those of 13 qubits. */
  readonly bytesMax?: number;
}

/** To |0⟩, whatever was. */
const RESET: Kraus = {
  name: 'reset',
  qubits: 1,
  operators: [
    matrixOf([
      [1, 0],
      [0, 0],
    ]),
    matrixOf([
      [0, 1],
      [0, 0],
    ]),
  ],
};

const known = new WeakMap<Kraus, ComplexMatrix>();

/** ΣK⊗K*, made once for each channel: bits of the column's index below, those of the row's above. */
function superoperatorOf(channel: Kraus): ComplexMatrix {
  let found = known.get(channel);
  if (found === undefined) {
    found = superoperator(channel);
    known.set(channel, found);
  }
  return found;
}

/** Operations that are collected before they are applied together, so that they can be fused. */
const PENDING_MAX = 512;

/** A mixed state of at most 13 qubits. */
export class DensityState implements ExactState {
  readonly qubits: number;
  /** ρ as a state of twice the qubits, rows on the low ones. Its norm means nothing. */
  readonly #rho: DenseState;
  #pending: UnitaryPart[] = [];
  /** The diagonal while nothing has changed. */
  #diagonal: Float64Array | null = null;

  private constructor(qubits: number, rho: DenseState) {
    this.qubits = qubits;
    this.#rho = rho;
  }

  /**
   * |0…0⟩⟨0…0|.
   *
   * @throws OrchestratorError QUANTUM_TOO_LARGE before anything is allocated
   */
  static create(qubits: number, { bytesMax, team }: DensityOptions = {}): DensityState {
    const bytesAvailable = Math.min(bytesMax ?? Infinity, densityBytes(DENSITY_QUBITS_MAX));
    const bytesNeeded = densityBytes(qubits);
    if (bytesNeeded > bytesAvailable) {
      const qubitsFitting = Math.max(0, Math.floor(Math.log2(bytesAvailable / 16) / 2));
      throw new OrchestratorError(
        'QUANTUM_TOO_LARGE',
        `a density matrix must have at most ${qubitsFitting} qubits to fit into ${bytesAvailable} bytes, got ${qubits} qubits, which need ${bytesNeeded} bytes: the dense method samples noise with less`,
        { qubits, bytesNeeded, bytesAvailable, qubitsFitting },
      );
    }
    const options = team === undefined ? {} : { team };
    const rho = DenseState.create(2 * qubits, { bytesMax: bytesMax ?? Infinity, ...options });
    return new DensityState(qubits, rho);
  }

  copy(watch: Watch = UNWATCHED): DensityState {
    this.#flush(watch);
    return new DensityState(this.qubits, this.#rho.copy(watch));
  }

  applyAll(operations: readonly UnitaryPart[], watch: Watch): void {
    for (const operation of operations) {
      if (operation.kind === 'global-phase') continue;
      this.#push(operation, watch);
      this.#push(this.#onColumns(gateAction(operation)), watch);
    }
  }

  /** The conjugate of a gate, on the bits of the column's index. */
  #onColumns({ matrix, targets, controls }: GateAction): UnitaryPart {
    const n = this.qubits;
    return {
      kind: 'unitary',
      matrix: { ...matrix, im: matrix.im.map((entry) => -entry) },
      qubits: targets.map((qubit) => qubit + n),
      controls: controls.map(({ qubit, value }) => ({ qubit: qubit + n, value })),
      label: '',
    };
  }

  #push(operation: UnitaryPart, watch: Watch): void {
    this.#diagonal = null;
    this.#pending.push(operation);
    if (this.#pending.length >= PENDING_MAX) this.#flush(watch);
  }

  #pushMatrix(matrix: ComplexMatrix, qubits: readonly number[], watch: Watch): void {
    const both = [...qubits.map((qubit) => qubit + this.qubits), ...qubits];
    this.#push({ kind: 'unitary', matrix, qubits: both, controls: [], label: '' }, watch);
  }

  #flush(watch: Watch): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length > 0) this.#rho.applyAll(pending, watch);
  }

  applyChannel(channel: Kraus, qubits: readonly number[], watch: Watch): void {
    this.#pushMatrix(superoperatorOf(channel), qubits, watch);
  }

  reset(qubit: number): void {
    this.#pushMatrix(superoperatorOf(RESET), [qubit], UNWATCHED);
  }

  probabilityOfOne(qubit: number, watch: Watch = UNWATCHED): number {
    let sum = 0;
    for (const [i, p] of this.diagonal(watch).entries()) if ((i >>> qubit) & 1) sum += p;
    return Math.min(1, sum);
  }

  collapse(qubit: number, outcome: 0 | 1, watch: Watch = UNWATCHED): void {
    const one = this.probabilityOfOne(qubit, watch);
    const matrix = zeros(4);
    const kept = outcome === 1 ? 3 : 0;
    matrix.re[5 * kept] = 1 / (outcome === 1 ? one : 1 - one);
    this.#pushMatrix(matrix, [qubit], watch);
  }

  /** Born distribution of all qubits; do not change it. */
  diagonal(watch: Watch = UNWATCHED): Float64Array {
    if (this.#diagonal !== null) return this.#diagonal;
    this.#flush(watch);
    const size = 2 ** this.qubits;
    const places = Uint32Array.from({ length: size }, (_, i) => i * (size + 1));
    this.#diagonal = this.#rho.amplitudesAt(places).re.map((p) => Math.max(0, p));
    return this.#diagonal;
  }

  distribution(qubits: readonly number[], countMax: number, watch: Watch): Distribution | null {
    return distributionOfWeights(this.#marginal(qubits, watch), countMax, watch);
  }

  sample(qubits: readonly number[], shots: number, rng: Rng, watch: Watch = UNWATCHED): Outcomes {
    const weights = this.#marginal(qubits, watch);
    const counts = new Float64Array(weights.length);
    drawMultinomial(weights, shots, rng, counts);
    const outcomes = new Map<bigint, number>();
    for (const [i, count] of counts.entries()) if (count > 0) outcomes.set(BigInt(i), count);
    return outcomes;
  }

  /** ρ as a matrix of 2^qubits rows. */
  toMatrix(watch: Watch = UNWATCHED): ComplexMatrix {
    const size = 2 ** this.qubits;
    this.#flush(watch);
    const { re, im } = this.#rho.amplitudes(watch);
    // Columns one after the other are rows of the transpose, which is the conjugate.
    for (let k = 0; k < im.length; k++) im[k] = -im[k];
    return { rows: size, columns: size, re, im };
  }

  #marginal(qubits: readonly number[], watch: Watch): Float64Array {
    const all = this.diagonal(watch);
    const weights = new Float64Array(2 ** qubits.length);
    for (let i = 0; i < all.length; i++) {
      let outcome = 0;
      for (let k = 0; k < qubits.length; k++) outcome |= ((i >>> qubits[k]) & 1) << k;
      weights[outcome] += all[i];
    }
    return weights;
  }
}
