import type { TaskId } from '../core/index.ts';
import type { Clock } from './clock.ts';

/** Those who wait for something to happen to the question of a task; nearly always there are none. */
export class InputWaits {
  readonly #clock: Clock;
  readonly #waits = new Map<TaskId, Set<() => void>>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether nothing is waited for any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when the task is woken, after `waitMs`, or when the signal is aborted. */
  wait(taskId: TaskId, waitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancelTimer();
        signal.removeEventListener('abort', done);
        this.#remove(taskId, done);
        resolve();
      };
      const cancelTimer = this.#clock.setTimer(waitMs, done);
      signal.addEventListener('abort', done);
      const waits = this.#waits.get(taskId) ?? new Set();
      this.#waits.set(taskId, waits.add(done));
    });
  }

  /** Something happened to the task's question, or to the attempt that asked it. */
  wake(taskId: TaskId): void {
    if (this.#waits.size === 0) return;
    for (const done of this.#waits.get(taskId) ?? []) done();
  }

  close(): void {
    this.#isClosed = true;
    for (const waits of this.#waits.values()) for (const done of waits) done();
  }

  #remove(taskId: TaskId, done: () => void): void {
    const waits = this.#waits.get(taskId);
    if (waits?.delete(done) === true && waits.size === 0) this.#waits.delete(taskId);
  }
}
