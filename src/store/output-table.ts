import type { TaskId } from '../core/index.ts';
import { BlockWriter } from './block.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { readTaskKey, TASK_KEY_BYTES, taskKey } from './task-key.ts';
import type { Writer } from './writer.ts';

/** One part of what a task handed out. */
export interface OutputChunk {
  /** Its place among all chunks of the task, from 0. */
  readonly seq: number;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** JSON text. */
  readonly chunk: string;
}

/** What of a task's chunks is looked for: those from `from` on. */
export interface OutputRange {
  readonly from: number;
  readonly limit: number;
  /** Text after which no further chunk is added, in UTF-16 units. */
  readonly lengthMax: number;
}

const SEQ_MAX = 0xffff_ffff;
/** Attempt and moment before the text. */
const HEADER_BYTES = 12;
/** How long chunks are gathered for one block, in milliseconds. */
const DELAY_MS = 100;
const BLOCK_LENGTH = 256 * 1024;

interface Pending extends OutputChunk {
  readonly id: TaskId;
}

/** Chunks sent in one go, until the file has them. */
interface Sent {
  readonly block: number;
  readonly chunks: readonly Pending[];
}

/**
 * Output of tasks by task and place. What is not in the file yet is read from memory, so that every
 * chunk can be read from the moment it is put.
 */
export class OutputTable {
  readonly #table: Table;
  readonly #writer: Writer;
  readonly #blocks: BlockWriter;
  /** Chunks that the file does not have, by task, in order. */
  readonly #byTask = new Map<TaskId, Pending[]>();
  #waiting: Pending[] = [];
  #waitingLength = 0;
  #sent: Sent[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(tables: Tables, writer: Writer) {
    this.#table = tableOf(tables, TABLE.output);
    this.#writer = writer;
    this.#blocks = new BlockWriter((block) => writer.send(block));
  }

  /** Text on its way to the file, in UTF-16 units. */
  get pendingLength(): number {
    return this.#length;
  }

  put(id: TaskId, chunk: OutputChunk): void {
    const pending = { id, ...chunk };
    const known = this.#byTask.get(id);
    if (known === undefined) this.#byTask.set(id, [pending]);
    else known.push(pending);
    this.#waiting.push(pending);
    this.#waitingLength += chunk.chunk.length;
    this.#length += chunk.chunk.length;
    if (this.#waitingLength >= BLOCK_LENGTH) this.send();
    else this.#timer ??= setTimeout(() => this.send(), DELAY_MS);
  }

  /** Hands on everything put so far to be written. */
  send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const chunks = this.#waiting;
    if (chunks.length === 0) return;
    this.#waiting = [];
    this.#waitingLength = 0;
    for (const { at, attempt, chunk, id, seq } of chunks) {
      const value = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(chunk));
      value.writeUInt32LE(attempt, 0);
      value.writeDoubleLE(at, 4);
      value.write(chunk, HEADER_BYTES);
      this.#blocks.put(TABLE.output, outputKey(id, seq), value);
    }
    this.#blocks.flush();
    this.#sent.push({ block: this.#writer.numberLast, chunks });
  }

  /** Forgets what the file has. */
  committed(number: number): void {
    while (this.#sent[0] !== undefined && this.#sent[0].block <= number) {
      const { chunks } = this.#sent.shift() as Sent;
      for (const { chunk, id, seq } of chunks) {
        this.#length -= chunk.length;
        const list = this.#byTask.get(id);
        // Chunks that were removed meanwhile, or put again by a replay, are not its first.
        if (list?.[0]?.seq !== seq) continue;
        list.shift();
        if (list.length === 0) this.#byTask.delete(id);
      }
    }
  }

  /** Chunks of a task in order. O(chunks returned). */
  page(id: TaskId, { from, lengthMax, limit }: OutputRange): readonly OutputChunk[] {
    const items: OutputChunk[] = [];
    let length = 0;
    const add = (chunk: OutputChunk): boolean => {
      if (items.length >= limit || (length > 0 && length + chunk.chunk.length > lengthMax))
        return false;
      length += chunk.chunk.length;
      return items.push(chunk) > 0;
    };
    const start = outputKey(id, from);
    const end = outputKey(id, SEQ_MAX);
    for (const { key, value } of this.#table.getRange({ start, end, limit })) {
      if (!add(readChunk(key, value))) return items;
    }
    const next = items.length === 0 ? from : (items.at(-1)?.seq ?? 0) + 1;
    for (const { at, attempt, chunk, seq } of this.#byTask.get(id) ?? []) {
      if (seq >= next && !add({ seq, attempt, at, chunk })) break;
    }
    return items;
  }

  /** Tasks that there is output of. O(tasks · log chunks). */
  tasks(): readonly TaskId[] {
    const ids = new Set(this.#byTask.keys());
    let start: Buffer = Buffer.of(0);
    for (;;) {
      const [key] = this.#table.getKeys({ start, limit: 1 });
      if (key === undefined) return [...ids];
      const id = readTaskKey(key, 0);
      ids.add(id);
      start = Buffer.concat([outputKey(id, SEQ_MAX), Buffer.of(0)]);
    }
  }

  /** Lets all output of a task go. */
  remove(id: TaskId): void {
    this.send();
    this.#byTask.delete(id);
    this.#blocks.removePrefix(TABLE.output, taskKey(id));
    this.#blocks.flush();
  }
}

function outputKey(id: TaskId, seq: number): Buffer {
  const key = Buffer.allocUnsafe(TASK_KEY_BYTES + 4);
  taskKey(id).copy(key);
  key.writeUInt32BE(seq, TASK_KEY_BYTES);
  return key;
}

function readChunk(key: Uint8Array, value: Buffer): OutputChunk {
  return {
    seq: Buffer.from(key.buffer, key.byteOffset, key.length).readUInt32BE(TASK_KEY_BYTES),
    attempt: value.readUInt32LE(0),
    at: value.readDoubleLE(4),
    chunk: value.toString('utf8', HEADER_BYTES),
  };
}
