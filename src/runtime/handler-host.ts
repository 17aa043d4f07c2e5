import { messageOf } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import type { Recoveries } from './recoveries.ts';
import type { AttemptEnd } from './reports.ts';

/** The code of a failure whose cause is what runs the handler: a thread, a child process, a connection. */
export const HANDLER_HOST_FAILED = 'HANDLER_HOST_FAILED';

/** First wait before a restart; it doubles each time until an attempt completes. */
const RESTART_MS = 1_000;
const RESTART_MS_MAX = 60_000;

export interface HandlerHostParts {
  readonly agentId: string;
  readonly clock: Clock;
  readonly recoveries: Recoveries;
  /** Brings back what runs the handler. */
  readonly restart: () => Promise<void> | void;
  /** Takes the agent out: it is given nothing more, and what it runs is given up. */
  readonly takeOut: (reason: string) => void;
  /** Serves it again; leases that were given up are delivered anew. */
  readonly bringBack: () => Promise<void>;
}

/** Restarts what runs the handler of an in-process agent when an attempt says that it is gone. */
export class HandlerHost {
  readonly #parts: HandlerHostParts;
  /** Failures since an attempt completed. */
  #failures = 0;
  #isDown = false;
  #isClosed = false;
  #cancelTimer: (() => void) | null = null;

  constructor(parts: HandlerHostParts) {
    this.#parts = parts;
  }

  /** Attempts of the agent ended. */
  ended(ends: readonly AttemptEnd[]): void {
    for (const { report } of ends) {
      if (report.ok) this.#failures = 0;
      else if (report.code === HANDLER_HOST_FAILED) this.#failed(report.message);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #failed(cause: string): void {
    // Attempts that ran beside it say the same.
    if (this.#isDown || this.#isClosed) return;
    this.#isDown = true;
    this.#parts.takeOut('the host of its handler failed');
    this.#retry(cause);
  }

  #retry(cause: string): void {
    const { agentId: subject, clock, recoveries } = this.#parts;
    const delayMs = Math.min(RESTART_MS_MAX, RESTART_MS * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    const outcome = `its handler is restarted in ${delayMs} ms`;
    recoveries.record({ kind: 'agent.restarted', subject, cause, outcome, isResolved: false });
    this.#cancelTimer = clock.setTimer(delayMs, () => void this.#restart(cause));
  }

  async #restart(cause: string): Promise<void> {
    const { agentId: subject, bringBack, recoveries, restart } = this.#parts;
    try {
      await restart();
      if (this.#isClosed) return;
      await bringBack();
    } catch (error) {
      if (!this.#isClosed) this.#retry(messageOf(error));
      return;
    }
    this.#isDown = false;
    const outcome = 'its handler was restarted';
    recoveries.record({ kind: 'agent.restarted', subject, cause, outcome, isResolved: true });
  }
}
