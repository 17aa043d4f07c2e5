/** Terms first: which messages move this node to a later term, and which come too late. */
import { unreachable } from '../../base/invariant.ts';
import type { NodeId } from './configuration.ts';
import {
  isLeaderNear,
  receivePreVoteRequest,
  receiveTimeoutNow,
  receiveVoteRequest,
  receiveVoteResponse,
  refuseOrGrantVote,
} from './election.ts';
import { fail } from './fail.ts';
import type { RaftMessage } from './messages.ts';
import type { RaftState } from './raft-state.ts';
import { receiveReadRequest, receiveReadResponse } from './read-index.ts';
import { receiveAppend, receiveHeartbeat } from './receive-append.ts';
import { receiveAppendResponse, receiveHeartbeatResponse } from './replication.ts';
import { becomeFollower } from './roles.ts';
import { receiveSnapshotChunk, receiveSnapshotOffer } from './snapshot-receiving.ts';
import { receiveSnapshotResponse } from './snapshot-sending.ts';

type FromLeader = Extract<
  RaftMessage,
  { kind: 'appendRequest' | 'heartbeat' | 'snapshotOffer' | 'snapshotChunk' }
>;

export function receive(state: RaftState, from: NodeId, message: RaftMessage): void {
  if (message.kind === 'preVoteRequest') {
    receivePreVoteRequest(state, from, message);
    return;
  }
  if (message.term < state.term) {
    receiveStale(state, from, message);
    return;
  }
  if (message.term > state.term && !adoptTerm(state, from, message)) return;
  dispatch(state, from, message);
}

/** False: the message is to be ignored. */
function adoptTerm(state: RaftState, from: NodeId, message: RaftMessage): boolean {
  if (message.kind === 'voteRequest' && !message.isTransfer && isLeaderNear(state)) return false;
  if (message.kind === 'preVoteResponse' && message.isGranted) return false;
  becomeFollower(state, message.term, isFromLeader(message) ? from : null);
  return true;
}

/** The sender may be stuck behind, or this node ahead for no good reason: either way the answer frees one of them. */
function receiveStale(state: RaftState, from: NodeId, message: RaftMessage): void {
  const { term } = state;
  if (message.kind === 'voteRequest') {
    refuseOrGrantVote(state, from, message.term, false);
  } else if (message.kind === 'preVoteResponse') {
    // A grant comes from a term that is not later than this node's own.
    receiveVoteResponse(state, from, message);
  } else if (isFromLeader(message)) {
    state.outbox.reply(from, {
      kind: 'appendResponse',
      term,
      isAccepted: false,
      prevIndex: 0,
      matchIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
    });
  }
}

function isFromLeader(message: RaftMessage): message is FromLeader {
  const { kind } = message;
  return (
    kind === 'appendRequest' ||
    kind === 'heartbeat' ||
    kind === 'snapshotOffer' ||
    kind === 'snapshotChunk'
  );
}

function dispatch(state: RaftState, from: NodeId, message: RaftMessage): void {
  if (isFromLeader(message)) {
    if (followLeader(state, from)) dispatchFromLeader(state, from, message);
    return;
  }
  const peer = state.leadership?.peers.get(from);
  switch (message.kind) {
    case 'preVoteRequest':
      return;
    case 'voteRequest':
      receiveVoteRequest(state, from, message);
      return;
    case 'preVoteResponse':
    case 'voteResponse':
      receiveVoteResponse(state, from, message);
      return;
    case 'appendResponse':
      if (peer !== undefined) receiveAppendResponse(state, peer, message);
      return;
    case 'heartbeatResponse':
      if (peer !== undefined) receiveHeartbeatResponse(state, peer, message);
      return;
    case 'snapshotResponse':
      if (peer !== undefined) receiveSnapshotResponse(state, peer, message);
      return;
    case 'timeoutNow':
      receiveTimeoutNow(state, from, message);
      return;
    case 'readRequest':
      receiveReadRequest(state, from, message);
      return;
    case 'readResponse':
      receiveReadResponse(state, message);
      return;
    default:
      unreachable(message);
  }
}

function dispatchFromLeader(state: RaftState, from: NodeId, message: FromLeader): void {
  switch (message.kind) {
    case 'appendRequest':
      receiveAppend(state, from, message);
      return;
    case 'heartbeat':
      receiveHeartbeat(state, from, message);
      return;
    case 'snapshotOffer':
      receiveSnapshotOffer(state, from, message);
      return;
    case 'snapshotChunk':
      receiveSnapshotChunk(state, from, message);
      return;
    default:
      unreachable(message);
  }
}

/** A term has one leader; a second one means that somebody voted twice. */
function followLeader(state: RaftState, from: NodeId): boolean {
  if (state.leader !== null && state.leader !== from) {
    fail(state, 'TWO_LEADERS', `term ${state.term} must have one leader: ${state.leader}, ${from}`);
    return false;
  }
  if (state.leader === null) becomeFollower(state, state.term, from);
  state.electionElapsed = 0;
  return true;
}
