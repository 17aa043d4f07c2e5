/** The leader's side of replication: what is sent to each peer, and what its answers mean. */
import { invariant } from '../../base/invariant.ts';
import { fail } from './fail.ts';
import type { RaftEntry } from './log-entry.ts';
import type { AppendResponse, HeartbeatResponse } from './messages.ts';
import type { Progress } from './progress.ts';
import { nextRequestId, type Leadership, type RaftState } from './raft-state.ts';
import { confirmRounds } from './read-index.ts';
import { offerSnapshot } from './snapshot-sending.ts';

/** Sends each peer all that its window has room for. Called at the end of a step. */
export function replicate(state: RaftState, leadership: Leadership): void {
  for (const peer of leadership.peers.values()) sendDue(state, peer);
}

/**
 * What is committed leaves with the next entries; where none come within a tick, it leaves alone. Told at once it would
 * cost each peer a message, a step and an answer for every entry.
 */
export function tellCommitsLate(state: RaftState, leadership: Leadership): void {
  for (const peer of leadership.peers.values()) {
    if (peer.sentCommitIndex < state.commitIndex) peer.isCommitDue = true;
  }
}

export function receiveAppendResponse(
  state: RaftState,
  peer: Progress,
  message: AppendResponse,
): void {
  peer.isRecentlyActive = true;
  const { log } = state;
  if (!message.isAccepted) {
    const { prevIndex, hintIndex, hintTerm } = message;
    peer.refused(prevIndex, log.newestOfTerm(hintIndex, hintTerm) + 1);
    return;
  }
  const { matchIndex } = message;
  if (matchIndex > log.lastIndex) {
    const text = `a peer must match within the log of ${log.lastIndex}, got ${matchIndex}`;
    state.outbox.notice({ kind: 'peerFault', nodeId: peer.nodeId, message: text });
    return;
  }
  const isNews = peer.matched(matchIndex);
  if (peer.state === 'probe' && (isNews || matchIndex === peer.matchIndex)) peer.becomeReplicate();
  else if (peer.state === 'snapshot' && peer.matchIndex >= log.base.index) peer.becomeReplicate();
}

export function receiveHeartbeatResponse(
  state: RaftState,
  peer: Progress,
  message: HeartbeatResponse,
): void {
  const { leadership, settings } = state;
  if (leadership === null || message.round > leadership.round) return;
  peer.isRecentlyActive = true;
  peer.isProbeOut = false;
  if (peer.isFull(settings.inFlightMessagesMax, settings.inFlightBytesMax)) peer.freeOldest();
  if (peer.matchIndex < state.log.lastIndex) peer.isCheckDue = true;
  peer.ackedRound = Math.max(peer.ackedRound, message.round);
  confirmRounds(state, leadership);
}

/** Entries for a peer that were no longer in memory. */
export function sendEntriesRead(
  state: RaftState,
  requestId: number,
  entries: readonly RaftEntry[],
): void {
  for (const peer of state.leadership?.peers.values() ?? []) {
    if (peer.readRequestId !== requestId) continue;
    peer.readRequestId = null;
    const first = entries[0];
    if (first === undefined || first.index !== peer.nextIndex) return;
    // Compacted while they were read: the peer needs a snapshot by now.
    if (state.log.termAt(peer.nextIndex - 1) === null) return;
    if (entries.some((entry) => !state.log.isHeld(entry))) {
      fail(state, 'ENTRIES_WRONG', 'entries read back must be those of the log');
      return;
    }
    if (canSend(state, peer)) sendAppend(state, peer, entries);
    return;
  }
}

function canSend(state: RaftState, peer: Progress): boolean {
  const { inFlightMessagesMax, inFlightBytesMax } = state.settings;
  if (peer.state === 'probe') return !peer.isProbeOut;
  return peer.state === 'replicate' && !peer.isFull(inFlightMessagesMax, inFlightBytesMax);
}

function sendDue(state: RaftState, peer: Progress): void {
  const { log, settings } = state;
  while (canSend(state, peer) && peer.readRequestId === null) {
    if (log.termAt(peer.nextIndex - 1) === null) {
      offerSnapshot(state, peer);
      return;
    }
    const entries = log.slice(peer.nextIndex, log.lastIndex, settings.appendBytesMax);
    if (entries.length === 0 && peer.nextIndex <= log.lastIndex) {
      askForEntries(state, peer);
      return;
    }
    const isEmpty = entries.length === 0;
    const isDue = peer.isCheckDue || isCommitNewsDue(state, peer);
    if (isEmpty && peer.state !== 'probe' && !isDue) return;
    sendAppend(state, peer, entries);
    if (isEmpty) return;
  }
}

/** Who is a member is told at once: a leader that is one no more has no later moment. */
function isCommitNewsDue({ commitIndex, log }: RaftState, peer: Progress): boolean {
  const { isCommitDue, sentCommitIndex } = peer;
  if (sentCommitIndex >= commitIndex) return false;
  const { configurationIndex } = log;
  return isCommitDue || (sentCommitIndex < configurationIndex && configurationIndex <= commitIndex);
}

function sendAppend(state: RaftState, peer: Progress, entries: readonly RaftEntry[]): void {
  const { log, term, commitIndex } = state;
  const prevIndex = peer.nextIndex - 1;
  const prevTerm = log.termAt(prevIndex);
  const prevHash = log.hashAt(prevIndex);
  invariant(prevTerm !== null && prevHash !== null, 'an append must begin in the log');
  state.outbox.send(peer.nodeId, {
    kind: 'appendRequest',
    term,
    prevIndex,
    prevTerm,
    prevHash,
    entries,
    commitIndex,
  });
  let bytes = 0;
  for (const entry of entries) bytes += entry.body.length;
  peer.sentCommitIndex = commitIndex;
  peer.isCheckDue = false;
  peer.isCommitDue = false;
  peer.sent(prevIndex + entries.length, bytes);
}

function askForEntries(state: RaftState, peer: Progress): void {
  const requestId = nextRequestId(state);
  peer.readRequestId = requestId;
  state.outbox.notice({
    kind: 'readEntries',
    requestId,
    from: peer.nextIndex,
    to: state.log.lastIndex,
    bytesMax: state.settings.appendBytesMax,
  });
}
