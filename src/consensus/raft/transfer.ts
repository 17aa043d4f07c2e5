/** Handing leadership over: no more proposals, wait until the target has everything, tell it to campaign. */
import type { NodeId } from './configuration.ts';
import { isVoter } from './joint-quorum.ts';
import type { RaftOutput } from './outputs.ts';
import type { Leadership, RaftState } from './raft-state.ts';

type AbortReason = Extract<RaftOutput, { kind: 'transferAborted' }>['reason'];

export function beginTransfer(state: RaftState, to: NodeId): void {
  const { leadership } = state;
  const reason = refusalOf(state, to);
  if (leadership === null || reason !== null) {
    abort(state, to, reason ?? 'notLeader');
    return;
  }
  leadership.transfer = { to, elapsedTicks: 0, isSent: false };
}

/** Tells the target as soon as its log is durably as long as this one. Called at the end of a step. */
export function sendTransfer(state: RaftState, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer === null) return;
  if (!isVoter(state.log.configuration, transfer.to)) {
    leadership.transfer = null;
    abort(state, transfer.to, 'notVoter');
    return;
  }
  if (transfer.isSent || leadership.peers.get(transfer.to)?.matchIndex !== state.log.lastIndex)
    return;
  transfer.isSent = true;
  leadership.isLeaseLost = true;
  state.outbox.send(transfer.to, { kind: 'timeoutNow', term: state.term });
}

/** Proposals are let in again after an election timeout. Called at every tick. */
export function expireTransfer(state: RaftState, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer === null) return;
  transfer.elapsedTicks += 1;
  if (transfer.elapsedTicks < state.settings.electionTicks) return;
  leadership.transfer = null;
  abort(state, transfer.to, 'timeout');
}

function refusalOf(state: RaftState, to: NodeId): AbortReason | null {
  if (state.leadership === null) return 'notLeader';
  if (to === state.nodeId) return 'alreadyLeader';
  if (state.leadership.transfer !== null) return 'pending';
  return isVoter(state.log.configuration, to) ? null : 'notVoter';
}

function abort(state: RaftState, to: NodeId, reason: AbortReason): void {
  state.outbox.notice({ kind: 'transferAborted', to, reason });
}
