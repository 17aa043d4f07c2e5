/**
 * All that can happen to a core. Time comes as `tick`, chance from the generator given to the constructor, bytes of old
 * entries and snapshots from the shell on request. Nothing else is asked of the surroundings.
 */
import type { MemberChange, NodeId } from './configuration.ts';
import type { RaftEntry, SnapshotMeta } from './log-entry.ts';
import type { RaftMessage } from './messages.ts';

/**
 * Names one write. `seq` counts from 1 without gaps within one start of the core; `generation` counts truncations,
 * so that a late completion never vouches for entries that replaced those it wrote.
 */
export interface WriteToken {
  readonly seq: number;
  readonly generation: number;
}

export interface Proposal {
  /** Chosen by the shell, unique among its open proposals; comes back in the answer. */
  readonly proposalId: number;
  readonly body: Uint8Array;
}

export type RaftInput =
  /** One unit of time went by. */
  | { readonly kind: 'tick' }
  /** A message whose sender, receiver and cluster were checked. */
  | { readonly kind: 'receive'; readonly from: NodeId; readonly message: RaftMessage }
  /** Commands for the log, fenced: dropped unless this node leads in exactly `term`. */
  | { readonly kind: 'propose'; readonly term: number; readonly proposals: readonly Proposal[] }
  /** Answered by `membershipAccepted` or `membershipRefused`. */
  | {
      readonly kind: 'changeMembership';
      readonly changeId: number;
      readonly changes: readonly MemberChange[];
      /** True: leave the joint configuration without being told. */
      readonly isAutoLeave: boolean;
    }
  /** Leaves a joint configuration that was entered without `isAutoLeave`. */
  | { readonly kind: 'leaveJoint'; readonly changeId: number }
  /** Asks for a read index. `readId` is new for every attempt, also for a repeated one. */
  | { readonly kind: 'read'; readonly readId: number; readonly mode: 'readIndex' | 'lease' }
  /** Hands leadership over. Ends in a `role` output or in `transferAborted`. */
  | { readonly kind: 'transfer'; readonly to: NodeId }
  /** This write and all before it are durable. Tokens come in the order they were given out; some may be skipped. */
  | { readonly kind: 'persisted'; readonly token: WriteToken }
  /** A write or flush failed: the core fails for good. */
  | { readonly kind: 'persistFailed'; readonly token: WriteToken; readonly message: string }
  /** The state machine has applied everything up to `index`. */
  | { readonly kind: 'applied'; readonly index: number }
  /** Answers `readEntries`. `entries` starts at `from` and has at least one entry unless they were compacted meanwhile. */
  | {
      readonly kind: 'entriesRead';
      readonly requestId: number;
      readonly entries: readonly RaftEntry[];
    }
  /** A snapshot of this node's own state is durable; `lastIndex` is at most the applied index. */
  | { readonly kind: 'snapshotMade'; readonly meta: SnapshotMeta }
  /** Answers `readSnapshotChunk`. `data` null: the snapshot is gone or cannot be read. */
  | {
      readonly kind: 'snapshotChunkRead';
      readonly requestId: number;
      readonly data: Uint8Array | null;
      readonly checksum: number;
      readonly isLast: boolean;
    }
  /** Answers `writeSnapshotChunk`. False: not kept (wrong checksum, no room); the chunk is asked for again. */
  | {
      readonly kind: 'snapshotChunkWritten';
      readonly requestId: number;
      readonly isWritten: boolean;
    }
  /** Answers `installSnapshot`. True: state is now that of the snapshot, durably. False: digest did not fit; start over. */
  | {
      readonly kind: 'snapshotInstalled';
      readonly requestId: number;
      readonly isInstalled: boolean;
    }
  /** Frames to this peer were lost or refused. */
  | { readonly kind: 'peerUnreachable'; readonly nodeId: NodeId }
  /** The process of this peer ended, as far as can be told: nobody listens at its address, and it says nothing. */
  | { readonly kind: 'peerGone'; readonly nodeId: NodeId };
