import type { Profile, TaskId, TaskSpec, TaskState } from '../core/index.ts';
import { invariant } from '../base/invariant.ts';
import { BlockWriter } from './block.ts';
import { Dictionary, DICTIONARY_KIND } from './dictionary.ts';
import {
  readSummary,
  readView,
  summaryOfTask,
  writeRecord,
  type FinishedSummary,
  type FinishedTask,
  type FinishedView,
  type SpecRef,
} from './finished-record.ts';
import type { Payloads } from './payloads.ts';
import { Slices } from './slices.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { findTaskKey } from './task-key.ts';
import type { Writer } from './writer.ts';

/** What the index can tell apart. */
export type Combo = readonly [namespace: string, queue: string, type: string, state: TaskState];

/** A finished task on its way to the file. */
interface Pending {
  readonly finished: FinishedTask;
  /** Null when it must be read from the file. */
  readonly payload: string | null;
  readonly bytes: number;
}

/** Records on their way to the file. */
export interface Backlog {
  readonly count: number;
  readonly bytes: number;
  /** Whether whoever makes records should make fewer. */
  readonly full: boolean;
}

export interface HistoryBounds {
  readonly sliceMs: number;
  readonly delayMs: number;
  readonly backlogCountMax: number;
  readonly backlogBytesMax: number;
}

/** Records encoded between two looks at the clock. */
const ENCODED_AT_ONCE = 16;
const RECORD_BYTES = 400;

/**
 * Finished tasks: queued on the hot path, encoded a slice at a time, written by the writer's thread.
 *
 * A record can be read from the moment it is added.
 */
