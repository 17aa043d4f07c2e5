/**
 * Membership changes of a leader: one at a time, each through the log, and never before the last is committed.
 *
 * A configuration is in force from the moment its entry is appended.
 */
import { appendOwn } from './append-own.ts';
import {
  changeConfiguration,
  isJoint,
  leaveJoint,
  type MembershipRefusal,
} from './change-configuration.ts';
import type { Configuration, MemberChange } from './configuration.ts';
import { encodeConfiguration } from './configuration-codec.ts';
import type { RaftState } from './raft-state.ts';
import { isTermReady } from './read-index.ts';
import { becomeFollower, followConfiguration } from './roles.ts';

export function changeMembership(
  state: RaftState,
  changeId: number,
  changes: readonly MemberChange[],
  isAutoLeave: boolean,
): void {
  const { configuration } = state.log;
  let result: Configuration | MembershipRefusal | null = notNow(state);
  if (result === null && isJoint(configuration))
    result = { code: 'CHANGE_PENDING', message: 'the joint configuration must be left first' };
  result ??=
    notCaughtUp(state, changes) ?? changeConfiguration(configuration, changes, isAutoLeave);
  answer(state, changeId, result);
}

export function leaveJointWhenTold(state: RaftState, changeId: number): void {
  const { configuration } = state.log;
  const refusal = notNow(state);
  if (refusal !== null) answer(state, changeId, refusal);
  else if (isJoint(configuration)) answer(state, changeId, leaveJoint(configuration));
  else answer(state, changeId, { code: 'NOT_JOINT', message: 'the configuration must be joint' });
}

/** Leaves a joint configuration once it is committed. Called at the end of a step. */
export function leaveJointWhenDue(state: RaftState): void {
  const { configuration, configurationIndex } = state.log;
  if (!isJoint(configuration) || !configuration.isAutoLeave) return;
  if (!isTermReady(state) || configurationIndex > state.commitIndex) return;
  enter(state, leaveJoint(configuration));
}

/** A leader outside the committed configuration has done its part. Called at the end of a step, after sending. */
export function stepDownWhenRemoved(state: RaftState): void {
  const { configuration, configurationIndex } = state.log;
  if (state.leadership === null || configurationIndex > state.commitIndex) return;
  if (isJoint(configuration) || configuration.voters.includes(state.nodeId)) return;
  becomeFollower(state, state.term, null);
}

function notNow(state: RaftState): MembershipRefusal | null {
  if (state.leadership === null)
    return { code: 'NOT_LEADER', message: 'only the leader changes the members' };
  if (!isTermReady(state))
    return { code: 'TERM_NOT_READY', message: 'an entry of this term must be committed first' };
  if (state.leadership.transfer !== null)
    return { code: 'TRANSFER_PENDING', message: 'leadership is being handed over' };
  if (state.log.configurationIndex > state.commitIndex)
    return { code: 'CHANGE_PENDING', message: 'the last change must be committed first' };
  return null;
}

function notCaughtUp(state: RaftState, changes: readonly MemberChange[]): MembershipRefusal | null {
  const { leadership, log, settings } = state;
  for (const { kind, nodeId } of changes) {
    const peer = leadership?.peers.get(nodeId);
    if (kind !== 'promote' || peer === undefined) continue;
    const behind = log.lastIndex - peer.matchIndex;
    const answers = peer.isRecentlyActive || peer.wasActive;
    if (answers && behind <= settings.catchUpEntriesMax && peer.matchIndex > 0) continue;
    const word = answers ? `is ${behind}` : 'does not answer';
    const message = `${nodeId} must be at most ${settings.catchUpEntriesMax} entries behind, ${word}`;
    return { code: 'NODE_NOT_CAUGHT_UP', message };
  }
  return null;
}

function answer(
  state: RaftState,
  changeId: number,
  result: Configuration | MembershipRefusal,
): void {
  if ('code' in result) {
    const { code, message } = result;
    state.outbox.notice({ kind: 'membershipRefused', changeId, code, message });
    return;
  }
  const index = enter(state, result);
  state.outbox.notice({ kind: 'membershipAccepted', changeId, index });
}

function enter(state: RaftState, configuration: Configuration): number {
  const { index } = appendOwn(state, 'configuration', encodeConfiguration(configuration));
  followConfiguration(state);
  return index;
}
