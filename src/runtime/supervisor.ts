/**
 * Looks after the parts of a running orchestrator: attempts that hang, what is on the disk, the clock,
 * the event loop. What it finds and what became of it is kept in {@link Recoveries}.
 *
 * All of it is soft: nothing here reaches the log but the end of a stuck attempt, where that is asked for.
 */
import type { Agent, Breaker, BreakerState, CoreState, Task, TaskId } from '../core/index.ts';
import { breakerTitle } from '../core/index.ts';
import type { StuckSettings } from '../reliability/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import type { EventFeed } from './event-feed.ts';
import type { Learner } from './learned.ts';
import type { Recoveries } from './recoveries.ts';
import type { SelfChecks } from './self-checks.ts';
import { StuckTasks, type StuckAttempt } from './stuck-tasks.ts';

/** How the orchestrator looks after itself. What is absent has the default that it names. */
export interface SupervisionOptions extends Partial<StuckSettings> {
  /** Default: with the system's clock. Times that jump, as in tests, would look like trouble. */
  readonly enabled?: boolean;
  /** What is done about an attempt that hangs: it is told of, or also broken and tried again. Default `report`. */
  readonly stuck?: 'report' | 'retry';
  /** Between two looks at log, store and disk, in milliseconds. Default 30 s. */
  readonly checkIntervalMs?: number;
}

type SupervisionSettings = Required<Omit<SupervisionOptions, 'enabled'>>;

export const SUPERVISION_DEFAULT: SupervisionSettings = {
  percentile: 0.99,
  factor: 5,
  floorMs: 60_000,
  samplesMin: 50,
  stuck: 'report',
  checkIntervalMs: 30_000,
};

/** Between two looks at attempts and the clock. */
const STEP_MS = 1_000;

/** A timer that is so late had a stalled event loop before it, or a stopped process. */
const STALL_MS = 1_000;

/** The wall clock may differ so much from the time that passed before it counts as set. */
const CLOCK_STEP_MS = 1_000;

