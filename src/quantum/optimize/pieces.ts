/** What windows do with the pieces that they show: other circuits for the same unitary. */
import type { Rng } from '../../base/rng.ts';
import { isEighth } from './angle.ts';
import { NetworkBuilder, inverted, rebuilt } from './network-builder.ts';
import { entanglers, isUnpermuted, type Network } from './network.ts';
import { synthesized, type SynthesisOptions } from './pauli-synthesis.ts';
import { mergeRotations } from './rotation-form.ts';
import { NO_LOOK, type Look } from './look.ts';
import { matrixOf } from './piece-matrix.ts';
import { cartan, entanglersNeeded, pushCartan } from '../synthesis/two-qubit.ts';

/** What counts first: controlled Paulis, or rotations (the number of T among them). */
export type Priority = 'entanglers' | 'rotations';

/** Number of rotations. */
export function rotationCount({ b, length }: Network): number {
  let count = 0;
  for (let i = 0; i < length; i++) if (b[i] < 0) count++;
  return count;
}

/** One number that orders networks: smaller is better. */
export function costOf(network: Network, priority: Priority): number {
  const pairs = entanglers(network);
  const turns = network.length - pairs;
  const scale = 0x10_0000;
  return priority === 'entanglers' ? pairs * scale + turns : turns * scale + pairs;
}

/** A network with its permutation made of controlled Paulis, three for each swap. */
export function withSwapsMade(network: Network, look: Look = NO_LOOK): Network {
  if (isUnpermuted(network)) return network;
  const builder = new NetworkBuilder(network.qubits);
  const identity = Int32Array.from({ length: network.qubits }, (_, k) => k);
  builder.append({ ...network, wires: identity }, undefined, look);
  const at = network.wires.slice();
  for (let k = 0; k < at.length; k++) {
    while (at[k] !== k) {
      const other = at[k];
      swapGates(builder, k, other);
      at[k] = at[other];
      at[other] = other;
    }
  }
  return builder.build();
}

function swapGates(builder: NetworkBuilder, a: number, b: number): void {
  const [z, x] = [2, 1];
  builder.controlledPauli(a, z, b, x);
  builder.controlledPauli(a, x, b, z);
  builder.controlledPauli(a, z, b, x);
}

/** Whether all rotations are by eighth turns. */
function isExact({ b, angle, length }: Network): boolean {
  for (let i = 0; i < length; i++) if (b[i] < 0 && !isEighth(angle[i])) return false;
  return true;
}

/** A piece of two qubits with the fewest controlled Paulis there can be; null where it has no more. */
export function improvePair(piece: Network): Network | null {
  const before = entanglers(piece);
  // One controlled Pauli is never none, and turns beside it are merged elsewhere.
  if (before < 2) return null;
  const parts = cartan(matrixOf(piece));
  const needed = entanglersNeeded(parts);
  if (needed > before) return null;
  const builder = new NetworkBuilder(piece.qubits);
  pushCartan(builder, [0, 1], parts);
  const better = builder.build();
  if (entanglers(better) < before) return better;
  // Pieces of T alone are not given up for fewer turns by other angles.
  return better.length < piece.length && !isExact(piece) ? better : null;
}

/** A pair's improvement that takes no more rotations, and keeps T where all of them are T. */
export function improvePairExactly(piece: Network): Network | null {
  const better = improvePair(piece);
  if (better === null || rotationCount(better) > rotationCount(piece)) return null;
  return isExact(piece) && !isExact(better) ? null : better;
}

/** Looks a few ways ahead; between them they find most of what there is. */
export const VARIANTS: readonly Omit<SynthesisOptions, 'rng'>[] = [
  { discount: 0.8, frameWeight: 0.3 },
  { discount: 0.5, frameWeight: 1 },
  { discount: 0.9, frameWeight: 0 },
  { discount: 0.3, frameWeight: 0.1 },
];

/** How pieces of several qubits are made anew. */
export interface PieceOptions {
  readonly priority: Priority;
  /** Ways to look ahead, 1 … 4; each is tried forwards and backwards. */
  readonly variants: number;
  /** Breaks ties. */
  readonly rng: Rng | null;
  /** For whole circuits; pieces of a few gates need none. */
  readonly look?: Look;
  /** Once true, no further way is tried. */
  readonly isDue?: () => boolean;
  /** Takes pieces that are no better, only different, with this probability. */
  readonly sideways: number;
}

/** The best circuit that synthesis finds for a network, its swaps made; as it was where it finds none. */
export function resynthesized(network: Network, options: PieceOptions): Network {
  const { look = NO_LOOK } = options;
  const merged = mergeRotations(network, 'earlier', look);
  let best = network;
  let bestCost = costOf(network, options.priority);
  const consider = (candidate: Network): void => {
    const cost = costOf(candidate, options.priority);
    if (cost >= bestCost) return;
    bestCost = cost;
    best = candidate;
  };
  consider(merged);
  const backwards = inverted(merged, look);
  for (const variant of VARIANTS.slice(0, options.variants)) {
    if (options.isDue?.() === true) break;
    const settings = { ...variant, rng: options.rng, isDue: options.isDue, look };
    consider(withSwapsMade(rebuilt(synthesized(merged, settings), look), look));
    consider(withSwapsMade(inverted(synthesized(backwards, settings), look), look));
  }
  return best;
}

/** What a window of several qubits does with a piece. */
export function improvePiece(piece: Network, options: PieceOptions): Network | null {
  const best = resynthesized(piece, options);
  if (best !== piece) return best;
  const { rng, sideways } = options;
  if (rng === null || rng.unit() >= sideways) return null;
  const other = withSwapsMade(rebuilt(synthesized(piece, { ...VARIANTS[0], rng })));
  return costOf(other, options.priority) === costOf(piece, options.priority) ? other : null;
}
