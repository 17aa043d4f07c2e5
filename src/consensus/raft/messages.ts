/**
 * What nodes tell one another. The shell wraps a message in a frame with cluster id, sender and receiver, and checks
 * all three before the core sees it; every number was range-checked to a safe integer by the codec.
 *
 * `term` is always the sender's term when the message was made (the term it would lead, in requests for votes).
 */
import type { NodeId } from './configuration.ts';
import type { RaftEntry, SnapshotMeta } from './log-entry.ts';

/** Asks "would you vote for me?": changes neither term nor vote of anyone. `term` is the sender's term plus one. */
export interface PreVoteRequest {
  readonly kind: 'preVoteRequest';
  readonly term: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

/** A refusal teaches the responder's `term`. */
export interface PreVoteResponse {
  readonly kind: 'preVoteResponse';
  readonly term: number;
  /** `term` of the request this answers. */
  readonly requestTerm: number;
  readonly isGranted: boolean;
}

export interface VoteRequest {
  readonly kind: 'voteRequest';
  readonly term: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The old leader asked for this election: a known leader is no reason to refuse. */
  readonly isTransfer: boolean;
}

export interface VoteResponse {
  readonly kind: 'voteResponse';
  readonly term: number;
  readonly requestTerm: number;
  readonly isGranted: boolean;
}

export interface AppendRequest {
  readonly kind: 'appendRequest';
  readonly term: number;
  /** Entry before the first of `entries`. */
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly prevHash: Uint8Array;
  readonly entries: readonly RaftEntry[];
  readonly commitIndex: number;
}

export interface AppendResponse {
  readonly kind: 'appendResponse';
  readonly term: number;
  readonly isAccepted: boolean;
  /** `prevIndex` of the request this answers. */
  readonly prevIndex: number;
  /** Accepted: the log equals the leader's up to here, durably. Refused: 0. */
  readonly matchIndex: number;
  /** Refused: the newest entry that may match, and its term. Accepted: 0. */
  readonly hintIndex: number;
  readonly hintTerm: number;
}

export interface Heartbeat {
  readonly kind: 'heartbeat';
  readonly term: number;
  /** At most the receiver's matched index. */
  readonly commitIndex: number;
  /** Counts up within a term; its answers confirm reads. */
  readonly round: number;
}

export interface HeartbeatResponse {
  readonly kind: 'heartbeatResponse';
  readonly term: number;
  readonly round: number;
}

/** Offers a snapshot; the answer says from which byte on it is wanted. */
export interface SnapshotOffer {
  readonly kind: 'snapshotOffer';
  readonly term: number;
  readonly meta: SnapshotMeta;
}

export interface SnapshotChunk {
  readonly kind: 'snapshotChunk';
  readonly term: number;
  /** `lastIndex` and `lastTerm` of the snapshot offered before. */
  readonly snapshotIndex: number;
  readonly snapshotTerm: number;
  readonly offset: number;
  readonly data: Uint8Array;
  /** CRC-32 of `data`, made and checked by the shells. */
  readonly checksum: number;
  readonly isLast: boolean;
}

export interface SnapshotResponse {
  readonly kind: 'snapshotResponse';
  readonly term: number;
  readonly snapshotIndex: number;
  readonly snapshotTerm: number;
  /** First byte still missing. */
  readonly nextOffset: number;
  /** `refused`: cannot take it now, offer again later. `installed`: the log now continues behind it. */
  readonly outcome: 'wanted' | 'refused' | 'installed';
}

/** The leader hands over: campaign at once, without a pre-vote. */
export interface TimeoutNow {
  readonly kind: 'timeoutNow';
  readonly term: number;
}

/** A follower asks the leader for a read index. `session` is drawn anew by each start of a node. */
export interface ReadRequest {
  readonly kind: 'readRequest';
  readonly term: number;
  readonly session: number;
  readonly sequence: number;
}

export interface ReadResponse {
  readonly kind: 'readResponse';
  readonly term: number;
  readonly session: number;
  readonly sequence: number;
  /** The index a reader must have applied; null = refused, ask again. */
  readonly index: number | null;
}

export type RaftMessage =
  | PreVoteRequest
  | PreVoteResponse
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | Heartbeat
  | HeartbeatResponse
  | SnapshotOffer
  | SnapshotChunk
  | SnapshotResponse
  | TimeoutNow
  | ReadRequest
  | ReadResponse;

/** A message on its way; all the shell needs to route and to refuse it. */
export interface RaftFrame {
  /** 1–64 of `A-Z a-z 0-9 . _ -`. */
  readonly clusterId: string;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: RaftMessage;
}
