/**
 * The durable records of a Raft node, kept in an embedded log: its segments, chain of hashes, group commit and recovery.
 *
 *   write(persist) ─▶ pieces ─▶ group: one entry of the embedded log ─▶ durable, token told, in order
 *                        ▲        (one at a time)
 *                        └── what is written meanwhile goes into the next group
 *
 * Invariants
 *   J1  at most one group is being written: a refused one never leaves a hole that a later one would close over
 *   J2  within a group, and from group to group, hard state comes before the entries that depend on it
 *   J3  groups are released only when a durable later one holds base, hard state, snapshot, identity and peers
 *   J4  after one failed write nothing is told as durable any more, ever
 */
import { messageOf } from '../../../base/errors.ts';
import { invariant } from '../../../base/invariant.ts';
import type {
  HardState,
  LogBase,
  PersistOutput,
  RaftEntry,
  SnapshotMeta,
  WriteToken,
} from '../../../consensus/index.ts';
import type { ReplicatedLog } from '../../replicated-log.ts';
import type { EntryPositions } from './entry-positions.ts';
import { isReleased, JournalReader } from './journal-reader.ts';
import {
  decodeGroup,
  encodeRecord,
  lonelyEntryBytes,
  type JournalBase,
  type JournalIdentity,
  type JournalRecord,
  type KnownPeer,
} from './journal-record.ts';
import type { JournalContent } from './journal-recovery.ts';

const HARD_STATE_BYTES_MAX = 256;

/** Who is told what becomes of writes. */
export interface JournalEvents {
  /** This write and all before it are durable. */
  readonly onDurable: (token: WriteToken) => void;
  /** The journal failed for good; told once. */
  readonly onFailed: (error: Error) => void;
}

/** Part of a write, encoded: as much as one group may take. */
interface Piece {
  /** Records, put together when their group is. */
  readonly records: readonly Buffer[];
  readonly firstIndex: number;
  readonly entryCount: number;
  /** Told once this piece is durable. */
  readonly token: WriteToken | null;
  /** Whoever waits for this piece alone. */
  readonly waiting: {
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  } | null;
}

const NO_ENTRIES = { firstIndex: 0, entryCount: 0 } as const;

export interface JournalParts {
  readonly log: ReplicatedLog;
  readonly positions: EntryPositions;
  readonly content: JournalContent;
  readonly groupBytesMax: number;
}

export class Journal {
  readonly #groupBytesMax: number;
  readonly #log: ReplicatedLog;
  readonly #reader: JournalReader;
  readonly #positions: EntryPositions;
  #content: JournalContent | null;
  readonly identity: JournalIdentity;
  #base: JournalBase;
  #hardState: HardState;
  #snapshot: SnapshotMeta | null;
  #peers: readonly KnownPeer[];
  #events: JournalEvents | null = null;
  #pieces: Piece[] = [];
  #isFlushWanted = false;
  #writing: Promise<void> | null = null;
  #reading: Promise<unknown> = Promise.resolve();
  #durableGroup: number;
  #failure: Error | null = null;
  #isClosed = false;

  constructor({ content, groupBytesMax, log, positions }: JournalParts) {
    this.#groupBytesMax = groupBytesMax;
    this.#log = log;
    this.#reader = new JournalReader(log);
    this.#positions = positions;
    this.#content = content;
    this.identity = content.identity;
    this.#base = content.base;
    this.#hardState = content.hardState;
    this.#snapshot = content.snapshot;
    this.#peers = content.peers;
    this.#durableGroup = log.lastIndex;
  }

  /** Where entries are, and how many commands come before each. */
  get positions(): EntryPositions {
    return this.#positions;
  }

  get peers(): readonly KnownPeer[] {
    return this.#peers;
  }

  /** Bytes of an unfinished write that opening cut. */
  get tornBytes(): number {
    return this.#log.recovery.tornBytes;
  }

