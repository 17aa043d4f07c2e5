/**
 * Makes schedules fire: knows which is due when, and proposes it.
 *
 * Soft state over core's schedules, in one heap. A firing is proposed in bounded slices, one under way at
 * a time; core takes each moment once, whatever is proposed. Costs nothing while nothing is scheduled.
 */
import { isOrchestratorError } from '../base/errors.ts';
import {
  Timers,
  type CoreState,
  type FiringItem,
  type Schedule,
  type ScheduleSettings,
  type TaskId,
  type Timed,
} from '../core/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { dueFirings, firingDueAt } from './due-firings.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import { nextMoment } from './schedule-times.ts';

export interface ScheduleKeeperParts {
  readonly state: CoreState;
  readonly propose: CommandLoop['propose'];
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly nextId: () => TaskId;
  /** Counts tasks by their priorities as they come; says how long the next are to wait, in milliseconds. */
  readonly admit: (priorities: Iterable<number>) => number;
}

/** Firings in one proposal, at most, and the time after which one is proposed that has fewer. */
const SLICE_MAX = 500;
const SLICE_MS = 10;

/**
 * Longest wait before the clock is looked at again, in milliseconds: it may have been set forward, or the
 * machine slept, and timers know of neither.
 */
const LOOK_MS = 60_000;

/** How long a proposal that was not taken waits before the next one, in milliseconds. */
const AGAIN_MS = 1_000;

/** A firing that is so late waits no longer for the load to go down: well within the shortest window. */
const LATE_MAX_MS = 5_000;

/**
 * The moment after the next one is worked out ahead, so much of it at a time and so often: an expression
 * takes about half a millisecond, which thousands that are due together would all wait for.
 */
const PREPARE_MS = 5;
const PREPARE_EVERY_MS = 20;

interface Kept extends Timed {
  readonly schedule: Schedule;
  /** The moment after `of`, which was the schedule's next one under these settings; null for not yet. */
  following: {
    readonly of: number;
    readonly at: number;
    readonly settings: ScheduleSettings;
  } | null;
}

export class ScheduleKeeper {
  readonly #parts: ScheduleKeeperParts;
  readonly #kept = new Map<string, Kept>();
  readonly #heap = new Timers<Kept>();
  #timer: { readonly dueAt: number; readonly cancel: () => void } | null = null;
  /** Whose following moment is to be worked out. */
  readonly #unprepared = new Set<Kept>();
  #cancelPrepare: (() => void) | null = null;
  #isProposing = false;
  /** Before, and after it is closed, another process makes them fire. */
  #isOpen = false;
  /** Monotonic; the next slice is not proposed before. */
  #restUntilMs = 0;
  #isClosed = false;

  constructor(parts: ScheduleKeeperParts) {
    this.#parts = parts;
  }

