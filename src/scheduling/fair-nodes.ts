/** Where the tasks of a share wait in one pool: namespaces, in them fairness keys, in those lanes. */
import type { FairOrder } from './fair-order.ts';
import type { FairShare, ShareNode } from './fair-share.ts';
import { isShareBefore } from './fair-share.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';
import { isLaneBefore, type Lane } from './lane.ts';
import type { Pool } from './pool.ts';
import type { WaitingTask } from './waiting-line.ts';

/** The tasks of one namespace in one pool. */
export class NamespaceNode implements HeapItem, ShareNode {
  heapSlot = -1;
  readonly pool: Pool;
  readonly share: FairShare;
  /** Its narrow fairness keys with a task that may start, the one to be served first on top. */
  readonly open: IndexedHeap<KeyNode> = new IndexedHeap(isKeyNodeBefore);
  readonly byKey: Map<string, KeyNode> = new Map();
  readonly #order: FairOrder;

  constructor(pool: Pool, share: FairShare, order: FairOrder) {
    this.pool = pool;
    this.share = share;
    this.#order = order;
  }

  takeOut(): void {
    if (this.heapSlot >= 0) this.#order.takeOut(this);
  }

  putBack(): void {
    if (this.open.size > 0) this.#order.namespaceChanged(this);
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
  readonly #order: FairOrder;

  constructor(namespace: NamespaceNode, share: FairShare, order: FairOrder) {
    this.namespace = namespace;
    this.share = share;
    this.#order = order;
  }

  get pool(): Pool {
    return this.namespace.pool;
  }

  takeOut(): void {
    if (this.heapSlot < 0) return;
    this.namespace.open.remove(this);
    this.#order.namespaceChanged(this.namespace);
  }

  putBack(): void {
    if (this.open.size > 0) this.#order.keyChanged(this);
  }
}

/** Priority first, then the share that has less, then age. Both have a task that may start. */
export function isKeyNodeBefore(a: KeyNode, b: KeyNode): boolean {
  const [headA, headB] = [headOf(a), headOf(b)];
  if (headA.priority !== headB.priority) return headA.priority > headB.priority;
  if (a.share !== b.share) return isShareBefore(a.share, b.share);
  return headA.turn < headB.turn;
}

/** The order of namespaces in a pool: each is there once. */
export function isNamespaceNodeBefore(a: NamespaceNode, b: NamespaceNode): boolean {
  return isShareBefore(a.share, b.share);
}

/** The order of the pools in which one namespace waits. */
export function isBestKeyBefore(a: NamespaceNode, b: NamespaceNode): boolean {
  return isKeyNodeBefore(a.open.top as KeyNode, b.open.top as KeyNode);
}

/** Whether the best task that waits in pool `a` comes before that of `b`; both have one that may start. */
export function isPoolBefore(a: Pool, b: Pool): boolean {
  const [nodeA, nodeB] = [a.open.top as NamespaceNode, b.open.top as NamespaceNode];
  if (nodeA.share !== nodeB.share) return isShareBefore(nodeA.share, nodeB.share);
  return isBestKeyBefore(nodeA, nodeB);
}

function headOf(node: KeyNode): WaitingTask {
  return (node.open.top as Lane).head as WaitingTask;
}
