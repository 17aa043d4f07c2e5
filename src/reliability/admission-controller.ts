/**
 * Decides what is let in while too much is under way. Pure: time and measurements are inputs.
 *
 * Invariants
 *   A1  a level is entered only for what stood a whole interval, and left only after a calm time
 *       below a lower threshold
 *   A2  priority 9 and whatever frees resources is always admitted; lists are refused only at critical
 *   A3  the floor is 0 at normal, and moves by at most one a step between the levels
 */
import { invariant } from '../base/invariant.ts';
import type { AdmissionLevel, AdmissionSettings } from './admission-options.ts';
import {
  PressureWindow,
  pressuresOf,
  type AdmissionCause,
  type AdmissionSample,
  type Pressures,
} from './pressure.ts';
import { FLOOR_MAX, PRIORITIES, SheddingFloor } from './shedding-floor.ts';

/** How often it wants to observe, in milliseconds. */
export const STEP_MS = 100;
/** What must stand for so long is no burst, in milliseconds. */
export const WINDOW_MS = 500;
/** A level is left after so long a calm, in milliseconds. */
export const CALM_MS = 2_000;
/** Pressures below which it is calm, by the level that is left. */
export const CALM_BELOW = { elevated: 0.7, critical: 1.5 } as const;

/** `submit` brings work, `list` is a costly read; everything else is `other`, and never refused. */
export type AdmissionKind = 'submit' | 'list' | 'other';

export interface AdmissionRequest {
  readonly kind: AdmissionKind;
  /** 0 to 9. */
  readonly priority: number;
  /** Tasks that a submit brings. */
  readonly tasks: number;
}

/** Why something is not let in. */
export interface Shed {
  readonly level: Exclude<AdmissionLevel, 'normal'>;
  readonly floor: number;
  readonly reason: AdmissionCause;
  readonly retryAfterMs: number;
}

export interface LevelChange {
  readonly from: AdmissionLevel;
  readonly to: AdmissionLevel;
  readonly cause: AdmissionCause;
}

/** The delay that is steered to, as a share of the target: at the target itself the level would come and go. */
const SET_POINT = 0.5;
/** Just below far too much. */
const STEERED_MAX = 1.99;
/** What is read, in times of what is let in: what is read and refused costs, and goodput with it. */
const READ_SHARE = 1.25;
/** … and at least so many tasks a millisecond: who is refused is told so. */
const READ_RATE_MIN = 5;
const RETRY_MS_MAX = 2_000;
const RETRY_MS_MIN = 200;

export class AdmissionController {
  readonly #settings: AdmissionSettings;
  readonly #window = new PressureWindow(WINDOW_MS);
  readonly #floor: SheddingFloor;
  readonly #shed = new Float64Array(PRIORITIES);
  #shedLists = 0;
  #level: AdmissionLevel = 'normal';
  #cause: AdmissionCause = 'delay';
  #calmSinceMs: number | null = null;
  #lastMs: number | null = null;

  constructor(settings: AdmissionSettings) {
    this.#settings = settings;
    this.#floor = new SheddingFloor(settings.delayTargetMs * SET_POINT);
  }

  get level(): AdmissionLevel {
    return this.#level;
  }

  /** What the level was entered for. */
  get cause(): AdmissionCause {
    return this.#cause;
  }

