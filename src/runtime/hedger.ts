/**
 * Proposes hedges: a copy of a task whose attempt takes longer than nearly all others of its type.
 *
 * Soft state, by task type. Hedges are paid with tokens, of which each attempt that starts brings a
 * share: so they stay a small part of the work, and under overload, when everything takes long, none is
 * added. Costs nothing for tasks that do not ask for it.
 */
import { isOrchestratorError } from '../base/errors.ts';
import {
  liveCopies,
  startedAtOf,
  Timers,
  type CoreState,
  type LeaseRef,
  type Task,
  type Timed,
} from '../core/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import type { Learner } from './learned.ts';
import { QuantileSketch } from './quantile-sketch.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

export interface HedgingOptions {
  /** Hedges, as a share of attempts that start and of tasks that run, 0..1. Default 0.05; 0 for none. */
  readonly share?: number;
  /** Attempts of a type to have seen before its percentile says anything. Default 20. */
  readonly samplesMin?: number;
}

export interface HedgerParts {
  readonly state: CoreState;
  readonly propose: CommandLoop['propose'];
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly options: HedgingOptions;
}

const SHARE_DEFAULT = 0.05;
const SAMPLES_MIN_DEFAULT = 20;
/** Hedges that can be saved up, at most. */
const TOKENS_MAX = 10;
/** Durations of a type that are remembered, at most twice this. */
const TURN_COUNT = 1_000;
/** Types whose durations are remembered: those seen last. */
const TYPES_MAX = 1_000;
/** … of which so many are remembered across a restart. */
const TYPES_KEPT_MAX = 200;
/** Hedges that may be under way however little runs: one of them may hang itself. */
const HEDGES_MIN = 4;

/** A running attempt that may be hedged. */
interface Watched extends Timed {
  readonly task: Task;
  readonly fencingToken: number;
  readonly startedAt: number;
}

export class Hedger implements Learner {
  readonly #parts: HedgerParts;
  readonly #share: number;
  readonly #samplesMin: number;
  readonly #sketches = new Map<string, QuantileSketch>();
  readonly #watched = new Map<Task, Watched>();
  readonly #heap = new Timers<Watched>();
  /** Hedges under way, and some that ended. */
  readonly #hedges = new Set<Task>();
  #timer: { readonly dueAt: number; readonly cancel: () => void } | null = null;
  /** One to begin with: the first slow attempt need not wait for twenty others. */
  #tokens = 1;
  #seq = 0;
  /** Whether attempts are late that could not be hedged yet. */
  #isPaused = false;
  #isClosed = false;
  /** Before, another process hedges. */
  #isOpen = false;

  constructor(parts: HedgerParts) {
    this.#parts = parts;
    this.#share = parts.options.share ?? SHARE_DEFAULT;
    this.#samplesMin = parts.options.samplesMin ?? SAMPLES_MIN_DEFAULT;
  }

  /** Attempts that are watched. */
  get watching(): number {
    return this.#watched.size;
  }

  /** Watches what runs already. Called once, before anything else. */
  open(): void {
    this.#isOpen = true;
    for (const task of this.#parts.state.tasks.values()) {
      if (task.state === 'running' && task.profile.spec.rules?.hedge !== undefined) {
        this.started(task);
      }
    }
  }

