/** What the main thread and the writer's thread say to each other. */
import type { MessagePort } from 'node:worker_threads';

export type WriterRequest =
  | { readonly type: 'block'; readonly number: number; readonly block: Uint8Array }
  /** Opens the transaction of a checkpoint; all blocks up to its end are part of it. */
  | { readonly type: 'begin' }
  | { readonly type: 'commit'; readonly number: number }
  | { readonly type: 'abort' }
  /** Tasks that the next purge leaves, whatever its bounds. */
  | { readonly type: 'pin'; readonly ids: readonly string[] }
  | ({ readonly type: 'purge' } & PurgeBounds)
  | { readonly type: 'close' };

/** Which records of the history may go; oldest ids first. */
export interface PurgeBounds {
  /** Records that finished before this moment go, in milliseconds since 1970. */
  readonly finishedBefore: number;
  readonly countMax: number;
  readonly bytesMax: number;
}

export interface HistoryTotals {
  readonly count: number;
  /** Bytes of the records, without the file's own structure. */
  readonly bytes: number;
}

export type WriterReply =
  | { readonly type: 'ready'; readonly totals: HistoryTotals }
  /** Everything up to `number` is on disk. */
  | { readonly type: 'committed'; readonly number: number; readonly totals: HistoryTotals }
  | { readonly type: 'purged'; readonly removed: number; readonly totals: HistoryTotals }
  /** The disk is full: the thread keeps what it has and tries again. */
  | { readonly type: 'stalled'; readonly message: string }
  | { readonly type: 'resumed' }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'closed' };

/** Places in the shared counters. */
export const SENT = 0;
export const TAKEN = 1;

export interface WriterData {
  readonly directory: string;
  readonly port: MessagePort;
  /** Requests sent and taken so far, modulo 2³². */
  readonly counters: Int32Array;
}
