/**
 * Frames as bytes: version, kind, cluster, sender, receiver, then the message's fields in the order of its interface.
 *
 * Canonical: a frame has one encoding, and bytes that decode encode to themselves.
 */
import { invariant } from '../../base/invariant.ts';
import { ByteReader, invalidBytes } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readMessage, writeMessage } from './message-fields.ts';
import type { RaftFrame, RaftMessage } from './messages.ts';
import { isNodeId } from './node-id.ts';

/** First byte of every frame; another one means another version of this protocol. */
export const RAFT_WIRE_VERSION = 1;

/** Numbers on the wire; never renumbered. */
const KINDS: readonly RaftMessage['kind'][] = [
  'preVoteRequest',
  'preVoteResponse',
  'voteRequest',
  'voteResponse',
  'appendRequest',
  'appendResponse',
  'heartbeat',
  'heartbeatResponse',
  'snapshotOffer',
  'snapshotChunk',
  'snapshotResponse',
  'timeoutNow',
  'readRequest',
  'readResponse',
];

const SMALL_FRAME_BYTES = 4_096;
const NAMES_AND_FIELDS_BYTES = 512;
const ENTRY_FIELDS_BYTES = 37;
/** Small frames are written here and copied out: most have less than a hundred bytes, and each would take a buffer. */
const small = new ByteWriter(SMALL_FRAME_BYTES);

/** One frame as bytes. */
export function encodeFrame(frame: RaftFrame): Uint8Array {
  const bytes = NAMES_AND_FIELDS_BYTES + bulkOf(frame.message);
  if (bytes > SMALL_FRAME_BYTES) {
    const writer = new ByteWriter(bytes);
    writeFrame(writer, frame);
    return writer.finish();
  }
  small.restart();
  writeFrame(small, frame);
  return small.take();
}

/** Bytes of what can be large in a message. */
function bulkOf(message: RaftMessage): number {
  if (message.kind === 'snapshotChunk') return message.data.length;
  if (message.kind !== 'appendRequest') return 0;
  let bytes = 0;
  for (const { body } of message.entries) bytes += ENTRY_FIELDS_BYTES + body.length;
  return bytes;
}

function writeFrame(writer: ByteWriter, { clusterId, from, message, to }: RaftFrame): void {
  for (const name of [clusterId, from, to])
    invariant(isNodeId(name), () => `ids of a frame must be well-formed, got ${name}`);
  writer.u8(RAFT_WIRE_VERSION);
  writer.u8(KINDS.indexOf(message.kind));
  writer.ascii(clusterId);
  writer.ascii(from);
  writer.ascii(to);
  writeMessage(writer, message);
}

/**
 * Reads one frame; entries and chunks are views of `bytes`.
 *
 * @throws OrchestratorError `RAFT_BYTES_INVALID` for anything {@link encodeFrame} did not make
 */
export function decodeFrame(bytes: Uint8Array): RaftFrame {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== RAFT_WIRE_VERSION)
    throw invalidBytes(`the version must be ${RAFT_WIRE_VERSION}, got ${version}`);
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw invalidBytes('a message must be of a known kind');
  const clusterId = readName(reader);
  const from = readName(reader);
  const to = readName(reader);
  const message = readMessage(reader, kind);
  reader.end();
  return { clusterId, from, to, message };
}

function readName(reader: ByteReader): string {
  const name = reader.ascii();
  if (!isNodeId(name)) throw invalidBytes('ids must be 1–64 of A-Z a-z 0-9 . _ -');
  return name;
}