  /** What opening found; handed out once, so that old entries do not stay in memory. */
  takeContent(): JournalContent {
    const content = this.#content;
    invariant(content !== null, 'what a journal held is taken once');
    this.#content = null;
    return content;
  }

  /** To be called once, before the first write. */
  listen(events: JournalEvents): void {
    invariant(this.#events === null, 'a journal has one listener');
    this.#events = events;
    // A failure in the background, such as of filling ahead, is told even while nothing is written.
    void this.#log.failed.then((error) => this.#fail(error));
  }

  /** Takes a write; {@link JournalEvents.onDurable} tells when it is durable. Entries are encoded before this returns. */
  write(persist: PersistOutput): void {
    const { entries, hardState, isSyncNeeded, restart, token, truncateFrom } = persist;
    const front: JournalRecord[] = [];
    if (hardState !== undefined) {
      this.#hardState = hardState;
      front.push({ kind: 'hardState', hardState });
    }
    if (restart !== undefined) front.push(this.#restart(restart));
    if (truncateFrom !== undefined && truncateFrom <= this.#positions.lastIndex) {
      this.#positions.truncate(truncateFrom);
      front.push({ kind: 'truncate', from: truncateFrom });
    }
    this.#add(front, entries, token);
    if (isSyncNeeded) this.#flush();
  }

  /** Makes everything written so far durable. */
  flush(): void {
    if (this.#pieces.length > 0) this.#flush();
  }

  /** Keeps who the peers are; resolves when durable. */
  keepPeers(peers: readonly KnownPeer[]): Promise<void> {
    this.#peers = peers;
    return this.#keep([{ kind: 'peers', peers }]);
  }

  /** Keeps that a snapshot of the own state is durable; resolves when that is, too. */
  keepSnapshot(meta: SnapshotMeta): Promise<void> {
    this.#snapshot = meta;
    return this.#keep([{ kind: 'snapshot', meta }]);
  }

  /** Drops the whole log, which begins anew behind a snapshot; resolves with where, when that is durable. */
  async beginBehind(meta: SnapshotMeta): Promise<JournalBase> {
    await this.#keep([this.#restart(meta)]);
    return this.#base;
  }

  /** Begins the log behind `base`, durably, then lets go of what only older entries need. */
  async compact(base: LogBase): Promise<void> {
    if (base.index <= this.#positions.baseIndex) return;
    this.#base = { ...base, commandsBefore: this.#positions.commandsAt(base.index) };
    this.#positions.compact(base.index);
    const records: JournalRecord[] = [
      { kind: 'identity', identity: this.identity },
      { kind: 'peers', peers: this.#peers },
      { kind: 'base', base: this.#base },
      { kind: 'hardState', hardState: this.#hardState },
    ];
    if (this.#snapshot !== null) records.push({ kind: 'snapshot', meta: this.#snapshot });
    // Looked up now: what is truncated or restarted from here on may not be durable when this is (J3).
    const firstNeeded = this.#positions.groupAt(base.index + 1) ?? 0;
    const isInGroup = firstNeeded > 0 && firstNeeded <= this.#durableGroup;
    const throughGroup = isInGroup ? firstNeeded - 1 : this.#durableGroup;
    await this.#keep(records);
    await this.#log.releaseThrough(throughGroup);
  }

  /**
   * Reads entries `from` to `to`, fewer where `bytesMax` is reached after the first or an entry was replaced meanwhile;
   * none where `from` was compacted.
   */
  read(from: number, to: number, bytesMax: number): Promise<RaftEntry[]> {
    const reading = this.#reading.then(() => this.#read(from, to, bytesMax));
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  /**
   * Closes, after writing what waits where that is wanted. What fails on the way was told to the listener. Safe to call
   * twice.
   */
  async close(isFlushed = true): Promise<void> {
    if (isFlushed && !this.#isClosed && this.#failure === null) this.flush();
    this.#isClosed = true;
    await this.#writing;
    await this.#reading;
    await this.#reader.close();
    await this.#log.close();
  }

  #restart(meta: SnapshotMeta): JournalRecord {
    const commandsBefore = commandsOf(meta);
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
    this.#positions.restart(lastIndex, lastTerm, commandsBefore);
    return { kind: 'restart', meta, commandsBefore };
  }

  #keep(records: readonly JournalRecord[]): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      this.#pieces.push({
        records: records.map(encodeRecord),
        ...NO_ENTRIES,
        token: null,
        waiting,
      });
      this.#flush();
    });
  }

  /** Cuts a write into pieces, the first of which carries what comes before entries (J2). */
  #add(front: readonly JournalRecord[], entries: readonly RaftEntry[], token: WriteToken): void {
    let records = front.map(encodeRecord);
    let start = 0;
    do {
      const end = endOfPiece(
        entries,
        start,
        this.#groupBytesMax - HARD_STATE_BYTES_MAX - lengthOf(records),
      );
      const part = end - start === entries.length ? entries : entries.slice(start, end);
      const firstIndex = part[0]?.index ?? 0;
      if (part.length > 0) {
        invariant(firstIndex === this.#positions.lastIndex + 1, 'entries come without gaps');
        const commandsBefore = this.#positions.lastCommands;
        const record = { kind: 'entries' as const, firstIndex, commandsBefore, entries: part };
        const encoded = encodeRecord(record);
        const before = lengthOf(records);
        const isTooMuch = before > 0 && before + encoded.length > this.#groupBytesMax;
        if (isTooMuch) this.#pieces.push({ records, ...NO_ENTRIES, token: null, waiting: null });
        records = isTooMuch ? [encoded] : [...records, encoded];
        for (const { kind, term } of part) this.#positions.push(term, kind === 'command');
      }
      const isLast = end === entries.length;
      const entryCount = part.length;
      this.#pieces.push({
        records,
        firstIndex,
        entryCount,
        token: isLast ? token : null,
        waiting: null,
      });
      records = [];
      start = end;
    } while (start < entries.length);
  }

  #flush(): void {
    this.#isFlushWanted = true;
    if (this.#failure === null) this.#writing ??= this.#writeGroups();
  }

  async #writeGroups(): Promise<void> {
    // Whatever is written in one go becomes one group.
    await Promise.resolve();
    while (this.#isFlushWanted && this.#failure === null) {
      const pieces = this.#takeGroup();
      const bytes = joined(pieces.flatMap((piece) => piece.records));
      const group = this.#log.lastIndex + 1;
      for (const { entryCount, firstIndex } of pieces) {
        for (let at = 0; at < entryCount; at += 1) this.#positions.setGroup(firstIndex + at, group);
      }
      try {
        const written = bytes.length === 0 ? this.#log.lastIndex : await this.#log.append(bytes);
        if (bytes.length > 0) invariant(written === group, 'nobody else writes to the journal');
      } catch (error) {
        this.#fail(error);
        rejectWaiting(pieces, error);
        break;
      }
      this.#durableGroup = this.#log.lastIndex;
      this.#told(pieces);
    }
    this.#writing = null;
  }

  #takeGroup(): Piece[] {
    let bytes = 0;
    let count = 0;
    for (const piece of this.#pieces) {
      const size = lengthOf(piece.records);
      if (count > 0 && bytes + size > this.#groupBytesMax) break;
      bytes += size;
      count += 1;
    }
    const taken = this.#pieces.splice(0, count);
    this.#isFlushWanted = this.#pieces.length > 0;
    return taken;
  }

  #told(pieces: readonly Piece[]): void {
    let newest: WriteToken | null = null;
    for (const { token, waiting } of pieces) {
      if (token !== null) newest = token;
      waiting?.resolve();
    }
    if (newest !== null) this.#events?.onDurable(newest);
  }

