import { OrchestratorError } from '../../../base/errors.ts';
import type { HardState, RaftEntry, SnapshotMeta } from '../../../consensus/index.ts';
import type { LogEntry } from '../../replicated-log.ts';
import {
  decodeGroup,
  type JournalBase,
  type JournalIdentity,
  type JournalRecord,
  type KnownPeer,
} from './journal-record.ts';
import type { EntryPositions } from './entry-positions.ts';

/** Everything that the records of a journal come to. */
export interface JournalContent {
  readonly identity: JournalIdentity;
  readonly hardState: HardState;
  readonly base: JournalBase;
  readonly snapshot: SnapshotMeta | null;
  readonly peers: readonly KnownPeer[];
  /** All entries behind the base, in order; bodies are views of what was read. */
  readonly entries: readonly RaftEntry[];
}

/** What a journal is played back from. */
export interface JournalSource {
  readonly lastIndex: number;
  /** Its groups, oldest first. */
  read(): AsyncIterable<LogEntry>;
}

/**
 * Plays a journal back, oldest group first, and fills `positions`.
 *
 * Groups before the newest `base` record may be gone, so entries are taken from wherever they begin, and what lies
 * before the base is dropped when it comes.
 *
 * @throws OrchestratorError `JOURNAL_UNREADABLE`, and as reading the log does
 */
export async function replayJournal(
  log: JournalSource,
  positions: EntryPositions,
): Promise<JournalContent | null> {
  if (log.lastIndex === 0) return null;
  const replay = new Replay();
  for await (const { body, index } of log.read()) {
    for (const record of decodeGroup(body)) replay.take(record, index);
  }
  return replay.finish(positions);
}

class Replay {
  #identity: JournalIdentity | null = null;
  #base: JournalBase | null = null;
  #snapshot: SnapshotMeta | null = null;
  #hardState: HardState = { term: 0, votedFor: null, commitIndex: 0 };
  #peers: readonly KnownPeer[] = [];
  #entries: RaftEntry[] = [];
  #groups: number[] = [];

  take(record: JournalRecord, group: number): void {
    switch (record.kind) {
      case 'identity':
        this.#identity = record.identity;
        return;
      case 'peers':
        this.#peers = record.peers;
        return;
      case 'hardState':
        this.#hardState = record.hardState;
        return;
      case 'snapshot':
        this.#snapshot = record.meta;
        return;
      case 'base':
        this.#base = record.base;
        this.#dropThrough(record.base.index);
        return;
      case 'restart':
        this.#restart(record);
        return;
      case 'truncate':
        this.#truncate(record.from);
        return;
      case 'entries':
        this.#add(record.entries, group);
    }
  }

  #restart({ commandsBefore, meta }: Extract<JournalRecord, { kind: 'restart' }>): void {
    const { configuration, configurationIndex, lastHash, lastIndex, lastTerm } = meta;
    this.#snapshot = meta;
    this.#base = {
      index: lastIndex,
      term: lastTerm,
      hash: lastHash,
      configuration,
      configurationIndex,
      commandsBefore,
    };
    this.#truncate(0);
  }

  #dropThrough(index: number): void {
    const first = this.#entries[0];
    if (first === undefined || first.index > index) return;
    const count = index + 1 - first.index;
    this.#entries = this.#entries.slice(count);
    this.#groups = this.#groups.slice(count);
  }

  #truncate(from: number): void {
    const first = this.#entries[0];
    if (first === undefined) return;
    const kept = Math.max(0, from - first.index);
    this.#entries.length = Math.min(this.#entries.length, kept);
    this.#groups.length = this.#entries.length;
  }

  #add(entries: readonly RaftEntry[], group: number): void {
    for (const entry of entries) {
      const last = this.#entries.at(-1);
      if (last !== undefined && entry.index !== last.index + 1) {
        throw unreadable(`entry ${last.index + 1} must follow, got entry ${entry.index}`);
      }
      this.#entries.push(entry);
      this.#groups.push(group);
    }
  }

  finish(positions: EntryPositions): JournalContent {
    const base = this.#base;
    const identity = this.#identity;
    if (base === null || identity === null) throw unreadable('whose it is and where it begins');
    const first = this.#entries[0];
    if (first !== undefined && first.index !== base.index + 1) {
      throw unreadable(`entry ${base.index + 1} must come first, got entry ${first.index}`);
    }
    positions.restart(base.index, base.term, base.commandsBefore);
    for (const [at, { index, kind, term }] of this.#entries.entries()) {
      positions.push(term, kind === 'command');
      positions.setGroup(index, this.#groups[at] as number);
    }
    return {
      identity,
      base,
      snapshot: this.#snapshot,
      peers: this.#peers,
      entries: this.#entries,
      hardState: this.#boundedHardState(base.index, positions.lastIndex),
    };
  }

  /** The commit index is a hint that is written before the entries it counts: a crash may have come between. */
  #boundedHardState(baseIndex: number, lastIndex: number): HardState {
    const { commitIndex, term, votedFor } = this.#hardState;
    return { term, votedFor, commitIndex: Math.max(baseIndex, Math.min(commitIndex, lastIndex)) };
  }
}

function unreadable(what: string): OrchestratorError {
  const message = `a journal must say ${what}: move its folder away and let this node join again under a new id`;
  return new OrchestratorError('JOURNAL_UNREADABLE', message);
}
