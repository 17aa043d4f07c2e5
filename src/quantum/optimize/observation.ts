/**
 * What need not be computed, for it is never seen: where circuits begin in |0…0⟩ and end in measurements.
 *
 * Such rules keep every measured distribution, not the unitary.
 */
import { IMAGE, LOCAL_CLIFFORDS, PAULI_X, H, Z } from '../synthesis/axis.ts';
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import { NO_LOOK, type Look } from './look.ts';
import { inverted, NetworkBuilder } from './network-builder.ts';
import { select, type Network } from './network.ts';
import { anticommute, rotationsOf } from './rotation-form.ts';
import type { Segment } from './segments.ts';

/** What comes next for a qubit: it is needed as it is, measured, or dropped. */
export const KEPT = 0;
export const MEASURED = 1;
export const DROPPED = 2;

/** What a piece of a circuit begins with and ends in; for each of its qubits. */
export interface Ends {
  /** 1 where the qubit is |0⟩. */
  readonly zero: Uint8Array;
  /** `KEPT`, `MEASURED` or `DROPPED`. */
  readonly next: Uint8Array;
}

/** The ends of every segment, on the circuit's qubits. */
export function endsOf(qubits: number, segments: readonly Segment[]): readonly Ends[] {
  const zeros: Uint8Array[] = [];
  const zero = new Uint8Array(qubits).fill(1);
  for (const { unitary, fixed } of segments) {
    zeros.push(zero.slice());
    for (const operation of unitary) for (const qubit of qubitsOf(operation)) zero[qubit] = 0;
    for (const operation of fixed) {
      // A measurement or a barrier leaves |0⟩ what it is.
      if (operation.kind === 'measure' || operation.kind === 'barrier') continue;
      const value = operation.kind === 'reset' ? 1 : 0;
      for (const qubit of qubitsOf(operation)) zero[qubit] = value;
    }
  }
  const nexts: Uint8Array[] = [];
  const next = new Uint8Array(qubits).fill(DROPPED);
  for (const { unitary, fixed } of segments.toReversed()) {
    for (const operation of fixed.toReversed()) mark(next, operation);
    nexts.push(next.slice());
    for (const operation of unitary) for (const qubit of qubitsOf(operation)) next[qubit] = KEPT;
  }
  nexts.reverse();
  return segments.map((_, s) => ({ zero: zeros[s], next: nexts[s] }));
}

function mark(next: Uint8Array, operation: Operation): void {
  if (operation.kind === 'barrier') return;
  const value =
    operation.kind === 'measure' ? MEASURED : operation.kind === 'reset' ? DROPPED : KEPT;
  for (const qubit of qubitsOf(operation)) next[qubit] = value;
}

/** Gates that commute back to a |0⟩ that they do nothing to, are left out. */
function withoutIdleStart(network: Network, { zero }: Ends): Network {
  const { a, b, p, q, length } = network;
  const earlier = new Uint8Array(network.qubits);
  const isIdle = (k: number, axis: number): boolean =>
    zero[k] === 1 && axis === Z && (earlier[k] & ~(1 << Z)) === 0;
  const kept = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    if (isIdle(a[i], p[i]) || (b[i] >= 0 && isIdle(b[i], q[i]))) continue;
    kept[i] = 1;
    earlier[a[i]] |= 1 << p[i];
    if (b[i] >= 0) earlier[b[i]] |= 1 << q[i];
  }
  return select(network, (i) => kept[i] === 1);
}

/** Gates that commute to the end and are not seen there, are left out. */
function withoutUnseenEnd(network: Network, { next }: Ends): Network {
  const { a, b, p, q, length, frames, wires, qubits } = network;
  const later = new Uint8Array(qubits);
  const seen = Uint8Array.from(frames, (frame) => IMAGE[4 * frame + Z] & 3);
  const isUnseen = (k: number, axis: number): boolean => {
    if ((later[k] & ~(1 << axis)) !== 0) return false;
    const mode = next[wires[k]];
    return mode === DROPPED || (mode === MEASURED && axis === seen[k]);
  };
  const kept = new Uint8Array(length);
  for (let i = length - 1; i >= 0; i--) {
    if (isUnseen(a[i], p[i]) && (b[i] < 0 || isUnseen(b[i], q[i]))) continue;
    kept[i] = 1;
    later[a[i]] |= 1 << p[i];
    if (b[i] >= 0) later[b[i]] |= 1 << q[i];
  }
  const rest = select(network, (i) => kept[i] === 1);
  return { ...rest, frames: Uint8Array.from(rest.frames, (c, k) => plainest(c, next[wires[k]])) };
}

/** The plainest Clifford that measures alike. */
function plainest(clifford: number, mode: number): number {
  if (mode === DROPPED) return 0;
  if (mode === KEPT) return clifford;
  const alike = (c: number): boolean => IMAGE[4 * c + Z] === IMAGE[4 * clifford + Z];
  const plain = [0, PAULI_X, H].find(alike);
  if (plain !== undefined) return plain;
  for (let c = 0; c < LOCAL_CLIFFORDS; c++) if (alike(c)) return c;
  return clifford;
}

/** Rotations that commute with all before them and do nothing to what the circuit begins in, are left out. */
function withoutIdleRotations(
  network: Network,
  isIdle: (qubit: number, axis: number) => boolean,
  look: Look,
): Network {
  const rotations = rotationsOf(network, look);
  const { count, words, x, z, gate } = rotations;
  const angle = network.angle.slice();
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    look();
    let does = false;
    for (let k = 0; k < network.qubits && !does; k++) {
      const at = i * words + (k >>> 5);
      const axis = ((x[at] >>> (k & 31)) & 1) | (((z[at] >>> (k & 31)) & 1) << 1);
      does = axis !== 0 && !isIdle(k, axis);
    }
    if (does || kept.some((j) => anticommute(rotations, i, j))) kept.push(i);
    else angle[gate[i]] = 0;
  }
  if (kept.length === count) return network;
  const builder = new NetworkBuilder(network.qubits);
  builder.append({ ...network, angle }, undefined, look);
  return builder.build();
}

/**
 * Leaves out of a network what no measurement shows. Applies where every qubit is measured or dropped
 * at the end; others are answered as they are.
 */
export function withoutUnseen(network: Network, ends: Ends, look: Look = NO_LOOK): Network {
  if (ends.next.includes(KEPT)) return network;
  let current = network;
  for (let before = Infinity; current.length < before;) {
    before = current.length;
    current = withoutIdleRotations(current, (k, axis) => ends.zero[k] === 1 && axis === Z, look);
    const backwards = withoutIdleRotations(
      inverted(current, look),
      (k, axis) => ends.next[k] === DROPPED || (ends.next[k] === MEASURED && axis === Z),
      look,
    );
    current = inverted(backwards, look);
    current = withoutUnseenEnd(withoutIdleStart(current, ends), ends);
    const builder = new NetworkBuilder(current.qubits);
    builder.append(current, undefined, look);
    current = builder.build();
  }
  return current;
}
