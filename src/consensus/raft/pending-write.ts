import { invariant } from '../../base/invariant.ts';
import type { WriteToken } from './inputs.ts';
import type { HardState, RaftEntry, SnapshotMeta } from './log-entry.ts';
import type { PersistOutput } from './outputs.ts';

/** What one step wants written; all of it goes into one write. */
export class PendingWrite {
  #restart: SnapshotMeta | null = null;
  #truncateFrom: number | null = null;
  #entries: RaftEntry[] = [];
  /** Term or vote changed. */
  isHardStateDue = false;
  /** The commit hint should be written, even alone. */
  isCommitDue = false;

  get hasLogChange(): boolean {
    return this.#restart !== null || this.#truncateFrom !== null || this.#entries.length > 0;
  }

  /** Whether entries that may be on disk go. */
  get isReplacing(): boolean {
    return this.#restart !== null || this.#truncateFrom !== null;
  }

  get isEmpty(): boolean {
    return !this.hasLogChange && !this.isHardStateDue && !this.isCommitDue;
  }

  append(entry: RaftEntry): void {
    this.#entries.push(entry);
  }

  truncateFrom(index: number): void {
    this.#entries = this.#entries.filter((entry) => entry.index < index);
    this.#truncateFrom = Math.min(this.#truncateFrom ?? index, index);
  }

  restartBehind(meta: SnapshotMeta): void {
    this.#restart = meta;
    this.#truncateFrom = null;
    this.#entries = [];
  }

  /** The output, after which nothing is pending. */
  take(token: WriteToken, hardState: HardState): PersistOutput {
    invariant(!this.isEmpty, 'a write must have something to write');
    const output: PersistOutput = {
      kind: 'persist',
      token,
      ...(this.#restart === null ? {} : { restart: this.#restart }),
      ...(this.#truncateFrom === null ? {} : { truncateFrom: this.#truncateFrom }),
      entries: this.#entries,
      hardState,
      isSyncNeeded: this.hasLogChange || this.isHardStateDue,
    };
    this.#restart = null;
    this.#truncateFrom = null;
    this.#entries = [];
    this.isHardStateDue = false;
    this.isCommitDue = false;
    return output;
  }
}
