/** Passes over a network that take it through a window of few qubits, piece by piece. */
import type { Rng } from '../../base/rng.ts';
import { NetworkBuilder } from './network-builder.ts';
import type { Network } from './network.ts';

/** What a window is and what is done with what it shows. */
export interface WindowPass {
  /** Qubits in a window, at least 2. */
  readonly width: number;
  /** Gates that a window may reach over. */
  readonly span: number;
  /** Something better for a piece, on the same qubits; null where there is nothing. */
  readonly improve: (piece: Network) => Network | null;
  /** Asked between windows; true leaves the rest as it is. */
  readonly isDue: () => boolean;
  /** Makes windows begin and grow differently; null for the same ones each time. */
  readonly rng: Rng | null;
}

/** Chance that a window of a random pass leaves out a qubit that it could take in, or begins later. */
const REFUSAL = 0.15;

class WindowSweep {
  readonly #network: Network;
  readonly #pass: WindowPass;
  readonly #builder: NetworkBuilder;
  /** The gate after each that is not yet done; `length` at the end. */
  readonly #next: Int32Array;
  #first = 0;
  /** Place in the window of each qubit, or −1. */
  readonly #placeOf: Int32Array;
  #qubits: number[] = [];
  /** Axes of gates that stay behind the window, as bits, for each qubit. */
  readonly #behind: Uint8Array;
  #touched: number[] = [];

  constructor(network: Network, pass: WindowPass) {
    this.#network = network;
    this.#pass = pass;
    this.#builder = new NetworkBuilder(network.qubits);
    this.#next = Int32Array.from({ length: network.length }, (_, i) => i + 1);
    this.#placeOf = new Int32Array(network.qubits).fill(-1);
    this.#behind = new Uint8Array(network.qubits);
  }

  run(): Network {
    const { length, b, qubits } = this.#network;
    const { rng, isDue } = this.#pass;
    while (this.#first < length) {
      const i = this.#first;
      const skips = b[i] < 0 || (rng !== null && rng.unit() < REFUSAL);
      if (skips || isDue()) {
        this.#push(i);
        this.#first = this.#next[i];
      } else this.#window(i);
    }
    // What the network ends with, on an empty one.
    const identity = Int32Array.from({ length: qubits }, (_, k) => k);
    this.#builder.append({ ...this.#network, length: 0 }, identity);
    return this.#builder.build();
  }

  #push(i: number): void {
    const { a, b, p, q, angle } = this.#network;
    if (b[i] < 0) this.#builder.rotate(a[i], p[i], angle[i]);
    else this.#builder.controlledPauli(a[i], p[i], b[i], q[i]);
  }

  /** Gathers a window that begins with gate `start`, and pushes what becomes of it. */
  #window(start: number): void {
    const { inside, before } = this.#gather(start);
    for (const i of before) this.#push(i);
    const piece = this.#pieceOf(inside);
    const better = inside.length > 1 ? this.#pass.improve(piece) : null;
    if (better === null) for (const i of inside) this.#push(i);
    else this.#builder.append(better, this.#qubits);
    this.#unlink([...inside, ...before]);
    for (const qubit of this.#qubits) this.#placeOf[qubit] = -1;
    for (const qubit of this.#touched) this.#behind[qubit] = 0;
    this.#qubits = [];
    this.#touched = [];
  }

  #gather(start: number): { readonly inside: number[]; readonly before: number[] } {
    const { length } = this.#network;
    const inside: number[] = [];
    const outside: number[] = [];
    let i = start;
    let beforeCount = 0;
    for (let step = 0; step < this.#pass.span && i < length; step++, i = this.#next[i]) {
      if (!this.#isFree(i)) this.#leaveBehind(i);
      else if (this.#takesIn(i)) {
        inside.push(i);
        beforeCount = outside.length;
      } else if (this.#meetsWindow(i)) this.#leaveBehind(i);
      else outside.push(i);
      if (this.#isClosed()) break;
    }
    return { inside, before: outside.slice(0, beforeCount) };
  }

  /** Whether a gate commutes with all that stays behind. */
  #isFree(i: number): boolean {
    const { a, b, p, q } = this.#network;
    const behind = this.#behind;
    if ((behind[a[i]] & ~(1 << p[i])) !== 0) return false;
    return b[i] < 0 || (behind[b[i]] & ~(1 << q[i])) === 0;
  }

  #leaveBehind(i: number): void {
    const { a, b, p, q } = this.#network;
    this.#behind[a[i]] |= 1 << p[i];
    this.#touched.push(a[i]);
    if (b[i] < 0) return;
    this.#behind[b[i]] |= 1 << q[i];
    this.#touched.push(b[i]);
  }

  #meetsWindow(i: number): boolean {
    const { a, b } = this.#network;
    return this.#placeOf[a[i]] >= 0 || (b[i] >= 0 && this.#placeOf[b[i]] >= 0);
  }

  /** Takes a gate into the window, with new qubits where there is room. */
  #takesIn(i: number): boolean {
    const { a, b } = this.#network;
    const { width, rng } = this.#pass;
    const isEmpty = this.#qubits.length === 0;
    if (!isEmpty && !this.#meetsWindow(i)) return false;
    const wanted = [a[i], b[i]].filter((qubit) => qubit >= 0 && this.#placeOf[qubit] < 0);
    if (wanted.length === 0) return true;
    if (this.#qubits.length + wanted.length > width) return false;
    if (!isEmpty && rng !== null && rng.unit() < REFUSAL) return false;
    for (const qubit of wanted) {
      this.#placeOf[qubit] = this.#qubits.length;
      this.#qubits.push(qubit);
    }
    return true;
  }

  /** Whether no further gate can come in. */
  #isClosed(): boolean {
    if (this.#qubits.length < this.#pass.width) return false;
    return this.#qubits.every((qubit) => {
      const axes = this.#behind[qubit];
      return (axes & (axes - 1)) !== 0;
    });
  }

  #pieceOf(inside: readonly number[]): Network {
    const { a, b, p, q, angle } = this.#network;
    const width = this.#qubits.length;
    const placeOf = this.#placeOf;
    const length = inside.length;
    const piece = {
      qubits: width,
      length,
      a: new Int32Array(length),
      b: new Int32Array(length),
      p: new Uint8Array(length),
      q: new Uint8Array(length),
      angle: new Float64Array(length),
      frames: new Uint8Array(width),
      wires: new Int32Array(width),
    };
    for (let k = 0; k < width; k++) piece.wires[k] = k;
    for (let n = 0; n < length; n++) {
      const i = inside[n];
      piece.a[n] = placeOf[a[i]];
      piece.b[n] = b[i] < 0 ? -1 : placeOf[b[i]];
      piece.p[n] = p[i];
      piece.q[n] = q[i];
      piece.angle[n] = angle[i];
    }
    return piece;
  }

  /** Takes gates out of the list of those to come. */
  #unlink(done: readonly number[]): void {
    const gone = new Set(done);
    const { length } = this.#network;
    while (this.#first < length && gone.delete(this.#first)) this.#first = this.#next[this.#first];
    let i = this.#first;
    while (gone.size > 0 && i < length) {
      const next = this.#next[i];
      if (gone.delete(next)) this.#next[i] = this.#next[next];
      else i = next;
    }
  }
}

/** One sweep of a window over a network, from its beginning to its end. */
export function sweepWindows(network: Network, pass: WindowPass): Network {
  return new WindowSweep(network, pass).run();
}
