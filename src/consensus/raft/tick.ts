/** What time does. */
import { campaign } from './election.ts';
import { hasQuorum } from './joint-quorum.ts';
import type { Leadership, RaftState } from './raft-state.ts';
import { expireForwardedReads, sendHeartbeats } from './read-index.ts';
import { tellCommitsLate } from './replication.ts';
import { becomeFollower } from './roles.ts';
import { repeatOffers } from './snapshot-sending.ts';
import { expireTransfer } from './transfer.ts';

export function tick(state: RaftState): void {
  state.nowTick += 1;
  state.electionElapsed += 1;
  expireForwardedReads(state);
  if (state.nowTick % state.settings.electionTicks === 0) writeCommitHint(state);
  if (state.leadership !== null) tickLeader(state, state.leadership);
  else if (state.electionElapsed >= state.electionTimeout) campaign(state, false);
}

function tickLeader(state: RaftState, leadership: Leadership): void {
  const { settings } = state;
  tellCommitsLate(state, leadership);
  expireTransfer(state, leadership);
  repeatOffers(state);
  if (state.electionElapsed >= settings.electionTicks) {
    state.electionElapsed = 0;
    if (settings.isCheckQuorumOn && !isQuorumActive(state, leadership)) {
      becomeFollower(state, state.term, null);
      return;
    }
  }
  leadership.heartbeatElapsed += 1;
  if (leadership.heartbeatElapsed >= settings.heartbeatTicks) sendHeartbeats(state, leadership);
}

/** Looks who was heard of since the last look. */
function isQuorumActive(state: RaftState, leadership: Leadership): boolean {
  const isActive = hasQuorum(
    state.log.configuration,
    (nodeId) => nodeId === state.nodeId || leadership.peers.get(nodeId)?.isRecentlyActive === true,
  );
  for (const peer of leadership.peers.values()) {
    peer.wasActive = peer.isRecentlyActive;
    peer.isRecentlyActive = false;
  }
  return isActive;
}

/** Spares a restarted node most of the waiting for a leader to tell it what is committed. */
function writeCommitHint(state: RaftState): void {
  if (state.commitIndex > state.writtenCommitIndex) state.pending.isCommitDue = true;
}