export class History {
  readonly #records: Table;
  readonly #writer: Writer;
  readonly #payloads: Payloads;
  readonly #bounds: HistoryBounds;
  readonly #specs: Dictionary<TaskSpec>;
  readonly combos: Dictionary<Combo>;
  /** By profile, its spec's and its combos' numbers; a cache of the dictionaries. */
  readonly #refs = new WeakMap<Profile, { spec: SpecRef; combos: Map<TaskState, number> }>();
  readonly #pending = new Map<TaskId, Pending>();
  #queue: Pending[] = [];
  #queueStart = 0;
  /** Sent, by number of the block that held the last of them, oldest first. */
  readonly #sent: { number: number; records: Pending[] }[] = [];
  #bytes = 0;
  #added = 0;
  #encoded = 0;
  #encoding: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    tables: Tables,
    parts: { writer: Writer; payloads: Payloads; bounds: HistoryBounds },
  ) {
    this.#records = tableOf(tables, TABLE.history);
    this.#writer = parts.writer;
    this.#payloads = parts.payloads;
    this.#bounds = parts.bounds;
    this.#specs = new Dictionary(tables, DICTIONARY_KIND.spec);
    this.combos = new Dictionary(tables, DICTIONARY_KIND.combo);
  }

  get backlog(): Backlog {
    const count = this.#pending.size;
    const { backlogCountMax, backlogBytesMax } = this.#bounds;
    const full = count >= backlogCountMax || this.#bytes >= backlogBytesMax;
    return { count, bytes: this.#bytes, full };
  }

  /** Queues a record. O(1), no I/O. */
  add(finished: FinishedTask): void {
    const { id } = finished.task;
    const payload = this.#payloads.release(finished.task);
    const bytes = (payload?.length ?? 0) + (finished.result?.length ?? 0) + RECORD_BYTES;
    const pending: Pending = { finished, payload, bytes };
    this.#pending.set(id, pending);
    this.#queue.push(pending);
    this.#bytes += bytes;
    this.#added += 1;
    this.#timer ??= setTimeout(() => this.#wake(), this.#bounds.delayMs);
  }

  /** The record of a finished task, or null. */
  find(id: TaskId): FinishedView | null {
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      const payload = pending.payload ?? this.#payloads.readStored(id);
      // Without a payload anywhere the record may have been written just now, and its payload moved.
      const written = payload === null ? this.#findWritten(id) : null;
      const { result } = pending.finished;
      return written ?? { ...summaryOfTask(pending.finished), payload, result };
    }
    return this.#findWritten(id);
  }

  #findWritten(id: TaskId): FinishedView | null {
    const record = this.#read(id);
    return record === null ? null : readView(record, this.#specOf);
  }

  findSummary(id: TaskId): FinishedSummary | null {
    const pending = this.#pending.get(id);
    if (pending !== undefined) return summaryOfTask(pending.finished);
    const record = this.#read(id);
    return record === null ? null : readSummary(record, this.#specOf);
  }

  /** Records that are not in the file yet, in no order. */
  *pending(): Iterable<FinishedTask> {
    for (const { finished } of this.#pending.values()) yield finished;
  }

  /** Sends every record added so far; does not wait for those added meanwhile. */
  async send(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const target = this.#added;
    while (this.#encoded < target) {
      this.#encoding ??= this.#encode().finally(() => (this.#encoding = null));
      await this.#encoding;
      if (this.#writer.failure !== null) throw this.#writer.failure;
    }
  }

  /** Forgets records that the file has. */
  committed(number: number): void {
    const [first] = this.#sent;
    if (first === undefined || first.number > number) return;
    void this.#forget(number);
  }

  #wake(): void {
    this.#timer = null;
    this.send().catch(() => {
      // The writer keeps its failure; every later flush and checkpoint reports it.
    });
  }

  async #encode(): Promise<void> {
    const slices = new Slices(this.#bounds.sliceMs);
    const target = this.#added;
    while (this.#encoded < target && this.#writer.failure === null) {
      await this.#writer.room();
      slices.begin();
      try {
        this.#encodeSlice(slices);
      } catch (error) {
        this.#writer.fail(error);
      }
      await slices.next();
    }
    if (this.#encoded < this.#added) this.#timer ??= setTimeout(() => this.#wake(), 0);
  }

  #encodeSlice(slices: Slices): void {
    const records: Pending[] = [];
    const block = new BlockWriter((bytes) => this.#writer.send(bytes));
    do {
      const end = Math.min(this.#queue.length, this.#queueStart + ENCODED_AT_ONCE);
      for (; this.#queueStart < end; this.#queueStart++) {
        const pending = this.#queue[this.#queueStart] as Pending;
        this.#write(block, pending);
        records.push(pending);
        this.#encoded += 1;
      }
    } while (!slices.spent && this.#queueStart < this.#queue.length);
    block.flush();
    this.#sent.push({ number: this.#writer.numberLast, records });
    if (this.#queueStart === this.#queue.length) {
      this.#queue = [];
      this.#queueStart = 0;
    }
  }

  #write(block: BlockWriter, { finished, payload }: Pending): void {
    const { task } = finished;
    const { spec, combo } = this.#refsOf(block, task.profile, task.state);
    const text = payload ?? this.#payloads.readStored(task.id);
    writeRecord(block, { finished, payload: text, combo, spec });
  }

  #refsOf(
    block: BlockWriter,
    profile: Profile,
    state: TaskState,
  ): { spec: SpecRef; combo: number } {
    let refs = this.#refs.get(profile);
    if (refs === undefined) {
      const number = this.#specs.numberOf(profile.key, profile.spec, block);
      refs = { spec: number === 0 ? profile.spec : number, combos: new Map() };
      this.#refs.set(profile, refs);
    }
    let combo = refs.combos.get(state);
    if (combo === undefined) {
      const { namespace, queue, type } = profile.spec;
      const value: Combo = [namespace, queue, type, state];
      combo = this.combos.numberOf(JSON.stringify(value), value, block);
      refs.combos.set(state, combo);
    }
    return { spec: refs.spec, combo };
  }

  async #forget(number: number): Promise<void> {
    const slices = new Slices(this.#bounds.sliceMs);
    for (let first = this.#sent[0]; first !== undefined; first = this.#sent[0]) {
      if (first.number > number) return;
      this.#sent.shift();
      for (const pending of first.records) {
        this.#bytes -= pending.bytes;
        const { id } = pending.finished.task;
        // A replay may have finished the task again in the meantime.
        if (this.#pending.get(id) === pending) this.#pending.delete(id);
      }
      if (slices.spent) await slices.next();
    }
  }

  #read(id: TaskId): Buffer | null {
    const key = findTaskKey(id);
    return key === null ? null : (this.#records.getBinaryFast(key) ?? null);
  }

  readonly #specOf = (ref: SpecRef): TaskSpec => {
    if (typeof ref !== 'number') return ref;
    const spec = this.#specs.valueOf(ref);
    invariant(spec !== undefined, () => `spec ${ref} of a record is in the dictionary`);
    return spec;
  };
}