  /** Durations by type, of those seen last. */
  remember(): unknown {
    return [...this.#sketches].slice(-TYPES_KEPT_MAX).map(([key, one]) => [key, one.remember()]);
  }

  recall(known: unknown): void {
    for (const one of Array.isArray(known) ? (known as unknown[]) : []) {
      const [key, durations] = Array.isArray(one) ? (one as unknown[]) : [];
      if (typeof key !== 'string' || this.#sketches.size >= TYPES_MAX) continue;
      const sketch = new QuantileSketch(TURN_COUNT);
      sketch.recall(durations);
      this.#sketches.set(key, sketch);
    }
  }

  /** An attempt of a task that asks for hedges has started. */
  started(task: Task): void {
    if (!this.#isOpen) return;
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + this.#share);
    const delayMs = this.#delayMs(task);
    this.forget(task);
    if (delayMs === null || this.#share === 0 || task.state !== 'running') return;
    const { fencingToken } = task;
    const startedAt = startedAtOf(task);
    this.#seq += 1;
    const watched = { task, fencingToken, startedAt, seq: this.#seq, dueAt: 0, timerSlot: -1 };
    this.#watched.set(task, watched);
    this.#heap.arm(watched, Math.max(1, startedAt + delayMs));
    this.#arm();
  }

  /** An attempt of its own completed the task. */
  ended(task: Task, runMs: number): void {
    this.forget(task);
    this.#sketch(task).add(runMs);
  }

  /** A copy was faster: the attempt would have taken at least as long as it did. */
  overtaken(task: Task): void {
    const watched = this.#watched.get(task);
    this.forget(task);
    if (watched === undefined) return;
    this.#sketch(task).add(this.#parts.state.nowMs - watched.startedAt);
  }

  /** The task has ended, or its attempt has. */
  forget(task: Task): void {
    const watched = this.#watched.get(task);
    if (watched === undefined) return;
    this.#watched.delete(task);
    this.#heap.arm(watched, 0);
  }

  /** An entry was applied: a hedge may have ended, or a token come in, that others wait for. */
  applied(): void {
    if (!this.#isPaused || this.#isClosed || this.#tokens < 1 || this.#room() < 1) return;
    this.#look();
    this.#arm();
  }

  /** A hedge was made. */
  hedged(copy: Task): void {
    this.#hedges.add(copy);
  }

  /** Proposes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** When an attempt of such a task is late, from its start; null while that is not known. */
  #delayMs({ profile }: Task): number | null {
    const rule = profile.spec.rules?.hedge;
    if (rule === undefined) return null;
    if (rule.afterMs !== undefined) return rule.afterMs;
    const sketch = this.#sketches.get(sketchKey(profile.spec));
    if (sketch === undefined || sketch.count < this.#samplesMin) return null;
    return sketch.quantile(rule.percentile);
  }

  #sketch({ profile }: Task): QuantileSketch {
    const key = sketchKey(profile.spec);
    const known = this.#sketches.get(key);
    const sketch = known ?? new QuantileSketch(TURN_COUNT);
    // The newest stands last: the first is the one to go.
    this.#sketches.delete(key);
    this.#sketches.set(key, sketch);
    if (this.#sketches.size > TYPES_MAX) {
      for (const oldest of this.#sketches.keys()) {
        this.#sketches.delete(oldest);
        break;
      }
    }
    return sketch;
  }

  #arm(): void {
    const dueAt = this.#isPaused ? null : this.#heap.nextDueAt;
    if (this.#isClosed || dueAt === (this.#timer?.dueAt ?? null)) return;
    this.#timer?.cancel();
    this.#timer = null;
    if (dueAt === null) return;
    const { clock } = this.#parts;
    const waitMs = Math.max(0, dueAt - clock.now());
    const cancel = clock.setTimer(waitMs, () => {
      this.#timer = null;
      this.#look();
      this.#arm();
    });
    this.#timer = { dueAt, cancel };
  }

  /** Proposes what is late and can be paid. */
  #look(): void {
    const nowMs = this.#parts.clock.now();
    const items: LeaseRef[] = [];
    let room = this.#room();
    this.#isPaused = false;
    while ((this.#heap.nextDueAt ?? Infinity) <= nowMs) {
      this.#isPaused = this.#tokens < 1 || room < 1;
      const late = this.#isPaused ? null : this.#heap.popDue(nowMs);
      if (late === null) break;
      const { fencingToken, task } = late;
      this.#watched.delete(task);
      const isOver = task.fencingToken !== fencingToken || task.state !== 'running';
      if (isOver || this.#isFullyHedged(task)) continue;
      // It is known on, for how long it ran until its hedge was done.
      this.#watched.set(task, late);
      this.#tokens -= 1;
      room -= 1;
      items.push({ taskId: task.id, fencingToken });
    }
    if (items.length > 0) void this.#propose(items);
  }

  #isFullyHedged(task: Task): boolean {
    const max = task.profile.spec.rules?.hedge?.copiesMax ?? 0;
    return liveCopies(this.#parts.state, task).length >= max;
  }

  /** Hedges that may be started beside those under way. */
  #room(): number {
    const { state } = this.#parts;
    for (const copy of this.#hedges) {
      if (state.tasks.get(copy.id) !== copy) this.#hedges.delete(copy);
    }
    let running = 0;
    for (const queue of state.queues.values()) running += queue.running;
    return Math.max(HEDGES_MIN, Math.floor(running * this.#share)) - this.#hedges.size;
  }

  async #propose(items: readonly LeaseRef[]): Promise<void> {
    const { logger, propose } = this.#parts;
    try {
      // What core refuses has ended or was hedged meanwhile.
      await propose({ type: 'task.hedge', items });
    } catch (error) {
      // A hedge that is not made costs time, not work: it is not tried again.
      const code = isOrchestratorError(error) ? error.code : 'INTERNAL';
      if (code !== 'STOPPED') logger.warn('slow attempts could not be hedged', { code });
    }
  }
}

function sketchKey({ namespace, type }: Task['profile']['spec']): string {
  return `${namespace}\n${type}`;
}
