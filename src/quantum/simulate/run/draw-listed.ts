import type { Rng } from '../../../base/rng.ts';
import { drawMultinomial } from '../../states/draw-binomial.ts';
import { inSlices, type Watch } from '../../watch.ts';
import type { Distribution } from '../exact-state.ts';
import type { OutcomeCounts } from '../outcome-counts.ts';

/** What shots are drawn with, and into. */
export interface Drawing {
  readonly rng: Rng;
  readonly counts: OutcomeCounts;
  readonly watch: Watch;
}

/** Outcomes between two looks at the watch. */
const SLICE = 1 << 13;

/**
 * Draws shots of a listed distribution: first how many fall into each slice of it, then which of the
 * slice's outcomes they are.
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function drawListed(
  { words, keys, probabilities }: Distribution,
  shots: number,
  { rng, counts, watch }: Drawing,
): void {
  const sums = new Float64Array(Math.ceil(probabilities.length / SLICE));
  inSlices(probabilities.length, SLICE, watch, (from, to) => {
    for (let i = from; i < to; i++) sums[from / SLICE] += probabilities[i];
  });
  const shares = new Float64Array(sums.length);
  drawMultinomial(sums, shots, rng, shares);
  inSlices(probabilities.length, SLICE, watch, (from, to) => {
    const share = shares[from / SLICE];
    if (share === 0) return;
    const drawn = new Float64Array(to - from);
    drawMultinomial(probabilities.subarray(from, to), share, rng, drawn);
    for (const [i, count] of drawn.entries()) {
      if (count > 0) counts.add(keys, (from + i) * words, count);
    }
  });
}