  /** Least priority that is admitted whole: 0 at normal, 9 at critical; see {@link SheddingFloor}. */
  get floor(): number {
    if (this.#level === 'normal') return 0;
    return this.#level === 'critical' ? FLOOR_MAX : this.#floor.floor;
  }

  /** Tasks refused so far, by priority. */
  get shed(): readonly number[] {
    return [...this.#shed];
  }

  get shedLists(): number {
    return this.#shedLists;
  }

  /** Lets in, with null, or says why not. */
  admit({ kind, priority, tasks }: AdmissionRequest): Shed | null {
    if (kind === 'submit') {
      this.#floor.came(priority, tasks);
      return this.reconsider(priority, tasks);
    }
    if (kind === 'other' || this.#level !== 'critical') return null;
    this.#shedLists += 1;
    return this.#refusal(0);
  }

  /** Counts tasks that come whatever the load is, so that what may be refused makes room for them. */
  promised(priority: number, tasks: number): void {
    this.#floor.came(priority, tasks);
  }

  /**
   * Tasks a millisecond that are best read of senders that were refused something: more than are let in, so that
   * there is a choice, but no more than that, for what is refused takes time, too. Infinite at normal.
   */
  get readRate(): number {
    if (this.#level === 'normal') return Number.POSITIVE_INFINITY;
    return Math.max(READ_RATE_MIN, this.#floor.rate * READ_SHARE);
  }

  /**
   * Tasks that may wait at most: more than can be served within the target has no use but to grow old.
   * Infinite at normal, where a burst may be longer than that.
   */
  get waitingMax(): number {
    if (this.#level === 'normal') return Number.POSITIVE_INFINITY;
    return this.#floor.servedIn(this.#settings.delayTargetMs);
  }

  /** As {@link admit} for a submit that was let in, waits, and would rather not come now. */
  reconsider(priority: number, tasks: number): Shed | null {
    if (this.#level === 'normal' || priority >= FLOOR_MAX) return null;
    if (this.#level === 'elevated' && !this.#floor.sheds(priority)) return null;
    this.#shed[priority] = (this.#shed[priority] as number) + tasks;
    return this.#refusal(priority);
  }

  /** Whether a submit of `priority` would be refused for certain; counts nothing. */
  refuses(priority: number): boolean {
    return this.#level === 'critical' && priority < FLOOR_MAX;
  }

  /** Counts a submit that was refused unread, because {@link refuses} says so of every one without a priority. */
  refuseUnread(priority: number): Shed {
    this.#floor.came(priority, 1);
    this.#shed[priority] = (this.#shed[priority] as number) + 1;
    return this.#refusal(priority);
  }

  /**
   * Takes a measurement; to be called every {@link STEP_MS} or so while there is work, and until the
   * level is normal again.
   *
   * @param nowMs - monotonic
   * @returns how the level changed, or null
   */
  observe(sample: AdmissionSample, nowMs: number): LevelChange | null {
    const elapsedMs = this.#lastMs === null ? STEP_MS : Math.max(1, nowMs - this.#lastMs);
    // What was not measured was no work, unless the event loop was late.
    const isGap = elapsedMs - sample.lagMs > 2 * STEP_MS;
    if (isGap) this.#window.clear();
    this.#lastMs = nowMs;
    const pressures = this.#steered(pressuresOf(sample, this.#settings));
    this.#window.add(pressures, nowMs);
    const standing = this.#window.standing(nowMs);
    const worst = Math.max(...Object.values(pressures));
    const step = {
      applied: sample.applied,
      waiting: sample.waiting,
      finished: sample.finished,
      queued: sample.queued,
      elapsedMs: isGap ? STEP_MS : elapsedMs,
      floorMin: Math.min(FLOOR_MAX, FLOOR_MAX * Math.max(0, this.#otherPressure() - 1)),
    };
    this.#floor.count(step);
    if (this.#level === 'elevated') this.#floor.move(step, 1);
    return this.#changeLevel(standing, worst, nowMs);
  }

  /** Delay and lag are what the floor steers: they are far too much only where it has nowhere to go. */
  #steered(pressures: Pressures): Pressures {
    if (this.floor === FLOOR_MAX) return pressures;
    const { delay, lag } = pressures;
    return { ...pressures, delay: Math.min(delay, STEERED_MAX), lag: Math.min(lag, STEERED_MAX) };
  }

  #changeLevel(
    standing: { readonly cause: AdmissionCause; readonly pressure: number },
    worst: number,
    nowMs: number,
  ): LevelChange | null {
    if (standing.pressure >= 2 && this.#level !== 'critical')
      return this.#enter('critical', standing.cause);
    if (standing.pressure >= 1 && this.#level === 'normal')
      return this.#enter('elevated', standing.cause);
    if (this.#level === 'normal') return null;
    const isCalm =
      worst < CALM_BELOW[this.#level] && (this.#level === 'critical' || this.#floor.floor === 0);
    this.#calmSinceMs = isCalm ? (this.#calmSinceMs ?? nowMs) : null;
    if (this.#calmSinceMs === null || nowMs - this.#calmSinceMs < CALM_MS) return null;
    return this.#enter(this.#level === 'critical' ? 'elevated' : 'normal', this.#cause);
  }

  #enter(level: AdmissionLevel, cause: AdmissionCause): LevelChange {
    const change = { from: this.#level, to: level, cause };
    invariant(change.from !== level, 'a level is entered from another one');
    if (level === 'elevated') this.#floor.begin();
    // From critical the floor comes down step by step, from normal it goes up.
    this.#floor.floor = change.from === 'critical' && level === 'elevated' ? FLOOR_MAX : 0;
    this.#level = level;
    this.#cause = cause;
    this.#calmSinceMs = null;
    return change;
  }

  /** What stands of pressures that the rate of submits cannot be read from. */
  #otherPressure(): number {
    const others = ['lag', 'backlog', 'memory', 'store', 'disk'] as const;
    return Math.max(...others.map((cause) => this.#window.least(cause)));
  }

  #refusal(priority: number): Shed {
    const { floor } = this;
    const level = this.#level === 'critical' ? 'critical' : 'elevated';
    const steps = level === 'critical' ? PRIORITIES : floor - priority + 1;
    const retryAfterMs = Math.round(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * Math.max(1, steps)));
    return { level, floor, reason: this.#cause, retryAfterMs };
  }
}
