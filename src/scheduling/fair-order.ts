/**
 * Which of the lanes that could be given work now is to be served first.
 *
 * A share that waits in few pools sits in each of them: a pool that gets or loses its agents is one
 * item that moves, and a share whose place changes one a pool. One that waits in many is _wide_ and has its pools in
 * a heap of its own: a change of its place is one item that moves, and a pool that gets or loses its agents one for each
 * of its wide shares. So neither all pools of a share are ever walked, nor all shares of a pool.
 *
 * Owns: the heaps above key nodes. Does not own: lanes and their heaps, shares and what they have.
 */
import {
  isBestKeyBefore,
  isKeyNodeBefore,
  isPoolBefore,
  type KeyNode,
  type NamespaceNode,
} from './fair-nodes.ts';
import { isShareBefore, type FairShare } from './fair-share.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';
import type { Lane } from './lane.ts';
import type { Pool } from './pool.ts';

/** A share that waits in more pools is wide, until it waits in fewer than half as many. */
const NARROW_POOLS_MAX = 32;

/** A namespace that waits in many pools. */
class WideNamespace implements HeapItem {
  heapSlot = -1;
  readonly share: FairShare;
  /** The pools with an available agent in which a narrow key of it waits. */
  readonly nodes: IndexedHeap<NamespaceNode> = new IndexedHeap(isBestKeyBefore);
  /** Its wide keys that wait in a pool with an available agent. */
  readonly keys: IndexedHeap<WideKey> = new IndexedHeap<WideKey>((a, b) =>
    isKeyNodeBefore(a.best, b.best),
  );
  readonly #order: FairOrder;

  constructor(share: FairShare, order: FairOrder) {
    this.share = share;
    this.#order = order;
  }

  get best(): KeyNode | undefined {
    const narrow = this.nodes.top?.open.top;
    const wide = this.keys.top?.best;
    if (narrow === undefined || wide === undefined) return narrow ?? wide;
    return isKeyNodeBefore(wide, narrow) ? wide : narrow;
  }

  /** Its share has another place among namespaces. */
  moved(): void {
    this.#order.wideChanged(this);
  }
}

/** A fairness key that waits in many pools; its namespace does, then. */
class WideKey implements HeapItem {
  heapSlot = -1;
  readonly namespace: WideNamespace;
  /** The pools with an available agent in which it waits. */
  readonly nodes: IndexedHeap<KeyNode> = new IndexedHeap(isKeyNodeBefore);

  constructor(namespace: WideNamespace) {
    this.namespace = namespace;
  }

  /** Only where it waits in such a pool. */
  get best(): KeyNode {
    return this.nodes.top as KeyNode;
  }

  /** Its share has another place among the keys of its namespace. */
  moved(): void {
    place(this.namespace.keys, this, this.nodes.size > 0);
  }
}

export class FairOrder {
  /** Pools with an available agent in which narrow namespaces wait. */
  readonly #placeable = new IndexedHeap<Pool>(isPoolBefore);
  readonly #wide = new IndexedHeap<WideNamespace>((a, b) => isShareBefore(a.share, b.share));
  readonly #narrowPoolsMax: number;

  /** @param narrowPoolsMax - in how many pools a share may wait that is not wide, at least 1 */
  constructor(narrowPoolsMax: number = NARROW_POOLS_MAX) {
    this.#narrowPoolsMax = narrowPoolsMax;
  }

  /** The lane with the task to be served first, of those whose pool has an available agent. */
  get first(): Lane | undefined {
    const narrow = this.#placeable.top?.open.top;
    const wide = this.#wide.top;
    if (wide === undefined) return narrow?.open.top?.open.top;
    const isWide = narrow === undefined || isShareBefore(wide.share, narrow.share);
    return (isWide ? wide.best : narrow.open.top)?.open.top;
  }

