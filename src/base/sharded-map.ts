import { quickHash } from './hash.ts';

/** Up to so many entries are one map: it doubles within a millisecond. */
const WHOLE_MAX = 16_000;
/** Entries that a shard has on average beyond that; the fullest has twice as many. */
const LOAD = 1_950;
/** Entries added between two splits, at least: a map that was whole until now is not split up in one turn. */
const BETWEEN_SPLITS = 500;

/**
 * A map from texts that may come to hold millions, and never takes long for one more.
 *
 * V8 moves all entries of a `Map` when it doubles, and again whenever as many came and went as it has room for: 200 ms
 * for a million. This is linear hashing (Litwin, VLDB 1980): entries are spread by a hash of their keys over maps of
 * 1,000 to 4,000, and with every 1,950 that come one of these maps, the next in turn, is split in two. O(1) for each
 * operation, O(4,000) for the longest, and O(16,000) for the first splits. Small ones cost what a `Map` does.
 *
 * Walks go by insertion while it is whole, and by shards afterwards: in an order that depends on the keys and on
 * how many there ever were, so nothing may be decided by it.
 */
export class ShardedMap<Key extends string, Value extends object> {
  readonly #hashOf: (key: Key) => number;
  /** Shard `i` has the keys whose hash ends in the bits of `i`: those of `#mask`, and one more where it was split. */
  readonly #shards: Map<Key, Value>[] = [new Map<Key, Value>()];
  /** A power of two minus one: how many shards there were when the round of splits began. */
  #mask = 0;
  #size = 0;
  /** The next split comes when it has more entries than this. */
  #sizeMax: number = WHOLE_MAX;

  /** @param hashOf - 32 bits, the low ones well spread; what many keys have in common costs time, and nothing else */
  constructor(hashOf: (key: Key) => number = quickHash) {
    this.#hashOf = hashOf;
  }

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    return this.#shardOf(key).get(key);
  }

  has(key: Key): boolean {
    return this.#shardOf(key).has(key);
  }

  set(key: Key, value: Value): this {
    const shard = this.#shardOf(key);
    const before = shard.size;
    shard.set(key, value);
    if (shard.size === before) return this;
    this.#size += 1;
    if (this.#size > this.#sizeMax) this.#split();
    return this;
  }

  /** False where it was not there. */
  delete(key: Key): boolean {
    const isGone = this.#shardOf(key).delete(key);
    if (isGone) this.#size -= 1;
    return isGone;
  }

  /** As {@link values}. */
  *keys(): Generator<Key, undefined> {
    for (const shard of this.#walk()) {
      const count = this.#shards.length;
      for (const key of shard.keys()) if (count === this.#shards.length || this.has(key)) yield key;
    }
  }

  /**
   * Each value that is there all the while once; one that comes or goes meanwhile is seen or not, but never
   * after it went.
   */
  *values(): Generator<Value, undefined> {
    for (const shard of this.#walk()) {
      const count = this.#shards.length;
      for (const [key, value] of shard) {
        // Where it was split meanwhile, it is as it was then.
        const known = count === this.#shards.length ? value : this.get(key);
        if (known !== undefined) yield known;
      }
    }
  }

  /** All shards, those that one was split into meanwhile in its place. */
  *#walk(): Generator<Map<Key, Value>, undefined> {
    // The parts that are ahead: how the hashes end of what is in them, and in how many bits.
    const ahead: { readonly end: number; readonly bits: number }[] = [{ end: 0, bits: 0 }];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      const bits = next.bits + 1;
      const sibling = next.end + 2 ** next.bits;
      if (sibling < this.#shards.length)
        ahead.push({ end: sibling, bits }, { end: next.end, bits });
      else yield this.#shards[next.end] as Map<Key, Value>;
    }
  }

  #shardOf(key: Key): Map<Key, Value> {
    const shards = this.#shards;
    if (shards.length === 1) return shards[0] as Map<Key, Value>;
    const hash = this.#hashOf(key);
    const mask = this.#mask;
    const at = hash & (mask * 2 + 1);
    return shards[at < shards.length ? at : hash & mask] as Map<Key, Value>;
  }

  /** Makes two shards of the one whose turn it is. Whoever walks over it goes on with the old one. */
  #split(): void {
    const shards = this.#shards;
    const at = shards.length - 1 - this.#mask;
    const bit = this.#mask + 1;
    const even = new Map<Key, Value>();
    const odd = new Map<Key, Value>();
    for (const [key, value] of shards[at] as Map<Key, Value>) {
      if ((this.#hashOf(key) & bit) === 0) even.set(key, value);
      else odd.set(key, value);
    }
    shards[at] = even;
    shards.push(odd);
    if (shards.length === bit * 2) this.#mask = bit * 2 - 1;
    this.#sizeMax = Math.max(shards.length * LOAD, this.#size + BETWEEN_SPLITS);
  }
}
