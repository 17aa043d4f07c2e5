import { invariant } from '../../base/invariant.ts';

const BINS = 64;
/** Dispatches after which an older window is dropped. */
const WINDOW = 4_096;
/** 99.9 % quantile of χ² with 63 degrees of freedom. */
const CHI_SQUARE_MAX = 103.442;
/** Fraction of the golden ratio: its multiples spread evenly over the unit interval. */
const GOLDEN = 0.618_033_988_749_895;

/** How far dispatches agree with the distribution that they are drawn from. */
export interface DispatchFidelity {
  /** (Σ √(p·q))² of the expected and the counted shares of 64 bins, 0..1. */
  readonly value: number;
  /** What it is on average over so many dispatches when they are drawn as they should be. */
  readonly expected: number;
  /** What it falls below once in 1,000 such windows. */
  readonly alarmBelow: number;
  readonly dispatches: number;
}

/**
 * Counts where dispatches fall in the distribution that held for each of them.
 *
 * That distribution changes with every dispatch, so agents cannot be counted. What is counted is the
 * place of the one that really got the task in the distribution function of the moment, spread over its
 * own step (the probability integral transform): even over [0, 1) exactly when dispatch follows the
 * distribution, whatever it was. The last 4,096 to 8,192 dispatches count. O(1) each.
 */
export class DispatchRecord {
  #current: Float64Array = new Float64Array(BINS);
  #previous: Float64Array = new Float64Array(BINS);
  #count = 0;
  #spread = 0;

  /** Counts a dispatch: the chance of a draw before it, and of itself. */
  count(before: number, chance: number): void {
    if (this.#count === WINDOW) {
      [this.#current, this.#previous] = [this.#previous.fill(0), this.#current];
      this.#count = 0;
    }
    this.#spread = (this.#spread + GOLDEN) % 1;
    const place = before + chance * this.#spread;
    const bin = Math.min(BINS - 1, Math.floor(place * BINS));
    this.#current[bin] = (this.#current[bin] as number) + 1;
    this.#count += 1;
  }

  /** Adds its counts to those of other pools: an even distribution stays one in the sum. */
  addTo(sums: Float64Array): void {
    for (let bin = 0; bin < BINS; bin++) {
      sums[bin] =
        (sums[bin] as number) + (this.#current[bin] as number) + (this.#previous[bin] as number);
    }
  }
}

/** Counts of no dispatch yet, for {@link DispatchRecord.addTo}. */
export function emptyBins(): Float64Array {
  return new Float64Array(BINS);
}

/** The fidelity of counted bins with even ones; null before 256 dispatches, four a bin. */
export function fidelityOf(bins: Float64Array): DispatchFidelity | null {
  invariant(bins.length === BINS, 'bins are those of a record');
  let dispatches = 0;
  let roots = 0;
  for (const count of bins) {
    dispatches += count;
    roots += Math.sqrt(count / BINS);
  }
  if (dispatches < 4 * BINS) return null;
  return {
    value: Math.min(1, roots ** 2 / dispatches),
    expected: 1 - (BINS - 1) / (4 * dispatches),
    alarmBelow: 1 - CHI_SQUARE_MAX / (4 * dispatches),
    dispatches,
  };
}
