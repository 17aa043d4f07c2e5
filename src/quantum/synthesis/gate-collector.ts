import type { GateName } from '../circuit/gate-table.ts';
import type { GateOperation } from '../circuit/operation.ts';
import { H, INVERSE, quarterTurns, X, Y, Z, type LocalClifford } from './axis.ts';
import type { GateSink } from './gate-sink.ts';
import {
  CLIFFORD_QUATERNIONS,
  euler,
  multiply,
  ONE,
  rotation,
  type Quaternion,
} from './quaternion.ts';

/** A turn about less than this is left out: below the rounding of what follows. */
const TURN_MIN = 1e-15;

/** The Clifford after which an axis is `role`, Z or X. */
function bringing(axis: number, role: number): LocalClifford {
  if (axis === role) return 0;
  if (axis !== Y) return H;
  return role === Z ? quarterTurns(X, 1) : quarterTurns(Z, 3);
}

/** Rotations and controlled Paulis as gates `u`, `p` and `cx`, but for a global phase. */
export class GateCollector implements GateSink {
  readonly #gates: GateOperation[] = [];
  /** The one-qubit gates of each qubit since its last `cx`, as one. */
  readonly #pending: Quaternion[];

  /** Qubits are 0 to `qubits` − 1. */
  constructor(qubits: number) {
    this.#pending = new Array<Quaternion>(qubits).fill(ONE);
  }

  local(qubit: number, clifford: LocalClifford): void {
    this.#turn(qubit, CLIFFORD_QUATERNIONS[clifford]);
  }

  rotate(qubit: number, axis: number, angle: number): void {
    this.#turn(qubit, rotation(axis, angle));
  }

  controlledPauli(first: number, p: number, second: number, q: number): void {
    const frames: readonly (readonly [number, LocalClifford])[] = [
      [first, bringing(p, Z)],
      [second, bringing(q, X)],
    ];
    for (const [qubit, frame] of frames) {
      this.local(qubit, frame);
      this.#flush(qubit);
    }
    this.#push('cx', [], [first, second]);
    for (const [qubit, frame] of frames) this.local(qubit, INVERSE[frame]);
  }

  swap(first: number, second: number): void {
    const kept = this.#pending[first];
    this.#pending[first] = this.#pending[second];
    this.#pending[second] = kept;
    this.#push('swap', [], [first, second]);
  }

  /** All gates so far. */
  finish(): readonly GateOperation[] {
    for (let qubit = 0; qubit < this.#pending.length; qubit++) this.#flush(qubit);
    return this.#gates;
  }

  #turn(qubit: number, by: Quaternion): void {
    this.#pending[qubit] = multiply(by, this.#pending[qubit]);
  }

  #flush(qubit: number): void {
    const [w, x, y, z] = this.#pending[qubit];
    this.#pending[qubit] = ONE;
    if (Math.hypot(x, y, z) < TURN_MIN) return;
    const [lambda, theta, phi] = euler([w, x, y, z], Z, Y);
    if (theta === 0) this.#push('p', [lambda + phi], [qubit]);
    else this.#push('u', [theta, phi, lambda], [qubit]);
  }

  #push(name: GateName, params: readonly number[], qubits: readonly number[]): void {
    this.#gates.push({ kind: 'gate', name, params, qubits, controls: [] });
  }
}
