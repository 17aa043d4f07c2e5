import { int32Column } from '../../base/columns.ts';
import { capacityFor, grown, grownCapacity } from '../../base/grown.ts';
import { Rng } from '../../base/rng.ts';
import { trustFactor } from '../../core/index.ts';
import { KeyedHeap } from '../keyed-heap.ts';
import type { Pool } from '../pool.ts';
import type { Choice, Outcome, Strategy } from '../strategy.ts';

/** What the strategy can be set to; what is shipped is {@link DELAY_TUNING}. */
export interface DelayTuning {
  /** Share of what is known of an agent's time that the next task of it leaves, 0..1. */
  readonly kept: number;
  /** The same of what is known of its failures. */
  readonly failuresKept: number;
  /** Tasks that an agent is taken to have done in the mean time before it did any; above 0. */
  readonly prior: number;
  /** How much of what is not known is drawn: 1 is Thompson sampling, 0 takes the means. */
  readonly spread: number;
  /** Power of the number of tasks that an agent would have: 1 minds the task's own wait alone. */
  readonly queuePower: number;
  /** Power of the share of attempts that complete: 1 minds the time that is lost alone. */
  readonly successPower: number;
  /** Agents that are judged anew for each choice. */
  readonly redraws: number;
}

/** Chosen on training seeds of the simulation; docs/strategies.md. */
export const DELAY_TUNING: DelayTuning = {
  kept: 0.9,
  failuresKept: 0.8,
  prior: 2,
  spread: 0.6,
  queuePower: 1.5,
  successPower: 2,
  redraws: 2,
};

/**
 * The available agent that should be done first, by what was learned of each: shortest expected delay.
 *
 * delay = s / m · (tasks in flight + 1)^1.5 / (p² · trust). m is the mean of s, s the time that a task takes the agent: from the end of its last one,
 * or from the start where that came later, to the end, so a wait in the agent's own queue is not counted, and work
 * on several tasks at once makes s as short as they follow each other. p is the share of attempts that complete. Both are
 * drawn from what is believed of them (a Gamma and a Beta distribution, six tenths as wide), anew whenever the agent changes and
 * now and then without, and what is believed fades in minutes of silence: so one that was slow is tried again. Of delays between the same
 * powers of two the cheaper agent goes first.
 *
 * Evidence: bench/PLACEMENT.md. O(log n), for every change of load too; 48 bytes a member.
 */
export class ShortestExpectedDelay implements Strategy {
  readonly name = 'shortest-expected-delay';
  readonly stateful = true;
  readonly #pool: Pool;
  readonly #tuning: DelayTuning;
  /** Of its own: a load that changes brings no generator, and a question must change no later choice. */
  readonly #rng = Rng.fromSeed(1);
  /** By member. */
  #records: Float32Array;
  /** The same bytes. */
  #bits: Int32Array;
  readonly #heap: KeyedHeap;
  #meanMs = 0;
  #count = 0;
  #picks = 0;
  #nowMs = 0;
  /** Members, each with its agent. */
  readonly #redrawn = new Int32Array(2 * REDRAWN_AT_ONCE);
  /** All that was only read to have it at hand, added up. */
  touched = 0;

  constructor(pool: Pool, tuning: DelayTuning = DELAY_TUNING) {
    this.#pool = pool;
    this.#tuning = tuning;
    const capacity = capacityFor(pool.numbersUsed, 8);
    this.#bits = int32Column(capacity * FIELDS);
    this.#records = new Float32Array(this.#bits.buffer);
    this.#heap = new KeyedHeap(capacity);
  }

