/** Membership changes as values: from one configuration and some wishes to the next, or a refusal. Pure. */
import type {
  Configuration,
  MemberChange,
  MembershipRefusalCode,
  NodeId,
} from './configuration.ts';
import { isVoter, membersOf } from './joint-quorum.ts';
import { isNodeId } from './node-id.ts';

export interface MembershipRefusal {
  readonly code: MembershipRefusalCode;
  /** What must hold, then what was got. */
  readonly message: string;
}

const MEMBERS_MAX = 64;
const REMOVED_MAX = 10_000;

/**
 * The configuration to append next: joint whenever the set of voters changes, so that both sets agree to it.
 *
 * @param current - not joint
 */
export function changeConfiguration(
  current: Configuration,
  changes: readonly MemberChange[],
  isAutoLeave: boolean,
): Configuration | MembershipRefusal {
  const refusal = refusalOf(current, changes);
  if (refusal !== null) return refusal;
  const voters = new Set(current.voters);
  const learners = new Set(current.learners);
  const learnersNext = new Set<NodeId>();
  const removedLearners: NodeId[] = [];
  for (const { kind, nodeId } of changes) {
    if (kind === 'addLearner') learners.add(nodeId);
    if (kind === 'promote') voters.add(nodeId);
    if (kind === 'demote') learnersNext.add(nodeId);
    if (kind === 'promote' || kind === 'remove') {
      const wasLearner = learners.delete(nodeId);
      if (kind === 'remove' && wasLearner) removedLearners.push(nodeId);
    }
    if (kind === 'demote' || kind === 'remove') voters.delete(nodeId);
  }
  const areVotersSame = changes.every(
    ({ kind, nodeId }) => kind === 'addLearner' || removedLearners.includes(nodeId),
  );
  const next: Configuration = {
    voters: sorted(voters),
    votersOutgoing: areVotersSame ? [] : current.voters,
    learners: sorted(learners),
    learnersNext: sorted(learnersNext),
    isAutoLeave: !areVotersSame && isAutoLeave,
    removed: sorted([...current.removed, ...removedLearners]),
  };
  return boundsRefusal(next) ?? next;
}

/** What follows a joint configuration: outgoing voters become learners or leave for ever. */
export function leaveJoint(joint: Configuration): Configuration {
  const learners = new Set([...joint.learners, ...joint.learnersNext]);
  const gone = joint.votersOutgoing.filter(
    (nodeId) => !joint.voters.includes(nodeId) && !learners.has(nodeId),
  );
  return {
    voters: joint.voters,
    votersOutgoing: [],
    learners: sorted(learners),
    learnersNext: [],
    isAutoLeave: false,
    removed: sorted([...joint.removed, ...gone]),
  };
}

/** True while two sets of voters must agree. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.votersOutgoing.length > 0;
}

function refusalOf(
  current: Configuration,
  changes: readonly MemberChange[],
): MembershipRefusal | null {
  if (changes.length === 0) return refuse('CHANGE_EMPTY', 'a change must name a node');
  const named = new Set<NodeId>();
  for (const change of changes) {
    const { nodeId } = change;
    if (named.has(nodeId)) return refuse('NODE_NAMED_TWICE', `a change must name ${nodeId} once`);
    named.add(nodeId);
    const refusal = refusalOfOne(current, change);
    if (refusal !== null) return refusal;
  }
  return null;
}

function refusalOfOne(
  current: Configuration,
  { kind, nodeId }: MemberChange,
): MembershipRefusal | null {
  if (!isNodeId(nodeId))
    return refuse('NODE_ID_INVALID', 'a node id must be 1–64 of A-Z a-z 0-9 . _ -');
  const isLearner = current.learners.includes(nodeId);
  const isMember = isLearner || isVoter(current, nodeId);
  if (kind === 'addLearner') {
    if (current.removed.includes(nodeId))
      return refuse('NODE_ID_USED', `${nodeId} was a member once; a new node needs a new id`);
    return isMember ? refuse('NODE_EXISTS', `${nodeId} must not be a member yet`) : null;
  }
  if (!isMember) return refuse('NODE_NOT_FOUND', `${nodeId} must be a member`);
  if (kind === 'promote' && !isLearner)
    return refuse('NODE_NOT_LEARNER', `${nodeId} must be a learner`);
  if (kind === 'demote' && isLearner) return refuse('NODE_NOT_VOTER', `${nodeId} must be a voter`);
  return null;
}

function boundsRefusal(next: Configuration): MembershipRefusal | null {
  if (next.voters.length === 0) return refuse('NO_VOTER_LEFT', 'a cluster must keep a voter');
  const members = membersOf(next).length;
  if (members > MEMBERS_MAX)
    return refuse('MEMBERS_LIMIT', `members must be at most ${MEMBERS_MAX}, got ${members}`);
  if (next.removed.length + next.votersOutgoing.length > REMOVED_MAX)
    return refuse('REMOVED_LIMIT', `former members must be at most ${REMOVED_MAX}`);
  return null;
}

function refuse(code: MembershipRefusalCode, message: string): MembershipRefusal {
  return { code, message };
}

function sorted(nodeIds: Iterable<NodeId>): NodeId[] {
  return [...nodeIds].sort();
}
