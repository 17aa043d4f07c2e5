/** What a node says of its cluster, and what may be done about its members. */
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

/** 1–64 of `A-Z a-z 0-9 . _ -`. */
export const NodeIdText = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,64}$',
  description: 'Names one node for ever: never that of a node that was removed',
});

export const ClusterMember = Type.Object({
  nodeId: NodeIdText,
  address: Type.Union([Type.String(), Type.Null()], {
    description: '`host:port` where the other nodes reach it; null while it is not known here',
  }),
  role: Type.Union([Type.Literal('voter'), Type.Literal('learner'), Type.Literal('leaving')]),
  isLeader: Type.Boolean(),
  isReachable: Type.Boolean({ description: 'As the node that answers sees it' }),
  lagEntries: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Entries that it lacks; only the leader knows',
  }),
  artifactsMissing: Type.Union([Type.Integer(), Type.Null()], {
    description:
      'Artifacts that it has no whole copy of yet, as it said last; null where it has not',
  }),
});

/** A cluster as one of its nodes sees it. */
export const ClusterView = Type.Object(
  {
    clusterId: Type.String(),
    nodeId: NodeIdText,
    role: Type.String({
      description: 'leader, follower, learner, candidate, preCandidate or failed',
    }),
    isReady: Type.Boolean({ description: 'Whether somebody leads' }),
    isRemoved: Type.Boolean({
      description: 'This node was taken out of the cluster, and is to be stopped',
    }),
    term: Type.Integer(),
    leader: Type.Union([NodeIdText, Type.Null()]),
    committedIndex: Type.Integer({
      description: 'Newest entry that a quorum keeps, as known here',
    }),
    appliedIndex: Type.Integer({ description: 'Newest entry that this node has applied' }),
    clockSkewMs: Type.Union([Type.Integer(), Type.Null()], {
      description: "This node's clock minus the leader's; null while it leads, or nobody does",
    }),
    hasSameWebhooks: Type.Union([Type.Boolean(), Type.Null()], {
      description:
        'Whether secret and allowed networks of webhooks are those of the leader; null while it leads, or nobody does',
    }),
    isChanging: Type.Boolean({ description: 'Members are being changed: both majorities count' }),
    members: Type.Array(ClusterMember),
    removed: Type.Array(Type.String(), { description: 'Ids that are refused for ever' }),
    artifacts: Type.Object(
      {
        kept: Type.Integer({ description: 'On the disk of this node, with those on their way' }),
        missing: Type.Integer({ description: 'Known of here without a whole copy' }),
        missingBytes: Type.Integer(),
      },
      { description: 'Large outputs of tasks, which every node keeps a copy of' },
    ),
  },
  { title: 'Cluster' },
);
export type ClusterView = Static<typeof ClusterView>;

export const AddMemberBody = Type.Object(
  {
    nodeId: NodeIdText,
    address: Type.String({
      maxLength: 300,
      description: '`host:port` where the other nodes reach it',
    }),
  },
  { ...closed, title: 'AddMember' },
);

export const TransferBody = Type.Object(
  {
    to: Type.Optional(NodeIdText),
  },
  { ...closed, title: 'Transfer' },
);
