/** The end of a step: decide, write once, send, apply. */
import { applyCommitted, commitByQuorum } from './commit.ts';
import type { WriteToken } from './inputs.ts';
import { leaveJointWhenDue, stepDownWhenRemoved } from './membership.ts';
import type { RaftOutput, RaftRole } from './outputs.ts';
import type { RaftState } from './raft-state.ts';
import { beginReadRound, isTermReady } from './read-index.ts';
import { replicate } from './replication.ts';
import { installWhenDrained } from './snapshot-receiving.ts';
import { sendTransfer } from './transfer.ts';

/** What the shell was last told. */
export interface Announced {
  role: RaftRole | null;
  term: number;
  leader: string | null;
  isTermReady: boolean;
  configurationIndex: number;
}

export function createAnnounced(): Announced {
  return { role: null, term: 0, leader: null, isTermReady: false, configurationIndex: -1 };
}

/** Outputs of a step, in the order they must be begun. */
export function settle(state: RaftState, announced: Announced): readonly RaftOutput[] {
  if (state.failure !== null) return settleFailed(state, announced);
  if (state.leadership !== null) lead(state);
  installWhenDrained(state);
  applyCommitted(state);
  announce(state, announced);
  const outputs: RaftOutput[] = [];
  const write = flushWrite(state);
  if (write !== null) outputs.push(write);
  const { notices, replies, sends } = state.outbox;
  for (const send of sends) outputs.push(send);
  for (const reply of replies) outputs.push(toOutput(state, reply));
  for (const notice of notices) outputs.push(notice);
  clearOutbox(state);
  state.log.shrinkTail(state.settings.tailBytesMax, state.durability.stableIndex);
  return outputs;
}

function lead(state: RaftState): void {
  const { leadership } = state;
  if (leadership === null) return;
  commitByQuorum(state, leadership);
  leaveJointWhenDue(state);
  sendTransfer(state, leadership);
  beginReadRound(state, leadership);
  replicate(state, leadership);
  stepDownWhenRemoved(state);
}

function flushWrite(state: RaftState): RaftOutput | null {
  const { pending, durability, log } = state;
  if (pending.isEmpty) return null;
  const lastIndex = pending.hasLogChange ? log.lastIndex : null;
  const token: WriteToken = durability.issue(lastIndex, pending.isHardStateDue);
  // A crash may keep the hint and lose what replaces entries: it must be true of the old ones, too.
  const commitIndex = pending.isReplacing
    ? Math.min(state.writtenCommitIndex, state.commitIndex)
    : state.commitIndex;
  state.writtenCommitIndex = commitIndex;
  const { term, votedFor } = state;
  return pending.take(token, { term, votedFor, commitIndex });
}

function toOutput(
  state: RaftState,
  { to, message, logIndex }: RaftState['outbox']['replies'][number],
): RaftOutput {
  const after = state.durability.logWait(logIndex);
  return after === null ? { kind: 'send', to, message } : { kind: 'sendAfter', to, message, after };
}

function announce(state: RaftState, announced: Announced): void {
  const { role, term, leader, log } = state;
  if (announced.configurationIndex !== log.configurationIndex) {
    announced.configurationIndex = log.configurationIndex;
    const { configuration, configurationIndex: index } = log;
    state.outbox.notice({ kind: 'configuration', configuration, index });
  }
  const isReady = isTermReady(state);
  const isSame =
    announced.role === role &&
    announced.term === term &&
    announced.leader === leader &&
    announced.isTermReady === isReady;
  if (isSame) return;
  Object.assign(announced, { role, term, leader, isTermReady: isReady });
  state.outbox.notice({ kind: 'role', role, term, leader, isTermReady: isReady });
}

/** Nothing of the step that failed leaves but the reason. */
function settleFailed(state: RaftState, announced: Announced): readonly RaftOutput[] {
  const notices = state.outbox.notices.filter(
    ({ kind }) =>
      kind === 'failed' ||
      kind === 'proposalDropped' ||
      kind === 'readRefused' ||
      kind === 'membershipRefused' ||
      kind === 'transferAborted',
  );
  clearOutbox(state);
  if (announced.role !== 'failed') {
    announced.role = 'failed';
    state.role = 'failed';
    state.leader = null;
    const { term } = state;
    notices.push({ kind: 'role', role: 'failed', term, leader: null, isTermReady: false });
  }
  return notices;
}

function clearOutbox(state: RaftState): void {
  const { outbox } = state;
  if (outbox.replies.length > 0) outbox.replies = [];
  if (outbox.sends.length > 0) outbox.sends = [];
  if (outbox.notices.length > 0) outbox.notices = [];
}
