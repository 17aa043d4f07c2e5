/** The leader's side of a snapshot: offered, then sent chunk by chunk from the byte the follower asks for. */
import type { SnapshotResponse } from './messages.ts';
import type { Progress } from './progress.ts';
import { nextRequestId, type RaftState } from './raft-state.ts';

/** Offers the newest snapshot to a peer that lacks entries this log no longer has. */
export function offerSnapshot(state: RaftState, peer: Progress): void {
  if (state.snapshot === null) return;
  peer.becomeSnapshot(state.snapshot);
  sendOffer(state, peer);
}

export function receiveSnapshotResponse(
  state: RaftState,
  peer: Progress,
  message: SnapshotResponse,
): void {
  peer.isRecentlyActive = true;
  const { sending } = peer;
  if (message.outcome === 'installed') {
    if (message.snapshotIndex <= state.log.lastIndex) peer.matched(message.snapshotIndex);
    if (peer.state === 'snapshot' && peer.matchIndex >= state.log.base.index) peer.becomeProbe();
    return;
  }
  if (sending === null || message.snapshotIndex !== sending.meta.lastIndex) return;
  if (message.outcome === 'refused' || sending.requestId !== null) return;
  sending.idleTicks = 0;
  sending.offset = message.nextOffset;
  sending.requestId = nextRequestId(state);
  state.outbox.notice({
    kind: 'readSnapshotChunk',
    requestId: sending.requestId,
    snapshotIndex: sending.meta.lastIndex,
    offset: sending.offset,
    bytesMax: state.settings.snapshotChunkBytes,
  });
}

/** A chunk the shell read; null: that snapshot is gone, so a newer one is offered. */
export function sendChunkRead(
  state: RaftState,
  requestId: number,
  chunk: { readonly data: Uint8Array; readonly checksum: number; readonly isLast: boolean } | null,
): void {
  for (const peer of state.leadership?.peers.values() ?? []) {
    const { sending } = peer;
    if (sending === null || sending.requestId !== requestId) continue;
    sending.requestId = null;
    sending.idleTicks = 0;
    if (chunk === null) {
      peer.becomeProbe();
      return;
    }
    state.outbox.send(peer.nodeId, {
      kind: 'snapshotChunk',
      term: state.term,
      snapshotIndex: sending.meta.lastIndex,
      snapshotTerm: sending.meta.lastTerm,
      offset: sending.offset,
      ...chunk,
    });
  }
}

/** Offers again what stood still for an election timeout; the answer says where to go on. Called at every tick. */
export function repeatOffers(state: RaftState): void {
  for (const peer of state.leadership?.peers.values() ?? []) {
    const { sending } = peer;
    if (sending === null) continue;
    sending.idleTicks += 1;
    if (sending.idleTicks < state.settings.electionTicks) continue;
    sending.idleTicks = 0;
    sending.requestId = null;
    if (state.snapshot !== null && state.snapshot.lastIndex > sending.meta.lastIndex)
      peer.becomeSnapshot(state.snapshot);
    sendOffer(state, peer);
  }
}

function sendOffer(state: RaftState, peer: Progress): void {
  const { sending } = peer;
  if (sending === null) return;
  state.outbox.send(peer.nodeId, { kind: 'snapshotOffer', term: state.term, meta: sending.meta });
}
