/** The history's tables as the writer's thread keeps them: records, their index, their totals. */
import { comboOf, finishedAtOf } from './stored-record.ts';
import { indexKey } from './history-index.ts';
import { META_KEY } from './meta.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { readTaskKey, taskKeyTime } from './task-key.ts';
import type { HistoryTotals, PurgeBounds } from './writer-protocol.ts';

/** Records that one transaction of a purge looks at. */
const PURGE_RECORDS_MAX = 1_000;
/** What a record costs beside its own bytes: its key, and the key of the index. */
const RECORD_OVERHEAD_BYTES = 36;
const NO_VALUE = Buffer.alloc(0);

export class HistoryWriter {
  readonly #records: Table;
  readonly #index: Table;
  readonly #meta: Table;
  #count = 0;
  #bytes = 0;

  constructor(tables: Tables) {
    this.#records = tableOf(tables, TABLE.history);
    this.#index = tableOf(tables, TABLE.historyIndex);
    this.#meta = tableOf(tables, TABLE.meta);
    this.reload();
  }

  get totals(): HistoryTotals {
    return { count: this.#count, bytes: this.#bytes };
  }

  /** Takes the totals as the file has them, after a transaction that did not come about. */
  reload(): void {
    const stored = this.#meta.getBinary(META_KEY.totals);
    this.#count = stored?.readDoubleLE(0) ?? 0;
    this.#bytes = stored?.readDoubleLE(8) ?? 0;
  }

  /** Puts a record in the place of an earlier one of the same task: a replay finishes it again. */
  put(key: Buffer, record: Buffer): void {
    const combo = comboOf(record);
    const earlier = this.#records.getBinaryFast(key);
    if (earlier !== undefined) this.#forget(key, earlier);
    this.#records.putSync(key, record);
    this.#index.putSync(indexKey(combo, key), NO_VALUE);
    this.#count += 1;
    this.#bytes += record.length + RECORD_OVERHEAD_BYTES;
  }

  /** Must be the last write of each transaction that changed records. */
  saveTotals(): void {
    const totals = Buffer.allocUnsafe(16);
    totals.writeDoubleLE(this.#count, 0);
    totals.writeDoubleLE(this.#bytes, 8);
    this.#meta.putSync(META_KEY.totals, totals);
  }

  /**
   * Removes what is beyond the bounds among the next records from `start` on, within a transaction.
   *
   * Ids grow with the time of submission, and nothing finishes before that: the walk ends at the
   * first task submitted after the bound.
   */
  purgeSome(
    start: Buffer,
    bounds: PurgeBounds,
    pinned: ReadonlySet<string>,
  ): { removed: number; next: Buffer | null } {
    const keys = [...this.#records.getKeys({ start, limit: PURGE_RECORDS_MAX })];
    let removed = 0;
    for (const key of keys) {
      const over = this.#count > bounds.countMax || this.#bytes > bounds.bytesMax;
      if (!over && taskKeyTime(key) >= bounds.finishedBefore) return { removed, next: null };
      const record = this.#records.getBinaryFast(key);
      if (record === undefined) continue;
      if (!over && finishedAtOf(record) >= bounds.finishedBefore) continue;
      if (pinned.size > 0 && pinned.has(readTaskKey(key, 0))) continue;
      this.#forget(key, record);
      this.#records.removeSync(key);
      removed += 1;
    }
    const last = keys.at(-1);
    if (last === undefined || keys.length < PURGE_RECORDS_MAX) return { removed, next: null };
    return { removed, next: Buffer.concat([last, Buffer.of(0)]) };
  }

  #forget(key: Uint8Array, record: Buffer): void {
    this.#count -= 1;
    this.#bytes -= record.length + RECORD_OVERHEAD_BYTES;
    this.#index.removeSync(indexKey(comboOf(record), key));
  }
}
