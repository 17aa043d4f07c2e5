/**
 * Details of heartbeats on their way to the log: the newest of each task, written at most once an
 * interval, whatever the handlers say. Nobody is told when they are durable.
 */
import { isOrchestratorError } from '../base/errors.ts';
import { frameSlices } from '../contract/index.ts';
import type { DetailsItem, TaskId } from '../core/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

/** Shortest time between two writes, in milliseconds. */
export const DETAILS_INTERVAL_MS = 250;

/** Text that waits, at most, in UTF-16 units; past it the details of further tasks are let go. */
const PENDING_MAX = 64 * 1024 * 1024;

/** Errors after which the same details may be taken a little later. */
const PASSING_CODES = new Set(['OVERLOADED', 'LOG_FULL']);

export interface DetailsBufferParts {
  readonly loop: CommandLoop;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
}

export class DetailsBuffer {
  readonly #parts: DetailsBufferParts;
  #newest = new Map<TaskId, DetailsItem>();
  #length = 0;
  /** A write is due at the end of this turn. */
  #isDue = false;
  #cancelRest: (() => void) | null = null;
  #isClosed = false;

  constructor(parts: DetailsBufferParts) {
    this.#parts = parts;
  }

  /** Takes what an attempt says, in place of what waits of its task. */
  add(item: DetailsItem): void {
    const { logger } = this.#parts;
    const known = this.#newest.get(item.taskId)?.details.length ?? 0;
    if (this.#isClosed) return;
    if (this.#length - known + item.details.length > PENDING_MAX) {
      logger.warn('details of a heartbeat were let go: too many wait for the log', {
        taskId: item.taskId,
      });
      return;
    }
    this.#length += item.details.length - known;
    this.#newest.set(item.taskId, item);
    if (this.#isDue || this.#cancelRest !== null) return;
    this.#isDue = true;
    setImmediate(() => this.flush());
  }

  /** Writes what waits now: a report that follows must find it. */
  flush(): void {
    this.#isDue = false;
    if (this.#newest.size === 0) return;
    const items = [...this.#newest.values()];
    this.#newest = new Map();
    this.#length = 0;
    for (const slice of frameSlices(items, ({ details }) => details.length)) this.#write(slice);
    this.#rest();
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRest?.();
    this.#cancelRest = null;
    this.#newest.clear();
  }

  #write(items: readonly DetailsItem[]): void {
    const { logger, loop } = this.#parts;
    loop.propose({ type: 'task.details', items }).catch((error: unknown) => {
      if (!isOrchestratorError(error) || !PASSING_CODES.has(error.code)) {
        logger.warn('details of heartbeats were not kept', { error: String(error) });
        return;
      }
      for (const item of items) if (!this.#newest.has(item.taskId)) this.add(item);
    });
  }

  #rest(): void {
    if (this.#cancelRest !== null || this.#isClosed) return;
    this.#cancelRest = this.#parts.clock.setTimer(DETAILS_INTERVAL_MS, () => {
      this.#cancelRest = null;
      this.flush();
    });
  }
}
