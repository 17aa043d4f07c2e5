import { OrchestratorError } from '../../../base/errors.ts';
import type { Watch } from '../../watch.ts';

/** How long a search may go on, and what its chance depends on. */
export interface SearchLimits {
  /** Milliseconds of the watch's clock; default 5,000 where no steps are given, else without end. */
  readonly timeMs?: number;
  /** Elementary steps (spins looked at, couplings followed): the same limit gives the same result anywhere. */
  readonly stepsMax?: number;
  /** Any integer; default 1. */
  readonly seed?: number;
}

/** Why a search ended: 'done' is by itself, 'proven' that nothing better exists. */
export type StopReason = 'proven' | 'target' | 'time' | 'steps' | 'canceled' | 'done';

const TIME_MS_DEFAULT = 5000;

/** About a millisecond of work: the clock is read that often. */
const STEPS_BETWEEN_LOOKS = 150_000;

/** No machine takes this many; it ends a search whose clock stands still. */
const STEPS_PER_MS_MAX = 4_000_000;

/** What one thread is taken to do where a schedule must be planned before it is run. */
const STEPS_PER_MS_PLANNED = 120_000;

/**
 * Counts the steps of one search, and says when it has to end.
 *
 * The clock only ever ends it: what happens before depends on the limits and the seed alone.
 */
export class Effort {
  readonly timeMs: number;
  readonly stepsMax: number;
  readonly seed: number;
  #steps = 0;
  #nextLook: number;
  #stopped: StopReason | undefined;
  readonly #watch: Watch;
  readonly #startedMs: number;

  /** @throws OrchestratorError QUANTUM_OPTION_INVALID */
  constructor(limits: SearchLimits, watch: Watch) {
    checkLimit('timeMs', limits.timeMs);
    checkLimit('stepsMax', limits.stepsMax);
    checkSeed(limits.seed);
    this.seed = limits.seed ?? 1;
    this.timeMs = limits.timeMs ?? (limits.stepsMax === undefined ? TIME_MS_DEFAULT : Infinity);
    this.stepsMax = Math.min(limits.stepsMax ?? Infinity, this.timeMs * STEPS_PER_MS_MAX);
    this.#nextLook = Math.min(STEPS_BETWEEN_LOOKS, this.stepsMax);
    this.#watch = watch;
    this.#startedMs = watch.nowMs();
    if (watch.isCanceled()) this.#stopped = 'canceled';
  }

  /** Steps that a plan may reckon with. */
  get stepsPlanned(): number {
    return Math.min(this.stepsMax, this.timeMs * STEPS_PER_MS_PLANNED);
  }

  get steps(): number {
    return this.#steps;
  }

  get stopped(): StopReason | undefined {
    return this.#stopped;
  }

  elapsedMs(): number {
    return this.#watch.nowMs() - this.#startedMs;
  }

  /** Ends the search from within. The first reason stays. */
  stop(reason: StopReason): void {
    this.#stopped ??= reason;
  }

  /** Takes note of work done. True once the search has to end. */
  spend(steps: number): boolean {
    this.#steps += steps;
    if (this.#steps >= this.#nextLook) this.#look();
    return this.#stopped !== undefined;
  }

  #look(): void {
    this.#nextLook = Math.min(this.#steps + STEPS_BETWEEN_LOOKS, this.stepsMax);
    if (this.#steps >= this.stepsMax) this.stop('steps');
    if (this.#watch.isCanceled()) this.stop('canceled');
    const elapsedMs = this.elapsedMs();
    if (elapsedMs >= this.timeMs) this.stop('time');
    const share = Math.max(this.#steps / this.stepsMax, elapsedMs / this.timeMs);
    this.#watch.progress(Math.min(1, share));
  }
}

function checkLimit(name: string, value: number | undefined): void {
  if (value === undefined || (value > 0 && value <= Number.MAX_SAFE_INTEGER)) return;
  throw new OrchestratorError(
    'QUANTUM_OPTION_INVALID',
    `${name} must be a number above 0, got ${value}`,
    { [name]: value },
  );
}

function checkSeed(seed: number | undefined): void {
  if (seed === undefined || Number.isSafeInteger(seed)) return;
  throw new OrchestratorError('QUANTUM_OPTION_INVALID', `seed must be an integer, got ${seed}`, {
    seed,
  });
}
