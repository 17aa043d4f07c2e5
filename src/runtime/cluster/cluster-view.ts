import type { ClusterView } from '../../contract/index.ts';
import type { ClusterStatus } from '../../log/index.ts';

/** A cluster as one of its nodes shows it. */
export function clusterView(
  status: ClusterStatus,
  { clockSkewMs, isReady }: Pick<ClusterView, 'clockSkewMs' | 'isReady'>,
): ClusterView {
  const { address, configuration, leader, nodeId, peers } = status;
  const { learners, removed, voters, votersOutgoing } = configuration;
  const known = new Map(peers.map((peer) => [peer.nodeId, peer]));
  const memberIds = new Set([...voters, ...votersOutgoing, ...learners]);
  const roleOf = (id: string): 'voter' | 'learner' | 'leaving' => {
    if (voters.includes(id)) return 'voter';
    return learners.includes(id) ? 'learner' : 'leaving';
  };
  return {
    clusterId: status.clusterId,
    nodeId,
    role: status.role,
    isReady,
    term: status.term,
    leader,
    committedIndex: status.committedIndex,
    appliedIndex: status.appliedIndex,
    clockSkewMs,
    isChanging: votersOutgoing.length > 0,
    members: [...memberIds].toSorted().map((id) => {
      const isSelf = id === nodeId;
      return {
        nodeId: id,
        address: isSelf ? address : (known.get(id)?.address ?? null),
        role: roleOf(id),
        isLeader: id === leader,
        isReachable: isSelf || known.get(id)?.isReachable === true,
        lagEntries: isSelf && id === leader ? 0 : (known.get(id)?.lagEntries ?? null),
      };
    }),
    removed: [...removed],
  };
}
