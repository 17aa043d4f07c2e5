import { invariant } from '../../base/invariant.ts';
import type { LogFile } from './file-system.ts';
import { COMMIT_BYTES } from './frame.ts';
import { isOutOfSpace } from './log-errors.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { writeFully, type Segment } from './segment-file.ts';

/** How far ahead of the entries a segment is filled with zeros. */
export const ZEROED_AHEAD_BYTES: number = 1024 * 1024;

/** What one step of filling writes: it holds up a commit beside it by less than a millisecond. */
const FILL_STEP_BYTES = 256 * 1024;

/** Batches from this size on go straight behind the filled space: they cost the same there, and half the writing. */
const DIRECT_BYTES_MIN = 64 * 1024;

const ZEROS = Buffer.alloc(FILL_STEP_BYTES);

/** What became of a batch: durable, or refused for want of space with nothing of it left behind. */
export type WriteOutcome = 'durable' | { readonly outOfSpace: Error };

export interface ActiveSegmentOptions {
  readonly segment: Segment;
  readonly file: LogFile;
  /** Offset behind the last batch; everything after it must be zeros. */
  readonly position: number;
  /** Size the file may reach. */
  readonly capacityBytes: number;
  /** Told of a failed write in the background, a full disk aside. */
  readonly onFailure: (error: Error) => void;
}

/**
 * The segment being written: entries go into space that was filled with zeros beforehand.
 *
 * Filling runs in the background, so that a small commit overwrites blocks the file already has: it costs no journal
 * commit, and the disk cannot be full in the middle of it. Each step is durable before a batch goes there. Where the
 * disk is full in the middle of a batch all the same (a large one, or a copy-on-write file system), the batch is wiped.
 */
export class ActiveSegment {
  readonly segment: Segment;
  readonly #file: LogFile;
  readonly #capacityBytes: number;
  readonly #onFailure: (error: Error) => void;
  #position: number;
  #zeroedEnd: number;
  #filling: Promise<void> | undefined;
  #fillError: Error | undefined;

  private constructor(options: ActiveSegmentOptions, sizeBytes: number) {
    this.segment = options.segment;
    this.#file = options.file;
    this.#capacityBytes = options.capacityBytes;
    this.#onFailure = options.onFailure;
    this.#position = options.position;
    this.#zeroedEnd = sizeBytes;
  }

  static async open(options: ActiveSegmentOptions): Promise<ActiveSegment> {
    const sizeBytes = await options.file.size();
    invariant(options.position >= SEGMENT_HEADER_BYTES, 'batches start behind the header');
    invariant(options.position <= sizeBytes, 'the last batch ends inside the file');
    return new ActiveSegment(options, sizeBytes);
  }

  /** Bytes that batches may still take before the segment is full. */
  get roomBytes(): number {
    return this.#capacityBytes - this.#position;
  }

  /**
   * Makes a batch durable; it must fit {@link roomBytes}.
   *
   * @throws whatever the disk reported, unless it was short of space and the batch could be wiped: then nothing may be
   *   written or acknowledged any more
   */
  async write(batch: Uint8Array): Promise<WriteOutcome> {
    invariant(batch.length <= this.roomBytes, 'a batch fits the segment it is written to');
    const end = this.#position + batch.length;
    while (end > this.#zeroedEnd) {
      if (this.#filling === undefined && batch.length >= DIRECT_BYTES_MIN) break;
      const wasFilling = this.#filling !== undefined;
      this.#fillAhead();
      await this.#filling;
      const error = this.#fillError;
      if (error === undefined) continue;
      if (!isOutOfSpace(error)) throw error;
      this.#fillError = undefined;
      // A step that began before says how full the disk was then.
      if (!wasFilling) return { outOfSpace: error };
    }
    try {
      await writeFully(this.#file, batch, this.#position);
    } catch (error) {
      if (!(error instanceof Error) || !isOutOfSpace(error)) throw error;
      await this.#wipe(end);
      return { outOfSpace: error };
    }
    this.#position = end;
    this.#zeroedEnd = Math.max(this.#zeroedEnd, end);
    const isSmall = batch.length < DIRECT_BYTES_MIN;
    if (isSmall && this.#zeroedEnd - end < ZEROED_AHEAD_BYTES) this.#fillAhead();
    return 'durable';
  }

  /**
   * Undoes a batch that the disk had no room for, as far as the file reached: the space was free, or zeros.
   *
   * Writing the range anew makes its pages dirty again, so this write vouches for what is on disk; repeating the failed
   * flush would not, because the system may have marked the pages clean.
   *
   * The commit goes first, and of it the last byte: a crash at any moment, also between two parts of a write that was
   * cut short within a sector, leaves what looks like a torn write and not like damage to a batch that was whole (T2).
   */
  async #wipe(end: number): Promise<void> {
    const sizeBytes = await this.#file.size();
    const wipedEnd = Math.min(end, sizeBytes);
    for (const from of [end - 1, end - COMMIT_BYTES, this.#position]) {
      const start = Math.max(this.#position, from);
      const zeros = Buffer.alloc(Math.max(0, wipedEnd - start));
      await writeFully(this.#file, zeros, start);
    }
    this.#zeroedEnd = Math.max(this.#zeroedEnd, wipedEnd);
  }

  /** Waits for filling under way, then closes the file. */
  async close(): Promise<void> {
    await this.#filling;
    await this.#file.close();
  }

  /** Starts one step of filling unless one runs or the segment is filled to its end. */
  #fillAhead(): void {
    const roomBytes = this.#capacityBytes - this.#zeroedEnd;
    if (this.#filling !== undefined || roomBytes <= 0) return;
    this.#fillError = undefined;
    this.#filling = this.#fill(Math.min(roomBytes, FILL_STEP_BYTES)).finally(() => {
      this.#filling = undefined;
    });
  }

  /** Never rejects: a full disk is kept for the batch that comes to need the space, anything worse is told at once. */
  async #fill(stepBytes: number): Promise<void> {
    try {
      await writeFully(this.#file, ZEROS.subarray(0, stepBytes), this.#zeroedEnd);
      this.#zeroedEnd += stepBytes;
    } catch (error) {
      this.#fillError = error instanceof Error ? error : new Error(String(error), { cause: error });
      if (!isOutOfSpace(error)) this.#onFailure(this.#fillError);
    }
  }
}
