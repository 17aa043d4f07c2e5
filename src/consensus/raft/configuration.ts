/** Names one node for ever: 1–64 of `A-Z a-z 0-9 . _ -`; an id that left its cluster, or lost its disk, never returns. */
export type NodeId = string;

/**
 * Who votes and who only listens. Lists are sorted and without repeats.
 *
 * Takes effect when its entry is appended, not when it is committed; a truncated entry takes it back.
 */
export interface Configuration {
  /** Voters; the incoming ones while `votersOutgoing` is not empty. */
  readonly voters: readonly NodeId[];
  /** Voters of the configuration being left. Not empty = joint: both majorities are needed. */
  readonly votersOutgoing: readonly NodeId[];
  /** Receive the log and do not vote. Never a voter at the same time. */
  readonly learners: readonly NodeId[];
  /** Outgoing voters that become learners once the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** The leader leaves the joint configuration by itself as soon as it is committed. */
  readonly isAutoLeave: boolean;
  /** Ids that were members once; refused for ever. */
  readonly removed: readonly NodeId[];
}

/** One wish of a membership change. A new node starts as a learner and is promoted once it has caught up. */
export interface MemberChange {
  readonly kind: 'addLearner' | 'promote' | 'demote' | 'remove';
  readonly nodeId: NodeId;
}

/** Why a membership change was refused; nothing was changed. */
export type MembershipRefusalCode =
  | 'NOT_LEADER'
  /** Nothing of this leader's own term is committed yet. Try again soon. */
  | 'TERM_NOT_READY'
  /** Another change is under way or not committed yet. */
  | 'CHANGE_PENDING'
  | 'TRANSFER_PENDING'
  | 'NOT_JOINT'
  | 'CHANGE_EMPTY'
  | 'NODE_ID_INVALID'
  /** The id is that of a former member. */
  | 'NODE_ID_USED'
  | 'NODE_NAMED_TWICE'
  | 'NODE_EXISTS'
  | 'NODE_NOT_FOUND'
  | 'NODE_NOT_LEARNER'
  | 'NODE_NOT_VOTER'
  /** The learner's log is too far behind, or it does not answer. */
  | 'NODE_NOT_CAUGHT_UP'
  | 'NO_VOTER_LEFT'
  | 'MEMBERS_LIMIT'
  | 'REMOVED_LIMIT';