  #fail(cause: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = cause instanceof Error ? cause : new Error(messageOf(cause), { cause });
    rejectWaiting(this.#pieces, this.#failure);
    this.#events?.onFailed(this.#failure);
  }

  async #read(from: number, to: number, bytesMax: number): Promise<RaftEntry[]> {
    const found: RaftEntry[] = [];
    let bytes = 0;
    for (let index = from; index <= to;) {
      const group = await this.#durableGroupOf(index);
      if (group === null) break;
      const bytesOfGroup = await this.#groupUnlessReleased(group, index);
      if (bytesOfGroup === null) break;
      const records = decodeGroup(bytesOfGroup);
      const before = index;
      for (const entry of entriesFrom(records, index)) {
        if (entry.index > to) return found;
        if (found.length > 0 && bytes + entry.body.length > bytesMax) return found;
        // Replaced: the next group has what took its place.
        if (this.#positions.termAt(entry.index) !== entry.term) break;
        found.push(entry);
        bytes += entry.body.length;
        index = entry.index + 1;
      }
      if (index === before) break;
    }
    // Compacted while it was read: then nobody may rely on it any more.
    return from > this.#positions.baseIndex ? found : [];
  }

  /** The bytes of the group of an entry; null where both were let go of after it was looked up. */
  async #groupUnlessReleased(group: number, index: number): Promise<Uint8Array | null> {
    try {
      return await this.#reader.group(group);
    } catch (error) {
      if (isReleased(error) && this.#positions.groupAt(index) !== group) return null;
      throw error;
    }
  }

