import { messageOf } from '../../base/errors.ts';
import type { RaftEntry } from '../../consensus/index.ts';
import type { CommittedEntry, CommittedSink } from './cluster-log.ts';
import { leadershipLostError } from './raft-errors.ts';
import type { PendingProposals } from './pending-proposals.ts';

/** How far the state machine is. */
export interface AppliedPosition {
  /** Position in the log, its own entries counted. */
  readonly logIndex: number;
  /** Number of commands up to there. */
  readonly commands: number;
}

interface DeliveryOptions {
  readonly sink: CommittedSink | null;
  readonly proposals: PendingProposals;
  readonly from: AppliedPosition;
  /** A batch is done. */
  readonly onApplied: (position: AppliedPosition) => void;
  /** The state became that of a snapshot. */
  readonly onRestarted: () => void;
  /** The state machine threw: its state is no longer known. */
  readonly onFailed: (error: Error) => void;
}

/** Hands committed commands to the state machine, one batch after the other, and then lets their appends resolve. */
export class CommittedDelivery {
  readonly #options: DeliveryOptions;
  #given: AppliedPosition;
  #applied: AppliedPosition;
  #queue: (readonly RaftEntry[])[] = [];
  #isBusy = false;
  #isStopped = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#given = options.from;
    this.#applied = options.from;
  }

  get applied(): AppliedPosition {
    return this.#applied;
  }

  /** The state is now that of a snapshot; nothing is under way. */
  restart(position: AppliedPosition): void {
    this.#given = position;
    this.#applied = position;
    this.#options.onRestarted();
  }

  deliver(entries: readonly RaftEntry[]): void {
    this.#queue.push(entries);
    if (!this.#isBusy) this.#work();
  }

  stop(): void {
    this.#isStopped = true;
    this.#queue = [];
  }

  #work(): void {
    while (!this.#isStopped) {
      const entries = this.#queue.shift();
      if (entries === undefined) return;
      const finished = this.#give(entries);
      if (finished === null) continue;
      this.#isBusy = true;
      finished.then(
        () => {
          this.#isBusy = false;
          this.#work();
        },
        (error: unknown) => this.#fail(error),
      );
      return;
    }
  }

  /** Null where it is done already. */
  #give(entries: readonly RaftEntry[]): Promise<void> | null {
    const { proposals, sink } = this.#options;
    const batch: CommittedEntry[] = [];
    let { commands } = this.#given;
    for (const { body, index, kind, term } of entries) {
      if (kind !== 'command') continue;
      commands += 1;
      batch.push({ index: commands, term, body, isOwn: proposals.isWaitedFor(index, term) });
    }
    const logIndex = entries.at(-1)?.index ?? this.#given.logIndex;
    this.#given = { logIndex, commands };
    const position = this.#given;
    try {
      const result = batch.length === 0 ? undefined : sink?.apply(batch);
      if (result === undefined) {
        this.#settle(entries, position);
        return null;
      }
      return result.then(() => this.#settle(entries, position));
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #settle(entries: readonly RaftEntry[], position: AppliedPosition): void {
    if (this.#isStopped) return;
    const { onApplied, proposals } = this.#options;
    let { commands } = this.#applied;
    this.#applied = position;
    for (const { index, kind, term } of entries) {
      if (kind === 'command') commands += 1;
      proposals.committed(index, term, commands, leadershipLostError);
    }
    onApplied(position);
  }

  #fail(error: unknown): void {
    this.stop();
    const cause = error instanceof Error ? error : new Error(messageOf(error));
    this.#options.onFailed(cause);
  }
}
