/** What a checkpoint says of itself: the head of the state and what of the other tables counts. */
import type { StateHead } from '../core/index.ts';
import { decodeRow, encodeRow } from './row-codec.ts';

export interface CheckpointHead {
  readonly state: StateHead;
  /** Idempotency entries below this number have expired. */
  readonly idempotencySeqMin: number;
}

export function encodeHead(head: CheckpointHead): Buffer {
  return encodeRow([head]);
}

export function decodeHead(bytes: Uint8Array): CheckpointHead {
  return decodeRow(bytes)[0] as CheckpointHead;
}
