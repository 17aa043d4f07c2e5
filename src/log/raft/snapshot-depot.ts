/**
 * Snapshots of the state as files: one complete one to send from, one that is coming in.
 *
 *   <index>.snapshot          complete, checked, durable under this name
 *   <index>.making.new        being made here
 *   <index>.incoming.new      being received; an interrupted start drops it
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { crc32c } from '@node-rs/crc32';
import type { SnapshotMeta } from '../../consensus/index.ts';
import type { FileSystem, LogFile } from '../embedded/file-system.ts';
import { writeFully } from '../embedded/segment-file.ts';

const READ_BYTES = 256 * 1024;
const DIGEST_BYTES = 32;

/** What a file holds, as it goes into the description of a snapshot. */
export interface SnapshotContent {
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, then the number of commands as 64 bits. */
  readonly stateDigest: Uint8Array;
}

export interface SnapshotPart {
  readonly data: Uint8Array;
  /** CRC-32C. */
  readonly checksum: number;
  readonly isLast: boolean;
}

interface Incoming {
  readonly index: number;
  readonly file: LogFile;
  sizeBytes: number;
}

export class SnapshotDepot {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  #incoming: Incoming | null = null;

  private constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** Opens the folder, or makes it; what was left unfinished is dropped. */
  static async open(fileSystem: FileSystem, directory: string): Promise<SnapshotDepot> {
    await fileSystem.makeDirectory(directory);
    const depot = new SnapshotDepot(fileSystem, directory);
    for (const name of await fileSystem.list(directory)) {
      if (name.endsWith('.new')) await fileSystem.remove(path.join(directory, name));
    }
    return depot;
  }

  async has(index: number): Promise<boolean> {
    return (await this.#fileSystem.list(this.#directory)).includes(`${index}.snapshot`);
  }

  /** Writes a snapshot of `commands` commands, durable under its name when this resolves. */
  async make(
    index: number,
    commands: number,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<SnapshotContent> {
    const unfinished = this.#path(`${index}.making.new`);
    const file = await this.#create(unfinished);
    const digest = createHash('sha256');
    let sizeBytes = 0;
    try {
      for await (const chunk of chunks) {
        digest.update(chunk);
        await writeFully(file, Buffer.from(chunk), sizeBytes);
        sizeBytes += chunk.length;
      }
    } finally {
      await file.close();
    }
    await this.#publish(unfinished, index);
    return { sizeBytes, stateDigest: digestWith(digest.digest(), commands) };
  }

  /** Part of a complete snapshot; null where it is not there any more. */
  async read(index: number, offset: number, bytesMax: number): Promise<SnapshotPart | null> {
    if (!(await this.has(index))) return null;
    const file = await this.#fileSystem.open(this.#path(`${index}.snapshot`), 'read');
    try {
      const data = Buffer.alloc(bytesMax);
      let bytes = 0;
      while (bytes < bytesMax) {
        const count = await file.read(data.subarray(bytes), offset + bytes);
        if (count === 0) break;
        bytes += count;
      }
      const part = data.subarray(0, bytes);
      return { data: part, checksum: crc32c(part), isLast: offset + bytes >= (await file.size()) };
    } finally {
      await file.close();
    }
  }

  /** Keeps a part of a snapshot that comes in. @returns false where it was damaged on its way or does not fit */
  async receive(index: number, offset: number, part: SnapshotPart): Promise<boolean> {
    if (crc32c(part.data) !== part.checksum) return false;
    if (offset === 0) await this.#begin(index);
    const incoming = this.#incoming;
    if (incoming?.index !== index || incoming.sizeBytes !== offset) return false;
    await writeFully(incoming.file, Buffer.from(part.data), offset);
    incoming.sizeBytes += part.data.length;
    return true;
  }

  /** Checks what came in against its description; true: it is complete, and durable under its name. */
  async accept(meta: SnapshotMeta): Promise<boolean> {
    const incoming = this.#incoming;
    if (incoming?.index !== meta.lastIndex) return this.has(meta.lastIndex);
    this.#incoming = null;
    await incoming.file.close();
    const unfinished = this.#path(`${meta.lastIndex}.incoming.new`);
    const digest = createHash('sha256');
    for await (const chunk of this.#chunks(unfinished)) digest.update(chunk);
    const expected = Buffer.from(meta.stateDigest.subarray(0, DIGEST_BYTES));
    if (incoming.sizeBytes !== meta.sizeBytes || !digest.digest().equals(expected)) {
      await this.#fileSystem.remove(unfinished);
      return false;
    }
    await this.#publish(unfinished, meta.lastIndex);
    return true;
  }

  /** The bytes of a complete snapshot. */
  chunks(index: number): AsyncIterable<Uint8Array> {
    return this.#chunks(this.#path(`${index}.snapshot`));
  }

  /** Drops complete snapshots older than that of `index`. */
  async dropBefore(index: number): Promise<void> {
    for (const name of await this.#fileSystem.list(this.#directory)) {
      const found = /^(?<index>\d+)\.snapshot$/.exec(name)?.groups?.['index'];
      if (found !== undefined && Number(found) < index) {
        await this.#fileSystem.remove(this.#path(name));
      }
    }
  }

  async close(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = null;
    await incoming?.file.close();
  }

  async #begin(index: number): Promise<void> {
    await this.close();
    const file = await this.#create(this.#path(`${index}.incoming.new`));
    this.#incoming = { index, file, sizeBytes: 0 };
  }

  /** An empty file; one that was left under this name is dropped. */
  async #create(file: string): Promise<LogFile> {
    const names = await this.#fileSystem.list(this.#directory);
    if (names.includes(path.basename(file))) await this.#fileSystem.remove(file);
    return this.#fileSystem.create(file);
  }

  async #publish(unfinished: string, index: number): Promise<void> {
    await this.#fileSystem.rename(unfinished, this.#path(`${index}.snapshot`));
    await this.#fileSystem.flushDirectory(this.#directory);
  }

  async *#chunks(file: string): AsyncGenerator<Uint8Array, void> {
    const opened = await this.#fileSystem.open(file, 'read');
    try {
      for (let offset = 0; ;) {
        const chunk = Buffer.alloc(READ_BYTES);
        const count = await opened.read(chunk, offset);
        if (count === 0) return;
        yield chunk.subarray(0, count);
        offset += count;
      }
    } finally {
      await opened.close();
    }
  }

  #path(name: string): string {
    return path.join(this.#directory, name);
  }
}

function digestWith(digest: Buffer, commands: number): Uint8Array {
  const whole = Buffer.alloc(DIGEST_BYTES + 8);
  digest.copy(whole);
  whole.writeBigUInt64LE(BigInt(commands), DIGEST_BYTES);
  return whole;
}
