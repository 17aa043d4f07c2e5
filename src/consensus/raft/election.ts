/** Campaigns, and the votes given to those of others. */
import type { NodeId } from './configuration.ts';
import { electionOutcome, isVoter, membersOf } from './joint-quorum.ts';
import type {
  PreVoteRequest,
  PreVoteResponse,
  TimeoutNow,
  VoteRequest,
  VoteResponse,
} from './messages.ts';
import type { RaftState } from './raft-state.ts';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  restartElectionTimer,
} from './roles.ts';

/** Tries to become leader, if this node may. */
export function campaign(state: RaftState, isTransfer: boolean): void {
  if (!mayCampaign(state)) {
    restartElectionTimer(state);
    return;
  }
  if (state.settings.isPreVoteOn && !isTransfer) {
    becomePreCandidate(state);
    askForVotes(state, { kind: 'preVoteRequest', term: state.term + 1, ...lastOf(state) });
  } else {
    startElection(state, isTransfer);
  }
  countVotes(state);
}

/** Decides the campaign under way as far as its votes do. */
export function countVotes(state: RaftState): void {
  if (state.role === 'candidate' && state.durability.hardStateWait === null) countOwnVote(state);
  if (state.role !== 'candidate' && state.role !== 'preCandidate') return;
  const outcome = electionOutcome(state.log.configuration, state.votes);
  if (outcome === 'lost') becomeFollower(state, state.term, null);
  if (outcome !== 'won') return;
  if (state.role === 'candidate') {
    becomeLeader(state);
    return;
  }
  startElection(state, false);
}

export function receivePreVoteRequest(
  state: RaftState,
  from: NodeId,
  message: PreVoteRequest,
): void {
  const isGranted = message.term > state.term && !isLeaderNear(state) && isUpToDate(state, message);
  state.outbox.reply(from, {
    kind: 'preVoteResponse',
    term: state.term,
    requestTerm: message.term,
    isGranted,
  });
}

/** The request is of this node's term: a later one was adopted before, an earlier one refused. */
export function receiveVoteRequest(state: RaftState, from: NodeId, message: VoteRequest): void {
  const isFree = state.votedFor === from || (state.votedFor === null && state.leader === null);
  const isGranted = isFree && isUpToDate(state, message);
  if (isGranted) {
    if (state.votedFor !== from) state.pending.isHardStateDue = true;
    state.votedFor = from;
    state.electionElapsed = 0;
  }
  refuseOrGrantVote(state, from, message.term, isGranted);
}

export function refuseOrGrantVote(
  state: RaftState,
  to: NodeId,
  requestTerm: number,
  isGranted: boolean,
): void {
  state.outbox.reply(to, { kind: 'voteResponse', term: state.term, requestTerm, isGranted });
}

export function receiveVoteResponse(
  state: RaftState,
  from: NodeId,
  message: PreVoteResponse | VoteResponse,
): void {
  const isPre = message.kind === 'preVoteResponse';
  const isAsked = isPre
    ? state.role === 'preCandidate' && message.requestTerm === state.term + 1
    : state.role === 'candidate' && message.requestTerm === state.term;
  if (!isAsked || state.votes.has(from)) return;
  state.votes.set(from, message.isGranted);
  countVotes(state);
}

/** Only the leader this node follows may hand over to it. */
export function receiveTimeoutNow(state: RaftState, from: NodeId, message: TimeoutNow): void {
  if (message.term !== state.term || state.leader !== from || state.role === 'leader') return;
  campaign(state, true);
}

/** True while a leader was heard of within the shortest election timeout: then nobody else is voted for. */
export function isLeaderNear(state: RaftState): boolean {
  if (!state.settings.isCheckQuorumOn || state.leader === null) return false;
  return state.role === 'leader' || state.electionElapsed < state.settings.electionTicks;
}

/**
 * A voter that is not busy taking over a snapshot.
 *
 * A node that its newest configuration leaves out campaigns as long as that is not known as committed: it may be the
 * only one that has it, and then nobody else can win.
 */
function mayCampaign(state: RaftState): boolean {
  const { log, nodeId, receiving } = state;
  if (receiving?.phase === 'installing') return false;
  if (isVoter(log.configuration, nodeId)) return true;
  return log.configurationIndex > state.commitIndex && isVoter(log.previousConfiguration, nodeId);
}

function startElection(state: RaftState, isTransfer: boolean): void {
  becomeCandidate(state);
  askForVotes(state, {
    kind: 'voteRequest',
    term: state.term,
    ...lastOf(state),
    isTransfer,
  });
}

/** The own vote counts like any other: once it cannot be forgotten. */
function countOwnVote(state: RaftState): void {
  if (state.pending.isHardStateDue) return;
  state.votes.set(state.nodeId, true);
}

function askForVotes(state: RaftState, message: PreVoteRequest | VoteRequest): void {
  for (const nodeId of membersOf(state.log.configuration)) {
    if (nodeId === state.nodeId || !isVoter(state.log.configuration, nodeId)) continue;
    if (message.kind === 'voteRequest') state.outbox.reply(nodeId, message);
    else state.outbox.send(nodeId, message);
  }
}

function lastOf(state: RaftState): { lastIndex: number; lastTerm: number } {
  return { lastIndex: state.log.lastIndex, lastTerm: state.log.lastTerm };
}

/** By last term first, by length only within it. */
function isUpToDate(state: RaftState, message: PreVoteRequest | VoteRequest): boolean {
  const { lastTerm, lastIndex } = state.log;
  if (message.lastTerm !== lastTerm) return message.lastTerm > lastTerm;
  return message.lastIndex >= lastIndex;
}
