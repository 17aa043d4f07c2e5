/** From how attempts end to the angle by which a state turns. Sources and derivations: docs/born.md. */

/** Step of one feedback at an even chance: η in units of one over the number of members. */
export const RATE = 0.3;
/** Reward that doubles (times e) a member's share of its prior once all is settled; 0 leaves the replicator alone. */
export const TEMPERATURE = 0.1;
/** Largest exponent of one feedback: keeps 1/p of rare members from deciding alone. */
export const STEP_MAX = 1;
/** What the Born strategies can be set to; what is shipped is `BORN_TUNING`. */
export interface BornTuning {
  /** η, step of one feedback; 0 learns nothing. */
  readonly rate: number;
  /** T, pull of the prior; 0 leaves the replicator alone. */
  readonly temperature: number;
  /** ε, share of draws from the prior at all times, 0..1. */
  readonly exploration: number;
  /** A member's probability is rotated to no less than this share of its prior, 0..1. */
  readonly floorShare: number;
}

/** Share of one feedback in the pool's means, and in what they vary by, which has to be known better. */
const MEAN_SHARE = 1 / 64;
const VARIANCE_SHARE = 1 / 512;
const FAILURE_REWARD = -1;

/** What a pool has seen of its members' work, as the yardstick for each of them. */
export class Yardstick {
  #meanMs = 0;
  #baseline = 0;
  #variance = 0;
  #count = 0;

  /** How many ends it has seen. */
  get attempts(): number {
    return this.#count;
  }

  /** Of the reward about what is usual. */
  get variance(): number {
    return this.#variance;
  }

  /** The reward less what is usual. In: how long an attempt ran and whether it completed. */
  advantage(runMs: number, ok: boolean): number {
    const ranMs = Math.max(0, runMs);
    this.#count += 1;
    // As long as there are few, each counts the same; then the last 64 or so do.
    const share = Math.max(MEAN_SHARE, 1 / this.#count);
    if (ok) this.#meanMs += (ranMs - this.#meanMs) * share;
    const reward = ok ? rewardOf(ranMs, this.#meanMs) : FAILURE_REWARD;
    const advantage = this.#count === 1 ? 0 : reward - this.#baseline;
    this.#baseline += (reward - this.#baseline) * share;
    // Of two the first has no advantage, by definition.
    const varianceShare = Math.max(VARIANCE_SHARE, 1 / Math.max(1, this.#count - 1));
    this.#variance += (advantage ** 2 - this.#variance) * varianceShare;
    return advantage;
  }
}

/** m / (m + t): 1 for one that takes no time, 1/2 for the mean, towards 0 for a slow one. */
function rewardOf(runMs: number, meanMs: number): number {
  const sum = runMs + meanMs;
  return sum > 0 ? meanMs / sum : 1 / 2;
}

/**
 * The angle for an advantage: δ = (η/4)·(advantage / odds)·sin 2α, the first order of wᵢ ← wᵢ·e^(η·advantage/odds).
 *
 * @param odds - the chance with which the member was drawn, relative to 1/n: n·pᵢ. Drawn at its present
 * pᵢ = sin²α, this is (η/2n)·advantage·cot α, whose mean over draws is the replicator's drift.
 */
export function angleOf(
  advantage: number,
  odds: number,
  probability: number,
  rate: number = RATE,
): number {
  const exponent = (rate * advantage) / odds;
  const bounded = Math.min(Math.max(exponent, -STEP_MAX), STEP_MAX);
  // sin 2α = 2·sin α·cos α
  return (bounded / 2) * Math.sqrt(probability * Math.max(0, 1 - probability));
}
