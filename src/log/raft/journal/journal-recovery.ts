import { OrchestratorError } from '../../../base/errors.ts';
import {
  DEFAULT_RAFT_SETTINGS,
  NOTHING_BEFORE,
  RaftLogView,
  type HardState,
  type Hasher,
  type LogBase,
  type SnapshotMeta,
} from '../../../consensus/index.ts';
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
  /** All entries behind the base. Bodies, the newest alone, are views of what was read. */
  readonly log: RaftLogView;
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
 * before the base is dropped when it comes. In memory there are never more than the newest 16 MiB of bodies, and 48 bytes
 * for each entry.
 *
 * @throws OrchestratorError `JOURNAL_UNREADABLE`, and as reading the log does
 */
export async function replayJournal(
  log: JournalSource,
  positions: EntryPositions,
  hasher: Hasher,
): Promise<JournalContent | null> {
  if (log.lastIndex === 0) return null;
  const replay = new Replay(positions, hasher);
  for await (const { body, index } of log.read()) {
    for (const record of decodeGroup(body)) replay.take(record, index);
  }
  return replay.finish();
}

class Replay {
  readonly #positions: EntryPositions;
  readonly #hasher: Hasher;
  #identity: JournalIdentity | null = null;
  #base: JournalBase | null = null;
  #snapshot: SnapshotMeta | null = null;
  #hardState: HardState = { term: 0, votedFor: null, commitIndex: 0 };
  #peers: readonly KnownPeer[] = [];
  /** The entries found so far; what is before them may be known later, or never. In step with the positions. */
  #log: RaftLogView | null = null;

  constructor(positions: EntryPositions, hasher: Hasher) {
    this.#positions = positions;
    this.#hasher = hasher;
  }

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
        this.#begin(record.base);
        return;
      case 'restart':
        this.#restart(record);
        return;
      case 'truncate':
        this.#truncate(record.from);
        return;
      case 'entries':
        this.#add(record, group);
    }
  }

  #begin(base: JournalBase): void {
    const log = this.#log;
    this.#base = base;
    if (log === null || base.index > log.lastIndex) {
      this.#log = this.#empty(base, base.commandsBefore);
    } else if (base.index >= log.base.index) {
      log.compactTo(base);
      this.#positions.compact(base.index, base.term);
    }
  }

  #restart({ commandsBefore, meta }: Extract<JournalRecord, { kind: 'restart' }>): void {
    const { configuration, configurationIndex, lastHash: hash, lastIndex: index } = meta;
    const base = { index, term: meta.lastTerm, hash, configuration, configurationIndex };
    this.#snapshot = meta;
    this.#base = { ...base, commandsBefore };
    this.#log = this.#empty(base, commandsBefore);
  }

  #truncate(from: number): void {
    const log = this.#log;
    if (log === null || from > log.lastIndex) return;
    if (from > log.base.index) {
      log.truncateFrom(from);
      this.#positions.truncate(from);
    } else this.#log = null;
  }

  #add(
    { commandsBefore, entries, firstIndex }: Extract<JournalRecord, { kind: 'entries' }>,
    group: number,
  ): void {
    const [first] = entries;
    if (first === undefined) return;
    let log = this.#log;
    if (log !== null && firstIndex !== log.lastIndex + 1) {
      const { base, lastIndex } = log;
      if (lastIndex > base.index) {
        throw unreadable(`entry ${lastIndex + 1} must follow, got entry ${firstIndex}`);
      }
      log = null;
    }
    log ??= this.#empty(
      { ...NOTHING_BEFORE, index: firstIndex - 1, hash: first.prevHash },
      commandsBefore,
    );
    for (const entry of entries) {
      log.append(entry);
      this.#positions.push(entry.term, entry.kind === 'command');
      this.#positions.setGroup(entry.index, group);
    }
    // Bodies are views of what was read: only the newest are kept.
    log.shrinkTail(DEFAULT_RAFT_SETTINGS.tailBytesMax, log.lastIndex);
    this.#log = log;
  }

  #empty(base: LogBase, commandsBefore: number): RaftLogView {
    this.#positions.restart(base.index, base.term, commandsBefore);
    return new RaftLogView(base, this.#hasher);
  }

  finish(): JournalContent {
    const base = this.#base;
    const identity = this.#identity;
    if (base === null || identity === null) throw unreadable('whose it is and where it begins');
    let log = this.#log;
    if (log === null || (log.base.index !== base.index && log.lastIndex === log.base.index)) {
      log = this.#empty(base, base.commandsBefore);
    }
    if (log.base.index !== base.index) {
      throw unreadable(`entry ${base.index + 1} must come first, got ${log.base.index + 1}`);
    }
    return {
      identity,
      base,
      snapshot: this.#snapshot,
      peers: this.#peers,
      log,
      hardState: this.#boundedHardState(base.index, log.lastIndex),
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
