import { entryKindNumber } from './entry-codec.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Hasher } from './hasher.ts';
import type { LogBase, RaftEntry } from './log-entry.ts';

/** Hash of an entry: over index, term, kind, the hash before it, and its body. One call of the hasher. */
export function entryHash(hasher: Hasher, entry: RaftEntry): Uint8Array {
  const writer = new ByteWriter(33);
  writer.integer(entry.index);
  writer.integer(entry.term);
  writer.u8(entryKindNumber(entry.kind));
  writer.raw(entry.prevHash);
  return hasher.hash([writer.finish(), entry.body]);
}

/** Where the log of a cluster begins. Its hash tells clusters apart: their logs never match. */
export function genesisBase(clusterId: string, hasher: Hasher): LogBase {
  const writer = new ByteWriter();
  writer.ascii('uqo-raft-1');
  writer.ascii(clusterId);
  return {
    index: 0,
    term: 0,
    hash: hasher.hash([writer.finish()]),
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
}

/** True when both hashes are the same bytes. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
