import { LOCAL_CLIFFORDS } from '../synthesis/axis.ts';

/**
 * A unitary circuit as rotations about Pauli axes and controlled Paulis, without its global phase.
 *
 * Gate i is a rotation e^{−i·angle/2·P} of qubit `a[i]` about the axis `p[i]` where `b[i]` is −1;
 * else the controlled Pauli ½(1 + P) + ½(1 − P)·Q, with P the axis `p[i]` of qubit `a[i]` and Q the
 * axis `q[i]` of qubit `b[i]`: symmetric, its own inverse, a CX or CZ up to one-qubit Cliffords. All
 * such Cliffords are pushed to the end: qubit k of the network then goes through the Clifford
 * `frames[k]` and comes out as qubit `wires[k]`.
 *
 * Two gates commute exactly where they agree about the axis of every qubit that they share; so most
 * rules are one comparison. Treat it as immutable.
 */
export interface Network {
  readonly qubits: number;
  readonly length: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  readonly angle: Float64Array;
  readonly frames: Uint8Array;
  readonly wires: Int32Array;
}

/** A network of some of a network's gates, with the same end. */
export function select(network: Network, isKept: (i: number) => boolean): Network {
  const { length, a, b, p, q, angle } = network;
  let count = 0;
  for (let i = 0; i < length; i++) if (isKept(i)) count++;
  const kept = {
    a: new Int32Array(count),
    b: new Int32Array(count),
    p: new Uint8Array(count),
    q: new Uint8Array(count),
    angle: new Float64Array(count),
  };
  let to = 0;
  for (let i = 0; i < length; i++) {
    if (!isKept(i)) continue;
    kept.a[to] = a[i];
    kept.b[to] = b[i];
    kept.p[to] = p[i];
    kept.q[to] = q[i];
    kept.angle[to] = angle[i];
    to++;
  }
  return { ...network, ...kept, length: count };
}

/** Number of controlled Paulis: what the network costs in CX or CZ. */
export function entanglers({ b, length }: Network): number {
  let count = 0;
  for (let i = 0; i < length; i++) if (b[i] >= 0) count++;
  return count;
}

/** Whether every qubit comes out where it went in. */
export function isUnpermuted({ wires }: Network): boolean {
  return wires.every((wire, k) => wire === k);
}

/** A number that tells networks apart (FNV-1a over every part), to see a fix point. */
export function fingerprint(network: Network): number {
  const { a, b, p, q, length, frames, wires } = network;
  let hash = 0x811c9dc5;
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193);
  };
  for (let i = 0; i < length; i++) {
    mix(a[i] * 16 + p[i]);
    mix(b[i] * 16 + q[i]);
  }
  for (let k = 0; k < frames.length; k++) mix(frames[k] + LOCAL_CLIFFORDS * wires[k]);
  return hash >>> 0;
}
