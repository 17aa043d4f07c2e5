/** Who has how much of the work: namespaces among each other, and the fairness keys within one. */
import type { FairnessSettings } from '../core/index.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';

/** Where a share's tasks wait in one pool. Order is only ever compared of what stands where it belongs. */
export interface ShareNode {
  /** The share's place in the order is about to change. */
  takeOut(): void;
  /** It has changed. */
  putBack(): void;
}

/** Where the tasks of a share wait that has many pools; told when its place in the order changed. */
export interface WidePlace {
  moved(): void;
}

/** Shares that owe more than the others and have nothing to do, remembered a group at most. */
const IDLE_MAX = 10_000;

/**
 * One namespace, or one fairness key of a namespace.
 *
 * The share with the least running cost by weight goes first; among equals the one that was served
 * least, by a virtual time that grows by cost / weight with every start (start-time fair queueing,
 * Goyal, Vin and Cheng, 1996). One that was idle goes on from the time of the others: it has no credit.
 */
export class FairShare implements HeapItem {
  heapSlot = -1;
  readonly name: string;
  readonly group: FairGroup;
  /** The namespace of a fairness key; null for a namespace. */
  readonly parent: FairShare | null;
  readonly ordinal: number;
  /** One a pool in which it waits or waited. Owned by `FairOrder`. */
  readonly nodes: Set<ShareNode> = new Set();
  /** Where it is compared instead of at its nodes, while these are many. Owned by `FairOrder`. */
  wide: WidePlace | null = null;
  weight = 1;
  /** Cost of what runs; the sum of the costs of its tasks. */
  occupancy = 0;
  running = 0;
  waiting = 0;
  virtualTime = 0;
  /** Queues that hold on to it: until they are gone it is not forgotten. */
  pins = 0;
  #keys: FairGroup | null = null;

  constructor(name: string, group: FairGroup, parent: FairShare | null) {
    this.name = name;
    this.group = group;
    this.parent = parent;
    this.ordinal = group.nextOrdinal();
  }

  /** Running cost by weight: what decides first. */
  get level(): number {
    return this.occupancy / this.weight;
  }

  /** The shares of its fairness keys; the empty key is that of tasks without one. */
  get keys(): FairGroup {
    return (this.#keys ??= new FairGroup());
  }

  get keyCount(): number {
    return this.#keys?.size ?? 0;
  }

  get isIdle(): boolean {
    return this.pins === 0 && this.waiting === 0 && this.running === 0 && this.nodes.size === 0;
  }

  /** A task waits. */
  joined(): void {
    if (this.waiting === 0) this.group.wake(this);
    this.waiting += 1;
  }

  left(): void {
    this.waiting -= 1;
    if (this.waiting === 0) this.group.rest(this);
  }

  /** A task runs. */
  occupy(cost: number): void {
    const isCompared = this.#takeOut();
    this.#occupy(cost);
    if (isCompared) this.#putBack();
  }

  /** A task is about to run: counts its start, too. */
  start(cost: number): void {
    const isCompared = this.#takeOut();
    this.group.charge(this, cost);
    this.#occupy(cost);
    if (isCompared) this.#putBack();
  }

  /** @param refund - the start was not granted */
  vacate(cost: number, refund: boolean): void {
    const isCompared = this.#takeOut();
    if (refund) this.group.refund(this, cost);
    this.running -= 1;
    // Sums of fractions leave crumbs.
    this.occupancy = this.running === 0 ? 0 : this.occupancy - cost;
    if (isCompared) this.#putBack();
    if (this.running === 0) this.group.rest(this);
  }

  setWeight(weight: number): void {
    if (weight === this.weight) return;
    const isCompared = this.#takeOut();
    this.weight = weight;
    if (isCompared) this.#putBack();
  }

  #occupy(cost: number): void {
    this.occupancy += cost;
    this.running += 1;
  }

  /**
   * Takes what is ordered by it out of the order; false where there is nobody to be compared with. A heap in
   * which several items are out of place could not be put in order one by one; a single one moves where it is.
   */
  #takeOut(): boolean {
    if (this.group.size === 1) return false;
    if (this.wide === null && this.nodes.size > 1) for (const node of this.nodes) node.takeOut();
    return true;
  }

  #putBack(): void {
    if (this.wide !== null) this.wide.moved();
    else for (const node of this.nodes) node.putBack();
  }
}

