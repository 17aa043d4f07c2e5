/** Passes that keep a circuit's shape, run until nothing changes. */
import type { Look } from './look.ts';
import { inverted, rebuilt } from './network-builder.ts';
import { fingerprint, type Network } from './network.ts';
import { costOf, improvePair, improvePairExactly, type Priority } from './pieces.ts';
import { mergeRotations } from './rotation-form.ts';
import { mergeRuns } from './runs.ts';
import { sweepWindows } from './windows.ts';

/** Rounds after which a circuit that still changes is left as it is. */
const ROUNDS_MAX = 12;

/** Gates that a window over two qubits may reach over. */
const PAIR_SPAN = 300;

export interface PeepholeOptions {
  readonly priority: Priority;
  /** Whether rotations are to stay such that they can be found again: none is made of several others. */
  readonly keepsRotations: boolean;
  readonly look: Look;
  /** True once time is up. */
  readonly isDue: () => boolean;
}

/** Makes every pair of qubits' consecutive gates as few as they can be. */
function improvePairs(network: Network, { priority, isDue }: PeepholeOptions): Network {
  const improve = priority === 'entanglers' ? improvePair : improvePairExactly;
  return sweepWindows(network, { width: 2, span: PAIR_SPAN, improve, isDue, rng: null });
}

function round(network: Network, options: PeepholeOptions): Network {
  const { look } = options;
  const merged = mergeRotations(rebuilt(network, look), 'earlier', look);
  // From the end, partners are found that an earlier gate hides from the beginning.
  const fromEnd = inverted(rebuilt(inverted(merged, look), look), look);
  if (options.keepsRotations) return fromEnd;
  const paired = improvePairs(fromEnd, options);
  return rebuilt(mergeRuns(paired, look), look);
}

/** Cancels, merges and re-synthesizes pairs until nothing changes; answers the best seen on the way. */
export function peephole(network: Network, options: PeepholeOptions): Network {
  let best = network;
  let current = network;
  const seen = new Set<number>();
  for (let n = 0; n < ROUNDS_MAX && !options.isDue(); n++) {
    current = round(current, options);
    if (costOf(current, options.priority) < costOf(best, options.priority)) best = current;
    const print = fingerprint(current);
    if (seen.has(print)) break;
    seen.add(print);
  }
  return best;
}
