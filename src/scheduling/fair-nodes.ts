/** Where the tasks of a share wait in one pool: namespaces, in them fairness keys, in those lanes. */
import type { FairShare, ShareNode } from './fair-share.ts';
import { isShareBefore } from './fair-share.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';
import { isLaneBefore, type Lane } from './lane.ts';
import type { Pool } from './pool.ts';
import type { WaitingTask } from './waiting-line.ts';

/** Told when the best task of a pool may have changed. */
export type PoolChanged = (pool: Pool) => void;

/** The tasks of one namespace in one pool. */
export class NamespaceNode implements HeapItem, ShareNode {
  heapSlot = -1;
  readonly pool: Pool;
  readonly share: FairShare;
  /** Fairness keys with a task that may start, the one to be served first on top. */
  readonly open: IndexedHeap<KeyNode> = new IndexedHeap(isKeyNodeBefore);
  readonly byKey: Map<string, KeyNode> = new Map();
  readonly #changed: PoolChanged;

  constructor(pool: Pool, share: FairShare, changed: PoolChanged) {
    this.pool = pool;
    this.share = share;
    this.#changed = changed;
  }

  reorder(): void {
    if (this.heapSlot < 0) return;
    this.pool.open.moved(this);
    this.#changed(this.pool);
  }
}

/** The tasks of one fairness key in one pool. */
export class KeyNode implements HeapItem, ShareNode {
  heapSlot = -1;
  readonly namespace: NamespaceNode;
  readonly share: FairShare;
  /** Lanes with a task that may start, by priority, then age. */
  readonly open: IndexedHeap<Lane> = new IndexedHeap(isLaneBefore);
  laneCount = 0;
  readonly #changed: PoolChanged;

  constructor(namespace: NamespaceNode, share: FairShare, changed: PoolChanged) {
    this.namespace = namespace;
    this.share = share;
    this.#changed = changed;
  }

  reorder(): void {
    if (this.heapSlot < 0) return;
    this.namespace.open.moved(this);
    this.#changed(this.namespace.pool);
  }
}

/** Priority first, then the share that has less. */
function isKeyNodeBefore(a: KeyNode, b: KeyNode): boolean {
  return isHeadBefore(a, b, headOf(a), headOf(b));
}

export function isNamespaceNodeBefore(a: NamespaceNode, b: NamespaceNode): boolean {
  return isShareBefore(a.share, b.share);
}

/** Whether the best task that waits in pool `a` comes before that of `b`; both have one that may start. */
export function isPoolBefore(a: Pool, b: Pool): boolean {
  const [nodeA, nodeB] = [a.open.top as NamespaceNode, b.open.top as NamespaceNode];
  if (nodeA.share !== nodeB.share) return isShareBefore(nodeA.share, nodeB.share);
  const [keyA, keyB] = [nodeA.open.top as KeyNode, nodeB.open.top as KeyNode];
  return isHeadBefore(keyA, keyB, headOf(keyA), headOf(keyB));
}

function isHeadBefore(a: KeyNode, b: KeyNode, headA: WaitingTask, headB: WaitingTask): boolean {
  const priorityA = headA.priority;
  const priorityB = headB.priority;
  if (priorityA !== priorityB) return priorityA > priorityB;
  if (a.share !== b.share) return isShareBefore(a.share, b.share);
  return headA.turn < headB.turn;
}

function headOf(node: KeyNode): WaitingTask {
  return (node.open.top as Lane).head as WaitingTask;
}
