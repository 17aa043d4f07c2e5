/** How a core changes its term and role. */
import { invariant } from '../../base/invariant.ts';
import { appendOwn } from './append-own.ts';
import type { NodeId } from './configuration.ts';
import { isVoter, membersOf } from './joint-quorum.ts';
import { Progress } from './progress.ts';
import { dropReads } from './read-index.ts';
import type { RaftState } from './raft-state.ts';

/** Follows `leader` (null = not known yet) in `term`. The vote is forgotten only with its term. */
export function becomeFollower(state: RaftState, term: number, leader: NodeId | null): void {
  invariant(term >= state.term, 'a term must not go back');
  endLeadership(state);
  if (term > state.term) {
    state.term = term;
    state.votedFor = null;
    state.pending.isHardStateDue = true;
  }
  state.role = isVoter(state.log.configuration, state.nodeId) ? 'follower' : 'learner';
  state.leader = leader;
  state.votes = new Map();
  restartElectionTimer(state);
}

/** Asks whether an election could be won; term and vote stay as they are. */
export function becomePreCandidate(state: RaftState): void {
  invariant(state.role !== 'leader', 'a leader must not campaign');
  state.role = 'preCandidate';
  state.leader = null;
  state.votes = new Map([[state.nodeId, true]]);
  restartElectionTimer(state);
}

/** Begins a term of its own and votes for itself; that vote counts once it is durable. */
export function becomeCandidate(state: RaftState): void {
  invariant(state.role !== 'leader', 'a leader must not campaign');
  state.role = 'candidate';
  state.term += 1;
  state.votedFor = state.nodeId;
  state.pending.isHardStateDue = true;
  state.leader = null;
  state.votes = new Map();
  restartElectionTimer(state);
}

/** Leads the term it won. Only entries of that term are committed by counting, so it begins with an empty one. */
export function becomeLeader(state: RaftState): void {
  invariant(state.role === 'candidate', 'only a candidate may become leader');
  invariant(state.votedFor === state.nodeId, 'a leader must have voted for itself');
  state.role = 'leader';
  state.leader = state.nodeId;
  state.electionElapsed = 0;
  const firstIndex = state.log.lastIndex + 1;
  state.leadership = {
    firstIndex,
    peers: new Map(),
    heartbeatElapsed: 0,
    round: 0,
    roundsSent: [],
    confirmedRound: 0,
    leaseUntilTick: 0,
    readsWaiting: [],
    roundReads: [],
    transfer: null,
    isLeaseLost: false,
    uncommitted: [],
    uncommittedBytes: 0,
  };
  appendOwn(state, 'noop', new Uint8Array(0));
  followConfiguration(state);
}

/** Keeps a progress for every other member, and for nobody else. */
export function followConfiguration(state: RaftState): void {
  const { leadership, log } = state;
  if (leadership === null) {
    if (state.role === 'follower' || state.role === 'learner')
      state.role = isVoter(log.configuration, state.nodeId) ? 'follower' : 'learner';
    return;
  }
  const members = new Set(membersOf(log.configuration));
  members.delete(state.nodeId);
  for (const nodeId of leadership.peers.keys())
    if (!members.has(nodeId)) leadership.peers.delete(nodeId);
  for (const nodeId of members) {
    if (!leadership.peers.has(nodeId))
      leadership.peers.set(nodeId, new Progress(nodeId, Math.max(log.lastIndex, 1)));
  }
}

/** Draws a new wait, so that two candidates seldom collide twice. */
export function restartElectionTimer(state: RaftState): void {
  const { electionTicks } = state.settings;
  state.electionElapsed = 0;
  state.electionTimeout = electionTicks + state.rng.below(electionTicks);
}

function endLeadership(state: RaftState): void {
  const { leadership } = state;
  if (leadership === null) return;
  dropReads(state, leadership);
  if (leadership.transfer !== null && !leadership.transfer.isSent) {
    const { to } = leadership.transfer;
    state.outbox.notice({ kind: 'transferAborted', to, reason: 'leadershipLost' });
  }
  state.leadership = null;
}
