import { invariant } from '../../base/invariant.ts';
import { splitAngle } from './angle.ts';
import {
  followedBy,
  HANDEDNESS,
  IMAGE,
  INVERSE,
  NEGATIVE,
  quarterTurns,
  type LocalClifford,
} from '../synthesis/axis.ts';
import type { GateSink } from '../synthesis/gate-sink.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import { select, type Network } from './network.ts';

const CAPACITY_MIN = 32;

/** Gates looked at when a partner to cancel with is sought. */
const LOOKBACK_MAX = 400;

function grown<A extends Int32Array | Uint8Array | Float64Array>(array: A, capacity: number): A {
  const larger = new (array.constructor as new (size: number) => A)(capacity);
  larger.set(array);
  return larger;
}

/**
 * Makes a network gate by gate, and on the way cancels and merges whatever can be commuted together.
 *
 * One-qubit Cliffords cost nothing: they are kept in a frame for each qubit and turn the axes of what
 * follows. Swaps are kept as names of wires. A gate costs time for the gates it commutes past, at most
 * a few hundred.
 */
export class NetworkBuilder implements GateSink {
  readonly isReversed: () => boolean = () => false;
  readonly #qubits: number;
  #length = 0;
  #a = new Int32Array(CAPACITY_MIN);
  #b = new Int32Array(CAPACITY_MIN);
  #p = new Uint8Array(CAPACITY_MIN);
  #q = new Uint8Array(CAPACITY_MIN);
  #angle = new Float64Array(CAPACITY_MIN);
  /** Neighbours on qubit a at 2i, on qubit b at 2i + 1; −1 for none. */
  #previous = new Int32Array(2 * CAPACITY_MIN);
  #next = new Int32Array(2 * CAPACITY_MIN);
  readonly #last: Int32Array;
  readonly #frames: Uint8Array;
  /** Inner qubit that an outer one is now. */
  readonly #inner: Int32Array;

  /** @param isReversed - chooses the way round of half turns under controls */
  constructor(qubits: number, isReversed: (() => boolean) | null = null) {
    if (isReversed !== null) this.isReversed = isReversed;
    this.#qubits = qubits;
    this.#last = new Int32Array(qubits).fill(-1);
    this.#frames = new Uint8Array(qubits);
    this.#inner = Int32Array.from({ length: qubits }, (_, k) => k);
  }

  /** A one-qubit Clifford. */
  local(qubit: number, clifford: LocalClifford): void {
    const k = this.#inner[qubit];
    this.#frames[k] = followedBy(this.#frames[k], clifford);
  }

