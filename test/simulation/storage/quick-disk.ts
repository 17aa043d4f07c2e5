/**
 * The disk of one Raft node, at the level of what its core asks to be written: no files, no frames, and so quick.
 *
 * Writes become durable in order, a group at a time, as a journal's do. A crash keeps what is durable and any first
 * few records of what is not, down to single entries of a write. What is here survives its process.
 */
import type {
  HardState,
  LogBase,
  PersistOutput,
  RaftEntry,
  SnapshotMeta,
} from '../../../src/consensus/index.ts';
import type { Chance } from '../kernel/chance.ts';

export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly data: Uint8Array;
}

/** One change of the journal. A write that takes several may be cut between any two by a crash. */
type JournalRecord =
  | { readonly kind: 'restart'; readonly meta: SnapshotMeta }
  | { readonly kind: 'truncate'; readonly from: number }
  | { readonly kind: 'entry'; readonly entry: RaftEntry }
  | { readonly kind: 'hardState'; readonly hardState: HardState }
  | { readonly kind: 'compact'; readonly base: LogBase };

interface PendingWrite {
  readonly records: readonly JournalRecord[];
  readonly done: () => void;
}

export class QuickDisk {
  hardState: HardState = { term: 0, votedFor: null, commitIndex: 0 };
  base: LogBase;
  /** Entry `base.index + 1` and so on: durable. */
  entries: RaftEntry[] = [];
  snapshot: StoredSnapshot | null = null;
  /** Indexes of entries whose bytes have decayed; whoever reads one finds out. */
  readonly rotten = new Set<number>();
  #pending: PendingWrite[] = [];

  constructor(genesis: LogBase) {
    this.base = genesis;
  }

  /** Index of the newest durable entry. */
  get lastIndex(): number {
    return this.base.index + this.entries.length;
  }

  /** The durable entry at an index; undefined where it is compacted or not there. */
  entryAt(index: number): RaftEntry | undefined {
    return this.entries[index - this.base.index - 1];
  }

  write(output: PersistOutput, done: () => void): void {
    const { restart, truncateFrom, entries, hardState } = output;
    const records: JournalRecord[] = [];
    if (hardState !== undefined) records.push({ kind: 'hardState', hardState });
    if (restart !== undefined) records.push({ kind: 'restart', meta: restart });
    if (truncateFrom !== undefined) records.push({ kind: 'truncate', from: truncateFrom });
    for (const entry of entries) records.push({ kind: 'entry', entry });
    this.#pending.push({ records, done });
  }

  compact(base: LogBase, done: () => void): void {
    this.#pending.push({ records: [{ kind: 'compact', base }], done });
  }

  /** How many writes a flush that starts now makes durable. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Calls `done` when all writes before it are durable. */
  barrier(done: () => void): void {
    this.#pending.push({ records: [], done });
  }

  /** Makes the oldest `count` writes durable, then tells of each in order. */
  flushed(count: number, tell: (done: () => void) => void): void {
    const done = this.#pending.splice(0, count);
    for (const write of done) for (const record of write.records) this.#apply(record);
    for (const write of done) tell(write.done);
  }

  /** Forgets writes under way but for the first few of their records: none, all, or any number. */
  crash(chance: Chance): void {
    const records = this.#pending.splice(0).flatMap((write) => write.records);
    const kept = chance.pick([0, records.length, chance.below(records.length + 1)]);
    for (const record of records.slice(0, kept)) this.#apply(record);
  }

  #apply(record: JournalRecord): void {
    switch (record.kind) {
      case 'restart': {
        const { lastIndex, lastTerm, lastHash, configuration, configurationIndex } = record.meta;
        this.base = {
          index: lastIndex,
          term: lastTerm,
          hash: lastHash,
          configuration,
          configurationIndex,
        };
        this.entries = [];
        this.rotten.clear();
        return;
      }
      case 'truncate':
        this.entries.splice(Math.max(0, record.from - this.base.index - 1));
        for (const index of this.rotten) if (index >= record.from) this.rotten.delete(index);
        return;
      case 'entry':
        if (record.entry.index !== this.lastIndex + 1) {
          throw new Error(`entry ${record.entry.index} must follow ${this.lastIndex}`);
        }
        this.entries.push(record.entry);
        return;
      case 'hardState':
        this.hardState = record.hardState;
        return;
      case 'compact':
        // A crash may have kept a restart that is newer than this.
        if (record.base.index <= this.base.index) return;
        this.entries.splice(0, record.base.index - this.base.index);
        this.base = record.base;
    }
  }
}
