import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that may wait for their collection. */
const BYTES_MAX = 2 ** 28;

/**
 * Sees to it that dropped shared memories are freed.
 *
 * A shared memory's bytes do not count as any thread's, so that no thread's collector hurries because of
 * them, and a helper makes no garbage that would ever start its own. So every thread that holds shared
 * memories collects its garbage once it may have dropped so many bytes: milliseconds for a small heap.
 */
export class DroppedMemory {
  #bytes = 0;
  readonly #collect: () => void;

  constructor() {
    // There is no other way to ask for a collection in a process that runs already.
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
  }

  /** Counts bytes that will be dropped some time. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > BYTES_MAX) this.collect();
  }

  collect(): void {
    this.#collect();
    this.#bytes = 0;
  }
}
