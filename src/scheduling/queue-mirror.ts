import { namespaceOf, type Queue } from '../core/index.ts';
import type { FairShare, FairShares } from './fair-share.ts';

/** What the scheduler keeps of a queue, hung on it so that no task pays for a look-up. */
export interface QueueMirror {
  readonly owner: FairShares;
  readonly namespace: FairShare;
  /** The share of its tasks that have no fairness key. */
  readonly plain: FairShare;
}

export function queueMirror(shares: FairShares, queue: Queue): QueueMirror {
  const known = queue.mirror as QueueMirror | null;
  if (known !== null && known.owner === shares) return known;
  const namespace = shares.namespace(namespaceOf(queue.name));
  const plain = shares.key(namespace, null);
  shares.pin(namespace, plain);
  const mirror = { owner: shares, namespace, plain };
  queue.mirror = mirror;
  return mirror;
}

/** A queue is gone: with the last one of its namespace that is forgotten too, once it owes nothing. */
export function forgetQueueMirror(shares: FairShares, queue: Queue): void {
  const known = queue.mirror as QueueMirror | null;
  queue.mirror = null;
  if (known !== null && known.owner === shares) shares.unpin(known.namespace, known.plain);
}
