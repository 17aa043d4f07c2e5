/** Networks as operations of a basis. */
import type { GateOperation } from '../circuit/operation.ts';
import { isEighth } from './angle.ts';
import {
  followedBy,
  IMAGE,
  INVERSE,
  LOCAL_CLIFFORDS,
  NEGATIVE,
  quarterTurns,
  SDG,
  S,
  Z,
  type LocalClifford,
} from '../synthesis/axis.ts';
import type { BareGate, Basis, Entangler } from './basis.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import type { Network } from './network.ts';
import {
  CLIFFORD_QUATERNIONS,
  multiply,
  rotation,
  type Quaternion,
} from '../synthesis/quaternion.ts';

/** A way to bring a qubit's axis where an entangler wants it: gates now, a Clifford that is left for later. */
interface Alignment {
  readonly gates: readonly BareGate[];
  readonly rest: LocalClifford;
}

/** At 4·axis + role: the Cliffords whose inverse turns `role` into ± the axis. */
const ALIGNING: readonly (readonly LocalClifford[])[] = Array.from({ length: 16 }, (_, at) =>
  Array.from({ length: LOCAL_CLIFFORDS }, (__, c) => c).filter(
    (c) => (IMAGE[4 * c + (at >> 2)] & 3) === (at & 3),
  ),
);

class Emitter {
  readonly operations: GateOperation[] = [];
  readonly #basis: Basis;
  /** What each qubit has still to go through, before its run. */
  readonly #pending: Uint8Array;
  /** Turns since then, as one unitary; null where there are none. */
  readonly #runs: (Quaternion | null)[];

  constructor(qubits: number, basis: Basis) {
    this.#basis = basis;
    this.#pending = new Uint8Array(qubits);
    this.#runs = new Array<Quaternion | null>(qubits).fill(null);
  }

  rotate(qubit: number, axis: number, angle: number): void {
    const run = this.#runs[qubit];
    const turn = rotation(axis, angle);
    this.#runs[qubit] = run === null ? turn : multiply(turn, run);
  }

  /** A rotation by ±π/4 in gates h, s and t: it stays one T. Comes where the run is empty. */
  rotateByT(qubit: number, axis: number, angle: number): void {
    const aligned = this.#align(qubit, axis, Z);
    if (aligned === null) throw this.#basis.unreachable('a one-qubit Clifford');
    const { gates, rest } = aligned;
    this.#emit(qubit, gates);
    this.#pending[qubit] = rest;
    const isPlus = angle > 0 === ((IMAGE[4 * rest + axis] & NEGATIVE) === 0);
    const { hasTdg, names } = this.#basis;
    const hasSign = isPlus ? names.has('t') : hasTdg;
    this.#emit(qubit, [{ name: isPlus === hasSign ? 't' : 'tdg', params: [] }]);
    if (!hasSign) this.#pending[qubit] = followedBy(isPlus ? S : SDG, rest);
  }

