/** What core keeps under a key besides tasks, agents, queues and profiles: few of each, all kept alike. */
import { invariant } from '../base/invariant.ts';
import { ChangeSet, type Tracked } from './change-set.ts';
import type { RecordName } from './records.ts';
import type { Timed } from './timers.ts';

/** One of them. Changed in place by core only, after its table was told by {@link RecordTable.touch}. */
export interface CoreRecord extends Tracked, Timed {
  readonly table: RecordName;
  readonly key: string;
}

/** Its plain-data image; the fields after `seq` are its table's own. */
export type RecordRow = readonly [
  table: RecordName,
  key: string,
  seq: number,
  ...fields: readonly unknown[],
];

/** The records of one kind, by key, in the order they were made. */
export class RecordTable<Kept extends CoreRecord> {
  readonly name: RecordName;
  /** What a checkpoint has to write. */
  readonly changes: ChangeSet<Kept, RecordRow, string>;
  readonly #byKey = new Map<string, Kept>();

  constructor(name: RecordName, fieldsOf: (record: Kept) => readonly unknown[]) {
    this.name = name;
    this.changes = new ChangeSet(
      (record) => [record.table, record.key, record.seq, ...fieldsOf(record)],
      (record) => record.key,
    );
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Kept | undefined {
    return this.#byKey.get(key);
  }

  values(): MapIterator<Kept> {
    return this.#byKey.values();
  }

  /** Adds a record that is new to core. */
  add(record: Kept): void {
    this.restore(record);
    this.changes.touch(record);
  }

  /** Adds a record that comes from a checkpoint. */
  restore(record: Kept): void {
    invariant(!this.#byKey.has(record.key), () => `${record.table} ${record.key} is new`);
    this.#byKey.set(record.key, record);
  }

  /** Says that the record is about to change. */
  touch(record: Kept): void {
    this.changes.touch(record);
  }

  /** Forgets a record. The caller has disarmed its timer. */
  remove(record: Kept): void {
    invariant(record.timerSlot < 0, 'a record that goes has no timer');
    this.changes.remove(record);
    this.#byKey.delete(record.key);
  }
}
