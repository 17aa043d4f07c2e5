/**
 * Reads without writing: the commit index, confirmed by a quorum that still follows this leader.
 *
 * A read joins the first heartbeat round that is sent after it. Rounds count within a term, and a node leads a term at
 * most once, so an answer that comes late can confirm only what was asked before it.
 */
import type { NodeId } from './configuration.ts';
import { isVoter, quorumReached } from './joint-quorum.ts';
import type { ReadRequest, ReadResponse } from './messages.ts';
import type { ReadRefusalReason } from './outputs.ts';
import type { Leadership, RaftState, ReadSource } from './raft-state.ts';

/** Unconfirmed rounds whose times are kept; an older one confirmed late extends no lease. */
const ROUNDS_MAX = 256;

/** An own reader asks. */
export function takeRead(state: RaftState, readId: number, mode: 'readIndex' | 'lease'): void {
  const { leadership } = state;
  if (leadership === null) {
    forwardRead(state, readId);
  } else if (mode === 'lease' && isLeaseHeld(state, leadership)) {
    state.outbox.notice({ kind: 'readReady', readId, index: state.commitIndex });
  } else {
    addRead(state, leadership, { kind: 'local', readId });
  }
}

export function receiveReadRequest(state: RaftState, from: NodeId, message: ReadRequest): void {
  const { session, sequence } = message;
  const source: ReadSource = { kind: 'peer', from, session, sequence };
  if (state.leadership === null) refuseRead(state, source, 'notLeader');
  else addRead(state, state.leadership, source);
}

/** An answer to a question of this very start of the node; any other is ignored. */
export function receiveReadResponse(state: RaftState, message: ReadResponse): void {
  const { session, sequence, index } = message;
  const read = state.forwardedReads.get(sequence);
  if (read === undefined || session !== state.readSession) return;
  state.forwardedReads.delete(sequence);
  const source: ReadSource = { kind: 'local', readId: read.readId };
  if (index === null) refuseRead(state, source, 'notLeader');
  else state.outbox.notice({ kind: 'readReady', readId: read.readId, index });
}

/** Forwarded reads whose answer is late are given back. Called at every tick. */
export function expireForwardedReads(state: RaftState): void {
  for (const [sequence, { readId, sinceTick }] of state.forwardedReads) {
    if (state.nowTick - sinceTick < state.settings.electionTicks) break;
    state.forwardedReads.delete(sequence);
    refuseRead(state, { kind: 'local', readId }, 'timeout');
  }
}

/** Begins a round when reads wait for one and none is out. Called at the end of a step. */
export function beginReadRound(state: RaftState, leadership: Leadership): void {
  if (leadership.readsWaiting.length === 0 || !isTermReady(state)) return;
  if (leadership.roundReads.length > 0) return;
  sendHeartbeats(state, leadership);
}

/** Sends a new round to every peer; reads that wait join it. */
export function sendHeartbeats(state: RaftState, leadership: Leadership): void {
  leadership.round += 1;
  leadership.heartbeatElapsed = 0;
  const { round } = leadership;
  leadership.roundsSent.push({ round, atTick: state.nowTick });
  if (leadership.roundsSent.length > ROUNDS_MAX) leadership.roundsSent.shift();
  if (isTermReady(state)) {
    for (const source of leadership.readsWaiting)
      leadership.roundReads.push({ source, index: state.commitIndex, round });
    leadership.readsWaiting = [];
  }
  for (const peer of leadership.peers.values()) {
    const commitIndex = Math.min(state.commitIndex, peer.matchIndex);
    state.outbox.send(peer.nodeId, { kind: 'heartbeat', term: state.term, commitIndex, round });
  }
  confirmRounds(state, leadership);
}

/** Answers the reads of every round that a quorum has answered. */
export function confirmRounds(state: RaftState, leadership: Leadership): void {
  if (leadership.confirmedRound === leadership.round) return;
  const confirmed = quorumReached(state.log.configuration, (nodeId) =>
    nodeId === state.nodeId ? leadership.round : (leadership.peers.get(nodeId)?.ackedRound ?? 0),
  );
  if (confirmed <= leadership.confirmedRound) return;
  leadership.confirmedRound = confirmed;
  extendLease(state, leadership);
  while (leadership.roundReads.length > 0) {
    const read = leadership.roundReads[0];
    if (read === undefined || read.round > confirmed) break;
    leadership.roundReads.shift();
    answerRead(state, read.source, read.index);
  }
}

/** Refuses every read when leadership ends. */
export function dropReads(state: RaftState, leadership: Leadership): void {
  for (const { source } of leadership.roundReads) refuseRead(state, source, 'leadershipLost');
  for (const source of leadership.readsWaiting) refuseRead(state, source, 'leadershipLost');
}

/** True once an entry of the leader's own term is committed: only then is its commit index the newest. */
export function isTermReady(state: RaftState): boolean {
  const { leadership } = state;
  return leadership !== null && state.commitIndex >= leadership.firstIndex;
}

function addRead(state: RaftState, leadership: Leadership, source: ReadSource): void {
  const waiting = leadership.readsWaiting.length + leadership.roundReads.length;
  if (waiting >= state.settings.readsMax) refuseRead(state, source, 'overload');
  else leadership.readsWaiting.push(source);
}

function forwardRead(state: RaftState, readId: number): void {
  const source: ReadSource = { kind: 'local', readId };
  if (state.leader === null) {
    refuseRead(state, source, 'notLeader');
  } else if (state.forwardedReads.size >= state.settings.readsMax) {
    refuseRead(state, source, 'overload');
  } else {
    state.readSequence += 1;
    const sequence = state.readSequence;
    state.forwardedReads.set(sequence, { readId, sinceTick: state.nowTick });
    const { term, readSession: session } = state;
    state.outbox.reply(state.leader, { kind: 'readRequest', term, session, sequence });
  }
}

function answerRead(state: RaftState, source: ReadSource, index: number): void {
  if (source.kind === 'local') {
    state.outbox.notice({ kind: 'readReady', readId: source.readId, index });
    return;
  }
  const { from, session, sequence } = source;
  const { term } = state;
  state.outbox.send(from, { kind: 'readResponse', term, session, sequence, index });
}

function refuseRead(state: RaftState, source: ReadSource, reason: ReadRefusalReason): void {
  const { leader, term } = state;
  if (source.kind === 'local') {
    state.outbox.notice({ kind: 'readRefused', readId: source.readId, reason, leader });
    return;
  }
  const { from, session, sequence } = source;
  state.outbox.reply(from, { kind: 'readResponse', term, session, sequence, index: null });
}

/** The lease runs from the sending of the confirmed round: followers heard of this leader no earlier. */
function extendLease(state: RaftState, leadership: Leadership): void {
  let sentAt = -1;
  while ((leadership.roundsSent[0]?.round ?? Number.POSITIVE_INFINITY) <= leadership.confirmedRound)
    sentAt = leadership.roundsSent.shift()?.atTick ?? sentAt;
  if (sentAt >= 0) leadership.leaseUntilTick = sentAt + state.settings.leaseTicks;
}

function isLeaseHeld(state: RaftState, leadership: Leadership): boolean {
  const { leaseTicks, isCheckQuorumOn } = state.settings;
  return (
    leaseTicks > 0 &&
    isCheckQuorumOn &&
    isTermReady(state) &&
    !leadership.isLeaseLost &&
    leadership.transfer === null &&
    isVoter(state.log.configuration, state.nodeId) &&
    state.nowTick < leadership.leaseUntilTick
  );
}
