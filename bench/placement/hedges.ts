/**
 * Which attempts are hedged, and when: the product's rule (`runtime/hedger.ts`) for tasks of one type.
 *
 * An attempt is late once it takes longer than 95 % of those that ended. Each that starts pays for a share of a hedge,
 * and no more than that share of what runs are hedges, four at least; those that are late meanwhile wait for their turn.
 */
import { QuantileSketch } from '../../src/runtime/quantile-sketch.ts';
import { MemberHeap } from '../../src/scheduling/member-heap.ts';

const PERCENTILE = 0.95;
const SHARE = 0.05;
const TOKENS_MAX = 10;
const HEDGES_MIN = 4;
const SAMPLES_MIN = 20;
const TURN_COUNT = 1_000;
/** Attempts that end before the percentile is looked up again; the product does so for each, at some 10 µs. */
const LOOKED_UP_EVERY = 16;
const NOBODY = -1;

/** What became of hedges. */
export interface HedgeCounts {
  started: number;
  /** Of those, done before the attempt that they were beside. */
  won: number;
  /** How long agents worked on attempts whose task was done by the other one first. */
  wastedMs: number;
}

export class Hedges {
  readonly counts: HedgeCounts = { started: 0, won: 0, wastedMs: 0 };
  readonly #sketch = new QuantileSketch(TURN_COUNT);
  /** The agent that a task's own attempt is at, and that of its hedge; by task. */
  readonly #own: Int32Array;
  readonly #copies: Int32Array;
  readonly #startedMs: Float64Array;
  readonly #dueMs: Float64Array;
  readonly #late: MemberHeap;
  #tokens = 1;
  #live = 0;
  #heard = 0;
  #lateAfterMs = Infinity;

  constructor(tasks: number) {
    this.#own = new Int32Array(tasks).fill(NOBODY);
    this.#copies = new Int32Array(tasks).fill(NOBODY);
    this.#startedMs = new Float64Array(tasks);
    this.#dueMs = new Float64Array(tasks);
    this.#late = new MemberHeap((a, b) => {
      const difference = (this.#dueMs[a] as number) - (this.#dueMs[b] as number);
      return difference === 0 ? a < b : difference < 0;
    }, tasks);
  }

  /** Where the task's own attempt is, or -1. */
  ownAgent(task: number): number {
    return this.#own[task] as number;
  }

  /** Where its hedge is, or -1. */
  copyAgent(task: number): number {
    return this.#copies[task] as number;
  }

  /** When an attempt is due to be hedged that can be paid; Infinity for none. May be past. */
  dueMs(running: number): number {
    const room = Math.max(HEDGES_MIN, Math.floor(running * SHARE)) - this.#live;
    if (this.#tokens < 1 || room < 1 || this.#late.size === 0) return Infinity;
    return this.#dueMs[this.#late.top] as number;
  }

  /** Takes the one out that is due. */
  takeDue(): number {
    const task = this.#late.top;
    this.#late.remove(task);
    return task;
  }

  /** An attempt of the task's own started at the agent. */
  started(task: number, agent: number, nowMs: number): void {
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + SHARE);
    this.#own[task] = agent;
    this.#startedMs[task] = nowMs;
    this.#late.remove(task);
    if (this.#lateAfterMs === Infinity || this.copyAgent(task) >= 0) return;
    this.#dueMs[task] = nowMs + this.#lateAfterMs;
    this.#late.put(task);
  }

  hedged(task: number, agent: number): void {
    this.#tokens -= 1;
    this.#live += 1;
    this.counts.started += 1;
    this.#copies[task] = agent;
  }

  /** The task is done, by its hedge or its own attempt: how long that took is learned, or would have taken at least. */
  done(task: number, byHedge: boolean, nowMs: number): void {
    if (byHedge) this.counts.won += 1;
    if (this.ownAgent(task) >= 0) this.#learn(nowMs - (this.#startedMs[task] as number));
    this.ownEnded(task);
    this.copyEnded(task);
  }

  /** Its own attempt is over. */
  ownEnded(task: number): void {
    this.#own[task] = NOBODY;
    this.#late.remove(task);
  }

  /** Its hedge is over. */
  copyEnded(task: number): void {
    if (this.copyAgent(task) >= 0) this.#live -= 1;
    this.#copies[task] = NOBODY;
  }
  #learn(runMs: number): void {
    this.#sketch.add(runMs);
    this.#heard += 1;
    if (this.#heard < SAMPLES_MIN || this.#heard % LOOKED_UP_EVERY !== 0) return;
    this.#lateAfterMs = this.#sketch.quantile(PERCENTILE);
  }
}
