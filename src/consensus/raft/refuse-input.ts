import type { RaftInput } from './inputs.ts';
import type { RaftState } from './raft-state.ts';

/** Answers what waits for an answer after a failure; everything else is ignored. */
export function refuseInput(state: RaftState, input: RaftInput): void {
  const { outbox } = state;
  const reason = 'failed';
  if (input.kind === 'propose') {
    for (const { proposalId } of input.proposals)
      outbox.notice({ kind: 'proposalDropped', proposalId, reason, leader: null });
  } else if (input.kind === 'read') {
    outbox.notice({ kind: 'readRefused', readId: input.readId, reason, leader: null });
  } else if (input.kind === 'changeMembership' || input.kind === 'leaveJoint') {
    const message = `this node failed: ${state.failure?.message ?? ''}`;
    const { changeId } = input;
    outbox.notice({ kind: 'membershipRefused', changeId, code: 'NOT_LEADER', message });
  } else if (input.kind === 'transfer') {
    outbox.notice({ kind: 'transferAborted', to: input.to, reason: 'notLeader' });
  }
}
