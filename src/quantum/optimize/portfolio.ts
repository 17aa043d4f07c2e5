/** Ways to optimise one network; the best result by any measure is for the caller to pick. */
import type { Rng } from '../../base/rng.ts';
import type { Look } from './look.ts';
import type { Network } from './network.ts';
import { canSynthesize } from './pauli-synthesis.ts';
import { peephole } from './peephole.ts';
import { costOf, improvePiece, resynthesized, type PieceOptions, type Priority } from './pieces.ts';
import { mergeRotations } from './rotation-form.ts';
import type { FewerT } from './t-search.ts';
import { sweepWindows } from './windows.ts';

/** How hard to try: translate only; peephole; re-synthesis; search until time is up. */
export type Level = 0 | 1 | 2 | 3;

export interface PortfolioOptions {
  readonly level: Level;
  readonly priority: Priority;
  readonly rng: Rng;
  readonly look: Look;
  /** True once time is up or the caller has canceled. */
  readonly isDue: () => boolean;
  /** Whether rotations are to stay such that they can be found again. */
  readonly keepsRotations: boolean;
  /** Whether only pairs that the network entangles may be entangled: then re-synthesis is out. */
  readonly keepsPairs: boolean;
}

/** One result, and the pass that it came from. */
export interface Candidate {
  readonly pass: string;
  readonly network: Network;
  /** Where rotations were replaced by fewer: what the check of the result goes through. */
  readonly between?: FewerT;
}

/** Rotations up to which a whole network is made anew; the time grows with their square. */
const SYNTHESIS_ROTATIONS_MAX = 3000;
/** Gates that a window may reach over. */
const WINDOW_SPAN = 300;
/** Sweeps over a network after which level 2 stops. */
const SWEEPS_MAX = 6;
/** Rounds of the search without gain after which it stops. */
const STALE_ROUNDS_MAX = 60;
/** Chance to take a piece that is only different. */
const SIDEWAYS = 0.3;

function sweep(
  network: Network,
  width: number,
  { isDue }: PortfolioOptions,
  piece: PieceOptions,
): Network {
  const improve = (part: Network): Network | null => improvePiece(part, piece);
  return sweepWindows(network, { width, span: WINDOW_SPAN, improve, isDue, rng: piece.rng });
}

/** Windows of three to five qubits in turn, as long as they gain something. */
export function sweepAll(network: Network, options: PortfolioOptions): Network {
  const { priority, isDue } = options;
  const piece: PieceOptions = { priority, variants: 2, rng: null, sideways: 0, isDue };
  let best = network;
  for (let n = 0; n < SWEEPS_MAX && !isDue(); n++) {
    const before = costOf(best, priority);
    for (const width of [3, 4, 5]) {
      if (width > network.qubits || isDue()) continue;
      const next = sweep(best, width, options, piece);
      if (costOf(next, priority) < costOf(best, priority)) best = next;
    }
    const next = peephole(best, options);
    if (costOf(next, priority) < costOf(best, priority)) best = next;
    if (costOf(best, priority) >= before) break;
  }
  return best;
}

/** Random windows and whole re-syntheses, going sideways too, until time is up or nothing is gained. */
function search(network: Network, options: PortfolioOptions): Network {
  const { priority, rng, isDue, look } = options;
  let best = network;
  let current = network;
  for (let stale = 0; stale < STALE_ROUNDS_MAX && !isDue(); stale++) {
    const width = 3 + rng.below(Math.min(5, Math.max(1, network.qubits - 2)));
    const piece: PieceOptions = {
      priority,
      variants: 1 + rng.below(3),
      rng,
      sideways: SIDEWAYS,
      isDue,
    };
    const isWhole = rng.below(8) === 0 && canSynthesize(current, SYNTHESIS_ROTATIONS_MAX);
    const next = isWhole
      ? resynthesized(current, { ...piece, look })
      : sweep(current, width, options, piece);
    current = peephole(next, options);
    if (costOf(current, priority) < costOf(best, priority)) {
      best = current;
      stale = 0;
    } else if (costOf(current, priority) > costOf(best, priority)) current = best;
  }
  return best;
}

/**
 * Optimises a network in several ways, each starting from the one before. Level 0 answers it as it is.
 * Networks come unpermuted where `network` is.
 */
export function candidatesFor(network: Network, options: PortfolioOptions): readonly Candidate[] {
  const { level, priority, isDue, look } = options;
  const candidates: Candidate[] = [{ pass: 'cancellation', network }];
  if (level === 0) return candidates;
  // Merging alone keeps every rotation and every pair as it was: what it gives is the easiest to check.
  candidates.push({ pass: 'rotation-merging', network: mergeRotations(network, 'earlier', look) });
  const peeped = peephole(network, options);
  candidates.push({ pass: 'peephole', network: peeped });
  if (level === 1 || options.keepsPairs || isDue()) return candidates;
  let best = peeped;
  if (canSynthesize(best, SYNTHESIS_ROTATIONS_MAX)) {
    const piece: PieceOptions = { priority, variants: 4, rng: null, sideways: 0, isDue, look };
    best = peephole(resynthesized(best, piece), options);
    candidates.push({ pass: 'pauli-synthesis', network: best });
  }
  best = sweepAll(best, options);
  candidates.push({ pass: 'windows', network: best });
  // A shape that synthesis has given up may have led further.
  if (level > 1 && best !== peeped && !isDue()) {
    const kept = sweepAll(peeped, options);
    candidates.push({ pass: 'windows on the given shape', network: kept });
    if (costOf(kept, priority) < costOf(best, priority)) best = kept;
  }
  if (level === 3 && !isDue()) {
    candidates.push({ pass: 'search', network: search(best, options) });
  }
  return candidates;
}
