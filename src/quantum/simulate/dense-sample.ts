/** Draws from the Born distribution of a dense state. */
import type { Rng } from '../../base/rng.ts';
import { gatherBits, type Amplitudes } from '../kernels/kernel-step.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { uniform } from '../linear/random-unitary.ts';
import { drawMultinomial } from '../states/draw-binomial.ts';
import type { Outcomes } from './simulated-state.ts';
import { throwIfCanceled, type Watch } from '../watch.ts';

/** Shots in one chunk of amplitudes up to which sorted draws are faster than a draw for each outcome. */
const SORTED_MAX = 256;

/** Drawing from them takes about a millisecond, or three. */
const AMPLITUDES_PER_LOOK = 2 ** 15;
const OUTCOMES_PER_LOOK = 2 ** 14;

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
  { rng, watch }: { readonly rng: Rng; readonly watch: Watch },
): Outcomes {
  const turn = (): void => throwIfCanceled(watch);
  const { chunkBits, sums } = kernels.weights({ controlMask: 0, controlValue: 0 }, turn);
  const shares = new Float64Array(sums.length);
  drawMultinomial(sums, shots, rng, shares);
  throwIfCanceled(watch);
  const counts = new Map<number, number>();
  const add = (index: number, count: number): void => {
    const outcome = gatherBits(index, places);
    counts.set(outcome, (counts.get(outcome) ?? 0) + count);
  };
  const weights = new Float64Array(2 ** chunkBits);
  let read = 0;
  for (const [chunk, share] of shares.entries()) {
    if (share === 0) continue;
    if ((read += weights.length) >= AMPLITUDES_PER_LOOK) {
      throwIfCanceled(watch);
      read = 0;
    }
    const begin = chunk * 2 ** chunkBits;
    fillWeights(kernels.amplitudes, begin, weights);
    if (share <= SORTED_MAX) walk(weights, drawSorted(share, rng), (k) => add(begin + k, 1));
    else drawAll(weights, share, rng, (k, count) => add(begin + k, count));
  }
  const outcomes = new Map<bigint, number>();
  for (const [outcome, count] of counts) {
    outcomes.set(BigInt(outcome), count);
    if (outcomes.size % OUTCOMES_PER_LOOK === 0) throwIfCanceled(watch);
  }
  return outcomes;
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
