import { LRUCache } from 'lru-cache';
import type { TaskId } from '../core/index.ts';
import type { Slices } from './slices.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { findTaskKey } from './task-key.ts';

/** What a cached text costs beside its own memory: key, node and list, in bytes. */
const ENTRY_OVERHEAD_BYTES = 150;

/** A payload that the file does not have. */
interface Pin {
  readonly json: string;
  /** `taken`: the running checkpoint writes it. `released`: its task has finished. */
  fate: 'waiting' | 'taken' | 'released';
}

/**
 * Payloads of live tasks: in memory until a checkpoint has written them, then in the file behind a
 * cache bounded in bytes.
 *
 * A payload whose task finishes first is never written here. A checkpoint takes the whole map of
 * pins and puts an empty one in its place: no step grows with the number of tasks.
 */
export class Payloads {
  readonly #table: Table;
  readonly #cache: LRUCache<TaskId, string>;
  #pins = new Map<TaskId, Pin>();
  #pinnedBytes = 0;
  /** Pins of the running checkpoint; a finished task's stays, because its row may still be written. */
  #frozen = new Map<TaskId, Pin>();
  #frozenBytes = 0;
  /** Frozen pins that are accounted for: taken or released. */
  #frozenSettled = 0;

  constructor(tables: Tables, cacheBytes: number) {
    this.#table = tableOf(tables, TABLE.payloads);
    this.#cache = new LRUCache({
      maxSize: cacheBytes,
      sizeCalculation: (text) => 2 * text.length + ENTRY_OVERHEAD_BYTES,
    });
  }

  /** UTF-16 units of the payloads held until a checkpoint is done. */
  get pinnedBytes(): number {
    return this.#pinnedBytes + this.#frozenBytes;
  }

  /** Bytes the cache holds, as it counts them. */
  get cachedBytes(): number {
    return this.#cache.calculatedSize;
  }

  put(id: TaskId, json: string): void {
    this.#unpin(id);
    this.#pins.set(id, { json, fate: 'waiting' });
    this.#pinnedBytes += json.length;
  }

  read(id: TaskId): string | null {
    const held = this.#pins.get(id)?.json ?? this.#frozen.get(id)?.json ?? this.#cache.get(id);
    if (held !== undefined) return held;
    const stored = this.readStored(id);
    if (stored !== null) this.#cache.set(id, stored);
    return stored;
  }

  /** What the file has, past the cache. */
  readStored(id: TaskId): string | null {
    const key = findTaskKey(id);
    if (key === null) return null;
    const bytes = this.#table.getBinaryFast(key);
    return bytes === undefined ? null : bytes.toString('utf8', 0, bytes.length);
  }

  /** Lets go of a task that finished; returns what memory had of it, or null. */
  release(id: TaskId): string | null {
    const pin = this.#unpin(id);
    if (pin !== undefined) return pin.json;
    const frozen = this.#frozen.get(id);
    if (frozen !== undefined) {
      if (frozen.fate === 'waiting') this.#settle(frozen, 'released');
      return frozen.json;
    }
    const cached = this.#cache.peek(id);
    this.#cache.delete(id);
    return cached ?? null;
  }

  beginCheckpoint(): void {
    this.#frozen = this.#pins;
    this.#frozenBytes = this.#pinnedBytes;
    this.#frozenSettled = 0;
    this.#pins = new Map();
    this.#pinnedBytes = 0;
  }

  /** The payload that the checkpoint must write with the row of `id`, or null. */
  take(id: TaskId): string | null {
    const pin = this.#frozen.get(id);
    if (pin === undefined) return null;
    if (pin.fate === 'waiting') this.#settle(pin, 'taken');
    return pin.json;
  }

  /**
   * Ends a checkpoint that is on disk: what it took is read from the file from now on.
   *
   * A payload that was put before its task came into the state goes back to wait for the next one.
   */
  async endCheckpoint(slices: Slices): Promise<void> {
    if (this.#frozenSettled < this.#frozen.size) {
      for (const [id, pin] of this.#frozen) {
        if (pin.fate === 'waiting' && !this.#pins.has(id)) this.put(id, pin.json);
        if (slices.spent) await slices.next();
      }
    }
    this.#frozen = new Map();
    this.#frozenBytes = 0;
  }

  #settle(pin: Pin, fate: Pin['fate']): void {
    pin.fate = fate;
    this.#frozenSettled += 1;
  }

  #unpin(id: TaskId): Pin | undefined {
    const pin = this.#pins.get(id);
    if (pin === undefined) return undefined;
    this.#pins.delete(id);
    this.#pinnedBytes -= pin.json.length;
    return pin;
  }
}
