import { ByteReader, invalidBytes } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readConfiguration, writeConfiguration } from './configuration-codec.ts';
import { HASH_BYTES } from './hasher.ts';
import type { RaftEntry, RaftEntryKind, SnapshotMeta } from './log-entry.ts';

/** Numbers on the wire and in hashes; never renumbered. */
const KINDS: readonly RaftEntryKind[] = ['noop', 'command', 'configuration'];
const DIGEST_BYTES_MAX = 64;

export function entryKindNumber(kind: RaftEntryKind): number {
  return KINDS.indexOf(kind);
}

/** Appends an entry to what is being written. */
export function writeEntry(writer: ByteWriter, entry: RaftEntry): void {
  writer.integer(entry.index);
  writer.integer(entry.term);
  writer.u8(entryKindNumber(entry.kind));
  writer.raw(entry.prevHash);
  writer.bytes(entry.body);
}

/** Reads what {@link writeEntry} wrote; `body` and `prevHash` are views. @throws OrchestratorError `RAFT_BYTES_INVALID` */
export function readEntry(reader: ByteReader): RaftEntry {
  const index = reader.integer();
  const term = reader.integer();
  const kind = KINDS[reader.u8()];
  if (index === 0 || term === 0) throw invalidBytes('index and term of an entry begin at 1');
  if (kind === undefined) throw invalidBytes('an entry must be of a known kind');
  const prevHash = reader.raw(HASH_BYTES);
  return { index, term, kind, prevHash, body: reader.bytes() };
}

/** One entry as bytes, for journals. */
export function encodeEntry(entry: RaftEntry): Uint8Array {
  const writer = new ByteWriter(37 + entry.body.length);
  writeEntry(writer, entry);
  return writer.finish();
}

/** Reads {@link encodeEntry}'s bytes; `body` is a view. @throws OrchestratorError `RAFT_BYTES_INVALID` */
export function decodeEntry(bytes: Uint8Array): RaftEntry {
  const reader = new ByteReader(bytes);
  const entry = readEntry(reader);
  reader.end();
  return entry;
}

/** Appends the description of a snapshot to what is being written. */
export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writer.integer(meta.lastIndex);
  writer.integer(meta.lastTerm);
  writer.raw(meta.lastHash);
  writeConfiguration(writer, meta.configuration);
  writer.integer(meta.configurationIndex);
  writer.bytes(meta.stateDigest);
  writer.integer(meta.sizeBytes);
}

/** Reads what {@link writeSnapshotMeta} wrote. @throws OrchestratorError `RAFT_BYTES_INVALID` */
export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const lastIndex = reader.integer();
  const lastTerm = reader.integer();
  const lastHash = reader.raw(HASH_BYTES).slice();
  const configuration = readConfiguration(reader);
  const configurationIndex = reader.integer();
  const stateDigest = reader.bytes().slice();
  const sizeBytes = reader.integer();
  if (lastIndex === 0 || lastTerm === 0) throw invalidBytes('a snapshot is of at least one entry');
  if (configurationIndex > lastIndex)
    throw invalidBytes('a snapshot must hold the entry that set its configuration');
  if (stateDigest.length > DIGEST_BYTES_MAX)
    throw invalidBytes(`a digest must have at most ${DIGEST_BYTES_MAX} bytes`);
  return {
    lastIndex,
    lastTerm,
    lastHash,
    configuration,
    configurationIndex,
    stateDigest,
    sizeBytes,
  };
}