  /** Takes all schedules of core, and makes them fire from now on. */
  open(): void {
    this.#isOpen = true;
    for (const schedule of this.#parts.state.records.schedules.values()) this.#keep(schedule);
    this.#arm();
  }

  /** A schedule is new, changed or fired. */
  changed(schedule: Schedule): void {
    // A later command of the same entry may have removed it.
    if (!this.#isOpen || this.#parts.state.records.schedules.get(schedule.key) !== schedule) return;
    this.#keep(schedule);
    this.#arm();
  }

  removed(schedule: Schedule): void {
    const kept = this.#kept.get(schedule.key);
    if (kept?.schedule !== schedule) return;
    this.#heap.arm(kept, 0);
    this.#unprepared.delete(kept);
    this.#kept.delete(schedule.key);
    this.#arm();
  }

  /** Proposes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#cancelPrepare?.();
    this.#cancelPrepare = null;
  }

  #keep(schedule: Schedule): void {
    let kept = this.#kept.get(schedule.key);
    if (kept?.schedule !== schedule) {
      if (kept !== undefined) {
        this.#heap.arm(kept, 0);
        this.#unprepared.delete(kept);
      }
      kept = { schedule, seq: schedule.seq, dueAt: 0, timerSlot: -1, following: null };
      this.#kept.set(schedule.key, kept);
    }
    const dueAt = firingDueAt(schedule);
    this.#heap.arm(kept, dueAt === Number.POSITIVE_INFINITY ? 0 : Math.max(1, dueAt));
    const isPlain = schedule.settings.timing.type !== 'cron' || schedule.nextAt === 0;
    if (isPlain || followingOf(kept) !== undefined) return;
    this.#unprepared.add(kept);
    this.#armPrepare();
  }

  #armPrepare(): void {
    if (this.#cancelPrepare !== null || this.#isClosed || this.#unprepared.size === 0) return;
    this.#cancelPrepare = this.#parts.clock.setTimer(PREPARE_EVERY_MS, () => {
      this.#cancelPrepare = null;
      this.#prepare();
      this.#armPrepare();
    });
  }

  #prepare(): void {
    const { clock } = this.#parts;
    const endMs = clock.monotonicMs() + PREPARE_MS;
    for (const kept of this.#unprepared) {
      this.#unprepared.delete(kept);
      const { nextAt: of, settings } = kept.schedule;
      if (of !== 0) kept.following = { of, at: nextMoment(settings, of + 1), settings };
      if (clock.monotonicMs() >= endMs) return;
    }
  }

  #arm(): void {
    if (this.#isProposing || this.#isClosed) return;
    const dueAt = this.#heap.nextDueAt;
    if (dueAt === (this.#timer?.dueAt ?? null)) return;
    this.#timer?.cancel();
    this.#timer = null;
    if (dueAt === null) return;
    const { clock } = this.#parts;
    const waitMs = Math.max(0, dueAt - clock.now(), this.#restUntilMs - clock.monotonicMs());
    this.#wait(dueAt, clock.isSteady === true ? waitMs : Math.min(waitMs, LOOK_MS));
  }

  #wait(dueAt: number, waitMs: number): void {
    const cancel = this.#parts.clock.setTimer(waitMs, () => {
      this.#timer = null;
      void this.#propose();
    });
    this.#timer = { dueAt, cancel };
  }

  async #propose(): Promise<void> {
    const items = this.#due();
    if (items.length === 0) {
      this.#arm();
      return;
    }
    this.#isProposing = true;
    const { admit, clock } = this.#parts;
    const restMs = admit(this.#prioritiesOf(items));
    const isLate = clock.now() - (items[0]?.nominalAt ?? 0) > LATE_MAX_MS;
    const isTaken = await this.#take(items);
    this.#isProposing = false;
    this.#restUntilMs = isLate ? 0 : clock.monotonicMs() + restMs;
    if (isTaken) this.#arm();
    else if (!this.#isClosed) this.#wait(0, AGAIN_MS);
  }

  *#prioritiesOf(items: readonly FiringItem[]): Generator<number> {
    for (const { key, taskId } of items) {
      const schedule = this.#parts.state.records.schedules.get(key);
      if (taskId !== null && schedule !== undefined) yield schedule.settings.task.spec.priority;
    }
  }

  /** The next slice of what is due, taken out of the heap; it comes back as core moves it on. */
  #due(): FiringItem[] {
    const { clock, nextId } = this.#parts;
    const nowMs = clock.now();
    const endMs = clock.monotonicMs() + SLICE_MS;
    const items: FiringItem[] = [];
    while (items.length < SLICE_MAX && clock.monotonicMs() < endMs) {
      const kept = this.#heap.popDue(nowMs);
      if (kept === null) break;
      const followingAt = followingOf(kept);
      const known = followingAt === undefined ? {} : { followingAt };
      const options = { max: SLICE_MAX - items.length, nextId, ...known };
      const found = dueFirings(kept.schedule, nowMs, options);
      for (const item of found) items.push(item);
    }
    return items;
  }

  async #take(items: readonly FiringItem[]): Promise<boolean> {
    const { logger, propose, state } = this.#parts;
    let isTaken = true;
    try {
      // What core refuses was paused, removed or set anew meanwhile: its event has told of that.
      await propose({ type: 'schedule.fire', items });
    } catch (error) {
      const code = isOrchestratorError(error) ? error.code : 'INTERNAL';
      if (ENDING_CODES.has(code)) this.close();
      else logger.warn('schedules could not fire; they will a little later', { code });
      isTaken = false;
    }
    for (const key of new Set(items.map((item) => item.key))) {
      const schedule = state.records.schedules.get(key);
      if (schedule !== undefined) this.#keep(schedule);
    }
    return isTaken;
  }
}

/** The moment after the schedule's next one, where it was worked out. */
function followingOf({ following, schedule }: Kept): number | undefined {
  const { nextAt, settings } = schedule;
  return following?.of === nextAt && following.settings === settings ? following.at : undefined;
}

/** After these nothing is taken any more. */
const ENDING_CODES = new Set(['STOPPED', 'LOG_FAILED', 'LOG_CLOSED']);
