/**
 * What one entry of the embedded log holds when that log is a journal of Raft: a group of records, durable together.
 *
 *   record    u8 kind | u32 size of the body | body
 *   entries   u64 first index | u64 commands before it | u32 count | entries
 *   entry     u64 term | u8 kind | u32 size of the body | 16 bytes hash of the entry before | body
 *   hardState u64 term | u64 commit index | the node voted for, as text; none when empty
 *   truncate  u64 index from which on entries are dropped
 *   others    JSON: rare, small, and read by people when something went wrong
 *
 * Integers are little-endian, 64-bit ones at most 2⁵³ - 1. The embedded log checks every byte before this is read, so
 * what does not fit here is another version's or a bug's, not the disk's.
 */
import { OrchestratorError } from '../../../base/errors.ts';
import {
  HASH_BYTES,
  type HardState,
  type LogBase,
  type RaftEntry,
  type RaftEntryKind,
  type SnapshotMeta,
} from '../../../consensus/index.ts';
import { readU64, writeU64 } from '../../embedded/segment-header.ts';

/** Whose journal it is. */
export interface JournalIdentity {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Drawn when the journal was made: a node that lost its disk has another one. */
  readonly incarnation: string;
}

/** A node that was met, so that one which lost its disk is known as such. */
export interface KnownPeer {
  readonly nodeId: string;
  /** `host:port`. */
  readonly address: string;
  /** Null until it was met. */
  readonly incarnation: string | null;
}

/** Where the log begins, and how many commands came before. */
export interface JournalBase extends LogBase {
  readonly commandsBefore: number;
}

export type JournalRecord =
  | { readonly kind: 'identity'; readonly identity: JournalIdentity }
  | { readonly kind: 'base'; readonly base: JournalBase }
  | { readonly kind: 'snapshot'; readonly meta: SnapshotMeta }
  /** The log is dropped whole and begins behind this snapshot. */
  | { readonly kind: 'restart'; readonly meta: SnapshotMeta; readonly commandsBefore: number }
  | { readonly kind: 'truncate'; readonly from: number }
  | {
      readonly kind: 'entries';
      readonly firstIndex: number;
      readonly commandsBefore: number;
      readonly entries: readonly RaftEntry[];
    }
  | { readonly kind: 'hardState'; readonly hardState: HardState }
  | { readonly kind: 'peers'; readonly peers: readonly KnownPeer[] };

const KINDS = [
  'identity',
  'base',
  'snapshot',
  'restart',
  'truncate',
  'entries',
  'hardState',
  'peers',
] as const satisfies readonly JournalRecord['kind'][];
const ENTRY_KINDS: readonly RaftEntryKind[] = ['noop', 'command', 'configuration'];

const RECORD_HEADER_BYTES = 5;
const ENTRIES_HEADER_BYTES = 20;
const ENTRY_HEADER_BYTES: number = 13 + HASH_BYTES;

/** Bytes that a record of nothing but `entry` takes; no entry of the embedded log may be smaller. */
export function lonelyEntryBytes(bodyBytes: number): number {
  return RECORD_HEADER_BYTES + ENTRIES_HEADER_BYTES + ENTRY_HEADER_BYTES + bodyBytes;
}

export function encodeRecord(record: JournalRecord): Buffer {
  if (record.kind === 'entries') return encodeEntries(record);
  const body = encodeBody(record);
  const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES + body.length);
  writeRecordHeader(bytes, record.kind, body.length);
  bytes.set(body, RECORD_HEADER_BYTES);
  return bytes;
}

function writeRecordHeader(target: Buffer, kind: JournalRecord['kind'], bodyBytes: number): void {
  target.writeUInt8(KINDS.indexOf(kind), 0);
  target.writeUInt32LE(bodyBytes, 1);
}

function encodeBody(record: Exclude<JournalRecord, { kind: 'entries' }>): Buffer {
  switch (record.kind) {
    case 'hardState': {
      const { commitIndex, term, votedFor } = record.hardState;
      const fixed = Buffer.alloc(16);
      writeU64(fixed, term, 0);
      writeU64(fixed, commitIndex, 8);
      return Buffer.concat([fixed, Buffer.from(votedFor ?? '')]);
    }
    case 'truncate': {
      const body = Buffer.alloc(8);
      writeU64(body, record.from, 0);
      return body;
    }
    default:
      return Buffer.from(JSON.stringify(record, bytesAsHex));
  }
}