  /** A rotation as a gate by itself, so that it can be found again. Comes where the run is empty. */
  rotateApart(qubit: number, axis: number, angle: number): void {
    const turned = IMAGE[4 * this.#pending[qubit] + axis];
    const direct = this.#basis.oneTurn(turned & 3, turned & NEGATIVE ? -angle : angle);
    if (direct !== null) {
      this.#emit(qubit, [direct]);
      return;
    }
    const aligned = this.#align(qubit, axis, Z);
    if (aligned === null) throw this.#basis.unreachable('a one-qubit Clifford');
    this.#emit(qubit, aligned.gates);
    this.#pending[qubit] = aligned.rest;
    const isMinus = (IMAGE[4 * aligned.rest + axis] & NEGATIVE) !== 0;
    const gates = this.#basis.oneQubit(rotation(Z, isMinus ? -angle : angle));
    if (gates === null) throw this.#basis.unreachable(`a rotation by ${angle} rad`);
    this.#emit(qubit, gates);
  }

  entangle(a: number, p: number, b: number, q: number): void {
    let best: { gate: Entangler; isTurned: boolean; onA: Alignment; onB: Alignment } | null = null;
    let bestCost = Infinity;
    for (const gate of this.#basis.entanglers) {
      for (const isTurned of gate.p === gate.q ? [false] : [false, true]) {
        const onA = this.#align(a, p, isTurned ? gate.q : gate.p);
        const onB = this.#align(b, q, isTurned ? gate.p : gate.q);
        if (onA === null || onB === null) continue;
        const cost = onA.gates.length + onB.gates.length;
        if (cost >= bestCost) continue;
        bestCost = cost;
        best = { gate, isTurned, onA, onB };
      }
    }
    if (best === null) throw this.#basis.unreachable('a two-qubit gate');
    const { gate, isTurned, onA, onB } = best;
    this.#emit(a, onA.gates);
    this.#emit(b, onB.gates);
    this.#runs[a] = null;
    this.#runs[b] = null;
    const [fixA, fixB] = isTurned ? [gate.fixB, gate.fixA] : [gate.fixA, gate.fixB];
    const [roleA, roleB] = isTurned ? [gate.q, gate.p] : [gate.p, gate.q];
    this.operations.push(operationOf(gate.gate, isTurned ? [b, a] : [a, b]));
    // A minus on one side is the Pauli of the other side.
    const minusA = (IMAGE[4 * onA.rest + p] & NEGATIVE) !== 0;
    const minusB = (IMAGE[4 * onB.rest + q] & NEGATIVE) !== 0;
    const pauliA = minusB ? quarterTurns(roleA, 2) : 0;
    const pauliB = minusA ? quarterTurns(roleB, 2) : 0;
    this.#pending[a] = followedBy(followedBy(fixA, pauliA), onA.rest);
    this.#pending[b] = followedBy(followedBy(fixB, pauliB), onB.rest);
  }

  /** Emits all that is left of a qubit, then a last Clifford. */
  finish(qubit: number, last: LocalClifford): void {
    const run = this.#runs[qubit];
    const pending = CLIFFORD_QUATERNIONS[this.#pending[qubit]];
    const gates =
      run === null
        ? this.#basis.clifford(followedBy(this.#pending[qubit], last))
        : this.#basis.oneQubit(multiply(CLIFFORD_QUATERNIONS[last], multiply(run, pending)));
    if (gates === null) throw this.#basis.unreachable('a one-qubit gate');
    this.#emit(qubit, gates);
  }

  #emit(qubit: number, gates: readonly BareGate[]): void {
    for (const gate of gates) this.operations.push(operationOf(gate, [qubit]));
  }

  /** The cheapest gates after which what is left turns `role` into ± the axis. */
  #align(qubit: number, axis: number, role: number): Alignment | null {
    const pending = this.#pending[qubit];
    const run = this.#runs[qubit];
    if (run === null && (IMAGE[4 * pending + axis] & 3) === role)
      return { gates: [], rest: pending };
    let best: Alignment | null = null;
    const start = run === null ? null : multiply(run, CLIFFORD_QUATERNIONS[pending]);
    for (const rest of ALIGNING[4 * axis + role]) {
      const undo = INVERSE[rest];
      const gates =
        start === null
          ? this.#basis.clifford(followedBy(pending, undo))
          : this.#basis.oneQubit(multiply(CLIFFORD_QUATERNIONS[undo], start));
      if (gates === null) continue;
      if (best === null || gates.length < best.gates.length) best = { gates, rest };
      if (gates.length === 0) break;
    }
    return best;
  }
}

function operationOf({ name, params }: BareGate, qubits: readonly number[]): GateOperation {
  return { kind: 'gate', name, params, qubits, controls: [] };
}

/** 1 for gates that are to be emitted as T: alone or among others of their kind, between entanglers. */
function markedAsT(network: Network, basis: Basis, look: Look): Uint8Array {
  const { a, b, angle, length, qubits } = network;
  const marked = new Uint8Array(length);
  if (!basis.hasT) return marked;
  const start: number[][] = Array.from({ length: qubits }, () => []);
  const close = (k: number): void => {
    if (start[k].every((i) => isEighth(angle[i]))) for (const i of start[k]) marked[i] = 1;
    else if (!basis.isContinuous) {
      const odd = start[k].find((i) => !isEighth(angle[i])) ?? 0;
      throw basis.unreachable(`a rotation by ${angle[odd]} rad`);
    }
    start[k] = [];
  };
  for (let i = 0; i < length; i++) {
    lookEvery(i, look);
    if (b[i] < 0) start[a[i]].push(i);
    else {
      close(a[i]);
      close(b[i]);
    }
  }
  for (let k = 0; k < qubits; k++) close(k);
  return marked;
}

/** How one-qubit turns are made: runs of them as one, or each by itself. */
export type TurnStyle = 'merged' | 'apart';

/**
 * The operations of a network in a basis, without its final permutation.
 *
 * @throws OrchestratorError QUANTUM_BASIS_UNREACHABLE
 */
export function emit(
  network: Network,
  basis: Basis,
  turns: TurnStyle = 'merged',
  look: Look = NO_LOOK,
): GateOperation[] {
  const { a, b, p, q, angle, length, frames, qubits } = network;
  const emitter = new Emitter(qubits, basis);
  const isT = markedAsT(network, basis, look);
  for (let i = 0; i < length; i++) {
    lookEvery(i, look);
    if (b[i] >= 0) emitter.entangle(a[i], p[i], b[i], q[i]);
    else if (isT[i] === 1) emitter.rotateByT(a[i], p[i], angle[i]);
    else if (turns === 'apart') emitter.rotateApart(a[i], p[i], angle[i]);
    else emitter.rotate(a[i], p[i], angle[i]);
  }
  for (let k = 0; k < qubits; k++) emitter.finish(k, frames[k]);
  return emitter.operations;
}
