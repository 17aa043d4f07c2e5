import { OrchestratorError } from '../../../base/errors.ts';
import type { Rng } from '../../../base/rng.ts';
import type { GateOperation, UnitaryOperation, UnitaryPart } from '../../circuit/operation.ts';
import { throwIfCanceled, UNWATCHED, type Watch } from '../../watch.ts';
import type { Distribution, ExactState } from '../exact-state.ts';
import { OutcomeCounts } from '../outcome-counts.ts';
import type { Outcomes } from '../simulated-state.ts';
import { affineDistribution, affineOutcomes, drawAffine } from './affine-outcomes.ts';
import { CliffordRecognizer, cliffordQubits } from './clifford-action.ts';
import { wordsFor } from '../packed-table.ts';
import { PauliRows } from './pauli-rows.ts';
import type { PauliString } from './pauli-string.ts';
import { Tableau } from './tableau.ts';

/** Word operations between two looks at the watch, some two milliseconds. */
const WORK_BETWEEN_LOOKS = 1_000_000;

/** A state that Clifford gates made from |0…0⟩, without its global phase. */
export class StabilizerState implements ExactState {
  readonly qubits: number;
  readonly #tableau: Tableau;
  readonly #recognizer: CliffordRecognizer;

  private constructor(tableau: Tableau, recognizer: CliffordRecognizer) {
    this.qubits = tableau.qubits;
    this.#tableau = tableau;
    this.#recognizer = recognizer;
  }

  /** |0…0⟩. n²/2 bytes, rounded up. */
  static create(qubits: number): StabilizerState {
    return new StabilizerState(new Tableau(qubits), new CliffordRecognizer());
  }

  copy(): StabilizerState {
    return new StabilizerState(this.#tableau.copy(), this.#recognizer);
  }

  /** @throws OrchestratorError QUANTUM_NOT_CLIFFORD, naming the gate */
  applyAll(operations: readonly UnitaryPart[], watch: Watch): void {
    const lookEvery = Math.max(1, Math.floor(WORK_BETWEEN_LOOKS / (10 * this.#tableau.rows.words)));
    for (const [i, operation] of operations.entries()) {
      if (operation.kind !== 'global-phase') this.#apply(operation);
      if (i % lookEvery === lookEvery - 1) {
        throwIfCanceled(watch);
        watch.progress(i / operations.length);
      }
    }
  }

  #apply(operation: GateOperation | UnitaryOperation): void {
    if (operation.kind === 'gate' && operation.controls.length === 0) {
      const { name, qubits } = operation;
      if (this.#tableau.applyNamed(name, qubits[0], qubits[1])) return;
    }
    const action = this.#recognizer.recognize(operation);
    if (action === null) {
      const name = operation.kind === 'gate' ? operation.name : operation.label;
      throw new OrchestratorError(
        'QUANTUM_NOT_CLIFFORD',
        `gates of the stabilizer method must be Clifford, got ${name}`,
        { gate: name },
      );
    }
    this.#tableau.apply(action, cliffordQubits(operation));
  }

  probabilityOfOne(qubit: number): number {
    const outcome = this.#tableau.certainOutcome(qubit);
    return outcome < 0 ? 0.5 : outcome;
  }

  collapse(qubit: number, outcome: 0 | 1): void {
    if (this.#tableau.certainOutcome(qubit) < 0) this.#tableau.project(qubit, outcome);
  }

  sample(qubits: readonly number[], shots: number, rng: Rng, watch: Watch = UNWATCHED): Outcomes {
    const counts = new OutcomeCounts(qubits.length, Infinity);
    this.sampleInto(qubits, shots, { rng, counts, watch });
    return counts.toOutcomes();
  }

  /** Like `sample`, into counts of as many bits as there are qubits. */
  sampleInto(
    qubits: readonly number[],
    shots: number,
    into: { readonly rng: Rng; readonly counts: OutcomeCounts; readonly watch: Watch },
  ): void {
    drawAffine(affineOutcomes(this.#tableau, qubits, into.watch), shots, into);
  }

  distribution(
    qubits: readonly number[],
    countMax: number,
    watch: Watch = UNWATCHED,
  ): Distribution | null {
    const affine = affineOutcomes(this.#tableau, qubits, watch);
    return 2 ** affine.coins > countMax ? null : affineDistribution(affine, watch);
  }

  /** ⟨P⟩ of a Pauli string over all qubits: −1, 0 or 1. */
  expectation(pauli: PauliString): -1 | 0 | 1 {
    const row = this.#tableau.pulledBack(pauli);
    if (row.firstX(0) >= 0) return 0;
    return row.signs[0] === 1 ? -1 : 1;
  }

  /**
   * The generators of the state's stabilizer group in reduced row echelon form, X before Z and low
   * qubits first: equal for equal states. O(n³/16) word operations.
   */
  stabilizers(): readonly PauliString[] {
    const rows = this.#generators();
    let done = 0;
    for (let bit = 0; bit < 2 * this.qubits && done < this.qubits; bit++) {
      const q = bit % this.qubits;
      // Columns of Z are behind those of X, in whole words.
      const column = bit < this.qubits ? q : 32 * rows.words + q;
      let pivot = done;
      while (pivot < this.qubits && rows.xBit(pivot, column) === 0) pivot++;
      if (pivot === this.qubits) continue;
      if (pivot !== done) rows.swap(pivot, done);
      for (let row = 0; row < this.qubits; row++) {
        if (row !== done && rows.xBit(row, column) === 1) rows.multiply(row, rows, done, 0);
      }
      done++;
    }
    const { words } = rows;
    return Array.from({ length: this.qubits }, (_, row) => ({
      qubits: this.qubits,
      x: rows.bits.slice(2 * row * words, (2 * row + 1) * words),
      z: rows.bits.slice((2 * row + 1) * words, (2 * row + 2) * words),
      isNegative: rows.signs[row] === 1,
    }));
  }

  /** UZ_kU† for every k: who anticommutes with whom says the letters, pulling back says the sign. */
  #generators(): PauliRows {
    const { rows } = this.#tableau;
    const words = wordsFor(this.qubits);
    const result = new PauliRows(this.qubits, words);
    for (let q = 0; q < this.qubits; q++) {
      for (let k = 0; k < this.qubits; k++) {
        const at = 2 * k * words + (q >>> 5);
        result.bits[at] |= rows.xBit(this.qubits + q, k) << (q & 31);
        result.bits[at + words] |= rows.xBit(q, k) << (q & 31);
      }
    }
    for (let k = 0; k < this.qubits; k++) {
      const x = result.bits.subarray(2 * k * words, (2 * k + 1) * words);
      const z = result.bits.subarray((2 * k + 1) * words, (2 * k + 2) * words);
      const back = this.#tableau.pulledBack({ qubits: this.qubits, x, z, isNegative: false });
      result.signs[k] = back.signs[0];
    }
    return result;
  }
}
