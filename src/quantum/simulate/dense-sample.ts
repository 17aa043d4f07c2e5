/** Draws from the Born distribution of a dense state. */
import type { Rng } from '../../base/rng.ts';
import { gatherBits, type Amplitudes } from '../kernels/kernel-step.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { uniform } from '../linear/random-unitary.ts';
import { drawMultinomial } from '../states/draw-binomial.ts';
import type { Outcomes } from './simulated-state.ts';

/** Shots in one chunk of amplitudes up to which sorted draws are faster than a draw for each outcome. */
const SORTED_MAX = 256;

/**
 * How often each state of the qubits at `places` is seen in `shots`.
 *
 * The shots are first shared out among chunks of amplitudes and then within each chunk: time grows with
 * the amplitudes and with the outcomes seen, hardly with the shots.
 */
export function sampleIndices(
  kernels: Kernels,
  places: readonly number[],
  shots: number,
  rng: Rng,
): Outcomes {
  const { chunkBits, sums } = kernels.weights({ controlMask: 0, controlValue: 0 });
  const shares = new Float64Array(sums.length);
  drawMultinomial(sums, shots, rng, shares);
  const counts = new Map<number, number>();
  const add = (index: number, count: number): void => {
    const outcome = gatherBits(index, places);
    counts.set(outcome, (counts.get(outcome) ?? 0) + count);
  };
  const weights = new Float64Array(2 ** chunkBits);
  for (const [chunk, share] of shares.entries()) {
    if (share === 0) continue;
    const begin = chunk * 2 ** chunkBits;
    fillWeights(kernels.amplitudes, begin, weights);
    if (share <= SORTED_MAX) walk(weights, drawSorted(share, rng), (k) => add(begin + k, 1));
    else drawAll(weights, share, rng, (k, count) => add(begin + k, count));
  }
  return new Map([...counts].map(([outcome, count]) => [BigInt(outcome), count]));
}

function fillWeights({ im, re }: Amplitudes, begin: number, weights: Float64Array): void {
  for (let k = 0; k < weights.length; k++) {
    weights[k] = re[begin + k] * re[begin + k] + im[begin + k] * im[begin + k];
  }
}

function drawSorted(count: number, rng: Rng): Float64Array {
  return Float64Array.from({ length: count }, () => uniform(rng)).sort();
}

/** Finds for each draw in [0, 1), in ascending order, where the sum of weights passes its share. */
function walk(weights: Float64Array, draws: Float64Array, found: (k: number) => void): void {
  let whole = 0;
  let last = 0;
  for (let k = 0; k < weights.length; k++) {
    whole += weights[k];
    if (weights[k] > 0) last = k;
  }
  let k = 0;
  let sum = weights[0];
  for (const draw of draws) {
    // Rounding must not lead past the last outcome that is possible.
    while (k < last && sum <= draw * whole) sum += weights[++k];
    found(k);
  }
}

function drawAll(
  weights: Float64Array,
  shots: number,
  rng: Rng,
  found: (k: number, count: number) => void,
): void {
  const counts = new Float64Array(weights.length);
  drawMultinomial(weights, shots, rng, counts);
  for (const [k, count] of counts.entries()) if (count > 0) found(k, count);
}
