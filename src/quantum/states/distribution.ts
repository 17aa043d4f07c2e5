/** Draws outcomes from a table of probabilities that is made once. */
import { OrchestratorError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { uniform } from '../linear/random-unitary.ts';
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { drawBinomial } from './draw-binomial.ts';

/** How often each outcome was seen, of those that were; ascending by outcome. */
export type OutcomeCounts = ReadonlyMap<number, number>;

/** Shots that are counted. */
const SHOTS_MAX = 2 ** 31;

/** Different outcomes that a map holds. */
const OUTCOMES_MAX = 2 ** 24 - 1;

/** Draws below which single draws are cheaper than splitting them. */
const SINGLE_BELOW = 8;

/** Probabilities summed between two looks at the watch. */
const BLOCK_SIZE = 2 ** 16;

/** The counts so far, and what they are drawn with. */
interface Splitting {
  readonly counts: Map<number, number>;
  readonly rng: Rng;
  readonly watch: Watch;
}

/**
 * A distribution over outcomes 0 … n−1.
 *
 * One draw costs O(log n); counting any number of shots O(min(shots, n) · log n), because shots are
 * divided between halves of the outcomes by binomial draws.
 */
export class Distribution {
  /** Entry k is the sum of the first k+1 probabilities. */
  readonly #cumulative: Float64Array;

  /**
   * Probabilities are normalised.
   *
   * @throws OrchestratorError QUANTUM_PROBABILITY_INVALID unless they are ≥ 0 with a finite sum above 0
   */
  constructor(probabilities: Float64Array, watch: Watch = UNWATCHED) {
    this.#cumulative = new Float64Array(probabilities.length);
    let sum = 0;
    // Kahan's compensation: rounding must not drown the smallest of 2²⁷ probabilities.
    let lost = 0;
    let least = 0;
    for (let k = 0; k < probabilities.length; k++) {
      if (k % BLOCK_SIZE === 0) throwIfCanceled(watch);
      const probability = probabilities[k];
      least = Math.min(least, probability);
      const term = probability - lost;
      const next = sum + term;
      lost = next - sum - term;
      sum = next;
      this.#cumulative[k] = sum;
    }
    if (!(least >= 0) || !(sum > 0) || !Number.isFinite(sum)) {
      throw new OrchestratorError(
        'QUANTUM_PROBABILITY_INVALID',
        `probabilities must be at least 0 with a sum above 0, got a sum of ${sum} and a least of ${least}`,
        { sum, least },
      );
    }
  }

  /** One outcome; never one of probability 0. */
  draw(rng: Rng): number {
    return this.#drawWithin([0, this.#cumulative.length], rng);
  }

  /** Outcomes in the order they were drawn, for fewer than 2²⁴ shots. */
  drawMany(shots: number, rng: Rng, watch: Watch = UNWATCHED): Float64Array {
    checkShots(shots, OUTCOMES_MAX);
    const outcomes = new Float64Array(shots);
    for (let shot = 0; shot < shots; shot++) {
      if (shot % BLOCK_SIZE === 0) throwIfCanceled(watch);
      outcomes[shot] = this.draw(rng);
    }
    return outcomes;
  }

  /**
   * How often each outcome comes up in `shots` draws.
   *
   * @throws OrchestratorError QUANTUM_SHOTS_INVALID, or when 2²⁴ different outcomes come up;
   *   QUANTUM_CANCELED
   */
  count(shots: number, rng: Rng, watch: Watch = UNWATCHED): OutcomeCounts {
    checkShots(shots, SHOTS_MAX);
    const counts = new Map<number, number>();
    this.#split([0, this.#cumulative.length], shots, { counts, rng, watch });
    return counts;
  }

  /** The probability of outcomes below `end`, not normalised. */
  #below(end: number): number {
    return end === 0 ? 0 : this.#cumulative[end - 1];
  }

  #drawWithin([start, end]: [number, number], rng: Rng): number {
    const base = this.#below(start);
    const target = base + uniform(rng) * (this.#below(end) - base);
    // The first outcome whose sum exceeds the target: its probability is above 0.
    let low = start;
    let high = end - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cumulative[middle] > target) high = middle;
      else low = middle + 1;
    }
    // Rounding may have put the target on the last sum, and zeros may follow the last outcome.
    while (low > start && this.#cumulative[low] === this.#cumulative[low - 1]) low--;
    return low;
  }

  #split([start, end]: [number, number], shots: number, splitting: Splitting): void {
    if (shots === 0) return;
    const { counts, rng, watch } = splitting;
    if (end - start === 1) {
      add(counts, start, shots);
      return;
    }
    if (shots < SINGLE_BELOW) {
      const outcomes = Array.from({ length: shots }, () => this.#drawWithin([start, end], rng));
      for (const outcome of outcomes.sort((a, b) => a - b)) add(counts, outcome, 1);
      return;
    }
    throwIfCanceled(watch);
    const middle = (start + end) >>> 1;
    const base = this.#below(start);
    const share = (this.#below(middle) - base) / (this.#below(end) - base);
    const lower = drawBinomial(shots, share, rng);
    this.#split([start, middle], lower, splitting);
    this.#split([middle, end], shots - lower, splitting);
  }
}

function add(counts: Map<number, number>, outcome: number, shots: number): void {
  const before = counts.get(outcome) ?? 0;
  if (before === 0 && counts.size >= OUTCOMES_MAX) {
    throw new OrchestratorError(
      'QUANTUM_SHOTS_INVALID',
      `shots must give at most ${OUTCOMES_MAX} different outcomes, got more`,
      { outcomesMax: OUTCOMES_MAX },
    );
  }
  counts.set(outcome, before + shots);
}

function checkShots(shots: number, max: number): void {
  if (Number.isSafeInteger(shots) && shots >= 0 && shots <= max) return;
  throw new OrchestratorError(
    'QUANTUM_SHOTS_INVALID',
    `shots must be an integer from 0 to ${max}, got ${shots}`,
    { shots, shotsMax: max },
  );
}
