import { invariant } from '../../base/invariant.ts';
import type { RaftEntry } from './log-entry.ts';

/** Bodies of the newest entries, in memory. Older ones lie on disk only. */
export class EntryTail {
  #entries: RaftEntry[] = [];
  /** Entries of the array that were dropped already. */
  #dropped = 0;
  #bytes = 0;

  /** Bytes of all bodies kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#entries.length - this.#dropped;
  }

  /** Index of the oldest entry kept, or infinity. */
  get firstIndex(): number {
    return this.#entries[this.#dropped]?.index ?? Number.POSITIVE_INFINITY;
  }

  at(index: number): RaftEntry | undefined {
    return index < this.firstIndex ? undefined : this.#entries[this.#position(index)];
  }

  push(entry: RaftEntry): void {
    const last = this.#entries.at(-1);
    invariant(this.length === 0 || last?.index === entry.index - 1, 'the tail must have no gaps');
    this.#entries.push(entry);
    this.#bytes += entry.body.length;
  }

  truncateFrom(index: number): void {
    while (this.length > 0 && (this.#entries.at(-1)?.index ?? 0) >= index) {
      this.#bytes -= this.#entries.pop()?.body.length ?? 0;
    }
  }

  clear(): void {
    this.#entries = [];
    this.#dropped = 0;
    this.#bytes = 0;
  }

  dropThrough(index: number): void {
    while (this.firstIndex <= index) this.#dropOldest();
  }

  /** Drops the oldest up to `lastIndex` until at most `bytesMax` are left. */
  shrink(bytesMax: number, lastIndex: number): void {
    while (this.#bytes > bytesMax && this.firstIndex <= lastIndex) this.#dropOldest();
  }

  /** Entries from `from` to `to`: at least one, and no more than `bytesMax` beyond it. */
  slice(from: number, to: number, bytesMax: number): RaftEntry[] {
    const entries: RaftEntry[] = [];
    let bytes = 0;
    for (let index = from; index <= to; index += 1) {
      const entry = this.at(index);
      if (entry === undefined) break;
      bytes += entry.body.length;
      if (entries.length > 0 && bytes > bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  #position(index: number): number {
    return this.#dropped + index - this.firstIndex;
  }

  #dropOldest(): void {
    const entry = this.#entries[this.#dropped];
    this.#bytes -= entry?.body.length ?? 0;
    this.#dropped += 1;
    if (this.#dropped < 64 || this.#dropped * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#dropped);
    this.#dropped = 0;
  }
}
