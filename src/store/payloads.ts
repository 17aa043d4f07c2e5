import { LRUCache } from 'lru-cache';
import type { Task, TaskId } from '../core/index.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { findTaskKey } from './task-key.ts';

/** What a cached text costs beside its own memory: key, node and list, in bytes. */
const ENTRY_OVERHEAD_BYTES = 150;

/**
 * Payloads of live tasks: on the task itself until a checkpoint has written them, then in the file
 * behind a cache bounded in bytes.
 *
 * A payload whose task finishes first is never written here. A task keeps its payload beyond its end:
 * the row of a checkpoint that began before may still be on its way, and needs it.
 */
export class Payloads {
  readonly #table: Table;
  readonly #cache: LRUCache<TaskId, string>;
  #pinnedBytes = 0;

  constructor(tables: Tables, cacheBytes: number) {
    this.#table = tableOf(tables, TABLE.payloads);
    this.#cache = new LRUCache({
      maxSize: cacheBytes,
      sizeCalculation: (text) => 2 * text.length + ENTRY_OVERHEAD_BYTES,
    });
  }

  /** UTF-16 units of the payloads of live tasks that the file does not have. */
  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** Bytes the cache holds, as it counts them. */
  get cachedBytes(): number {
    return this.#cache.calculatedSize;
  }

  put(task: Task, json: string): void {
    this.#pinnedBytes += json.length - (task.payload?.length ?? 0);
    task.payload = json;
  }

  /** Puts another payload in place of the one that a live task has. */
  replace(task: Task, json: string): void {
    this.#cache.delete(task.id);
    this.put(task, json);
  }

  read(task: Task): string | null {
    const held = task.payload ?? this.#cache.get(task.id);
    if (held !== undefined) return held;
    const stored = this.readStored(task.id);
    if (stored !== null) this.#cache.set(task.id, stored);
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
  release(task: Task): string | null {
    if (task.payload !== null) {
      this.#pinnedBytes -= task.payload.length;
      return task.payload;
    }
    if (this.#cache.size === 0) return null;
    const cached = this.#cache.peek(task.id);
    this.#cache.delete(task.id);
    return cached ?? null;
  }

  /** The file has `json` as the task's payload: it is read from there from now on. */
  stored(task: Task, json: string): void {
    // A task that went meanwhile was released, and its row goes with the next checkpoint. A payload
    // that was replaced meanwhile is written by the next one.
    if (task.payload !== json || !task.isStored) return;
    this.#pinnedBytes -= task.payload.length;
    task.payload = null;
  }
}