  /** A node is new: its share may be wide now. */
  joined(node: NamespaceNode | KeyNode): void {
    const { share } = node;
    share.nodes.add(node);
    if (share.wide !== null) offer(node);
    else if (share.nodes.size > this.#narrowPoolsMax) this.#widen(share);
  }

  /** A node is gone, in which nothing waited: its share may be narrow again. */
  left(node: NamespaceNode | KeyNode): void {
    const { share } = node;
    share.nodes.delete(node);
    if (share.wide === null) return;
    node.pool.wide?.delete(node);
    if (share.nodes.size * 2 < this.#narrowPoolsMax) this.#narrow(share);
  }

  /** Brings the heaps up to date after the lanes of a node changed, or the place of its share. O(log n). */
  keyChanged(node: KeyNode): void {
    const wide = node.share.wide as WideKey | null;
    if (wide === null) {
      place(node.namespace.open, node, node.open.size > 0);
      this.namespaceChanged(node.namespace);
      return;
    }
    place(wide.nodes, node, node.open.size > 0 && node.pool.isOffered);
    wide.moved();
    this.wideChanged(wide.namespace);
  }

  /** The same for one whose narrow keys changed. */
  namespaceChanged(node: NamespaceNode): void {
    const { pool, share } = node;
    const wide = share.wide as WideNamespace | null;
    if (wide === null) {
      place(pool.open, node, node.open.size > 0);
      this.#poolMoved(pool);
      return;
    }
    place(wide.nodes, node, node.open.size > 0 && pool.isOffered);
    this.wideChanged(wide);
  }

  /** The same for a namespace that waits in many pools. */
  wideChanged(wide: WideNamespace): void {
    place(this.#wide, wide, wide.best !== undefined);
  }

  /** Takes out the node of a narrow namespace, whose place is about to change. */
  takeOut(node: NamespaceNode): void {
    node.pool.open.remove(node);
    this.#poolMoved(node.pool);
  }

  /** Must be told after a pool's first available member came or its last one went: O(its wide shares · log n). */
  poolChanged(pool: Pool): void {
    this.#poolMoved(pool);
    const isOffered = pool.availableCount > 0;
    if (pool.wide === null || pool.isOffered === isOffered) return;
    pool.isOffered = isOffered;
    for (const node of pool.wide) this.#changed(node);
  }

  #poolMoved(pool: Pool): void {
    place(this.#placeable, pool, pool.isPlaceable);
  }

  #changed(node: NamespaceNode | KeyNode): void {
    if ('namespace' in node) this.keyChanged(node);
    else this.namespaceChanged(node);
  }

  /** O(pools that a narrow share may have), and so often only as they came or went meanwhile. */
  #widen(share: FairShare): void {
    const nodes = share.nodes as Set<NamespaceNode | KeyNode>;
    for (const node of nodes) node.takeOut();
    const { parent } = share;
    if (parent === null) share.wide = new WideNamespace(share, this);
    else share.wide = new WideKey(parent.wide as WideNamespace);
    for (const node of nodes) {
      offer(node);
      node.putBack();
    }
  }

  #narrow(share: FairShare): void {
    const nodes = share.nodes as Set<NamespaceNode | KeyNode>;
    const wide = share.wide as WideNamespace | WideKey;
    share.wide = null;
    for (const node of nodes) {
      node.pool.wide?.delete(node);
      if (node.heapSlot >= 0) (wide.nodes as IndexedHeap<typeof node>).remove(node);
    }
    if (wide instanceof WideNamespace) place(this.#wide, wide, false);
    else {
      place(wide.namespace.keys, wide, false);
      this.wideChanged(wide.namespace);
    }
    for (const node of nodes) node.putBack();
  }
}

/** Has the node of a wide share hear of it when its pool gets or loses its agents. */
function offer(node: NamespaceNode | KeyNode): void {
  const { pool } = node;
  pool.isOffered = pool.availableCount > 0;
  (pool.wide ??= new Set()).add(node);
}

/** Puts an item where it belongs, in its heap or out of it; false where it was out and stays out. */
export function place<Item extends HeapItem>(
  heap: IndexedHeap<Item>,
  item: Item,
  isIn: boolean,
): boolean {
  if (isIn) {
    if (item.heapSlot < 0) heap.push(item);
    else heap.moved(item);
  } else if (item.heapSlot < 0) return false;
  else heap.remove(item);
  return true;
}
