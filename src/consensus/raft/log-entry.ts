import type { Configuration } from './configuration.ts';

/** `noop` begins a leader's term; the body of a `configuration` is an encoded {@link Configuration}. */
export type RaftEntryKind = 'noop' | 'command' | 'configuration';

export interface RaftEntry {
  /** Position in the log, from 1, without gaps. */
  readonly index: number;
  /** Term of the leader that made it, from 1. */
  readonly term: number;
  readonly kind: RaftEntryKind;
  /** Hash of the entry before it, or of the cluster's genesis: `HASH_BYTES` bytes. */
  readonly prevHash: Uint8Array;
  readonly body: Uint8Array;
}

/** Where a log begins: all before and including `index` is compacted. Index 0 is the genesis. */
export interface LogBase {
  readonly index: number;
  readonly term: number;
  /** Hash of the entry at `index`. */
  readonly hash: Uint8Array;
  /** The configuration in force at `index`. */
  readonly configuration: Configuration;
  /** Index of the entry that set it; 0 = none. */
  readonly configurationIndex: number;
}

/** Must be durable before any message that reveals it. */
export interface HardState {
  /** Newest term seen; 0 = none. */
  readonly term: number;
  /** Candidate this node voted for in `term`. */
  readonly votedFor: string | null;
  /** A lower bound of the commit index; a hint that may lag behind and need not be synced by itself. */
  readonly commitIndex: number;
}

/** Describes a snapshot of the state machine after entry `lastIndex`. */
export interface SnapshotMeta {
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Hash of the entry at `lastIndex`. */
  readonly lastHash: Uint8Array;
  readonly configuration: Configuration;
  readonly configurationIndex: number;
  /** Of the whole state; the shell checks it before it installs. Any length up to 64 bytes. */
  readonly stateDigest: Uint8Array;
  /** Bytes of the encoded state. */
  readonly sizeBytes: number;
}
