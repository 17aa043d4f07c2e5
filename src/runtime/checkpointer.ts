import type { CoreState } from '../core/index.ts';
import type { ReplicatedLog } from '../log/index.ts';
import type { Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

export interface CheckpointerOptions {
  readonly state: CoreState;
  readonly log: ReplicatedLog;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  /** Nothing of the log is let go. */
  readonly keepsLog: boolean;
  /** A checkpoint is due after this many bytes of log; bounds the replay at the next start. */
  readonly bytesMax: number;
  /** … and after this many agents and tasks that changed, which bounds what one checkpoint writes. */
  readonly rowsMax: number;
  /** … or this long after the last one, if anything changed. */
  readonly intervalMs: number;
  readonly onFailed: (error: unknown) => void;
  /** Told when one was taken. */
  readonly onTaken?: () => void;
}

/** Decides when the store catches up with the log, and lets go of log that it then stands for. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #bytes = 0;
  #running: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #closed = false;
  /** The last one failed: the next is tried when it is due by bytes or time. */
  #failed = false;
  /** Readers of the log that must not lose what they are about to read. */
  #holds = 0;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** Takes note of an entry that was appended. */
  appended(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= this.#options.bytesMax || this.#isManyRows) void this.run();
    // Also then: the entry itself is applied after that checkpoint began.
    this.#arm();
  }

  /** Takes a checkpoint now, or joins the one under way. */
  run(): Promise<void> {
    this.#running ??= this.#take().finally(() => {
      this.#running = null;
      // What changed meanwhile is not in it.
      if (this.#options.state.index !== this.#options.store.appliedIndex) this.#arm();
    });
    return this.#running;
  }

  /** Keeps every entry behind the newest checkpoint until the returned function is called. */
  holdLog(): () => void {
    let isHeld = true;
    this.#holds += 1;
    return () => {
      if (isHeld) this.#holds -= 1;
      isHeld = false;
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#running;
  }

  get #isManyRows(): boolean {
    const { rowsMax, state } = this.#options;
    return !this.#failed && state.agentChanges.size + state.taskChanges.size >= rowsMax;
  }

  #arm(): void {
    if (this.#cancelTimer !== null || this.#closed) return;
    this.#cancelTimer = this.#options.clock.setTimer(this.#options.intervalMs, () => {
      this.#cancelTimer = null;
      void this.run();
    });
  }

  async #take(): Promise<void> {
    const { keepsLog, log, logger, onFailed, onTaken, state, store } = this.#options;
    if (state.index === store.appliedIndex) return;
    this.#bytes = 0;
    try {
      const stats = await store.checkpoint(state);
      this.#failed = false;
      if (!keepsLog && this.#holds === 0) await log.releaseThrough(stats.appliedIndex);
      logger.debug('checkpoint taken', { ...stats });
      onTaken?.();
    } catch (error) {
      this.#failed = true;
      onFailed(error);
    }
  }
}
