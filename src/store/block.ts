/**
 * Blocks of writes: how the main thread hands its changes to the writer's, without objects.
 *
 * An entry is [operation u8][table u8][key bytes u16][value bytes u32][key][value], little-endian.
 */
import { invariant } from '../base/invariant.ts';
import { textKey } from './keys.ts';
import type { TableNumber } from './tables.ts';
import { TASK_KEY_BYTES, writeTaskKey } from './task-key.ts';

export const OPERATION = {
  put: 1,
  remove: 2,
  /** Removes all keys below this one. */
  removeBelow: 3,
  /** Puts a record of the history, with its index and the totals. */
  finish: 4,
  /** Removes all keys that begin with this one. */
  removePrefix: 5,
} as const;
export type Operation = (typeof OPERATION)[keyof typeof OPERATION];

const HEADER_BYTES = 8;
const BLOCK_BYTES = 256 * 1_024;
/** Longer names are rare, and some have keys that are hashed. */
const NAME_WRITTEN_MAX = 512;
/** What text keys begin with. */
const TEXT_MARK = 0x23;

/** Collects entries and hands on full blocks. */
export class BlockWriter {
  readonly #send: (block: Buffer) => void;
  #buffer: Buffer | null = null;
  #end = 0;

  constructor(send: (block: Buffer) => void) {
    this.#send = send;
  }

  put(table: TableNumber, key: Uint8Array, value: Uint8Array): void {
    const buffer = this.#header(OPERATION.put, table, key.length, value.length);
    buffer.set(key, this.#end);
    buffer.set(value, this.#end + key.length);
    this.#end += key.length + value.length;
  }

  /** Puts under the {@link textKey} of a name; a short one is written where it goes, without a buffer of its own. */
  putNamed(table: TableNumber, name: string, value: Uint8Array): void {
    if (name.length > NAME_WRITTEN_MAX) {
      this.put(table, textKey(name), value);
      return;
    }
    const keyBytes = 2 * (name.length + 1);
    const buffer = this.#header(OPERATION.put, table, keyBytes, value.length);
    buffer.writeUInt16LE(TEXT_MARK, this.#end);
    buffer.write(name, this.#end + 2, 'utf16le');
    buffer.set(value, this.#end + keyBytes);
    this.#end += keyBytes + value.length;
  }

  putTask(table: TableNumber, id: string, value: Uint8Array): void {
    const buffer = this.#header(OPERATION.put, table, TASK_KEY_BYTES, value.length);
    this.#taskKey(buffer, id);
    buffer.set(value, this.#end);
    this.#end += value.length;
  }

  putTaskText(table: TableNumber, id: string, text: string): void {
    const bytes = Buffer.byteLength(text);
    const buffer = this.#header(OPERATION.put, table, TASK_KEY_BYTES, bytes);
    this.#taskKey(buffer, id);
    this.#end += buffer.write(text, this.#end);
  }

  remove(table: TableNumber, key: Uint8Array): void {
    const buffer = this.#header(OPERATION.remove, table, key.length, 0);
    buffer.set(key, this.#end);
    this.#end += key.length;
  }

  removeTask(table: TableNumber, id: string): void {
    this.#taskKey(this.#header(OPERATION.remove, table, TASK_KEY_BYTES, 0), id);
  }

  removeBelow(table: TableNumber, key: Uint8Array): void {
    const buffer = this.#header(OPERATION.removeBelow, table, key.length, 0);
    buffer.set(key, this.#end);
    this.#end += key.length;
  }

  removePrefix(table: TableNumber, key: Uint8Array): void {
    const buffer = this.#header(OPERATION.removePrefix, table, key.length, 0);
    buffer.set(key, this.#end);
    this.#end += key.length;
  }

  /** Room for a finished record of `bytes`; the caller fills what is returned at once. */
  finish(table: TableNumber, id: string, bytes: number): Buffer {
    const buffer = this.#header(OPERATION.finish, table, TASK_KEY_BYTES, bytes);
    this.#taskKey(buffer, id);
    const start = this.#end;
    this.#end += bytes;
    return buffer.subarray(start, this.#end);
  }

  /** Hands on what has been collected. */
  flush(): void {
    if (this.#buffer === null) return;
    this.#send(this.#buffer.subarray(0, this.#end));
    this.#buffer = null;
    this.#end = 0;
  }

  #header(operation: Operation, table: TableNumber, keyBytes: number, valueBytes: number): Buffer {
    const bytes = HEADER_BYTES + keyBytes + valueBytes;
    if (this.#buffer !== null && this.#end + bytes > this.#buffer.length) this.flush();
    // Not pooled: the block's memory moves to the writer's thread.
    this.#buffer ??= Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    const buffer = this.#buffer;
    buffer[this.#end] = operation;
    buffer[this.#end + 1] = table;
    buffer.writeUInt16LE(keyBytes, this.#end + 2);
    buffer.writeUInt32LE(valueBytes, this.#end + 4);
    this.#end += HEADER_BYTES;
    return buffer;
  }

  #taskKey(buffer: Buffer, id: string): void {
    invariant(
      writeTaskKey(id, buffer, this.#end),
      () => `a task id must be a lower-case UUID, got ${id}`,
    );
    this.#end += TASK_KEY_BYTES;
  }
}

/** Takes one entry; `key` and `value` are views of the block. */
export type EntryHandler = (
  operation: Operation,
  table: number,
  key: Buffer,
  value: Buffer,
) => void;

/** Calls `handle` for each entry of a block, in order. */
export function readBlock(block: Buffer, handle: EntryHandler): void {
  let at = 0;
  while (at < block.length) {
    const operation = block[at] as Operation;
    const table = block[at + 1] as number;
    const keyAt = at + HEADER_BYTES;
    const valueAt = keyAt + block.readUInt16LE(at + 2);
    const end = valueAt + block.readUInt32LE(at + 4);
    handle(operation, table, block.subarray(keyAt, valueAt), block.subarray(valueAt, end));
    at = end;
  }
}
