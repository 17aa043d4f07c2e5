import { appendOwn } from './append-own.ts';
import type { Proposal } from './inputs.ts';
import type { ProposalDropReason } from './outputs.ts';
import type { RaftState } from './raft-state.ts';

/** Appends commands, if this node leads in exactly the term they were made for and has room. */
export function propose(state: RaftState, term: number, proposals: readonly Proposal[]): void {
  for (const { proposalId, body } of proposals) {
    const reason = refusalOf(state, term, body.length);
    if (reason === null) {
      const { index } = appendOwn(state, 'command', body);
      state.leadership?.uncommitted.push({ index, bytes: body.length });
      if (state.leadership !== null) state.leadership.uncommittedBytes += body.length;
      state.outbox.notice({ kind: 'proposalAccepted', proposalId, index, term });
    } else {
      const { leader } = state;
      state.outbox.notice({ kind: 'proposalDropped', proposalId, reason, leader });
    }
  }
}

function refusalOf(state: RaftState, term: number, bytes: number): ProposalDropReason | null {
  const { leadership, settings } = state;
  if (leadership === null) return 'notLeader';
  if (term !== state.term) return 'termChanged';
  if (leadership.transfer !== null) return 'transferring';
  if (bytes > settings.proposalBytesMax) return 'tooLarge';
  const { uncommittedBytes } = leadership;
  const isOver = uncommittedBytes + bytes > settings.uncommittedBytesMax;
  return isOver && uncommittedBytes > 0 ? 'overload' : null;
}
