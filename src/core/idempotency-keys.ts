import { invariant } from '../base/invariant.ts';
import { ShardedMap } from '../base/sharded-map.ts';
import type { TaskId } from './ids.ts';

/** Remembers which task a key made. */
export interface IdempotencyEntry {
  /** Its own among all, and greater than those of all before it. */
  readonly seq: number;
  /** Namespace and key, joined by a line feed. */
  readonly key: string;
  readonly taskId: TaskId;
  readonly bodyHash: string;
  readonly createdAt: number;
}

/** Entries that are kept in one list. */
const LISTED_TOGETHER = 1_024;

/**
 * Entries by their keys, and in the order they were made, which is that of their numbers.
 *
 * A `Map` has both, too; but whoever asks one for its oldest passes the places of all that went before it: 1.5 ms with
 * half a million keys, each time. O(1) here, but for what is said of the map below.
 */
export class IdempotencyKeys {
  readonly #byKey = new ShardedMap<string, IdempotencyEntry>();
  /** In order, also those whose key was taken anew; of the first list those from `#first` on. */
  #lists: IdempotencyEntry[][] = [[]];
  #first = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get oldest(): IdempotencyEntry | undefined {
    return this.#lists[0]?.[this.#first];
  }

  get(key: string): IdempotencyEntry | undefined {
    return this.#byKey.get(key);
  }

  /** Adds the newest one, in place of what its key named before. */
  add(entry: IdempotencyEntry): void {
    let last = this.#lists.at(-1) as IdempotencyEntry[];
    const before = last.at(-1);
    invariant(before === undefined || before.seq < entry.seq, 'the newest key has the last number');
    if (last.length === LISTED_TOGETHER) {
      last = [];
      this.#lists.push(last);
    }
    last.push(entry);
    this.#byKey.set(entry.key, entry);
    this.#passReplaced();
  }

  forgetOldest(): void {
    const { oldest } = this;
    if (oldest === undefined) return;
    this.#byKey.delete(oldest.key);
    this.#passReplaced();
  }

  /** In the order they were made. */
  *values(): Generator<IdempotencyEntry, undefined> {
    const { oldest } = this;
    if (oldest === undefined) return;
    for (const entry of between(this.#lists.slice(), oldest.seq - 1, Infinity)) {
      if (this.#isKept(entry)) yield entry;
    }
  }

  /**
   * Those held now that have a greater number, in order, whatever is added or forgotten before they are read; maybe also
   * some whose key was taken anew. O(keys / 1,024), and O(1) for each that is read.
   */
  newerThan(seq: number): Iterable<IdempotencyEntry> {
    const { oldest } = this;
    if (oldest === undefined) return [];
    const after = Math.max(seq, oldest.seq - 1);
    const first = this.#lists.findLastIndex(([entry]) => entry !== undefined && entry.seq <= after);
    const lists = this.#lists.slice(Math.max(0, first));
    return between(lists, after, lists.at(-1)?.at(-1)?.seq ?? 0);
  }

  #isKept(entry: IdempotencyEntry): boolean {
    return this.#byKey.get(entry.key) === entry;
  }

  /** Goes on to the first entry that counts. */
  #passReplaced(): void {
    for (let { oldest } = this; oldest !== undefined && !this.#isKept(oldest); { oldest } = this) {
      this.#first += 1;
      if (this.#first < LISTED_TOGETHER) continue;
      this.#lists.shift();
      if (this.#lists.length === 0) this.#lists.push([]);
      this.#first = 0;
    }
  }
}

function* between(
  lists: readonly (readonly IdempotencyEntry[])[],
  after: number,
  last: number,
): Generator<IdempotencyEntry, undefined> {
  for (const list of lists) {
    for (const entry of list) if (entry.seq > after && entry.seq <= last) yield entry;
  }
}
