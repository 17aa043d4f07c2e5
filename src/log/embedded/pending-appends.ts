import { entryFrameBytes } from './frame.ts';

/** An append that waits for its entry to become durable. */
export interface PendingAppend {
  readonly body: Uint8Array;
  resolve(index: number): void;
  reject(error: Error): void;
}

/** Appends in the order they were called. */
export class PendingAppends {
  #queue: PendingAppend[] = [];
  #head = 0;

  get length(): number {
    return this.#queue.length - this.#head;
  }

  push(append: PendingAppend): void {
    this.#queue.push(append);
  }

  /** Bytes of the oldest append's frame; 0 where there is none. */
  get oldestFrameBytes(): number {
    const oldest = this.#queue[this.#head];
    return oldest === undefined ? 0 : entryFrameBytes(oldest.body.length);
  }

  /** Takes the oldest appends whose frames fit `bytesMax` together. */
  take(bytesMax: number): { readonly appends: PendingAppend[]; readonly frameBytes: number } {
    let frameBytes = 0;
    let end = this.#head;
    for (; end < this.#queue.length; end += 1) {
      const append = this.#queue[end];
      const nextBytes = append === undefined ? 0 : entryFrameBytes(append.body.length);
      if (frameBytes + nextBytes > bytesMax) break;
      frameBytes += nextBytes;
    }
    const appends = this.#queue.slice(this.#head, end);
    this.#head = end;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return { appends, frameBytes };
  }

  takeAll(): PendingAppend[] {
    return this.take(Number.POSITIVE_INFINITY).appends;
  }
}