export interface SupervisorParts {
  readonly options: SupervisionOptions;
  readonly isEnabled: boolean;
  readonly state: CoreState;
  readonly clock: Clock;
  readonly feed: EventFeed;
  readonly recoveries: Recoveries;
  readonly checks: SelfChecks;
  readonly propose: CommandLoop['propose'];
}

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #settings: SupervisionSettings;
  readonly #stuck: StuckTasks;
  #cancelTimer: (() => void) | null = null;
  #dueMs = 0;
  /** Wall clock minus time that passed, at the last look. */
  #offsetMs = 0;
  #checkedMs = 0;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#settings = { ...SUPERVISION_DEFAULT, ...parts.options };
    this.#stuck = new StuckTasks(parts.state, this.#settings);
  }

  /** Who learns how long attempts run. */
  get learner(): Learner {
    return this.#stuck;
  }

  /** Attempts that hang, as far as is known. */
  get stuckTasks(): number {
    return this.#stuck.size;
  }

  start(): void {
    if (!this.#parts.isEnabled) return;
    const { clock } = this.#parts;
    this.#offsetMs = clock.now() - clock.monotonicMs();
    this.#checkedMs = clock.monotonicMs();
    // Those that run since before have to come back first.
    this.#stuck.forgive(clock.now());
    this.#arm();
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  completed(task: Task, runMs: number): void {
    if (this.#parts.isEnabled) this.#stuck.completed(task, runMs);
  }

  ended(taskId: TaskId): void {
    this.#stuck.ended(taskId);
  }

  heard(taskId: TaskId): void {
    if (this.#parts.isEnabled) this.#stuck.heard(taskId, this.#parts.clock.now());
  }

  /** An agent changed in core. */
  agentChanged({ id, spec, state }: Agent): void {
    if (state !== 'lost') return;
    const cause =
      spec.availability === undefined
        ? 'it was silent for longer than it may'
        : 'it did not come as agreed, or fell silent while it worked';
    this.#parts.recoveries.record({
      kind: 'agent.lost',
      subject: id,
      cause,
      outcome: 'what it ran is tried again elsewhere',
      isResolved: true,
    });
  }

  /** A breaker changed in core. By itself, that is: what people do is no recovery. */
  breakerChanged(breaker: Breaker, from: BreakerState): void {
    const { forced, openUntil, state, why } = breaker;
    if (forced !== null || breaker.by !== null || state === from || state === 'half-open') return;
    const isOpen = state === 'open';
    this.#parts.recoveries.record({
      kind: 'breaker',
      subject: breakerTitle(breaker),
      cause: isOpen ? (why ?? 'calls failed') : 'it was open',
      outcome: isOpen
        ? `nothing starts there until probes may, at ${new Date(openUntil).toISOString()}`
        : `closed: ${why ?? 'recovered'}`,
      isResolved: !isOpen,
    });
  }

  #arm(): void {
    const { clock } = this.#parts;
    this.#dueMs = clock.monotonicMs() + STEP_MS;
    this.#cancelTimer = clock.setTimer(STEP_MS, () => this.#step());
  }

  #step(): void {
    const { checks, clock } = this.#parts;
    const passedMs = clock.monotonicMs();
    this.#lookAtLoop(passedMs - this.#dueMs);
    this.#lookAtClock(clock.now() - passedMs);
    for (const attempt of this.#stuck.look(clock.now())) this.#found(attempt);
    if (passedMs - this.#checkedMs >= this.#settings.checkIntervalMs) {
      this.#checkedMs = passedMs;
      void checks.run();
    }
    this.#arm();
  }

  #lookAtLoop(lateMs: number): void {
    if (lateMs < STALL_MS) return;
    this.#stuck.forgive(this.#parts.clock.now());
    this.#parts.recoveries.record({
      kind: 'loop.stalled',
      subject: 'event loop',
      cause: `this process did nothing for ${Math.round(lateMs)} ms: it was stopped, or something in it ran that long`,
      outcome: 'it goes on',
      isResolved: true,
    });
  }

  #lookAtClock(offsetMs: number): void {
    const steppedMs = Math.round(offsetMs - this.#offsetMs);
    this.#offsetMs = offsetMs;
    if (Math.abs(steppedMs) < CLOCK_STEP_MS) return;
    this.#stuck.forgive(this.#parts.clock.now());
    const outcome =
      steppedMs < 0
        ? 'time stands still for tasks until the clock has caught up'
        : 'what became due meanwhile is done now';
    this.#parts.recoveries.record({
      kind: 'clock.stepped',
      subject: 'wall clock',
      cause: `it was set ${steppedMs < 0 ? 'back' : 'forward'} by ${Math.abs(steppedMs)} ms`,
      outcome,
      isResolved: true,
    });
  }

  #found({ agentId, boundMs, fencingToken, silentMs, task, taskId }: StuckAttempt): void {
    const { clock, feed, propose, recoveries } = this.#parts;
    const cause = `it shows nothing for ${Math.round(silentMs)} ms; attempts of type ${task.profile.spec.type} count as stuck after ${Math.round(boundMs)} ms`;
    feed.tell({
      at: clock.now(),
      type: 'task.stuck',
      taskId,
      agentId,
      taskType: task.profile.spec.type,
      attempt: task.attempt,
      fencingToken,
      reason: cause,
    });
    const subject = `task ${taskId} on agent ${agentId}`;
    const stuck = { kind: 'task.stuck', subject, cause } as const;
    if (this.#settings.stuck === 'report') {
      recoveries.record({ ...stuck, outcome: 'it was told of', isResolved: false });
      return;
    }
    const error = { code: 'TASK_STUCK', message: cause };
    const items = [{ taskId, fencingToken }];
    propose({ type: 'task.break', items, error, reason: 'stuck' }).then(
      () => recoveries.record({ ...stuck, outcome: 'its attempt was ended', isResolved: true }),
      (reason: unknown) => {
        recoveries.record({
          ...stuck,
          outcome: `it could not be ended: ${String(reason)}`,
          isResolved: false,
        });
        // It is found again.
        this.#stuck.ended(taskId);
      },
    );
  }
}
