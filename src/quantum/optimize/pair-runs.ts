/** What a routed circuit is going to need, counted while it is made. */

/** Any unitary of two qubits needs no more. */
const ENTANGLERS_MAX = 3;

/**
 * Entanglers that are left of gates and swaps once those beside each other on one pair are made as one.
 *
 * An estimate: gates of a pair are counted as if each were one entangler, and none undid another.
 */
export class PairRuns {
  /** The machine qubit that each last met, −1 before; they are in one run while both say so. */
  readonly #mate: Int32Array;
  /** Gates and swaps of that run, at the lower of its qubits. */
  readonly #gates: Int32Array;
  readonly #swaps: Int32Array;
  entanglers = 0;

  constructor(qubits: number) {
    this.#mate = new Int32Array(qubits).fill(-1);
    this.#gates = new Int32Array(qubits);
    this.#swaps = new Int32Array(qubits);
  }

  gate(a: number, b: number): void {
    const at = this.#runOf(a, b);
    this.entanglers -= this.#needs(at);
    this.#gates[at]++;
    this.entanglers += this.#needs(at);
  }

  swap(a: number, b: number): void {
    const at = this.#runOf(a, b);
    this.entanglers -= this.#needs(at);
    this.#swaps[at]++;
    this.entanglers += this.#needs(at);
  }

  #runOf(a: number, b: number): number {
    const at = Math.min(a, b);
    if (this.#mate[a] === b && this.#mate[b] === a) return at;
    this.#mate[a] = b;
    this.#mate[b] = a;
    this.#gates[at] = 0;
    this.#swaps[at] = 0;
    return at;
  }

  #needs(at: number): number {
    const gates = this.#gates[at];
    if (this.#swaps[at] % 2 === 0) return Math.min(gates, ENTANGLERS_MAX);
    // A swap beside one entangler is two of them.
    return gates === 1 ? 2 : ENTANGLERS_MAX;
  }
}
