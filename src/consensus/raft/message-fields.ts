import { unreachable } from '../../base/invariant.ts';
import { invalidBytes, type ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { readEntry, readSnapshotMeta, writeEntry, writeSnapshotMeta } from './entry-codec.ts';
import { HASH_BYTES } from './hasher.ts';
import type { RaftEntry } from './log-entry.ts';
import type { AppendRequest, RaftMessage, SnapshotResponse } from './messages.ts';

const OUTCOMES: readonly SnapshotResponse['outcome'][] = ['wanted', 'refused', 'installed'];

/** Writes all fields of a message but its kind. */
export function writeMessage(writer: ByteWriter, message: RaftMessage): void {
  writer.integer(message.term);
  switch (message.kind) {
    case 'preVoteRequest':
    case 'voteRequest':
      writer.integer(message.lastIndex);
      writer.integer(message.lastTerm);
      if (message.kind === 'voteRequest') writer.boolean(message.isTransfer);
      return;
    case 'preVoteResponse':
    case 'voteResponse':
      writer.integer(message.requestTerm);
      writer.boolean(message.isGranted);
      return;
    case 'appendRequest':
      writeAppend(writer, message);
      return;
    case 'appendResponse':
      writer.boolean(message.isAccepted);
      writer.integer(message.prevIndex);
      writer.integer(message.matchIndex);
      writer.integer(message.hintIndex);
      writer.integer(message.hintTerm);
      return;
    case 'heartbeat':
      writer.integer(message.commitIndex);
      writer.integer(message.round);
      return;
    case 'heartbeatResponse':
      writer.integer(message.round);
      return;
    case 'snapshotOffer':
      writeSnapshotMeta(writer, message.meta);
      return;
    case 'snapshotChunk':
      writer.integer(message.snapshotIndex);
      writer.integer(message.snapshotTerm);
      writer.integer(message.offset);
      writer.u32(message.checksum);
      writer.boolean(message.isLast);
      writer.bytes(message.data);
      return;
    case 'snapshotResponse':
      writer.integer(message.snapshotIndex);
      writer.integer(message.snapshotTerm);
      writer.integer(message.nextOffset);
      writer.u8(OUTCOMES.indexOf(message.outcome));
      return;
    case 'timeoutNow':
      return;
    case 'readRequest':
      writer.integer(message.session);
      writer.integer(message.sequence);
      return;
    case 'readResponse':
      writer.integer(message.session);
      writer.integer(message.sequence);
      writer.boolean(message.index !== null);
      if (message.index !== null) writer.integer(message.index);
      return;
    default:
      unreachable(message);
  }
}

/** Reads what {@link writeMessage} wrote. @throws OrchestratorError `RAFT_BYTES_INVALID` */
export function readMessage(reader: ByteReader, kind: RaftMessage['kind']): RaftMessage {
  const term = reader.integer();
  switch (kind) {
    case 'preVoteRequest':
      return { kind, term, lastIndex: reader.integer(), lastTerm: reader.integer() };
    case 'voteRequest':
      return {
        kind,
        term,
        lastIndex: reader.integer(),
        lastTerm: reader.integer(),
        isTransfer: reader.boolean(),
      };
    case 'preVoteResponse':
    case 'voteResponse':
      return { kind, term, requestTerm: reader.integer(), isGranted: reader.boolean() };
    case 'appendRequest':
      return readAppend(reader, term);
    case 'appendResponse':
      return {
        kind,
        term,
        isAccepted: reader.boolean(),
        prevIndex: reader.integer(),
        matchIndex: reader.integer(),
        hintIndex: reader.integer(),
        hintTerm: reader.integer(),
      };
    case 'heartbeat':
      return { kind, term, commitIndex: reader.integer(), round: reader.integer() };
    case 'heartbeatResponse':
      return { kind, term, round: reader.integer() };
    case 'snapshotOffer':
      return { kind, term, meta: readSnapshotMeta(reader) };
    case 'snapshotChunk':
    case 'snapshotResponse':
      return readSnapshotPart(reader, kind, term);
    case 'timeoutNow':
      return { kind, term };
    case 'readRequest':
      return { kind, term, session: reader.integer(), sequence: reader.integer() };
    case 'readResponse':
      return {
        kind,
        term,
        session: reader.integer(),
        sequence: reader.integer(),
        index: reader.boolean() ? reader.integer() : null,
      };
    default:
      return unreachable(kind);
  }
}

function readSnapshotPart(
  reader: ByteReader,
  kind: 'snapshotChunk' | 'snapshotResponse',
  term: number,
): RaftMessage {
  const snapshotIndex = reader.integer();
  const snapshotTerm = reader.integer();
  if (kind === 'snapshotChunk') {
    return {
      kind,
      term,
      snapshotIndex,
      snapshotTerm,
      offset: reader.integer(),
      checksum: reader.u32(),
      isLast: reader.boolean(),
      data: reader.bytes(),
    };
  }
  const nextOffset = reader.integer();
  const outcome = OUTCOMES[reader.u8()];
  if (outcome === undefined) throw invalidBytes('an outcome must be a known one');
  return { kind, term, snapshotIndex, snapshotTerm, nextOffset, outcome };
}

function writeAppend(writer: ByteWriter, message: AppendRequest): void {
  writer.integer(message.prevIndex);
  writer.integer(message.prevTerm);
  writer.raw(message.prevHash);
  writer.integer(message.commitIndex);
  writer.u32(message.entries.length);
  for (const entry of message.entries) writeEntry(writer, entry);
}

function readAppend(reader: ByteReader, term: number): AppendRequest {
  const prevIndex = reader.integer();
  const prevTerm = reader.integer();
  const prevHash = reader.raw(HASH_BYTES);
  const commitIndex = reader.integer();
  const count = reader.u32();
  const entries: RaftEntry[] = [];
  for (let at = 1; at <= count; at += 1) {
    const entry = readEntry(reader);
    if (entry.index !== prevIndex + at) throw invalidBytes('entries must follow one another');
    if (entry.term > term) throw invalidBytes('an entry must not be of a later term');
    entries.push(entry);
  }
  return { kind: 'appendRequest', term, prevIndex, prevTerm, prevHash, entries, commitIndex };
}
