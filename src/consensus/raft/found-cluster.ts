import type { NodeId } from './configuration.ts';
import { encodeConfiguration } from './configuration-codec.ts';
import { genesisBase } from './entry-hash.ts';
import type { Hasher } from './hasher.ts';
import type { HardState, LogBase, RaftEntry } from './log-entry.ts';

/** What each founder writes to its empty disk before it first starts. */
export interface Founding {
  readonly hardState: HardState;
  readonly base: LogBase;
  readonly entries: readonly RaftEntry[];
}

/**
 * The beginning of a new cluster: entry 1, the same on every founder and committed by agreement beforehand.
 *
 * A node that joins later starts with no entries at all and gets them from the leader.
 */
export function foundCluster(
  clusterId: string,
  voters: readonly NodeId[],
  hasher: Hasher,
): Founding {
  const base = genesisBase(clusterId, hasher);
  const configuration = { ...base.configuration, voters: [...new Set(voters)].sort() };
  const entry: RaftEntry = {
    index: 1,
    term: 1,
    kind: 'configuration',
    prevHash: base.hash,
    body: encodeConfiguration(configuration),
  };
  return { hardState: { term: 1, votedFor: null, commitIndex: 1 }, base, entries: [entry] };
}
