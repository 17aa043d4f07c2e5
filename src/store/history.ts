import type { Profile, TaskId, TaskSpec, TaskState } from '../core/index.ts';
import { invariant } from '../base/invariant.ts';
import { BlockWriter } from './block.ts';
import { Dictionary, DICTIONARY_KIND } from './dictionary.ts';
import {
  summaryOfTask,
  writeRecord,
  type FinishedSummary,
  type FinishedTask,
  type FinishedView,
  type SpecRef,
} from './finished-record.ts';
import { newestFirst } from './newest-first.ts';
import type { Payloads } from './payloads.ts';
import { Slices } from './slices.ts';
import { StoredRecord } from './stored-record.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { TASK_KEY_BYTES, writeTaskKey } from './task-key.ts';
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
  /** Of what may wait; above 1 where it is more than that. */
  readonly share: number;
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
const CHUNK_RECORDS_MAX = 2_048;

/**
 * Records that go out of memory together. One map for all of them would have each record taken out
 * by itself, and grow past what the processor's caches hold: a tenth of a task's time.
 */
interface Chunk {
  readonly records: Pending[];
  readonly byId: Map<TaskId, Pending>;
  /** The same in the order of their ids, once somebody asked for it. */
  ordered: readonly FinishedTask[] | null;
  bytes: number;
  encoded: number;
  /** Number of the block with the last of them, once all are encoded. */
  block: number | null;
}

/**
 * Finished tasks: queued on the hot path, encoded a slice at a time, written by the writer's thread.
 *
 * A record can be read from the moment it is added.
 */
export class History {
  readonly #records: Table;
  /** The key of whatever record is read, spared from being made a million times in a search. */
  readonly #key = Buffer.alloc(TASK_KEY_BYTES);
  readonly #writer: Writer;
  readonly #payloads: Payloads;
  readonly #bounds: HistoryBounds;
  readonly #specs: Dictionary<TaskSpec>;
  readonly combos: Dictionary<Combo>;
  /** By profile, its spec's and its combos' numbers; a cache of the dictionaries. */
  readonly #refs = new WeakMap<Profile, { spec: SpecRef; combos: Map<TaskState, number> }>();
  /** Records that the file does not have, oldest first. A task is in one of them at most. */
  #chunks: Chunk[] = [];
  /** Place of the first chunk that is not encoded whole. */
  #encodeAt = 0;
  #count = 0;
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
    const count = this.#count;
    const { backlogCountMax, backlogBytesMax } = this.#bounds;
    const share = Math.max(count / backlogCountMax, this.#bytes / backlogBytesMax);
    return { count, bytes: this.#bytes, share, full: share >= 1 };
  }

  /** Queues a record. O(1), no I/O. */
  add(finished: FinishedTask): void {
    const { id } = finished.task;
    const payload = this.#payloads.release(finished.task);
    const bytes = (payload?.length ?? 0) + (finished.result?.length ?? 0) + RECORD_BYTES;
    const pending: Pending = { finished, payload, bytes };
    const chunk = this.#chunkToFill();
    chunk.records.push(pending);
    chunk.byId.set(id, pending);
    chunk.ordered = null;
    chunk.bytes += bytes;
    this.#bytes += bytes;
    this.#count += 1;
    this.#added += 1;
    this.#timer ??= setTimeout(() => this.#wake(), this.#bounds.delayMs);
  }

  /** The record of a finished task, or null. */
  find(id: TaskId): FinishedView | null {
    const pending = this.#findPending(id);
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
    const record = this.stored(id);
    return record === null ? null : this.reader().open(id, record).view();
  }

  /** The record without its payload and result, or null. */
  findSummary(id: TaskId): FinishedSummary | null {
    const pending = this.#findPending(id);
    if (pending !== undefined) return summaryOfTask(pending.finished);
    const record = this.stored(id);
    return record === null ? null : this.reader().open(id, record).summary();
  }

  /** Whether it has a record of the task. */
  has(id: TaskId): boolean {
    return this.#findPending(id) !== undefined || this.stored(id) !== null;
  }

  /** The bytes of a record that the file has, or null: a view that the next read changes. */
  stored(id: TaskId): Buffer | null {
    if (!writeTaskKey(id, this.#key, 0)) return null;
    return this.#records.getBinaryFast(this.#key) ?? null;
  }

  /** Reads such bytes. */
  reader(): StoredRecord {
    return new StoredRecord(this.#specOf);
  }

  /**
   * Records of ids below `before` that are not in the file yet, newest id first. Each costs a look at
   * as many ids as there are chunks; the first after an `add` orders a chunk anew.
   */
  pendingBelow(before: TaskId | undefined): Iterator<FinishedTask, undefined> {
    return newestFirst(this.#chunks.map(orderedOf), before);
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
    let done = 0;
    for (const { block, bytes, records } of this.#chunks) {
      if (block === null || block > number) break;
      done += 1;
      this.#bytes -= bytes;
      this.#count -= records.length;
    }
    if (done === 0) return;
    this.#chunks.splice(0, done);
    this.#encodeAt -= done;
  }

  #chunkToFill(): Chunk {
    const last = this.#chunks.at(-1);
    const isOpen = last?.encoded === 0 && last.records.length < CHUNK_RECORDS_MAX;
    if (last !== undefined && isOpen) return last;
    const chunk: Chunk = {
      records: [],
      byId: new Map(),
      ordered: null,
      bytes: 0,
      encoded: 0,
      block: null,
    };
    this.#chunks.push(chunk);
    return chunk;
  }

  #findPending(id: TaskId): Pending | undefined {
    for (let at = this.#chunks.length - 1; at >= 0; at--) {
      const pending = (this.#chunks[at] as Chunk).byId.get(id);
      if (pending !== undefined) return pending;
    }
    return undefined;
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
    const block = new BlockWriter((bytes) => this.#writer.send(bytes));
    const start = this.#encodeAt;
    let chunk = this.#chunks[this.#encodeAt];
    do {
      if (chunk === undefined) break;
      this.#encodeSome(block, chunk);
      if (chunk.encoded < chunk.records.length) continue;
      this.#encodeAt += 1;
      chunk = this.#chunks[this.#encodeAt];
    } while (!slices.spent);
    block.flush();
    for (const whole of this.#chunks.slice(start, this.#encodeAt)) {
      whole.block = this.#writer.numberLast;
    }
  }

  #encodeSome(block: BlockWriter, chunk: Chunk): void {
    const end = Math.min(chunk.records.length, chunk.encoded + ENCODED_AT_ONCE);
    for (; chunk.encoded < end; chunk.encoded++) {
      this.#write(block, chunk.records[chunk.encoded] as Pending);
      this.#encoded += 1;
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

  readonly #specOf = (number: number): TaskSpec => {
    const spec = this.#specs.valueOf(number);
    invariant(spec !== undefined, () => `spec ${number} of a record is in the dictionary`);
    return spec;
  };
}

function orderedOf(chunk: Chunk): readonly FinishedTask[] {
  chunk.ordered ??= Array.from(chunk.byId.values(), ({ finished }) => finished).sort((a, b) =>
    a.task.id < b.task.id ? -1 : 1,
  );
  return chunk.ordered;
}
