import type { Task, TaskId } from '../core/index.ts';
import type { Clock } from './clock.ts';
import { Presence } from './presence.ts';

interface WatchedLease {
  readonly task: Task;
  readonly fencingToken: number;
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
  constructor(clock: Clock, silent: (task: Task, fencingToken: number) => Promise<unknown>) {
    this.#clock = clock;
    this.#presence = new Presence({
      clock,
      heardMs: (number) => this.#leases[number]?.lastSeenMs ?? 0,
      silent: (number) => {
        const { fencingToken, task } = this.#leases[number] as WatchedLease;
        this.unwatch(task.id);
        silent(task, fencingToken).catch(() => {
          const isRunning = task.state === 'running' && task.fencingToken === fencingToken;
          if (isRunning) this.watch(task);
        });
      },
    });
  }

  /** Watches the running attempt of a task, if the task bounds its silence. */
  watch(task: Task): void {
    this.unwatch(task.id);
    const { heartbeatMs = 0 } = task.profile.spec.timeouts;
    if (heartbeatMs === 0) return;
    const number = this.#unused.pop() ?? this.#leases.length;
    const { fencingToken } = task;
    this.#leases[number] = { task, fencingToken, lastSeenMs: this.#clock.monotonicMs() };
    this.#numbers.set(task.id, number);
    this.#presence.watch(number, heartbeatMs);
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
