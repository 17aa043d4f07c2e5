import { crc32c } from '@node-rs/crc32';
import { invariant } from '../../base/invariant.ts';
import type { LogFile } from './file-system.ts';
import {
  COMMIT_BYTES,
  COMMIT_MAGIC,
  ENTRY_HEADER_BYTES,
  ENTRY_MAGIC,
  entryFrameBytes,
  hashFrame,
  isCommitIntact,
  readHash,
  type ChainState,
} from './frame.ts';
import { HASH_BYTES, SEGMENT_HEADER_BYTES, readU64, type SegmentHeader } from './segment-header.ts';

const CHUNK_BYTES = 1024 * 1024;
/** The first chunk is smaller, because many segments are read only to find that they hold little. */
const FIRST_CHUNK_BYTES = 64 * 1024;
/** Enough to find that a read which came short had come to the end. */
const LAST_CHUNK_BYTES = 4 * 1024;

/** A batch whose checksum held; `window` stays valid for as long as anyone keeps it. */
export interface Batch {
  readonly window: Buffer;
  /** Where the batch starts in `window`. */
  readonly start: number;
  readonly entryCount: number;
  readonly after: ChainState;
}

/** Where reading stopped: at the end, at unwritten zeros, or at something that is no valid batch. */
export interface Stop {
  /** File offset of the batch that did not check. */
  readonly batchAt: number;
  /** File offset of the record inside it that did not. */
  readonly recordAt: number;
}

/**
 * Reads the batches of one segment in order, checking each before it is handed out.
 *
 * Memory: a chunk of 1 MiB, or twice the largest batch where that is larger. With `checksHashes` it recomputes the chain of
 * hashes (about 1 µs an entry more); without, it trusts the checksum of each batch and compares the hashes' linkage only.
 */
export class BatchReader {
  readonly #file: LogFile;
  readonly #segmentId: Buffer;
  readonly #checksHashes: boolean;
  #window: Buffer = Buffer.alloc(0);
  #windowAt: number = SEGMENT_HEADER_BYTES;
  #position = 0;
  #ended = false;
  #chunkBytes = FIRST_CHUNK_BYTES;
  #chain: ChainState;
  #bad: number | undefined;

  constructor(file: LogFile, header: SegmentHeader, checksHashes: boolean) {
    this.#file = file;
    this.#segmentId = header.id;
    this.#checksHashes = checksHashes;
    this.#chain = {
      lastIndex: header.baseIndex - 1,
      lastHash: header.previousHash,
      nextBatch: 1,
    };
  }

  /** The chain after the last batch handed out. */
  get chain(): ChainState {
    return this.#chain;
  }

  /** File offset behind the last batch handed out. */
  get position(): number {
    return this.#windowAt + this.#position;
  }

  /** Valid once {@link next} has returned undefined. */
  get stop(): Stop {
    return { batchAt: this.position, recordAt: this.#windowAt + (this.#bad ?? this.#position) };
  }

  /** The next valid batch, or undefined where there is none; then {@link stop} says where. */
  async next(): Promise<Batch | undefined> {
    for (;;) {
      const batch = this.takeBuffered();
      if (batch !== undefined) return batch;
      if (this.#bad !== undefined || this.#ended) return undefined;
      await this.#fill();
    }
  }

  /** {@link next} without waiting: undefined also where only the window has run out. */
  takeBuffered(): Batch | undefined {
    if (this.#bad !== undefined) return undefined;
    const window = this.#window;
    const start = this.#position;
    let cursor = start;
    let count = 0;
    while (window.length - cursor >= ENTRY_HEADER_BYTES) {
      const magic = window.readUInt32LE(cursor);
      if (magic === COMMIT_MAGIC && count > 0) return this.#takeCommit(cursor, count);
      const next = cursor + entryFrameBytes(window.readUInt32LE(cursor + 4));
      if (magic !== ENTRY_MAGIC || !this.#isExpectedEntry(cursor, count)) {
        this.#bad = cursor;
        return undefined;
      }
      if (next > window.length) return this.#wantMore(cursor);
      cursor = next;
      count += 1;
    }
    return this.#wantMore(cursor);
  }

  #wantMore(cursor: number): undefined {
    if (this.#ended) this.#bad = cursor;
    return undefined;
  }

  #isExpectedEntry(cursor: number, count: number): boolean {
    const window = this.#window;
    return (
      readU64(window, cursor + 16) === this.#chain.nextBatch &&
      readU64(window, cursor + 24) === this.#chain.lastIndex + count + 1 &&
      window.compare(this.#segmentId, 0, this.#segmentId.length, cursor + 8, cursor + 16) === 0
    );
  }

  #takeCommit(cursor: number, count: number): Batch | undefined {
    const window = this.#window;
    const start = this.#position;
    if (window.length - cursor < COMMIT_BYTES) return this.#wantMore(cursor);
    const isWhole =
      isCommitIntact(window, cursor) &&
      this.#isExpectedEntry(cursor, count - 1) &&
      window.readUInt32LE(cursor + 4) === cursor - start &&
      window.readUInt32LE(cursor + 32) === count;
    if (!isWhole) this.#bad = cursor;
    else if (crc32c(window.subarray(start, cursor + 56)) !== window.readUInt32LE(cursor + 56)) {
      this.#bad = start;
    } else this.#bad = this.#brokenLink(start, cursor);
    if (this.#bad !== undefined) return undefined;
    this.#chain = {
      lastIndex: this.#chain.lastIndex + count,
      lastHash: Buffer.from(readHash(window, cursor)),
      nextBatch: this.#chain.nextBatch + 1,
    };
    this.#position = cursor + COMMIT_BYTES;
    return { window, start, entryCount: count, after: this.#chain };
  }

  /** Where the chain of hashes breaks between `start` and the commit at `end`, if it does. */
  #brokenLink(start: number, end: number): number | undefined {
    const window = this.#window;
    let expected: Buffer | undefined = this.#chain.lastHash;
    let cursor = start;
    while (expected !== undefined) {
      if (window.compare(expected, 0, HASH_BYTES, cursor + 40, cursor + 40 + HASH_BYTES) !== 0) {
        return cursor;
      }
      if (cursor === end || !this.#checksHashes) return undefined;
      const bodyBytes = window.readUInt32LE(cursor + 4);
      expected = hashFrame(window.subarray(cursor, cursor + ENTRY_HEADER_BYTES + bodyBytes));
      cursor += entryFrameBytes(bodyBytes);
    }
    return undefined;
  }

  async #fill(): Promise<void> {
    const kept = this.#window.length - this.#position;
    const wanted = Math.max(this.#chunkBytes, kept);
    const window = Buffer.allocUnsafeSlow(kept + wanted);
    this.#window.copy(window, 0, this.#position);
    const count = await this.#file.read(
      window.subarray(kept),
      this.#windowAt + this.#window.length,
    );
    invariant(count <= wanted, 'a read returns at most what was asked for');
    this.#windowAt += this.#position;
    this.#position = 0;
    this.#window = window.subarray(0, kept + count);
    this.#ended = count === 0;
    this.#chunkBytes = count < wanted ? LAST_CHUNK_BYTES : CHUNK_BYTES;
  }
}
