import type { AttemptFailure, BreakerKind, BreakerState, Task } from '../core/index.ts';

/** What the runtime counts; implemented by telemetry, absent in tests. Must not throw. */
export interface RuntimeMetrics {
  submitted(task: Task): void;
  /** An attempt was granted, `waitMs` after the task became ready. */
  started(task: Task, waitMs: number): void;
  completed(task: Task, runMs: number): void;
  attemptFailed(task: Task, failure: AttemptFailure): void;
  failed(task: Task): void;
  canceled(task: Task): void;
  /** A queue was removed: what was counted of it is forgotten. */
  queueRemoved(name: string): void;
  /** A schedule made a task, `lateMs` after the moment it was meant for; `outcome`: how it came to fire. */
  scheduleFired(lateMs: number, outcome: string): void;
  /** `count` firings of a schedule made no task. */
  scheduleSkipped(reason: string, count: number): void;
  /** A breaker of that kind came into a state. */
  breakerChanged(kind: BreakerKind, state: BreakerState): void;
  /** A hedge was started. */
  hedged(): void;
  /** A task took over the result of a hedge. */
  hedgeWon(): void;
  /** An agent's result was not the one that was agreed on. */
  dissented(): void;
  /** A window of waiting tasks was planned for; see `Judgement` for `source` and what was saved. */
  planned(plan: {
    readonly source: string;
    readonly durationMs: number;
    readonly isSolved: boolean;
    readonly saved: number;
  }): void;
  /** An agent was called; `outcome`: `answered`, `taken`, `away` or `failed`. */
  webhookCalled(outcome: string): void;
}

export const NO_METRICS: RuntimeMetrics = {
  submitted: () => undefined,
  started: () => undefined,
  completed: () => undefined,
  attemptFailed: () => undefined,
  failed: () => undefined,
  canceled: () => undefined,
  queueRemoved: () => undefined,
  scheduleFired: () => undefined,
  scheduleSkipped: () => undefined,
  breakerChanged: () => undefined,
  hedged: () => undefined,
  hedgeWon: () => undefined,
  dissented: () => undefined,
  planned: () => undefined,
  webhookCalled: () => undefined,
};
