import { statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, OrchestratorError } from '../base/errors.ts';
import { restoreState, type CoreState, type Task, type TaskId } from '../core/index.ts';
import { Checkpoint, type CheckpointStats } from './checkpoint.ts';
import type { FinishedSummary, FinishedTask, FinishedView } from './finished-record.ts';
import { History, type Backlog } from './history.ts';
import { FinishedListing, type FinishedPage, type FinishedQuery } from './listing.ts';
import { FORMAT, META_KEY } from './meta.ts';
import { OutputTable, type OutputChunk, type OutputRange } from './output-table.ts';
import { Payloads } from './payloads.ts';
import { readHead, readRows } from './restore-rows.ts';
import {
  resolveStoreOptions,
  type ResolvedStoreOptions,
  type StoreOptions,
} from './store-options.ts';
import { Slices } from './slices.ts';
import type { Store } from './store-port.ts';
import { openTables, STORE_FILE, TABLE, tableOf, type Tables } from './tables.ts';
import { Writer } from './writer.ts';

/**
 * Opens the store of a folder, making it when there is none. One store per folder and process.
 *
 * @throws OrchestratorError STORE_OPEN_FAILED, STORE_FORMAT_UNKNOWN, STORE_OPTION_INVALID
 */
export async function openStore(options: StoreOptions): Promise<LmdbStore> {
  const resolved = resolveStoreOptions(options);
  const tables = openTables(resolved.directory);
  try {
    await checkFormat(tables);
    let history: History | null = null;
    let output: OutputTable | null = null;
    const writer = await Writer.open(resolved.directory, {
      committed: (number) => {
        // What was just written must be readable before memory lets go of it.
        tables.root.resetReadTxn();
        history?.committed(number);
        output?.committed(number);
      },
      stalled: resolved.onStalled,
    });
    const payloads = new Payloads(tables, resolved.payloadCacheBytes);
    const { flushDelayMs: delayMs, backlogCountMax, backlogBytesMax, sliceMs } = resolved;
    const bounds = { delayMs, backlogCountMax, backlogBytesMax, sliceMs };
    history = new History(tables, { writer, payloads, bounds });
    output = new OutputTable(tables, writer);
    return new LmdbStore(resolved, { tables, writer, payloads, history, output });
  } catch (error) {
    await tables.root.close();
    throw error;
  }
}

async function checkFormat(tables: Tables): Promise<void> {
  const meta = tableOf(tables, TABLE.meta);
  const stored = meta.getBinary(META_KEY.format)?.readUInt32LE(0);
  if (stored === FORMAT) return;
  if (stored !== undefined) {
    throw new OrchestratorError(
      'STORE_FORMAT_UNKNOWN',
      `the store's format must be ${FORMAT}, got ${stored}`,
      { format: stored, file: tables.file },
    );
  }
  const format = Buffer.alloc(4);
  format.writeUInt32LE(FORMAT, 0);
  await meta.put(META_KEY.format, format);
}

/** Ids in one message to the writer. */
const PINNED_AT_ONCE = 2_000;

interface StoreParts {
  readonly tables: Tables;
  readonly writer: Writer;
  readonly payloads: Payloads;
  readonly history: History;
  readonly output: OutputTable;
}

/** Output on its way to the file, at most, in UTF-16 units, before there is too much of it. */
const OUTPUT_BACKLOG_MAX: number = 64 * 1024 * 1024;

/** How much a store holds. */
export interface StoreTotals {
  readonly finishedCount: number;
  readonly finishedBytes: number;
}

/** The store in one LMDB file; writes are carried out by a thread of its own. */
export class LmdbStore implements Store {
  readonly #options: ResolvedStoreOptions;
  readonly #parts: StoreParts;
  readonly #listing: FinishedListing;
  readonly #purgeTimer: NodeJS.Timeout;
  #appliedIndex: number;
  #checkpoint: Promise<CheckpointStats> | null = null;
  #purge: Promise<number> | null = null;
  #pinned: () => Iterable<TaskId> = () => [];
  #closed: Promise<void> | null = null;

