import { ActiveSegment, ZEROED_AHEAD_BYTES, type WriteOutcome } from './active-segment.ts';
import type { FileSystem } from './file-system.ts';
import { COMMIT_BYTES, encodeBatch, type ChainState } from './frame.ts';
import { isOutOfSpace } from './log-errors.ts';
import type { RecoveredLog } from './recovery.ts';
import { createSegment, type Segment } from './segment-file.ts';
import { HASH_BYTES, SEGMENT_HEADER_BYTES } from './segment-header.ts';

/** A batch takes entries up to this size together, or one entry that is larger. */
export const BATCH_BYTES_MAX: number = 1024 * 1024;

export interface WriterOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly segmentBytes: number;
  /** Index that a log without segments starts behind. */
  readonly startAfter: number;
  /** Told of a failed write in the background. */
  readonly onFailure: (error: Error) => void;
}

/** Writes batches one after the other, into a new segment where the last one is full. */
export class SegmentedWriter {
  readonly #options: WriterOptions;
  readonly #segments: Segment[];
  #active: ActiveSegment;
  #chain: ChainState;
  #staging: Buffer | undefined;

  private constructor(
    options: WriterOptions,
    segments: readonly Segment[],
    active: ActiveSegment,
    chain: ChainState,
  ) {
    this.#options = options;
    this.#segments = [...segments];
    this.#active = active;
    this.#chain = chain;
  }

  /** Continues behind what was recovered, or starts a log with a first segment. */
  static async open(
    options: WriterOptions,
    recovered: RecoveredLog | undefined,
  ): Promise<SegmentedWriter> {
    const last = recovered?.segments.at(-1);
    if (recovered === undefined || last === undefined) {
      const lastHash = Buffer.alloc(HASH_BYTES);
      const chain = { lastIndex: options.startAfter, lastHash, nextBatch: 1 };
      const active = await startSegment(options, chain);
      return new SegmentedWriter(options, [active.segment], active, chain);
    }
    const active = await ActiveSegment.open({
      segment: last,
      file: await options.fileSystem.open(last.path, 'write'),
      position: recovered.endPosition,
      capacityBytes: options.segmentBytes,
      onFailure: options.onFailure,
    });
    return new SegmentedWriter(options, recovered.segments, active, recovered.chain);
  }

  /** Oldest first; the last one is being written. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get firstIndex(): number {
    return this.#segments[0]?.header.baseIndex ?? this.#chain.lastIndex + 1;
  }

  get lastIndex(): number {
    return this.#chain.lastIndex;
  }

  /** Bytes of entry frames that one batch may take in the active segment. */
  get roomBytes(): number {
    return this.#active.roomBytes - COMMIT_BYTES;
  }

  /** Starts the next segment. Resolves with the error where the disk has no room for one; nothing changed then. */
  async roll(): Promise<Error | undefined> {
    let next: ActiveSegment;
    try {
      next = await startSegment(this.#options, this.#chain);
    } catch (error) {
      if (error instanceof Error && isOutOfSpace(error)) return error;
      throw error;
    }
    const full = this.#active;
    this.#active = next;
    this.#chain = { ...this.#chain, nextBatch: 1 };
    this.#segments.push(next.segment);
    await full.close();
    return undefined;
  }

  /** Makes one batch durable. The chain moves only if it is. */
  async write(
    bodies: readonly Uint8Array[],
    frameBytes: number,
  ): Promise<{ readonly outcome: WriteOutcome; readonly sizeBytes: number }> {
    const staging = this.#stagingFor(frameBytes + COMMIT_BYTES);
    const segmentId = this.#active.segment.header.id;
    const { after, sizeBytes } = encodeBatch(staging, bodies, segmentId, this.#chain);
    const outcome = await this.#active.write(staging.subarray(0, sizeBytes));
    if (outcome === 'durable') this.#chain = after;
    return { outcome, sizeBytes };
  }

  /** One buffer for all batches, as only one is under way, and another for an entry that it cannot hold. */
  #stagingFor(neededBytes: number): Buffer {
    this.#staging ??= Buffer.allocUnsafeSlow(BATCH_BYTES_MAX + COMMIT_BYTES);
    return neededBytes <= this.#staging.length
      ? this.#staging
      : Buffer.allocUnsafeSlow(neededBytes);
  }

  /** Removes sealed segments that hold nothing after `index`, oldest first: a crash between two leaves no gap. */
  async release(index: number): Promise<void> {
    const { fileSystem, directory } = this.#options;
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next === undefined || next.header.baseIndex > index + 1) return;
      this.#segments.shift();
      await fileSystem.remove(oldest.path);
      await fileSystem.flushDirectory(directory);
    }
  }

  close(): Promise<void> {
    return this.#active.close();
  }
}

async function startSegment(options: WriterOptions, chain: ChainState): Promise<ActiveSegment> {
  const { fileSystem, directory, segmentBytes: capacityBytes, onFailure } = options;
  const zeroedBytes = Math.min(ZEROED_AHEAD_BYTES, capacityBytes - SEGMENT_HEADER_BYTES);
  const content = { baseIndex: chain.lastIndex + 1, previousHash: chain.lastHash };
  const { segment, file } = await createSegment(fileSystem, directory, content, zeroedBytes);
  return ActiveSegment.open({
    segment,
    file,
    position: SEGMENT_HEADER_BYTES,
    capacityBytes,
    onFailure,
  });
}
