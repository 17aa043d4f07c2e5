/**
 * A network as rotations about strings of Paulis, followed by a Clifford.
 *
 * Every rotation is seen from the beginning of the circuit, through the Cliffords before it. Then two
 * rotations about one string merge wherever all between them commute with it, however far apart they
 * are in the circuit (Zhang and Chen 2019; the "phase teleportation" of Kissinger and van de Wetering).
 */
import { splitAngle } from './angle.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import { NetworkBuilder } from './network-builder.ts';
import type { Network } from './network.ts';
import { finishFrame, PauliFrame } from './pauli-frame.ts';

/** Steps that one look for a partner may take in all; bounds the time for circuits that never merge. */
const STEPS_MAX = 100_000_000;

/** Rotations about strings of Paulis, in time order, and a Clifford. */
export interface RotationList {
  readonly count: number;
  readonly words: number;
  /** Row i is at i × words. */
  readonly x: Int32Array;
  readonly z: Int32Array;
  /** With the sign of the string taken in. */
  readonly angle: Float64Array;
  /** The Clifford that follows all of them. */
  readonly frame: PauliFrame;
}

/** The rotations of a network, with where they come from. */
export interface Rotations extends RotationList {
  /** The network's gate that each comes from. */
  readonly gate: Int32Array;
  /** 1 where the string of the gate has a minus. */
  readonly sign: Uint8Array;
}

/** Rewrites a network as rotations about strings and a Clifford. */
export function rotationsOf(network: Network, look: Look = NO_LOOK): Rotations {
  const { a, b, p, q, length, angle } = network;
  const frame = new PauliFrame(network.qubits);
  const { words } = frame;
  let count = 0;
  for (let i = 0; i < length; i++) if (b[i] < 0) count++;
  const x = new Int32Array(count * words);
  const z = new Int32Array(count * words);
  const angles = new Float64Array(count);
  const gate = new Int32Array(count);
  const sign = new Uint8Array(count);
  let row = 0;
  for (let i = 0; i < length; i++) {
    lookEvery(i, look);
    if (b[i] >= 0) {
      frame.controlledPauli(a[i], p[i], b[i], q[i]);
      continue;
    }
    sign[row] = frame.read(a[i], p[i], { x, z, at: row * words });
    angles[row] = sign[row] === 1 ? -angle[i] : angle[i];
    gate[row] = i;
    row++;
  }
  finishFrame(frame, network);
  return { count, words, x, z, angle: angles, gate, sign, frame };
}

function parity(word: number): number {
  let v = word ^ (word >>> 16);
  v ^= v >>> 8;
  v ^= v >>> 4;
  return (0x6996 >>> (v & 15)) & 1;
}

/** Whether strings i and j do not commute. */
export function anticommute({ x, z, words }: Rotations, i: number, j: number): boolean {
  let mixed = 0;
  for (let w = 0; w < words; w++) {
    mixed ^= (x[i * words + w] & z[j * words + w]) ^ (z[i * words + w] & x[j * words + w]);
  }
  return parity(mixed) === 1;
}

/** Which of two merged rotations stays where it is. */
export type KeptRotation = 'earlier' | 'later';

interface Merging {
  readonly rotations: Rotations;
  readonly alive: Uint8Array;
  steps: number;
  readonly look: Look;
}

/** Whether rotation i can be brought back to j past all between. */
function reaches(merging: Merging, i: number, j: number): boolean {
  const { rotations, alive } = merging;
  for (let k = i - 1; k > j; k--) {
    if (alive[k] === 0) continue;
    lookEvery(++merging.steps, merging.look);
    if (anticommute(rotations, i, k)) return false;
  }
  return merging.steps < STEPS_MAX;
}

/** A key that equal strings share, and no others. */
function keyOf({ x, z, words }: Rotations, i: number): number | string {
  // Up to 26 qubits both halves fit the 53 bits of a number.
  if (words === 1 && ((x[i] | z[i]) & 0xfc00_0000) === 0) return x[i] * 0x400_0000 + z[i];
  let key = '';
  for (let w = i * words; w < (i + 1) * words; w++) key += `${x[w]},${z[w]};`;
  return key;
}

/** Angles of all gates after merging, and whether any changed. */
function mergedAngles(
  network: Network,
  kept: KeptRotation,
  look: Look,
): { readonly angle: Float64Array; readonly merged: number } {
  const rotations = rotationsOf(network, look);
  const angle = rotations.angle.slice();
  const alive = new Uint8Array(rotations.count).fill(1);
  const merging: Merging = { rotations, alive, steps: 0, look };
  const last = new Map<number | string, number>();
  let merged = 0;
  for (let i = 0; i < rotations.count; i++) {
    lookEvery(i, look);
    const key = keyOf(rotations, i);
    const partner = last.get(key);
    last.set(key, i);
    if (partner === undefined || alive[partner] === 0 || !reaches(merging, i, partner)) continue;
    merged++;
    const [stays, goes] = kept === 'earlier' ? [partner, i] : [i, partner];
    angle[stays] += angle[goes];
    angle[goes] = 0;
    alive[goes] = 0;
    const { quarters, rest } = splitAngle(angle[stays]);
    if (rest === 0 && quarters === 0) alive[stays] = 0;
    last.set(key, stays);
  }
  const result = network.angle.slice();
  for (let i = 0; i < rotations.count; i++) {
    result[rotations.gate[i]] = rotations.sign[i] === 1 ? -angle[i] : angle[i];
  }
  return { angle: result, merged };
}

/**
 * Merges rotations across the whole network; the gates keep their places, only angles change.
 *
 * The number of rotations, and of those by odd multiples of π/4, never rises. Repeats until nothing
 * merges any more, for a merged quarter turn is a Clifford and lets others meet. Time is linear in
 * gates × qubits/32, and quadratic in rotations at worst.
 */
export function mergeRotations(
  network: Network,
  kept: KeptRotation = 'earlier',
  look: Look = NO_LOOK,
): Network {
  let current = network;
  for (;;) {
    const { angle, merged } = mergedAngles(current, kept, look);
    if (merged === 0) return current;
    const builder = new NetworkBuilder(current.qubits);
    builder.append({ ...current, angle }, undefined, look);
    current = builder.build();
  }
}
