/**
 * The durable log of a single machine: segmented append-only files, group commit, one durable write per batch.
 *
 *   append ─▶ pending ─▶ batch: entries + commit ─▶ one write-through ─▶ appends resolve, in order
 *                ▲            (one at a time)
 *                └── whatever is appended meanwhile joins the next one
 *
 * Invariants
 *   E1  at most one batch is being written, and it starts where the last durable one ended
 *   E2  the chain (index, hash, batch number) moves only when a batch is durable
 *   E3  after a failed write no append resolves, whatever the disk says later
 */
import path from 'node:path';
import { OrchestratorError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import type { LogEntry, LogRecovery, ReplicatedLog } from '../replicated-log.ts';
import type { DirectoryLock, FileSystem } from './file-system.ts';
import { COMMIT_BYTES, entryFrameBytes } from './frame.ts';
import { closedError, failedError, fullError, isOutOfSpace, releasedError } from './log-errors.ts';
import { readEntries } from './log-reader.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { PendingAppends, type PendingAppend } from './pending-appends.ts';
import { recoverSegments, type RecoveredLog } from './recovery.ts';
import { BATCH_BYTES_MAX, SegmentedWriter } from './segmented-writer.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

export interface EmbeddedLogOptions {
  /** Folder for the log alone; made where it is missing. */
  readonly directory: string;
  /**
   * Size of a segment, the unit that {@link ReplicatedLog.releaseThrough} frees. Default 64 MiB: large enough that
   * starting one (a few milliseconds) is rare, small enough that little is kept longer than needed. At least 8 KiB.
   */
  readonly segmentBytes?: number;
  /**
   * Largest entry accepted. Default 16 MiB, or what fits a segment where that is less: an entry is held in memory
   * up to three times while it is written or read.
   */
  readonly entryBytesMax?: number;
  /** Index that a log which is new starts behind: one that goes on from a backup. Default 0. */
  readonly startAfter?: number;
  /** The disk; default the real one. */
  readonly fileSystem?: FileSystem;
  /** Called after each durable batch with how long its write took, the bytes written and the entries in it. */
  readonly onFlush?: (durationMs: number, bytes: number, entries: number) => void;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
const SEGMENT_BYTES_MIN = 8 * 1024;
const SEGMENT_BYTES_MAX = 1024 * 1024 * 1024;
const ENTRY_BYTES_MAX = 16 * 1024 * 1024;

type Settings = Required<EmbeddedLogOptions>;

/**
 * Opens the log in a folder, or starts one: checks every entry kept there, cuts an unfinished write.
 *
 * @throws OrchestratorError `DATA_DIR_LOCKED` while another log has the folder open; `LOG_CORRUPT`,
 *   `LOG_SEGMENT_MISSING` or `LOG_SEGMENT_DUPLICATE` when acknowledged entries are damaged or gone; `LOG_FOREIGN_FILE`
 *   and `LOG_VERSION_UNSUPPORTED`; `LOG_FULL` without room for the first segment; `LOG_FAILED` when the disk fails;
 *   `LOG_OPTIONS_INVALID`
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<ReplicatedLog> {
  const settings = checkOptions(options);
  const { directory, fileSystem } = settings;
  let lock: DirectoryLock | undefined;
  try {
    await fileSystem.makeDirectory(directory);
    lock = fileSystem.lock(directory);
    const recovered = await recoverSegments(fileSystem, directory);
    return await EmbeddedLog.start(settings, lock, recovered);
  } catch (error) {
    lock?.release();
    if (error instanceof OrchestratorError) throw error;
    throw isOutOfSpace(error) ? fullError(directory, error) : failedError(directory, error);
  }
}

function checkOptions(options: EmbeddedLogOptions): Settings {
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  requireInteger('segmentBytes', segmentBytes, SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
  const largestEntry = segmentBytes - SEGMENT_HEADER_BYTES - COMMIT_BYTES - entryFrameBytes(8);
  const entryBytesMax = options.entryBytesMax ?? Math.min(ENTRY_BYTES_MAX, largestEntry);
  requireInteger('entryBytesMax', entryBytesMax, 1, largestEntry);
  const startAfter = options.startAfter ?? 0;
  requireInteger('startAfter', startAfter, 0, Number.MAX_SAFE_INTEGER);
  return {
    directory: path.resolve(options.directory),
    segmentBytes,
    entryBytesMax,
    startAfter,
    fileSystem: options.fileSystem ?? nodeFileSystem,
    onFlush: options.onFlush ?? ((): void => undefined),
  };
}

function requireInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const message = `${name} must be an integer from ${min} to ${max}, got ${value}`;
  throw new OrchestratorError('LOG_OPTIONS_INVALID', message, { [name]: value });
}

class EmbeddedLog implements ReplicatedLog {
  readonly recovery: LogRecovery;
  readonly failed: Promise<Error>;
  readonly #settings: Settings;
  readonly #lock: DirectoryLock;
  readonly #writer: SegmentedWriter;
  readonly #pending = new PendingAppends();
  readonly #resolveFailed: (error: Error) => void;
  #writing: Promise<void> | undefined;
  #releasing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #failure: OrchestratorError | undefined;

  private constructor(
    settings: Settings,
    lock: DirectoryLock,
    writer: SegmentedWriter,
    tornBytes: number,
  ) {
    this.#settings = settings;
    this.#lock = lock;
    this.#writer = writer;
    const failed = Promise.withResolvers<Error>();
    this.failed = failed.promise;
    this.#resolveFailed = failed.resolve;
    this.recovery = { firstIndex: writer.firstIndex, lastIndex: writer.lastIndex, tornBytes };
  }

  static async start(
    settings: Settings,
    lock: DirectoryLock,
    recovered: RecoveredLog | undefined,
  ): Promise<EmbeddedLog> {
    // Nothing is written in the background before the first append, so `log` is there when a failure is told.
    const onFailure = (error: Error): void => log.fail(error);
    const writer = await SegmentedWriter.open({ ...settings, onFailure }, recovered);
    const log = new EmbeddedLog(settings, lock, writer, recovered?.tornBytes ?? 0);
    return log;
  }

  get lastIndex(): number {
    return this.#writer.lastIndex;
  }

  append(body: Uint8Array): Promise<number> {
    const { entryBytesMax } = this.#settings;
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    if (body.length > entryBytesMax) {
      const message = `an entry must have at most ${entryBytesMax} bytes, got ${body.length}`;
      const details = { entryBytesMax, entryBytes: body.length };
      return Promise.reject(new OrchestratorError('LOG_ENTRY_TOO_LARGE', message, details));
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ body, resolve, reject });
      this.#writing ??= this.#writePending();
    });
  }

  async *read(afterIndex: number): AsyncGenerator<LogEntry, void> {
    invariant(Number.isInteger(afterIndex), 'an index is an integer');
    const { fileSystem, directory } = this.#settings;
    const { firstIndex, lastIndex: throughIndex } = this.#writer;
    const segments = [...this.#writer.segments];
    const assertOpen = (): void => {
      if (this.#closing !== undefined) throw closedError(directory);
    };
    assertOpen();
    if (afterIndex < firstIndex - 1) throw releasedError(afterIndex, firstIndex);
    yield* readEntries({ fileSystem, segments, afterIndex, throughIndex, assertOpen });
  }

  releaseThrough(index: number): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const released = this.#releasing.then(() => this.#writer.release(index));
    this.#releasing = released.catch((error: unknown) => this.fail(error));
    return this.#releasing.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writing;
    await this.#releasing;
    try {
      await this.#writer.close();
    } finally {
      this.#lock.release();
    }
  }

  #refusal(): OrchestratorError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    return this.#closing === undefined ? undefined : closedError(this.#settings.directory);
  }

  /** Ends all acknowledging, for good (E3). */
  fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = failedError(this.#settings.directory, cause);
    this.#resolveFailed(this.#failure);
    rejectAll(this.#pending.takeAll(), this.#failure);
  }

  /**
   * Writes batches until nothing is pending. Before each, all is done that promises lead to, so that others
   * join it; but not what else the turn of the event loop has to do: the disk would stand idle beside it.
   */
  async #writePending(): Promise<void> {
    do {
      await new Promise<void>((resolve) => process.nextTick(resolve));
      await this.#writeBatch();
    } while (this.#pending.length > 0);
    this.#writing = undefined;
  }

  async #writeBatch(): Promise<void> {
    const { directory, onFlush } = this.#settings;
    let taken: readonly PendingAppend[] = [];
    try {
      const outOfSpace = await this.#makeRoom();
      const { appends, frameBytes } = this.#takeBatch(outOfSpace === undefined);
      taken = appends;
      if (outOfSpace !== undefined) return rejectAll(taken, fullError(directory, outOfSpace));
      if (taken.length === 0) return;
      const firstIndex = this.#writer.lastIndex + 1;
      const startedMs = performance.now();
      const bodies = taken.map((append) => append.body);
      const { outcome, sizeBytes } = await this.#writer.write(bodies, frameBytes);
      if (this.#failure !== undefined) throw this.#failure;
      if (outcome !== 'durable') return rejectAll(taken, fullError(directory, outcome.outOfSpace));
      for (const [position, append] of taken.entries()) append.resolve(firstIndex + position);
      onFlush(performance.now() - startedMs, sizeBytes, taken.length);
    } catch (error) {
      this.fail(error);
      rejectAll(taken, this.#failure ?? failedError(directory, error));
    }
  }

  /** Starts a new segment where the oldest append does not fit. Resolves with the error where there is no room for one. */
  #makeRoom(): Promise<Error | undefined> {
    const fits = this.#pending.oldestFrameBytes <= this.#writer.roomBytes;
    return fits ? Promise.resolve(undefined) : this.#writer.roll();
  }

  #takeBatch(fitsSegment: boolean): ReturnType<PendingAppends['take']> {
    const bytesMax = Math.max(BATCH_BYTES_MAX, this.#pending.oldestFrameBytes);
    return this.#pending.take(fitsSegment ? Math.min(bytesMax, this.#writer.roomBytes) : bytesMax);
  }
}

function rejectAll(appends: readonly PendingAppend[], error: Error): void {
  for (const append of appends) append.reject(error);
}
