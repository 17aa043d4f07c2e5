import { invariant } from '../../base/invariant.ts';
import type { NodeId } from './configuration.ts';
import type { SnapshotMeta } from './log-entry.ts';

/** A snapshot on its way to a peer, one chunk at a time. */
export interface SnapshotSending {
  readonly meta: SnapshotMeta;
  /** Chunk being read by the shell, or null. */
  requestId: number | null;
  offset: number;
  /** Ticks since the peer or the shell last moved it on. */
  idleTicks: number;
}

interface InFlight {
  readonly lastIndex: number;
  readonly bytes: number;
}

/**
 * What a leader believes of one peer. Always `matchIndex < nextIndex`.
 *
 * `probe`: where the logs agree is not known, one append per heartbeat. `replicate`: appends are sent ahead of their
 * answers, within bounds. `snapshot`: the log no longer has what the peer lacks.
 */
export class Progress {
  readonly nodeId: NodeId;
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  matchIndex = 0;
  nextIndex: number;
  /** Heard of since the last look at the quorum. A new peer is given the benefit of the doubt. */
  isRecentlyActive = true;
  /** What {@link Progress.isRecentlyActive} was at that look: right after it nobody can have been heard of yet. */
  wasActive = true;
  /** Probe: an append is out and neither answered nor given up. */
  isProbeOut = false;
  /** An append is due even without entries: it finds out whether one was lost. */
  isCheckDue = false;
  sentCommitIndex = 0;
  /** What is committed was not told for up to a tick, and no entries came to tell it with: an append is due for it. */
  isCommitDue = false;
  /** Newest heartbeat round answered. */
  ackedRound = 0;
  /** Entries being read from disk for this peer, or null. */
  readRequestId: number | null = null;
  sending: SnapshotSending | null = null;
  #inFlight: InFlight[] = [];
  #inFlightBytes = 0;

  constructor(nodeId: NodeId, nextIndex: number) {
    this.nodeId = nodeId;
    this.nextIndex = nextIndex;
  }

  get inFlightMessages(): number {
    return this.#inFlight.length;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  becomeProbe(): void {
    this.#enter('probe');
    this.nextIndex = this.matchIndex + 1;
  }

  becomeReplicate(): void {
    this.#enter('replicate');
    this.nextIndex = this.matchIndex + 1;
  }

  becomeSnapshot(meta: SnapshotMeta): void {
    this.#enter('snapshot');
    this.sending = { meta, requestId: null, offset: 0, idleTicks: 0 };
  }

  /** The peer's log is durably equal through `index`. True if that was news. */
  matched(index: number): boolean {
    this.#freeThrough(index);
    this.nextIndex = Math.max(this.nextIndex, index + 1);
    if (index <= this.matchIndex) return false;
    this.matchIndex = index;
    return true;
  }

  /** Probe from `nextIndex` on, unless the refusal is an old one. */
  refused(prevIndex: number, nextIndex: number): void {
    if (this.state === 'snapshot' || prevIndex <= this.matchIndex) return;
    if (this.state === 'probe' && this.nextIndex - 1 !== prevIndex) return;
    this.#enter('probe');
    this.nextIndex = Math.max(this.matchIndex + 1, Math.min(prevIndex, nextIndex));
  }

  /** An append through `lastIndex` is on its way. */
  sent(lastIndex: number, bytes: number): void {
    invariant(lastIndex >= this.nextIndex - 1, 'appends must go forward');
    if (this.state === 'probe') {
      this.isProbeOut = true;
      return;
    }
    if (lastIndex < this.nextIndex) return;
    this.nextIndex = lastIndex + 1;
    this.#inFlight.push({ lastIndex, bytes });
    this.#inFlightBytes += bytes;
  }

  isFull(messagesMax: number, bytesMax: number): boolean {
    return this.#inFlight.length >= messagesMax || this.#inFlightBytes >= bytesMax;
  }

  /** Assumes the oldest append lost or slow, so that a full window never stands still. */
  freeOldest(): void {
    const oldest = this.#inFlight[0];
    if (oldest !== undefined) this.#freeThrough(oldest.lastIndex);
  }

  /** What {@link ProgressView} does not show and later behaviour depends on. */
  digestText(): string {
    const { isProbeOut, isCheckDue, isCommitDue, sentCommitIndex, ackedRound, readRequestId } =
      this;
    const { offset, idleTicks, requestId } = this.sending ?? {};
    const own = { isProbeOut, isCheckDue, isCommitDue, sentCommitIndex, ackedRound, readRequestId };
    return JSON.stringify({ ...own, offset, idleTicks, requestId, inFlight: this.#inFlight });
  }

  #enter(state: Progress['state']): void {
    this.state = state;
    this.isProbeOut = false;
    this.isCheckDue = false;
    this.isCommitDue = false;
    this.readRequestId = null;
    this.sending = null;
    this.#inFlight = [];
    this.#inFlightBytes = 0;
  }

  #freeThrough(index: number): void {
    let freed = 0;
    for (const one of this.#inFlight) {
      if (one.lastIndex > index) break;
      this.#inFlightBytes -= one.bytes;
      freed += 1;
    }
    if (freed > 0) this.#inFlight.splice(0, freed);
  }
}
