import type { RecoveredState } from '../raft/core-contract.ts';
import type { Founding } from '../raft/found-cluster.ts';
import type { HardState, LogBase, RaftEntry, SnapshotMeta } from '../raft/log-entry.ts';
import type { PersistOutput } from '../raft/outputs.ts';
import { baseOf } from '../raft/raft-log-view.ts';

/** What the state machine of a test node is: how far it got, and the hash of the entry it got to. */
export interface TestState {
  readonly index: number;
  readonly digest: Uint8Array;
}

interface TestSnapshot {
  readonly meta: SnapshotMeta;
  readonly data: Uint8Array;
}

/** A disk that keeps completed writes and forgets the others at a crash. */
export class TestDisk {
  hardState: HardState;
  base: LogBase;
  entries: RaftEntry[];
  snapshot: TestSnapshot | null = null;
  /** Durable state, where the state machine of this node keeps one. */
  state: TestState;
  #pending: PersistOutput[] = [];

  constructor(founding: Founding) {
    this.hardState = founding.hardState;
    this.base = founding.base;
    this.entries = [...founding.entries];
    this.state = { index: 0, digest: founding.base.hash };
  }

  get lastIndex(): number {
    return this.base.index + this.entries.length;
  }

  get pendingWrites(): number {
    return this.#pending.length;
  }

  begin(write: PersistOutput): void {
    this.#pending.push(write);
  }

  /** Makes everything through write `seq` durable. */
  complete(seq: number): void {
    while ((this.#pending[0]?.token.seq ?? Number.POSITIVE_INFINITY) <= seq) {
      const write = this.#pending.shift();
      if (write !== undefined) this.#write(write);
    }
  }

  /** Power is lost: the first `kept` of the writes under way happened to reach the disk. */
  crash(kept: number): void {
    for (const write of this.#pending.slice(0, kept)) this.#write(write);
    this.#pending = [];
  }

  entryAt(index: number): RaftEntry | undefined {
    return this.entries[index - this.base.index - 1];
  }

  read(from: number, to: number, bytesMax: number): RaftEntry[] {
    const found: RaftEntry[] = [];
    let bytes = 0;
    for (let index = from; index <= to; index += 1) {
      const entry = index > this.base.index ? this.entryAt(index) : undefined;
      if (entry === undefined) break;
      bytes += entry.body.length;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  compact(base: LogBase): void {
    if (base.index <= this.base.index) return;
    this.entries = this.entries.slice(base.index - this.base.index);
    this.base = base;
  }

  recovered(appliedIndex: number): RecoveredState {
    const { hardState, base, entries } = this;
    return { hardState, base, entries, snapshot: this.snapshot?.meta ?? null, appliedIndex };
  }

  #write(write: PersistOutput): void {
    if (write.restart !== undefined) {
      this.base = baseOf(write.restart);
      this.entries = [];
    }
    if (write.truncateFrom !== undefined)
      this.entries.length = Math.min(
        this.entries.length,
        Math.max(0, write.truncateFrom - this.base.index - 1),
      );
    for (const entry of write.entries) {
      if (entry.index !== this.lastIndex + 1)
        throw new Error(
          `a disk gets entries without gaps, got ${entry.index} after ${this.lastIndex}`,
        );
      this.entries.push(entry);
    }
    if (write.hardState !== undefined) {
      if (write.hardState.term < this.hardState.term)
        throw new Error('the term on a disk must not go back');
      this.hardState = write.hardState;
    }
  }
}