/** Shares that are compared with each other. */
export class FairGroup {
  /** Virtual time: that of the last one served. */
  #now = 0;
  #ordinal = 0;
  readonly #byName = new Map<string, FairShare>();
  /** Those with nothing to do that were served ahead of the others, so that they cannot lose that by leaving. */
  readonly #idle = new IndexedHeap<FairShare>((a, b) => a.virtualTime < b.virtualTime);

  get size(): number {
    return this.#byName.size;
  }

  shares(): MapIterator<FairShare> {
    return this.#byName.values();
  }

  get(name: string): FairShare | undefined {
    return this.#byName.get(name);
  }

  ensure(name: string, parent: FairShare | null): FairShare {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const share = new FairShare(name, this, parent);
    share.virtualTime = this.#now;
    this.#byName.set(name, share);
    return share;
  }

  nextOrdinal(): number {
    this.#ordinal += 1;
    return this.#ordinal;
  }

  /** Counts a start against the share. */
  charge(share: FairShare, cost: number): void {
    if (this.size === 1) return;
    this.#now = Math.max(this.#now, share.virtualTime);
    share.virtualTime += cost / share.weight;
    for (;;) {
      const idle = this.#idle.top;
      if (idle === undefined || (idle.virtualTime > this.#now && this.#idle.size <= IDLE_MAX))
        return;
      this.#idle.remove(idle);
      this.#byName.delete(idle.name);
    }
  }

  /** The start was not granted. */
  refund(share: FairShare, cost: number): void {
    if (this.size > 1) share.virtualTime -= cost / share.weight;
  }

  /** The share has something to do again. */
  wake(share: FairShare): void {
    if (share.heapSlot >= 0) this.#idle.remove(share);
    if (share.running === 0) share.virtualTime = Math.max(share.virtualTime, this.#now);
  }

  /** A queue points to it. */
  pin(share: FairShare): void {
    if (share.heapSlot >= 0) this.#idle.remove(share);
    share.pins += 1;
  }

  unpin(share: FairShare): void {
    share.pins -= 1;
    this.rest(share);
  }

  /** It may have nothing to do any more: then it is forgotten once it owes nothing. */
  rest(share: FairShare): void {
    if (!share.isIdle || share.heapSlot >= 0 || this.#byName.get(share.name) !== share) return;
    if (share.virtualTime <= this.#now) this.#byName.delete(share.name);
    else this.#idle.push(share);
  }
}

/** Whether `a` is to be served before `b`. */
export function isShareBefore(a: FairShare, b: FairShare): boolean {
  const [levelA, levelB] = [a.level, b.level];
  if (levelA !== levelB) return levelA < levelB;
  if (a.virtualTime !== b.virtualTime) return a.virtualTime < b.virtualTime;
  return a.ordinal < b.ordinal;
}

/** A running task that counts for more than a slot. */
export interface CountedShare {
  readonly share: FairShare;
  readonly cost: number;
}

/** All namespaces. */
export class FairShares {
  readonly group: FairGroup = new FairGroup();
  settings: FairnessSettings;

  constructor(settings: FairnessSettings) {
    this.settings = settings;
  }

  namespace(name: string): FairShare {
    const known = this.group.get(name);
    if (known !== undefined) return known;
    const share = this.group.ensure(name, null);
    share.weight = this.settings.weights[name] ?? 1;
    return share;
  }

  /** A queue points to its namespace, and to the share there of tasks without a key. */
  pin(namespace: FairShare, plain: FairShare): void {
    this.group.pin(namespace);
    namespace.keys.pin(plain);
  }

  unpin(namespace: FairShare, plain: FairShare): void {
    namespace.keys.unpin(plain);
    this.group.unpin(namespace);
  }

  /** Whether there is nobody to share with: then nothing has to be counted ahead of core. */
  get isAlone(): boolean {
    if (this.group.size !== 1) return false;
    const [only] = this.group.shares();
    return only?.keyCount === 1;
  }

  key(namespace: FairShare, fairnessKey: string | null): FairShare {
    return namespace.keys.ensure(fairnessKey ?? '', namespace);
  }

  change(settings: FairnessSettings): void {
    this.settings = settings;
    for (const share of this.group.shares()) share.setWeight(settings.weights[share.name] ?? 1);
  }
}

/** Counts a task as running, in its fairness key and its namespace. */
export function occupy(key: FairShare, cost: number): void {
  key.occupy(cost);
  key.parent?.occupy(cost);
}

/** Counts a start ahead of core. */
export function start(key: FairShare, cost: number): void {
  key.start(cost);
  key.parent?.start(cost);
}

export function vacate(key: FairShare, cost: number, refund = false): void {
  key.vacate(cost, refund);
  key.parent?.vacate(cost, refund);
}
