/**
 * Has plans made for waiting tasks with wishes, one window at a time, in a thread of their own.
 *
 * Nothing waits for it: what it finds is an input to later placements, and those reach the log as plain
 * assignments. A thread that is late or lost costs its window a plan by the solver, and nothing else.
 */
import { messageOf } from '../../base/errors.ts';
import type { BatchPlans, BatchWindow } from '../../scheduling/index.ts';
import type { Clock } from '../clock.ts';
import type { RuntimeMetrics } from '../metrics-port.ts';
import type { RuntimeLogger } from '../runtime-logger.ts';
import { ThreadSolver, type PlanSolver } from './plan-solver.ts';

export interface PlanningOptions {
  /** Plans for waiting tasks with wishes. Default false. */
  readonly enabled?: boolean;
  /** Time that the solver has for one window, in milliseconds; 1..10,000. Default 50. */
  readonly budgetMs?: number;
  /** Who solves. Default: a thread of this process. */
  readonly solver?: PlanSolver;
}

export interface PlannerParts {
  /** Null where planning is off. */
  readonly plans: BatchPlans | null;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly metrics: RuntimeMetrics;
  readonly options: PlanningOptions;
}

const BUDGET_MS_DEFAULT = 50;
/** After the budget an answer is waited for so much longer; a thread may have to start first. */
const GRACE_MS = 2_000;
/** From one window to the next, at least: half a processor at most, with the default budget. */
const PAUSE_MS = 100;
/** Pause after a failure, doubled with each further one up to the longest. */
const FAILED_PAUSE_MS = 1_000;
const FAILED_PAUSE_MS_MAX = 60_000;

export class PlacementPlanner {
  readonly #parts: PlannerParts;
  readonly #solver: PlanSolver;
  readonly #budgetMs: number;
  #isOpen = false;
  #isBusy = false;
  #failures = 0;
  #cancelTimer: (() => void) | null = null;
  /** Before this moment of the monotonic clock no window is looked for. */
  #restsUntilMs = 0;

  constructor(parts: PlannerParts) {
    this.#parts = parts;
    this.#solver = parts.options.solver ?? new ThreadSolver();
    this.#budgetMs = parts.options.budgetMs ?? BUDGET_MS_DEFAULT;
  }

  /** Plans from now on: before, another process places. */
  open(): void {
    this.#isOpen = true;
    this.applied();
  }

  /** An entry was applied: more may wait. O(1) while nothing with wishes does. */
  applied(): void {
    const { clock, plans } = this.#parts;
    if (!this.#isOpen || this.#isBusy || this.#cancelTimer !== null) return;
    if (plans === null || plans.waiting === 0) return;
    const restMs = this.#restsUntilMs - clock.monotonicMs();
    if (restMs > 0) this.#lookAfter(restMs);
    else this.#look(plans);
  }

  close(): void {
    this.#isOpen = false;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#solver.close();
  }

  #look(plans: BatchPlans): void {
    const window = plans.nextWindow(this.#parts.clock.now());
    if (window === null) this.#lookAfter(PAUSE_MS);
    else void this.#solve(plans, window);
  }

  async #solve(plans: BatchPlans, window: BatchWindow): Promise<void> {
    const { clock, logger, metrics } = this.#parts;
    const askedMs = clock.monotonicMs();
    this.#isBusy = true;
    // That wakes the wait below.
    const cancel = clock.setTimer(this.#budgetMs + GRACE_MS, () => this.#solver.giveUp());
    let found: ArrayLike<number> | null = null;
    try {
      found = await this.#solver.solve(window.number, window.problem, this.#budgetMs);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (this.#isOpen && this.#failures === 1) {
        logger.warn('a plan for waiting tasks failed; they go on without', {
          error: messageOf(error),
        });
      }
    }
    cancel();
    this.#isBusy = false;
    if (!this.#isOpen) return;
    const judgement = plans.take(window.number, found, clock.now());
    if (judgement !== null) {
      const { cost, greedyCost, source } = judgement;
      const durationMs = clock.monotonicMs() - askedMs;
      const isSolved = found !== null;
      metrics.planned({ source, durationMs, isSolved, saved: greedyCost - cost });
    }
    this.#restsUntilMs = clock.monotonicMs() + this.#pauseMs();
    this.applied();
  }

  #pauseMs(): number {
    if (this.#failures === 0) return Math.max(PAUSE_MS, this.#budgetMs);
    return Math.min(FAILED_PAUSE_MS * 2 ** (this.#failures - 1), FAILED_PAUSE_MS_MAX);
  }

  #lookAfter(delayMs: number): void {
    this.#cancelTimer = this.#parts.clock.setTimer(delayMs, () => {
      this.#cancelTimer = null;
      this.applied();
    });
  }
}
