import { entryKindNumber } from './entry-codec.ts';
import { ByteWriter } from './byte-writer.ts';
import { HASH_BYTES, type Hasher } from './hasher.ts';
import type { LogBase, RaftEntry } from './log-entry.ts';

const TWO_32 = 0x1_0000_0000;
const HEADER_BYTES = 17 + HASH_BYTES;
/** Filled anew for every entry; hashers read it before they return. Spares an allocation on the hottest path. */
const header = new Uint8Array(HEADER_BYTES);
const headerView = new DataView(header.buffer);

/** Hash of an entry: over index, term, kind, the hash before it, and its body. One call of the hasher. */
export function entryHash(hasher: Hasher, entry: RaftEntry): Uint8Array {
  headerView.setUint32(0, Math.floor(entry.index / TWO_32));
  headerView.setUint32(4, entry.index % TWO_32);
  headerView.setUint32(8, Math.floor(entry.term / TWO_32));
  headerView.setUint32(12, entry.term % TWO_32);
  header[16] = entryKindNumber(entry.kind);
  header.set(entry.prevHash, 17);
  return hasher.hash([header, entry.body]);
}

/** What holds before any entry that is known: no term, and no members yet. */
export const NOTHING_BEFORE: Omit<LogBase, 'index' | 'hash'> = {
  term: 0,
  configuration: {
    voters: [],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    isAutoLeave: false,
    removed: [],
  },
  configurationIndex: 0,
};

/** Where the log of a cluster begins. Its hash tells clusters apart: their logs never match. */
export function genesisBase(clusterId: string, hasher: Hasher): LogBase {
  const writer = new ByteWriter();
  writer.ascii('uqo-raft-1');
  writer.ascii(clusterId);
  return { ...NOTHING_BEFORE, index: 0, hash: hasher.hash([writer.finish()]) };
}

/** True when both hashes are the same bytes. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
