/**
 * How long each agent takes: a peak-sensitive, exponentially weighted moving average of run times.
 *
 * After Finagle's `PeakEwma`: a run longer than the estimate raises it at once; shorter runs, and
 * time alone, lower it by exp(-elapsed / decay). Finagle lets it fall to 0; here it falls to a
 * quarter of the fleet's mean. That is low enough for a slow agent to be tried again (at the mean it
 * would lose to every average one for ever), and high enough that a handful of tasks in flight
 * outweighs it: tasks may run for minutes, and one whose last report is old is not idle.
 */
import { float64Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';

/** Finagle's default window. */
const DECAY_MS_MIN = 10_000;
/** The window spans at least this many mean runs, so that slow tasks are remembered too. */
const DECAY_RUNS = 10;
/** Share of one run in the fleet's mean. */
const MEAN_SHARE = 1 / 64;
/** Where estimates fall to when nothing is heard of an agent, as a share of the fleet's mean. */
const REST_SHARE = 1 / 4;
/** A failed attempt counts as at least this many times the estimate: failing fast is not being fast. */
const FAILURE_FACTOR = 2;
/** What is known of an agent is worth keeping while it counts for this much, 0..1 … */
const KEPT_SHARE_MIN = 0.05;
/** … and differs from what is expected of an unknown one by this share of it. */
const DIFFERENT_SHARE = 0.1;
/** Longest run that is taken as it is: a day. */
const RUN_MS_MAX = 86_400_000;

/** What the estimate can be set to; without it, what is shipped. */
export interface LatencyTuning {
  readonly decayRuns: number;
  readonly restShare: number;
  readonly failureFactor: number;
}

const SHIPPED: LatencyTuning = {
  decayRuns: DECAY_RUNS,
  restShare: REST_SHARE,
  failureFactor: FAILURE_FACTOR,
};

export class Latency {
  /** Two fields an agent: its estimate, and one more than when it was made or 0 for never. Only as far as any was heard of. */
  #records: Float64Array = new Float64Array(128);
  #meanMs = 0;
  #observed = false;
  readonly #tuning: LatencyTuning;

  constructor(tuning: LatencyTuning = SHIPPED) {
    this.#tuning = tuning;
  }

  /** Forgets what was known under an index. */
  reset(agent: number): void {
    if (agent * 2 < this.#records.length) this.#records[agent * 2 + 1] = NEVER;
  }

  /** Takes in one attempt that ran for `runMs` and ended at `nowMs`. */
  observe(agent: number, runMs: number, ok: boolean, nowMs: number): void {
    while (agent * 2 >= this.#records.length) this.#grow();
    const estimateMs = this.estimateMs(agent, nowMs);
    const punishedMs = ok ? runMs : Math.max(runMs, 1, estimateMs * this.#tuning.failureFactor);
    const sampleMs = Math.min(Math.max(punishedMs, 0), RUN_MS_MAX);
    const stamp = this.#records[agent * 2 + 1] as number;
    const isFirst = stamp === NEVER;
    if (isFirst || sampleMs >= estimateMs) this.#records[agent * 2] = sampleMs;
    else {
      const kept = this.#kept(nowMs + 1 - stamp);
      this.#records[agent * 2] =
        (this.#records[agent * 2] as number) * kept + sampleMs * (1 - kept);
    }
    this.#records[agent * 2 + 1] = Math.max(stamp, nowMs + 1);
    // Failures stay out of the mean, lest a broken agent make all others look fast.
    if (ok) this.#learnMean(sampleMs);
  }

  /** Expected run of one attempt at `nowMs`, in milliseconds; the mean where nothing is known. */
  estimateMs(agent: number, nowMs: number): number {
    const stamp = this.#records[agent * 2 + 1] ?? NEVER;
    if (stamp === NEVER) return this.#meanMs;
    const kept = this.#kept(nowMs + 1 - stamp);
    const restMs = this.#meanMs * this.#tuning.restShare;
    const learnedMs = this.#records[agent * 2] as number;
    return learnedMs <= restMs ? learnedMs : restMs + (learnedMs - restMs) * kept;
  }

  /** Mean run of the fleet's completed attempts, in milliseconds; 0 before the first. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** The estimate as it was made and when; null where it differs little from what an unknown agent gets. */
  known(agent: number, nowMs: number): readonly [estimateMs: number, heardAt: number] | null {
    const stamp = this.#records[agent * 2 + 1] ?? NEVER;
    if (stamp === NEVER || this.#kept(nowMs + 1 - stamp) < KEPT_SHARE_MIN) return null;
    const difference = Math.abs(this.estimateMs(agent, nowMs) - this.#meanMs);
    if (difference <= this.#meanMs * DIFFERENT_SHARE) return null;
    return [this.#records[agent * 2] as number, stamp - 1];
  }

  /** Takes over what an earlier one knew of an agent, unless more was heard of it since. */
  recall(agent: number, estimateMs: number, heardAt: number): void {
    while (agent * 2 >= this.#records.length) this.#grow();
    if (this.#records[agent * 2 + 1] !== NEVER) return;
    this.#records[agent * 2] = Math.min(estimateMs, RUN_MS_MAX);
    this.#records[agent * 2 + 1] = heardAt + 1;
  }

  /** Takes over the mean of an earlier one, unless there is one. */
  recallMean(meanMs: number): void {
    if (this.#observed || meanMs <= 0) return;
    this.#meanMs = Math.min(meanMs, RUN_MS_MAX);
    this.#observed = true;
  }

  /** Reads what an estimate will read; the number means nothing. */
  touch(agent: number): number {
    return this.#records[agent * 2] ?? 0;
  }

  #kept(elapsedMs: number): number {
    const decayMs = Math.max(DECAY_MS_MIN, this.#tuning.decayRuns * this.#meanMs);
    return Math.exp(-Math.max(0, elapsedMs) / decayMs);
  }

  #grow(): void {
    const capacity = grownCapacity(this.#records.length / 2);
    this.#records = grown(this.#records, float64Column(capacity * 2));
  }

  #learnMean(sampleMs: number): void {
    if (this.#observed) this.#meanMs += (sampleMs - this.#meanMs) * MEAN_SHARE;
    else this.#meanMs = sampleMs;
    this.#observed = true;
  }
}

/** New columns are zeros: nobody has to fill megabytes with what says that nothing was heard. */
const NEVER = 0;