  constructor(options: ResolvedStoreOptions, parts: StoreParts) {
    this.#options = options;
    this.#parts = parts;
    this.#listing = new FinishedListing(parts.tables, parts.history);
    this.#appliedIndex = readHead(parts.tables)?.state.index ?? 0;
    this.#purgeTimer = setInterval(() => {
      this.purgeHistory().catch(() => {
        // The writer keeps its failure; every later flush and checkpoint reports it.
      });
    }, options.purgeIntervalMs);
    this.#purgeTimer.unref();
  }

  /** Log index of the newest durable checkpoint; 0 in a new store. Replay starts after it. */
  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** The state of the newest checkpoint, or null in a new store. About 3 µs a task. */
  restore(): CoreState | null {
    const { tables } = this.#parts;
    const head = readHead(tables);
    if (head === null) return null;
    return restoreState(readRows(tables, head));
  }

  /** Keeps a task's payload: in memory until a checkpoint has written it or the task finished. */
  putPayload(task: Task, json: string): void {
    this.#parts.payloads.put(task, json);
  }

  replacePayload(task: Task, json: string): void {
    this.#parts.payloads.replace(task, json);
  }

  /** The payload of a live task as JSON text, or null. A finished task's is in its record. */
  payload(task: Task): string | null {
    return this.#parts.payloads.read(task);
  }

  /** Size of the payloads that wait for a checkpoint, in UTF-16 units: a reason to take one. */
  get pinnedPayloadBytes(): number {
    return this.#parts.payloads.pinnedBytes;
  }

  /** Bytes of payloads in the cache, at most `payloadCacheBytes`. */
  get cachedPayloadBytes(): number {
    return this.#parts.payloads.cachedBytes;
  }

  /**
   * Takes over a task that left core; O(1), readable at once, written in the background.
   *
   * Call it in the turn in which its batch was applied, before any checkpoint of that state.
   */
  finish(finished: FinishedTask): void {
    this.#parts.history.add(finished);
  }

  /** A finished task, or null when there is none of that id or retention let it go. */
  finished(id: TaskId): FinishedView | null {
    return this.#parts.history.find(id);
  }

  /** A finished task without its payload and result, or null. */
  summary(id: TaskId): FinishedSummary | null {
    return this.#parts.history.findSummary(id);
  }

  /** Names finished tasks that retention must leave, whatever their age: their results are still wanted. */
  keep(pinned: () => Iterable<TaskId>): void {
    this.#pinned = pinned;
  }

  /** Whether there is a finished task of that id. About a microsecond. */
  isFinished(id: TaskId): boolean {
    return this.#parts.history.has(id);
  }

  /** A page of finished tasks, newest id first. */
  list(query: FinishedQuery): FinishedPage {
    return this.#listing.page(query);
  }

  putOutput(id: TaskId, chunk: OutputChunk): void {
    this.#parts.output.put(id, chunk);
  }

  output(id: TaskId, range: OutputRange): readonly OutputChunk[] {
    return this.#parts.output.page(id, range);
  }

  outputTasks(): readonly TaskId[] {
    return this.#parts.output.tasks();
  }

  removeOutput(id: TaskId): void {
    this.#parts.output.remove(id);
  }

  /** Finished tasks, and output, on their way to the file. */
  get backlog(): Backlog {
    const backlog = this.#parts.history.backlog;
    const { pendingLength } = this.#parts.output;
    if (pendingLength === 0) return backlog;
    const share = Math.max(backlog.share, pendingLength / OUTPUT_BACKLOG_MAX);
    return { ...backlog, bytes: backlog.bytes + pendingLength, share, full: share >= 1 };
  }

  get totals(): StoreTotals {
    const { count, bytes } = this.#parts.writer.totals;
    return { finishedCount: count, finishedBytes: bytes };
  }

  /**
   * Resolves when every task finished so far is on disk.
   *
   * @throws OrchestratorError STORE_WRITE_FAILED
   */
  async flush(): Promise<void> {
    const { history, output, writer } = this.#parts;
    output.send();
    await history.send();
    await writer.committed(writer.numberLast);
  }

  /**
   * Writes what changed in `state` since the last checkpoint, as of now, in one transaction.
   *
   * Commands may be applied while it runs. Resolves when the checkpoint and every task finished
   * before it are on disk. After a failure the old checkpoint stays, and the store takes no more:
   * the state's changes went with the failed one.
   *
   * @throws OrchestratorError STORE_WRITE_FAILED, CHECKPOINT_RUNNING
   */
  async checkpoint(state: CoreState): Promise<CheckpointStats> {
    if (this.#checkpoint !== null) {
      throw new OrchestratorError(
        'CHECKPOINT_RUNNING',
        'one checkpoint runs at a time, got a second',
      );
    }
    this.#checkpoint = this.#runCheckpoint(state).finally(() => (this.#checkpoint = null));
    return this.#checkpoint;
  }

  /**
   * Removes finished tasks beyond the retention, oldest first; resolves to their number.
   *
   * Runs by itself every `purgeIntervalMs`.
   *
   * @throws OrchestratorError STORE_WRITE_FAILED
   */
  purgeHistory(): Promise<number> {
    this.#purge ??= this.#runPurge().finally(() => (this.#purge = null));
    return this.#purge;
  }

  /** What is wanted is told in slices: there may be a hundred thousand of it. */
  async #runPurge(): Promise<number> {
    const { tables, writer } = this.#parts;
    const { ageMsMax, countMax, bytesMax } = this.#options.history;
    const finishedBefore = this.#options.now() - ageMsMax;
    const slices = new Slices(this.#options.sliceMs);
    let ids: TaskId[] = [];
    for (const id of this.#pinned()) {
      // Children of one parent follow each other often.
      if (id !== ids.at(-1)) ids.push(id);
      if (ids.length >= PINNED_AT_ONCE) {
        writer.pin(ids);
        ids = [];
      }
      if (slices.spent) await slices.next();
      if (this.#closed !== null) return 0;
    }
    writer.pin(ids);
    const removed = await writer.purge({ finishedBefore, countMax, bytesMax });
    tables.root.resetReadTxn();
    return removed;
  }

  /**
   * Writes a copy of the file as of one moment into a folder, while it is in use: the newest checkpoint,
   * and at least every task that was finished before the call.
   *
   * @throws OrchestratorError `STORE_COPY_FAILED`, `STORE_WRITE_FAILED`
   */
  async copyTo(directory: string): Promise<void> {
    await this.flush();
    try {
      await this.#parts.tables.root.backup(join(directory, STORE_FILE), false);
    } catch (error) {
      throw new OrchestratorError(
        'STORE_COPY_FAILED',
        `a copy of the store must be written into ${directory}, got: ${messageOf(error)}`,
        { directory },
        { cause: error },
      );
    }
  }

  /** Size of the file, in bytes. */
  sizeBytes(): number {
    return statSync(this.#parts.tables.file).size;
  }

  /** Writes what is queued and closes the file. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #runCheckpoint(state: CoreState): Promise<CheckpointStats> {
    const { writer, payloads, history, output } = this.#parts;
    output.send();
    if (writer.failure !== null) throw writer.failure;
    const checkpoint = new Checkpoint({
      writer,
      payloads,
      sliceMs: this.#options.sliceMs,
      sendHistory: () => history.send(),
    });
    const stats = await checkpoint.run(state);
    this.#appliedIndex = stats.appliedIndex;
    this.#options.onCheckpoint(stats);
    return stats;
  }

  async #close(): Promise<void> {
    clearInterval(this.#purgeTimer);
    const { writer, tables } = this.#parts;
    try {
      await this.#checkpoint;
      await this.#purge;
      await this.flush();
    } finally {
      await writer.close();
      await tables.root.close();
    }
  }
}
