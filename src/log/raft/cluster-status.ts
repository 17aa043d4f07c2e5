import type { RaftView } from '../../consensus/index.ts';
import type { ClusterStatus, PeerStatus, RoleView } from './cluster-log.ts';
import type { Journal } from './journal/journal.ts';

export interface StatusParts {
  readonly raft: RaftView;
  readonly role: RoleView;
  readonly journal: Journal;
  /** `host:port` where peers reach this node. */
  readonly address: string;
  readonly appliedIndex: number;
  readonly isRemoved: boolean;
  readonly members: readonly Omit<PeerStatus, 'lagEntries'>[];
}

/** What a node says of itself and of the others. */
export function clusterStatus({
  address,
  appliedIndex,
  isRemoved,
  journal,
  members,
  raft,
  role,
}: StatusParts): ClusterStatus {
  const { clusterId, incarnation, nodeId } = journal.identity;
  const peers = members.map((peer) => {
    const progress = raft.progress.find((one) => one.nodeId === peer.nodeId);
    const lagEntries = progress === undefined ? null : raft.lastIndex - progress.matchIndex;
    return { ...peer, lagEntries } satisfies PeerStatus;
  });
  return {
    ...role,
    nodeId,
    clusterId,
    incarnation,
    address,
    committedIndex: journal.positions.commandsAt(raft.commitIndex),
    appliedIndex,
    isRemoved,
    configuration: raft.configuration,
    peers,
    raft,
  };
}
