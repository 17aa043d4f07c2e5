/** The follower's side of a snapshot, and what installing one does to the log. */
import { invariant } from '../../base/invariant.ts';
import { commitThrough } from './commit.ts';
import type { NodeId } from './configuration.ts';
import { isSameHash } from './entry-hash.ts';
import type { SnapshotMeta } from './log-entry.ts';
import type { SnapshotChunk, SnapshotOffer, SnapshotResponse } from './messages.ts';
import { nextRequestId, type RaftState, type SnapshotReceiving } from './raft-state.ts';
import { followConfiguration } from './roles.ts';

/** Answers from which byte on the snapshot is wanted: an unfinished one goes on where it stopped. */
export function receiveSnapshotOffer(state: RaftState, from: NodeId, message: SnapshotOffer): void {
  const { meta } = message;
  if (meta.lastIndex <= state.commitIndex || isInLog(state, meta)) {
    commitThrough(state, meta.lastIndex);
    answer(state, from, meta, 'installed');
    return;
  }
  const { receiving } = state;
  if (receiving !== null && isOf(receiving, meta.lastIndex, meta.lastTerm)) {
    if (receiving.phase === 'receiving') answer(state, from, meta, 'wanted');
    return;
  }
  if (receiving !== null && receiving.phase !== 'receiving') {
    answer(state, from, meta, 'refused');
    return;
  }
  state.receiving = {
    meta,
    from,
    nextOffset: 0,
    phase: 'receiving',
    requestId: 0,
    chunkBytes: 0,
    isLastChunk: false,
  };
  answer(state, from, meta, 'wanted');
}

export function receiveSnapshotChunk(state: RaftState, from: NodeId, message: SnapshotChunk): void {
  const { receiving } = state;
  if (receiving === null || receiving.phase !== 'receiving') return;
  if (!isOf(receiving, message.snapshotIndex, message.snapshotTerm)) return;
  if (message.offset !== receiving.nextOffset) {
    answer(state, from, receiving.meta, 'wanted');
    return;
  }
  const { data, checksum, offset, isLast } = message;
  receiving.phase = 'writing';
  receiving.requestId = nextRequestId(state);
  receiving.chunkBytes = data.length;
  receiving.isLastChunk = isLast;
  const { requestId, meta } = receiving;
  state.outbox.notice({
    kind: 'writeSnapshotChunk',
    requestId,
    meta,
    offset,
    data,
    checksum,
    isLast,
  });
}

/** The shell kept a chunk, or did not; then it is asked for again. */
export function snapshotChunkWritten(
  state: RaftState,
  requestId: number,
  isWritten: boolean,
): void {
  const { receiving } = state;
  if (receiving === null || receiving.phase !== 'writing' || receiving.requestId !== requestId)
    return;
  receiving.phase = 'receiving';
  if (isWritten) {
    receiving.nextOffset += receiving.chunkBytes;
    if (receiving.isLastChunk) {
      receiving.phase = 'draining';
      return;
    }
  }
  answer(state, state.leader ?? receiving.from, receiving.meta, 'wanted');
}

/** Installs once the state machine has applied all it was given, or not at all if the log caught up meanwhile. */
export function installWhenDrained(state: RaftState): void {
  const { receiving } = state;
  if (receiving === null || receiving.phase !== 'draining') return;
  const { meta, from } = receiving;
  if (state.commitIndex >= meta.lastIndex) {
    state.receiving = null;
    answer(state, state.leader ?? from, meta, 'installed');
    return;
  }
  if (state.appliedIndex !== state.applyingIndex || state.applyReadRequestId !== null) return;
  receiving.phase = 'installing';
  receiving.requestId = nextRequestId(state);
  state.outbox.notice({ kind: 'installSnapshot', requestId: receiving.requestId, meta });
}

/** The state is now the snapshot's. The log is kept if it holds the same entry there, else it starts anew behind it. */
export function snapshotInstalled(state: RaftState, requestId: number, isInstalled: boolean): void {
  const { receiving } = state;
  if (receiving === null || receiving.phase !== 'installing' || receiving.requestId !== requestId)
    return;
  state.receiving = null;
  if (!isInstalled) return;
  const { meta, from } = receiving;
  adoptSnapshot(state, meta);
  answer(state, state.leader ?? from, meta, 'installed');
}

/** Brings the log in line with a state that is that of `meta`. */
export function adoptSnapshot(state: RaftState, meta: SnapshotMeta): void {
  if (isInLog(state, meta)) {
    commitThrough(state, meta.lastIndex);
  } else {
    invariant(
      state.commitIndex < meta.lastIndex,
      'a snapshot must agree with what is committed here',
    );
    state.durability.truncated(state.log.base.index + 1);
    state.log.restartBehind(meta);
    state.pending.restartBehind(meta);
    state.commitIndex = meta.lastIndex;
  }
  state.snapshot = meta;
  state.applyingIndex = meta.lastIndex;
  state.appliedIndex = meta.lastIndex;
  state.applying = [];
  state.applyingBytes = 0;
  followConfiguration(state);
}

/** True when the log holds the very entry the snapshot ends with. */
function isInLog(state: RaftState, meta: SnapshotMeta): boolean {
  if (state.log.termAt(meta.lastIndex) !== meta.lastTerm) return false;
  const held = state.log.hashAt(meta.lastIndex);
  return held !== null && isSameHash(held, meta.lastHash);
}

function isOf(receiving: SnapshotReceiving, lastIndex: number, lastTerm: number): boolean {
  return receiving.meta.lastIndex === lastIndex && receiving.meta.lastTerm === lastTerm;
}

function answer(
  state: RaftState,
  to: NodeId,
  meta: SnapshotMeta,
  outcome: SnapshotResponse['outcome'],
): void {
  const { receiving, term } = state;
  state.outbox.reply(
    to,
    {
      kind: 'snapshotResponse',
      term,
      snapshotIndex: meta.lastIndex,
      snapshotTerm: meta.lastTerm,
      nextOffset: receiving?.nextOffset ?? 0,
      outcome,
    },
    outcome === 'installed' ? meta.lastIndex : 0,
  );
}
