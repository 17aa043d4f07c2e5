import { OrchestratorError } from '../base/errors.ts';
import type { AttemptLease, RawFrame } from '../contract/index.ts';

/** Chunks of one attempt that the server has not said to be durable. */
interface Attempt {
  readonly taskId: string;
  readonly fencingToken: number;
  /** Ordinal of the first of them. */
  first: number;
  chunks: string[];
  /** Why nothing more is taken. */
  refused: OrchestratorError | null;
  drained: (() => void)[];
}

/** Text of one attempt that may wait for the server, in UTF-16 units. */
const WAITING_MAX: number = 64 * 1024 * 1024;

/** Pause before what could not be taken for now is sent again, in milliseconds. */
const AGAIN_MS = 250;

/**
 * Output on its way to the server: kept until that has it on disk, and sent again to one that may not
 * have heard it. Ordinals let the server pass over what it knows.
 */
export class OutputQueue<Lease extends AttemptLease> {
  readonly #send: (frame: RawFrame) => unknown;
  readonly #attempts = new Map<string, Attempt>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(send: (frame: RawFrame) => unknown) {
    this.#send = send;
  }

  /** @throws OrchestratorError what the server refused an earlier chunk with; `OVERLOADED` */
  add(lease: Lease, chunk: string): void {
    const attempt = this.#of(lease);
    if (attempt.refused !== null) throw attempt.refused;
    const waiting = attempt.chunks.reduce((sum, { length }) => sum + length, 0);
    if (waiting + chunk.length > WAITING_MAX) {
      throw new OrchestratorError(
        'OVERLOADED',
        'output must not come faster than the server takes it',
      );
    }
    attempt.chunks.push(chunk);
    this.#sendFrom(attempt, attempt.chunks.length - 1);
  }

  /** Chunks up to that ordinal, exclusive, are durable. */
  taken(taskId: string, fencingToken: number, upTo: number): void {
    const attempt = this.#attempts.get(keyOf(taskId, fencingToken));
    if (attempt === undefined || upTo <= attempt.first) return;
    attempt.chunks.splice(0, upTo - attempt.first);
    attempt.first = upTo;
    this.#settle(attempt);
  }

  /** Whether the refusal is one that the handler must hear of. */
  refused(taskId: string, fencingToken: number, error: OrchestratorError): boolean {
    const attempt = this.#attempts.get(keyOf(taskId, fencingToken));
    if (attempt === undefined) return false;
    if (AGAIN_CODES.has(error.code)) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#sendFrom(attempt, 0);
      }, AGAIN_MS);
      this.#timers.add(timer);
      return false;
    }
    attempt.refused ??= error;
    attempt.chunks = [];
    this.#settle(attempt);
    return error.code !== 'LEASE_FENCED';
  }

  /** Sends everything that is not known to be durable: the connection is a new one. */
  resend(): void {
    for (const attempt of this.#attempts.values()) this.#sendFrom(attempt, 0);
  }

  /** Resolves when nothing of an attempt that ended is on its way any more; null where nothing is. */
  ended({ fencingToken, taskId }: Lease): Promise<void> | null {
    const key = keyOf(taskId, fencingToken);
    const attempt = this.#attempts.get(key);
    if (attempt === undefined) return null;
    if (attempt.chunks.length === 0) {
      this.#attempts.delete(key);
      return null;
    }
    return new Promise((resolve) => {
      attempt.drained.push(() => {
        this.#attempts.delete(key);
        resolve();
      });
    });
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const attempt of this.#attempts.values()) {
      for (const drained of attempt.drained.splice(0)) drained();
    }
    this.#attempts.clear();
  }

  #of({ fencingToken, taskId }: Lease): Attempt {
    const key = keyOf(taskId, fencingToken);
    const known = this.#attempts.get(key);
    if (known !== undefined) return known;
    const attempt = { taskId, fencingToken, first: 0, chunks: [], refused: null, drained: [] };
    this.#attempts.set(key, attempt);
    return attempt;
  }

  #sendFrom({ chunks, fencingToken, first, taskId }: Attempt, from: number): void {
    for (let i = from; i < chunks.length; i++) {
      this.#send(['emit', taskId, fencingToken, chunks[i], first + i]);
    }
  }

  #settle(attempt: Attempt): void {
    if (attempt.chunks.length > 0) return;
    for (const drained of attempt.drained.splice(0)) drained();
  }
}

/** Refusals after which the same chunks may be taken a little later. */
const AGAIN_CODES = new Set(['OVERLOADED', 'LOG_FULL', 'OUTPUT_GAP']);

function keyOf(taskId: string, fencingToken: number): string {
  return `${taskId} ${fencingToken}`;
}
