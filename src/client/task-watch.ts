import type { TaskError } from './task-error.ts';

/** How a task ended. */
export type Outcome = { readonly result: unknown } | { readonly error: Error };

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A task whose end is waited for: what it will be, or was, and who asked. */
export class TaskWatch {
  #outcome: Outcome | null = null;
  #waiters: Waiter[] | null = null;

  /** Notes the end and tells whoever waits. Only the first end counts. */
  settle(outcome: Outcome | { readonly error: TaskError }): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    for (const waiter of this.#waiters ?? []) tell(waiter, outcome);
    this.#waiters = null;
  }

  /** The result, once it is known. Rejects with the task's error, or with the signal's reason. */
  result(signal?: AbortSignal): Promise<unknown> {
    const outcome = this.#outcome;
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (signal?.aborted === true) reject(signal.reason as Error);
      else if (outcome !== null) tell(waiter, outcome);
      else if (signal === undefined) this.#add(waiter);
      else this.#addUntil(waiter, signal);
    });
  }

  #add(waiter: Waiter): void {
    if (this.#waiters === null) this.#waiters = [waiter];
    else this.#waiters.push(waiter);
  }

  #addUntil({ reject, resolve }: Waiter, signal: AbortSignal): void {
    const aborted = (): void => {
      this.#waiters = (this.#waiters ?? []).filter((other) => other !== waiter);
      reject(signal.reason as Error);
    };
    const listened = <Value>(settle: (value: Value) => void) => {
      return (value: Value): void => {
        signal.removeEventListener('abort', aborted);
        settle(value);
      };
    };
    const waiter: Waiter = { resolve: listened(resolve), reject: listened(reject) };
    signal.addEventListener('abort', aborted, { once: true });
    this.#add(waiter);
  }
}

function tell(waiter: Waiter, outcome: Outcome): void {
  if ('error' in outcome) waiter.reject(outcome.error);
  else waiter.resolve(outcome.result);
}