/** Header and body in one go: this is nearly all that a journal ever writes. */
function encodeEntries(record: Extract<JournalRecord, { kind: 'entries' }>): Buffer {
  let bytes = ENTRIES_HEADER_BYTES;
  for (const { body } of record.entries) bytes += ENTRY_HEADER_BYTES + body.length;
  const target = Buffer.allocUnsafe(RECORD_HEADER_BYTES + bytes);
  writeRecordHeader(target, 'entries', bytes);
  writeU64(target, record.firstIndex, RECORD_HEADER_BYTES);
  writeU64(target, record.commandsBefore, RECORD_HEADER_BYTES + 8);
  target.writeUInt32LE(record.entries.length, RECORD_HEADER_BYTES + 16);
  let position = RECORD_HEADER_BYTES + ENTRIES_HEADER_BYTES;
  for (const { body, kind, prevHash, term } of record.entries) {
    writeU64(target, term, position);
    target.writeUInt8(ENTRY_KINDS.indexOf(kind), position + 8);
    target.writeUInt32LE(body.length, position + 9);
    target.set(prevHash, position + 13);
    target.set(body, position + ENTRY_HEADER_BYTES);
    position += ENTRY_HEADER_BYTES + body.length;
  }
  return target;
}

/**
 * The records of one group, in order. Bodies of entries are views of `group`.
 *
 * @throws OrchestratorError `JOURNAL_UNREADABLE`
 */
export function decodeGroup(group: Uint8Array): JournalRecord[] {
  const source = Buffer.from(group.buffer, group.byteOffset, group.byteLength);
  const records: JournalRecord[] = [];
  let position = 0;
  try {
    while (position < source.length) {
      const kind = KINDS[source.readUInt8(position)];
      const end = position + RECORD_HEADER_BYTES + source.readUInt32LE(position + 1);
      if (kind === undefined || end > source.length) throw new RangeError(`kind or size`);
      records.push(decodeBody(kind, source.subarray(position + RECORD_HEADER_BYTES, end)));
      position = end;
    }
  } catch (cause) {
    const message = `the journal must hold records of this version, got another at byte ${position} of a group: open it with the version of this program that wrote it`;
    throw new OrchestratorError('JOURNAL_UNREADABLE', message, { position }, { cause });
  }
  return records;
}

function decodeBody(kind: JournalRecord['kind'], body: Buffer): JournalRecord {
  switch (kind) {
    case 'entries':
      return decodeEntries(body);
    case 'hardState': {
      const votedFor = body.toString('utf8', 16);
      const hardState = {
        term: readU64(body, 0),
        votedFor: votedFor === '' ? null : votedFor,
        commitIndex: readU64(body, 8),
      };
      return { kind, hardState };
    }
    case 'truncate':
      return { kind, from: readU64(body, 0) };
    default:
      return JSON.parse(body.toString('utf8'), hexAsBytes) as JournalRecord;
  }
}

function decodeEntries(body: Buffer): JournalRecord {
  const firstIndex = readU64(body, 0);
  const count = body.readUInt32LE(16);
  const entries: RaftEntry[] = [];
  let position = ENTRIES_HEADER_BYTES;
  for (let index = firstIndex; index < firstIndex + count; index += 1) {
    const kind = ENTRY_KINDS[body.readUInt8(position + 8)];
    const bodyAt = position + ENTRY_HEADER_BYTES;
    const end = bodyAt + body.readUInt32LE(position + 9);
    if (kind === undefined || end > body.length) throw new RangeError(`entry ${index}`);
    const term = readU64(body, position);
    const prevHash = body.subarray(position + 13, bodyAt);
    entries.push({ index, term, kind, prevHash, body: body.subarray(bodyAt, end) });
    position = end;
  }
  return { kind: 'entries', firstIndex, commandsBefore: readU64(body, 8), entries };
}

/** No text of a record begins with a zero character. */
const HEX_PREFIX = '\0hex:';

function bytesAsHex(this: unknown, key: string, value: unknown): unknown {
  // A Buffer's own toJSON has run before this is called, so the field is looked at as it was.
  const field = (this as Readonly<Record<string, unknown>>)[key];
  return field instanceof Uint8Array ? HEX_PREFIX + Buffer.from(field).toString('hex') : value;
}

function hexAsBytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(HEX_PREFIX)) return value;
  return new Uint8Array(Buffer.from(value.slice(HEX_PREFIX.length), 'hex'));
}
