import { HASH_BYTES } from './hasher.ts';

/**
 * Term and hash of every entry kept, 24 bytes each, so that logs can be compared without reading bodies.
 *
 * Positions count from 0 = the first entry kept.
 */
export class TermIndex {
  #terms = new Float64Array(64);
  #hashes = new Uint8Array(64 * HASH_BYTES);
  #start = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  termOf(position: number): number {
    return this.#terms[this.#start + position] ?? 0;
  }

  /** A copy of the hash. */
  hashOf(position: number): Uint8Array {
    const at = (this.#start + position) * HASH_BYTES;
    return this.#hashes.slice(at, at + HASH_BYTES);
  }

  push(term: number, hash: Uint8Array): void {
    if (this.#start + this.#length === this.#terms.length) this.#makeRoom();
    const at = this.#start + this.#length;
    this.#terms[at] = term;
    this.#hashes.set(hash, at * HASH_BYTES);
    this.#length += 1;
  }

  keepFirst(count: number): void {
    this.#length = count;
  }

  dropFirst(count: number): void {
    this.#start += count;
    this.#length -= count;
  }

  /** Moves to the front when half is free, else doubles: each entry moves O(1) times. */
  #makeRoom(): void {
    const capacity =
      this.#length * 2 <= this.#terms.length ? this.#terms.length : this.#terms.length * 2;
    const terms = new Float64Array(capacity);
    const hashes = new Uint8Array(capacity * HASH_BYTES);
    const end = this.#start + this.#length;
    terms.set(this.#terms.subarray(this.#start, end));
    hashes.set(this.#hashes.subarray(this.#start * HASH_BYTES, end * HASH_BYTES));
    this.#terms = terms;
    this.#hashes = hashes;
    this.#start = 0;
  }
}
