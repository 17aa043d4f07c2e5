import type { ClusterView } from '../../contract/index.ts';
import type { ClusterStatus } from '../../log/index.ts';

/** What a node knows that its log does not. */
export interface OwnView extends Pick<
  ClusterView,
  'artifacts' | 'clockSkewMs' | 'hasSameWebhooks' | 'isReady'
> {
  /** What another node said last that it lacks. */
  readonly artifactsMissingOf: (nodeId: string) => number | null;
}

/** A cluster as one of its nodes shows it. */
export function clusterView(
  status: ClusterStatus,
  { artifacts, artifactsMissingOf, clockSkewMs, hasSameWebhooks, isReady }: OwnView,
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
    isRemoved: status.isRemoved,
    term: status.term,
    leader,
    committedIndex: status.committedIndex,
    appliedIndex: status.appliedIndex,
    clockSkewMs,
    hasSameWebhooks,
    isChanging: votersOutgoing.length > 0,
    members: [...memberIds].toSorted().map((id) => {
      const isSelf = id === nodeId;
      return {
        nodeId: id,
        address: isSelf ? address : (known.get(id)?.address ?? null),
        role: roleOf(id),
        isLeader: id === leader,
        isReachable: isSelf || known.get(id)?.isReachable === true,
        artifactsMissing: isSelf ? artifacts.missing : artifactsMissingOf(id),
        lagEntries: isSelf && id === leader ? 0 : (known.get(id)?.lagEntries ?? null),
      };
    }),
    removed: [...removed],
    artifacts,
  };
}