  /** The durable group that holds the entry at `index`, once there is one; null where there is no such entry. */
  async #durableGroupOf(index: number): Promise<number | null> {
    for (;;) {
      const group = this.#positions.groupAt(index);
      if (group === undefined || this.#failure !== null) return null;
      if (group > 0 && group <= this.#durableGroup) return group;
      this.#flush();
      await this.#writing;
    }
  }
}

/** Bytes of all records together. */
function lengthOf(records: readonly Buffer[]): number {
  let bytes = 0;
  for (const record of records) bytes += record.length;
  return bytes;
}

/** All records one after the other; the only one is not copied. */
function joined(records: readonly Buffer[]): Buffer {
  const [only] = records;
  return records.length === 1 && only !== undefined ? only : Buffer.concat(records);
}

function rejectWaiting(pieces: readonly Piece[], cause: unknown): void {
  const error = cause instanceof Error ? cause : new Error(messageOf(cause), { cause });
  for (const { waiting } of pieces) waiting?.reject(error);
}

/** How many commands a log has up to a snapshot; kept in the last 8 bytes of its digest. */
export function commandsOf(meta: SnapshotMeta): number {
  const { stateDigest } = meta;
  invariant(stateDigest.length >= 8, 'a digest of a state ends with its number of commands');
  const view = new DataView(stateDigest.buffer, stateDigest.byteOffset + stateDigest.length - 8);
  return Number(view.getBigUint64(0, true));
}

/** The last entries of a group, from `index` on; what a later record of the same group truncated is left out. */
function entriesFrom(records: readonly JournalRecord[], index: number): readonly RaftEntry[] {
  let found: RaftEntry[] = [];
  for (const record of records) {
    if (record.kind === 'restart') found = [];
    else if (record.kind === 'truncate') found = found.filter((entry) => entry.index < record.from);
    else if (record.kind === 'entries') found.push(...record.entries);
  }
  found = found.filter((entry) => entry.index >= index);
  return found[0]?.index === index ? found : [];
}

/** First entry that no longer fits; at least one is taken. */
function endOfPiece(entries: readonly RaftEntry[], start: number, bytesMax: number): number {
  let bytes = 0;
  let end = start;
  for (; end < entries.length; end += 1) {
    bytes += lonelyEntryBytes((entries[end] as RaftEntry).body.length);
    if (end > start && bytes > bytesMax) break;
  }
  return end;
}
