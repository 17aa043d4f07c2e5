import type { Task, TaskId } from '../core/index.ts';
import type { Clock } from './clock.ts';
import type { LeaseVerdicts } from './lease-verdicts.ts';
import { Presence } from './presence.ts';

interface WatchedLease {
  readonly task: Task;
  readonly fencingToken: number;
  readonly silenceMsMax: number;
  lastSeenMs: number;
}

/** Which attempts must be heard of, of the tasks that bound their agents' silence about them. */
export class LeaseWatch {
  readonly #clock: Clock;
  readonly #presence: Presence;
  readonly #numbers = new Map<TaskId, number>();
  readonly #leases: (WatchedLease | null)[] = [];
  readonly #unused: number[] = [];

  /** @param silent - an agent said nothing about a task for longer than it may; rejects where nothing came of it */
  constructor(clock: Clock, silent: LeaseVerdicts['taskSilent']) {
    this.#clock = clock;
    this.#presence = new Presence({
      clock,
      heardMs: (number) => this.#leases[number]?.lastSeenMs ?? 0,
      silent: (number) => {
        const { fencingToken, silenceMsMax, task } = this.#leases[number] as WatchedLease;
        this.unwatch(task.id);
        silent(task, fencingToken, silenceMsMax).catch(() => {
          const isRunning = task.state === 'running' && task.fencingToken === fencingToken;
          if (isRunning) this.watch(task, silenceMsMax);
        });
      },
    });
  }

  /**
   * Watches the running attempt of a task, if its silence is bounded.
   *
   * @param silenceMsMax - in milliseconds, 0 for no bound; what the task says where absent
   */
  watch(task: Task, silenceMsMax: number = task.profile.spec.timeouts.heartbeatMs ?? 0): void {
    this.unwatch(task.id);
    if (silenceMsMax === 0) return;
    const number = this.#unused.pop() ?? this.#leases.length;
    const { fencingToken } = task;
    const lastSeenMs = this.#clock.monotonicMs();
    this.#leases[number] = { task, fencingToken, silenceMsMax, lastSeenMs };
    this.#numbers.set(task.id, number);
    this.#presence.watch(number, silenceMsMax);
  }

  seen(taskId: TaskId): void {
    if (this.#numbers.size === 0) return;
    const lease = this.#leases[this.#numbers.get(taskId) ?? -1] ?? null;
    if (lease !== null) lease.lastSeenMs = this.#clock.monotonicMs();
  }

  unwatch(taskId: TaskId): void {
    if (this.#numbers.size === 0) return;
    const number = this.#numbers.get(taskId);
    if (number === undefined) return;
    this.#numbers.delete(taskId);
    this.#presence.forget(number);
    this.#leases[number] = null;
    this.#unused.push(number);
  }

  close(): void {
    this.#presence.close();
  }
}
