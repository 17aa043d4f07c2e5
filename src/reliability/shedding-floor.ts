/**
 * Which priorities are shed, as one number: the floor.
 *
 * Priorities below it are shed, the one it lies in is shed in part: 4.25 sheds 0 to 3, a quarter of 4,
 * and nothing from 5 on. It moves between 0 and 9, one step an interval at most, so 9 is never shed.
 *
 * Where it should be follows from two counts of the last intervals: how much was served, and how much
 * came with each priority (as WeChat's DAGOR finds its threshold from a histogram; Zhou and others,
 * "Overload Control for Scaling WeChat Microservices", 2018). The rate that is let in is what was
 * served, less while the queue is longer than wanted, more while it is shorter. Where tasks pile up
 * behind their submits it is no more than a little above what gets done: taking what nobody gets to is
 * work taken from what is there.
 */

export const PRIORITIES = 10;
/** Where the floor can go at most: the last priority is never shed. */
export const FLOOR_MAX: number = PRIORITIES - 1;

/** What a step brings to the floor. */
export interface FloorStep {
  /** Tasks applied in it. */
  readonly applied: number;
  /** Tasks that wait to be applied at its end. */
  readonly waiting: number;
  /** Tasks that ended in it. */
  readonly finished: number;
  /** Tasks that wait for an agent at its end. */
  readonly queued: number;
  /** Time it covers, in milliseconds; above 0. */
  readonly elapsedMs: number;
  /** The floor that other pressures ask for, 0 to 9. */
  readonly floorMin: number;
}

/** Weight of the newest step in what was served and what came. */
const NEWEST = 0.3;
/** How much less is let in while what waits takes twice the wanted time, and the least that is left. */
const DRAIN = 0.15;
const DRAIN_MIN = 0.1;
/** How much more is let in, a step, while nothing waits. */
const PROBE = 0.1;

/** Fewer tasks a millisecond are none: a mean only comes close to it. */
const OFFERED_MIN = 1e-5;
/** Let in is so much more than gets done, so that agents that were short of work are not. */
const AHEAD = 1.2;
/** … but at least this share of the most that was served: agents may come. */
const TAKEN_MIN = 0.5;
/** Tasks that wait for an agent are many past what gets done in so many milliseconds. */
const QUEUED_MS_MAX = 1_000;
/** How much of the most that was served is left after a step. */
const FADE = 0.995;

export class SheddingFloor {
  #floor = 0;
  /** Tasks a millisecond. */
  #served = 0;
  #servedMax = 0;
  #finished = 0;
  #rate = 0;
  readonly #offered = new Float64Array(PRIORITIES);
  readonly #came = new Float64Array(PRIORITIES);
  /** Parts of a shed that are due, by priority: spreads a share evenly without chance. */
  readonly #due = new Float64Array(PRIORITIES);
  readonly #delayWantedMs: number;

  /** @param delayWantedMs - how long what waits may take; the floor is steered to that */
  constructor(delayWantedMs: number) {
    this.#delayWantedMs = delayWantedMs;
  }

  get floor(): number {
    return this.#floor;
  }

  set floor(floor: number) {
    this.#floor = floor;
  }

  /** Takes note of `tasks` that came with `priority`, shed or not. */
  came(priority: number, tasks: number): void {
    this.#came[priority] = (this.#came[priority] as number) + tasks;
  }

  /** Whether the next submit of `priority` is shed. */
  sheds(priority: number): boolean {
    const share = Math.min(1, Math.max(0, this.#floor - priority));
    if (share === 0 || priority >= FLOOR_MAX) return false;
    if (share === 1) return true;
    const due = (this.#due[priority] as number) + share;
    this.#due[priority] = due >= 1 ? due - 1 : due;
    return due >= 1;
  }

  /** Tasks that are served in `ms`, as far as is known. */
  servedIn(ms: number): number {
    return this.#served * ms;
  }

  /** Tasks a millisecond that came, shed or not. */
  get offered(): number {
    return total(this.#offered);
  }

  /** Tasks a millisecond that are let in. */
  get rate(): number {
    return this.#rate;
  }

  /** Takes the counts of a step, whatever the level; the floor itself does not move. */
  count({ applied, elapsedMs, finished }: FloorStep): void {
    this.#served += NEWEST * (applied / elapsedMs - this.#served);
    this.#servedMax = Math.max(this.#served, this.#servedMax * FADE);
    this.#finished += NEWEST * (finished / elapsedMs - this.#finished);
    for (let priority = 0; priority < PRIORITIES; priority++) {
      const offered = this.#offered[priority] as number;
      const now = (this.#came[priority] as number) / elapsedMs;
      const next = offered + NEWEST * (now - offered);
      this.#offered[priority] = next < OFFERED_MIN ? 0 : next;
      this.#came[priority] = 0;
    }
  }

  /** Begins to let in what was served so far. */
  begin(): void {
    this.#rate = this.#served;
  }

  /** Moves the floor towards where it should be, after {@link count}. */
  move(step: FloorStep, stepsMax: number): void {
    this.#steer(step);
    const wanted = Math.max(this.#wantedFloor(), step.floorMin);
    const change = Math.min(stepsMax, Math.max(-stepsMax, wanted - this.#floor));
    this.#floor = Math.min(FLOOR_MAX, Math.max(0, this.#floor + change));
  }

  /**
   * What waits now says how long the next one will wait; how long the last one waited says it too late.
   */
  #steer({ queued, waiting }: FloorStep): void {
    const wanted = this.#served * this.#delayWantedMs;
    // Where nothing was served, any wait is too long.
    const queue = wanted > 0 ? waiting / wanted : waiting > 0 ? Number.POSITIVE_INFINITY : 0;
    if (queue > 1) {
      this.#rate = this.#served * Math.max(DRAIN_MIN, 1 - DRAIN * (queue - 1));
      const isPiling = queued > this.#finished * QUEUED_MS_MAX;
      if (isPiling) this.#rate = Math.min(this.#rate, this.#doneRate);
    } else {
      // A share of what comes, too: after all was shed nothing was served to begin with.
      const rate = Math.max(this.#rate, this.#served);
      this.#rate = rate + Math.max(rate, PROBE * total(this.#offered)) * PROBE * (1 - queue);
    }
    // What nobody asks for is no room to save up.
    this.#rate = Math.min(this.#rate, 2 * Math.max(this.#served, total(this.#offered)));
  }

  get #doneRate(): number {
    return Math.max(this.#finished * AHEAD, this.#servedMax * TAKEN_MIN);
  }

  /** The floor above which as much comes as is let in. */
  #wantedFloor(): number {
    let left = this.#rate - (this.#offered[FLOOR_MAX] as number);
    for (let priority = FLOOR_MAX - 1; priority >= 0; priority--) {
      const offered = this.#offered[priority] as number;
      if (offered > 0 && offered > left) return priority + 1 - Math.max(0, left) / offered;
      left -= offered;
    }
    return 0;
  }
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
