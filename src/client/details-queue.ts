import type { AttemptLease, RawFrame } from '../contract/index.ts';

interface Details<Lease> {
  readonly lease: Lease;
  /** JSON text. */
  readonly text: string;
}

/**
 * What running attempts last said of how far they are: the newest of each, sent once a turn of the
 * event loop, and again to a server that may not have heard it.
 */
export class DetailsQueue<Lease extends AttemptLease> {
  readonly #send: (frame: RawFrame) => unknown;
  /** By task. Everything said by an attempt that has not ended. */
  readonly #newest = new Map<string, Details<Lease>>();
  readonly #waiting = new Set<string>();

  constructor(send: (frame: RawFrame) => unknown) {
    this.#send = send;
  }

  add(lease: Lease, text: string): void {
    this.#newest.set(lease.taskId, { lease, text });
    if (this.#waiting.size === 0) setImmediate(() => this.flush());
    this.#waiting.add(lease.taskId);
  }

  /** Sends what was not sent yet. */
  flush(): void {
    for (const taskId of this.#waiting) this.#sendOf(taskId);
    this.#waiting.clear();
  }

  /** Sends everything again: the connection is a new one. */
  resend(): void {
    for (const taskId of this.#newest.keys()) this.#sendOf(taskId);
  }

  /** Forgets what an attempt said that ended; returns it as JSON text, or null. */
  take({ fencingToken, taskId }: Lease): string | null {
    if (this.#newest.size === 0) return null;
    const newest = this.#newest.get(taskId);
    if (newest?.lease.fencingToken !== fencingToken) return null;
    this.#waiting.delete(taskId);
    this.#newest.delete(taskId);
    return newest.text;
  }

  #sendOf(taskId: string): void {
    const newest = this.#newest.get(taskId);
    if (newest !== undefined)
      this.#send(['details', taskId, newest.lease.fencingToken, newest.text]);
  }
}