  /** e^{−i·angle/2·P} */
  rotate(qubit: number, axis: number, angle: number): void {
    const k = this.#inner[qubit];
    const signed = IMAGE[4 * this.#frames[k] + axis];
    this.#rotateInner(k, signed & 3, signed & NEGATIVE ? -angle : angle);
  }

  /** ½(1 + P) + ½(1 − P)·Q */
  controlledPauli(first: number, p: number, second: number, q: number): void {
    const a = this.#inner[first];
    const b = this.#inner[second];
    const onA = IMAGE[4 * this.#frames[a] + p];
    const onB = IMAGE[4 * this.#frames[b] + q];
    // A minus on one side is the Pauli of the other side, which commutes with the gate.
    if (onA & NEGATIVE) this.#turnInner(b, onB & 3, 2);
    if (onB & NEGATIVE) this.#turnInner(a, onA & 3, 2);
    this.#entangleInner([a, onA & 3, b, onB & 3]);
  }

  swap(first: number, second: number): void {
    const kept = this.#inner[first];
    this.#inner[first] = this.#inner[second];
    this.#inner[second] = kept;
  }

  /** All of another network, as gates on the qubits `at` names. */
  append(network: Network, at?: ArrayLike<number>, look: Look = NO_LOOK): void {
    const { a, b, p, q, angle, length, frames, wires, qubits } = network;
    const onto = at ?? Int32Array.from({ length: qubits }, (_, k) => k);
    for (let i = 0; i < length; i++) {
      lookEvery(i, look);
      if (b[i] < 0) this.rotate(onto[a[i]], p[i], angle[i]);
      else this.controlledPauli(onto[a[i]], p[i], onto[b[i]], q[i]);
    }
    const moved: number[] = [];
    for (let k = 0; k < qubits; k++) {
      this.local(onto[k], frames[k]);
      moved.push(this.#inner[onto[k]]);
    }
    for (let k = 0; k < qubits; k++) this.#inner[onto[wires[k]]] = moved[k];
  }

  /** The network so far; the builder goes on from there. */
  build(): Network {
    const wires = new Int32Array(this.#qubits);
    for (let k = 0; k < this.#qubits; k++) wires[this.#inner[k]] = k;
    return select(
      {
        qubits: this.#qubits,
        length: this.#length,
        a: this.#a,
        b: this.#b,
        p: this.#p,
        q: this.#q,
        angle: this.#angle,
        frames: this.#frames.slice(),
        wires,
      },
      (i) => this.#a[i] >= 0,
    );
  }

  /** A quarter turn (or more) that stands after all inner gates. */
  #turnInner(k: number, axis: number, turns: number): void {
    this.#frames[k] = followedBy(quarterTurns(axis, turns), this.#frames[k]);
  }

  #rotateInner(k: number, axis: number, angle: number): void {
    const { quarters, rest } = splitAngle(angle);
    // What is a Clifford stands after the rotation, about the same axis.
    if (rest === 0) {
      this.#turnInner(k, axis, quarters);
      return;
    }
    const partner = this.#rotationBefore(k, axis);
    if (partner < 0) {
      this.#turnInner(k, axis, quarters);
      this.#push([k, axis, -1, 0], rest);
      return;
    }
    const sum = splitAngle(this.#angle[partner] + rest);
    this.#turnInner(k, axis, quarters + sum.quarters);
    if (sum.rest === 0) this.#remove(partner);
    else this.#angle[partner] = sum.rest;
  }

  /** The last rotation about this axis that nothing after it hinders, or −1. */
  #rotationBefore(k: number, axis: number): number {
    let i = this.#last[k];
    for (let step = 0; step < LOOKBACK_MAX && i >= 0; step++) {
      const onA = this.#a[i] === k;
      if ((onA ? this.#p[i] : this.#q[i]) !== axis) return -1;
      if (this.#b[i] < 0) return i;
      i = this.#previous[onA ? 2 * i : 2 * i + 1];
    }
    return -1;
  }

  #entangleInner(gate: readonly [a: number, p: number, b: number, q: number]): void {
    const [a, p, b, q] = gate;
    const partner = this.#entanglerBefore(gate);
    if (partner < 0) {
      this.#push(gate, 0);
      return;
    }
    const isAligned = this.#a[partner] === a;
    const p0 = isAligned ? this.#p[partner] : this.#q[partner];
    const q0 = isAligned ? this.#q[partner] : this.#p[partner];
    // P times P is 1; and P times (Q·Q₀ = ±i·R) is a controlled R where the partner stands, with a
    // quarter turn about P that commutes with all that follows.
    if (p0 === p && q0 === q) this.#remove(partner);
    else if (p0 === p) {
      this.#turnInner(a, p, HANDEDNESS[4 * q + q0] > 0 ? 1 : 3);
      (isAligned ? this.#q : this.#p)[partner] = q ^ q0;
    } else {
      this.#turnInner(b, q, HANDEDNESS[4 * p + p0] > 0 ? 1 : 3);
      (isAligned ? this.#p : this.#q)[partner] = p ^ p0;
    }
  }

  /** A gate on the same two qubits with one axis in common at least, that nothing after it hinders; or −1. */
  #entanglerBefore([a, p, b, q]: readonly [number, number, number, number]): number {
    let i = this.#last[a];
    let j = this.#last[b];
    for (let step = 0; step < LOOKBACK_MAX; step++) {
      const k = Math.max(i, j);
      if (k < 0) return -1;
      const axisA = k === i ? this.#axisOn(k, a) : p;
      const axisB = k === j ? this.#axisOn(k, b) : q;
      if (i === j) return axisA === p || axisB === q ? k : -1;
      if (axisA !== p || axisB !== q) return -1;
      if (k === i) i = this.#previous[this.#a[k] === a ? 2 * k : 2 * k + 1];
      else j = this.#previous[this.#a[k] === b ? 2 * k : 2 * k + 1];
    }
    return -1;
  }

  #axisOn(i: number, qubit: number): number {
    return this.#a[i] === qubit ? this.#p[i] : this.#q[i];
  }

  #push([a, p, b, q]: readonly [number, number, number, number], angle: number): void {
    const i = this.#length++;
    if (i === this.#a.length) this.#grow();
    this.#a[i] = a;
    this.#p[i] = p;
    this.#b[i] = b;
    this.#q[i] = q;
    this.#angle[i] = angle;
    this.#link(i, 0, a);
    if (b >= 0) this.#link(i, 1, b);
  }

  #grow(): void {
    const capacity = 2 * this.#a.length;
    this.#a = grown(this.#a, capacity);
    this.#b = grown(this.#b, capacity);
    this.#p = grown(this.#p, capacity);
    this.#q = grown(this.#q, capacity);
    this.#angle = grown(this.#angle, capacity);
    this.#previous = grown(this.#previous, 2 * capacity);
    this.#next = grown(this.#next, 2 * capacity);
  }

  /** Puts side 0 or 1 of a gate at the end of a qubit's chain. */
  #link(i: number, side: number, qubit: number): void {
    const before = this.#last[qubit];
    this.#previous[2 * i + side] = before;
    this.#next[2 * i + side] = -1;
    if (before >= 0) this.#next[2 * before + this.#sideOf(before, qubit)] = i;
    this.#last[qubit] = i;
  }

  #sideOf(i: number, qubit: number): number {
    return this.#a[i] === qubit ? 0 : 1;
  }

  #unlink(i: number, side: number, qubit: number): void {
    const before = this.#previous[2 * i + side];
    const after = this.#next[2 * i + side];
    if (before >= 0) this.#next[2 * before + this.#sideOf(before, qubit)] = after;
    if (after >= 0) this.#previous[2 * after + this.#sideOf(after, qubit)] = before;
    else this.#last[qubit] = before;
  }

  #remove(i: number): void {
    invariant(this.#a[i] >= 0, 'a gate is removed once');
    this.#unlink(i, 0, this.#a[i]);
    if (this.#b[i] >= 0) this.#unlink(i, 1, this.#b[i]);
    this.#a[i] = -1;
  }
}

/** The same circuit read through a builder: whatever cancels is gone. */
export function rebuilt(network: Network, look: Look = NO_LOOK): Network {
  const builder = new NetworkBuilder(network.qubits);
  builder.append(network, undefined, look);
  return builder.build();
}

/** The network that undoes another. */
export function inverted(network: Network, look: Look = NO_LOOK): Network {
  const { qubits, length, a, b, p, q, angle, frames, wires } = network;
  const builder = new NetworkBuilder(qubits);
  for (let k = 0; k < qubits; k++) builder.local(wires[k], INVERSE[frames[k]]);
  for (let i = length - 1; i >= 0; i--) {
    lookEvery(i, look);
    if (b[i] < 0) builder.rotate(wires[a[i]], p[i], -angle[i]);
    else builder.controlledPauli(wires[a[i]], p[i], wires[b[i]], q[i]);
  }
  const inner = builder.build();
  // Outer qubit wires[k] comes out as qubit k.
  const out = Int32Array.from(inner.wires, (wire) => wires.indexOf(wire));
  return { ...inner, wires: out };
}