  added(member: number): void {
    while (member * FIELDS >= this.#records.length) this.#grow();
    this.#records.fill(0, member * FIELDS, (member + 1) * FIELDS);
    this.#draw(member, this.#pool.agentOf(member));
    this.changed(member);
  }

  removed(member: number): void {
    this.#heap.remove(member);
  }

  changed(member: number): void {
    const agent = this.#pool.agentOf(member);
    this.#set(member, TRUST, trustFactor(this.#pool.table.agentAt(agent)));
    if (this.#pool.isAvailable(member)) this.#place(member, agent);
    else this.#heap.remove(member);
  }

  pick({ nowMs }: Choice): number {
    this.#nowMs = nowMs;
    return this.#heap.top;
  }

  picked(member: number): void {
    this.#draw(member, this.#pool.agentOf(member));
    this.#picks += 1;
    if (this.#picks % REDRAWN_AT_ONCE !== 0) return;
    for (let round = 0; round < this.#tuning.redraws; round++) this.#redraw();
  }

  observed(member: number, { ok, nowMs, runMs }: Outcome): void {
    this.#nowMs = nowMs;
    const serviceMs = this.#serviceMs(member, runMs);
    const { failuresKept, kept } = this.#tuning;
    if (ok) {
      this.#count += 1;
      this.#meanMs += (serviceMs - this.#meanMs) * Math.max(MEAN_SHARE, 1 / this.#count);
      this.#blend(member, DONE, kept, 1);
      this.#blend(member, TOOK, kept, serviceMs);
    }
    this.#blend(member, GOOD, failuresKept, ok ? 1 : 0);
    this.#blend(member, FAILED, failuresKept, ok ? 0 : 1);
    const agent = this.#pool.agentOf(member);
    this.#draw(member, agent);
    if (this.#heap.has(member)) this.#place(member, agent);
  }

  reason(member: number): string {
    const { availableCount, table } = this.#pool;
    const agent = this.#pool.agentOf(member);
    const { good, speed } = this.#beliefOf(member, agent);
    const inFlight = `${table.inFlight(agent)} in flight`;
    const facts = `about ${Math.round(Math.max(this.#meanMs, MEAN_MS_MIN) / speed)} ms a task, ${inFlight}, ${Math.round(100 * good)} % complete`;
    return `expected to be done first of ${availableCount} available (${facts})`;
  }

  /** Where there is one agent its place does not matter, and is as it was when another one comes. */
  get #isAlone(): boolean {
    return this.#pool.size === 1;
  }

  /** Judges some anew that did nothing. All are read first: reads that do not wait for each other take a fifth of the time. */
  #redraw(): void {
    const pool = this.#pool;
    const count = Math.min(REDRAWN_AT_ONCE, pool.availableCount);
    for (let at = 0; at < count; at++) {
      const position = this.#rng.below(pool.availableCount);
      const member = pool.availableAt(position);
      const agent = pool.availableAgentAt(position);
      this.#redrawn[at * 2] = member;
      this.#redrawn[at * 2 + 1] = agent;
      this.touched += this.#get(member, DONE) + pool.table.touch(agent) + this.#heap.touch(member);
    }
    for (let at = 0; at < count; at++) {
      const member = this.#redrawn[at * 2] as number;
      const agent = this.#redrawn[at * 2 + 1] as number;
      this.#draw(member, agent);
      this.#place(member, agent);
    }
  }

  /** How long the agent was at this task, by when it was done with the one before. */
  #serviceMs(member: number, runMs: number): number {
    const sinceLastMs = this.#silenceMs(member);
    this.#bits[member * FIELDS + ENDED_AT] = this.#nowMs;
    const ranMs = Math.min(Math.max(runMs, 0), RUN_MS_MAX);
    return this.#isUntried(member) ? ranMs : Math.min(ranMs, sinceLastMs);
  }

  #isUntried(member: number): boolean {
    return this.#get(member, GOOD) + this.#get(member, FAILED) === 0;
  }

  /** Never below 0: a choice may be made by a clock that is behind that of the last end. */
  #silenceMs(member: number): number {
    return Math.max(0, (this.#nowMs - (this.#bits[member * FIELDS + ENDED_AT] as number)) | 0);
  }

  #place(member: number, agent: number): void {
    const { table } = this.#pool;
    if (this.#isAlone && this.#heap.has(member)) return;
    const tasks = table.inFlight(agent) + 1;
    const delay =
      (this.#get(member, DRAWN) / this.#get(member, TRUST)) * tasks ** this.#tuning.queuePower;
    this.#heap.put(member, keyOf(delay, table.cost(agent)));
  }

  /**
   * Draws how fast and how sure the agent is. One that did nothing yet is expected to be like the mean: the best of a million
   * draws would always be among those, and no agent would be used twice.
   */
  #draw(member: number, agent: number): void {
    if (this.#isAlone) return;
    const { prior, spread, successPower } = this.#tuning;
    if (this.#isUntried(member)) {
      const weight = this.#pool.table.weight(agent);
      this.#set(member, DRAWN, 1 / (weight * GOOD_UNTRIED ** successPower));
      return;
    }
    const { good, known, speed, trials } = this.#beliefOf(member, agent);
    // A Gamma variate is a cube of a normal one (Wilson and Hilferty, 1931).
    const width = spread / (3 * Math.sqrt(prior + known));
    const cube = (1 - width ** 2 + width * this.#normal()) ** 3;
    const deviation = spread * Math.sqrt((good * (1 - good)) / (trials + 1));
    const success = Math.max(DRAWN_MIN, Math.min(1, good + deviation * this.#normal()));
    this.#set(member, DRAWN, 1 / (speed * Math.max(DRAWN_MIN, cube) * success ** successPower));
  }

  /** What is expected of an agent. Who declares twice the weight is expected to be twice as fast until he is known. */
  #beliefOf(member: number, agent: number): Belief {
    const { prior } = this.#tuning;
    const fresh = Math.exp(-this.#silenceMs(member) / FORGOTTEN_MS);
    const known = this.#get(member, DONE) * fresh;
    const meanMs = Math.max(this.#meanMs, MEAN_MS_MIN);
    const priorMs = (prior * meanMs) / this.#pool.table.weight(agent);
    const good = this.#get(member, GOOD) * fresh + TRIALS_PRIOR_GOOD;
    const trials = this.#get(member, FAILED) * fresh + good + TRIALS_PRIOR - TRIALS_PRIOR_GOOD;
    const tookMs = this.#get(member, TOOK) * fresh;
    const speed = ((prior + known) * meanMs) / (priorMs + tookMs);
    return { known, speed, good: good / trials, trials };
  }

  #normal(): number {
    return NORMALS[this.#rng.below(NORMALS.length)] as number;
  }

  #blend(member: number, field: number, kept: number, more: number): void {
    this.#set(member, field, this.#get(member, field) * kept + more);
  }

  #get(member: number, field: number): number {
    return this.#records[member * FIELDS + field] as number;
  }

  #set(member: number, field: number, value: number): void {
    this.#records[member * FIELDS + field] = value;
  }

  #grow(): void {
    const capacity = grownCapacity(this.#bits.length / FIELDS);
    this.#bits = grown(this.#bits, int32Column(capacity * FIELDS));
    this.#records = new Float32Array(this.#bits.buffer);
  }
}

/** Of delays between the same powers of two, times 0.7, the cheaper is before: the usual one, 1, is amid two. Then they are compared to 12 bits. */
function keyOf(delay: number, cost: number): number {
  FLOATS[0] = delay * Math.SQRT2;
  FLOATS[1] = cost;
  // Positive floats are in the order of their bits.
  const [delayBits, costBits] = [BITS[0] as number, BITS[1] as number];
  return ((delayBits >>> 23) * TWO_32 + costBits) * 4_096 + ((delayBits >>> 11) & 4_095);
}

const FLOATS: Float32Array = new Float32Array(2);
const BITS: Uint32Array = new Uint32Array(FLOATS.buffer);
const TWO_32 = 0x1_0000_0000;

interface Belief {
  /** Tasks that it is known by; older ones count less. */
  readonly known: number;
  /** Expected tasks in the mean time of one. */
  readonly speed: number;
  /** Expected share of attempts that complete, 0..1, and the attempts that it is known by. */
  readonly good: number;
  readonly trials: number;
}

/** Fields of a record, four bytes each: half a cache line. The last 32 bits of a moment in milliseconds: after 24 days of silence it may look shorter. */
const ENDED_AT = 0;
const DRAWN = 1;
/** Tasks done and the milliseconds they took, attempts that completed and that failed; older ones count less. */
const DONE = 2;
const TOOK = 3;
const GOOD = 4;
const FAILED = 5;
/** In the agent, 0..1. */
const TRUST = 6;
const FIELDS = 8;

/** Silence after which what was learned of an agent counts for 1/e: who was left aside is tried again. */
const FORGOTTEN_MS = 300_000;
/** Choices after which as many agents are judged anew. */
const REDRAWN_AT_ONCE = 32;
/** Share of one task in the mean of all. */
const MEAN_SHARE = 1 / 256;
/** Where nothing takes any time all are alike. */
const MEAN_MS_MIN = 0.001;
/** Longest run that is taken as it is: a day. */
const RUN_MS_MAX = 86_400_000;
/** Attempts that are taken to be known of everybody, and how many of them completed. */
const TRIALS_PRIOR = 2;
const TRIALS_PRIOR_GOOD = 1.9;
const GOOD_UNTRIED: number = TRIALS_PRIOR_GOOD / TRIALS_PRIOR;
const DRAWN_MIN = 0.01;

/** Normal variates at hand (Box and Muller, 1958). */
const NORMALS: Float32Array = (() => {
  const rng = Rng.fromSeed(4_096);
  return Float32Array.from({ length: 4_096 }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - rng.unit()));
    return radius * Math.cos(2 * Math.PI * rng.unit());
  });
})();
