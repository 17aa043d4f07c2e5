/** The arrivals of a batch in the order in which they are tried: shares first, then priority, then age. */
import type { FairShare } from './fair-share.ts';
import { isShareBefore } from './fair-share.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';
import type { Arrival } from './placement.ts';

/** An arrival and the share that it counts in. */
export interface Entrant {
  readonly arrival: Arrival;
  readonly share: FairShare;
}

/** Arrivals of one fairness key with one priority. */
interface KeyLine extends HeapItem {
  readonly priority: number;
  readonly share: FairShare;
  /** Place of its first arrival in the batch. */
  readonly order: number;
  readonly entrants: Entrant[];
  next: number;
}

interface NamespaceLine extends HeapItem {
  readonly share: FairShare;
  readonly lines: IndexedHeap<KeyLine>;
}

/** A line of arrivals; those of one share only are not compared at all. */
export class ArrivalLine {
  /** All of one share and one profile, in their order; null where they have to be compared. */
  readonly #plain: readonly Arrival[] | null;
  #next = 0;
  #share: FairShare;
  readonly #namespaces = new IndexedHeap<NamespaceLine>((a, b) => isShareBefore(a.share, b.share));
  readonly #byKey = new Map<FairShare, KeyLine[]>();
  readonly #byNamespace = new Map<FairShare, NamespaceLine>();

  constructor(arrivals: readonly Arrival[], only: FairShare);
  constructor(entrants: readonly Entrant[], only: null);
  constructor(arrivals: readonly Arrival[] | readonly Entrant[], only: FairShare | null) {
    if (only !== null) {
      this.#plain = arrivals as readonly Arrival[];
      this.#share = only;
      return;
    }
    const entrants = arrivals as readonly Entrant[];
    this.#plain = null;
    this.#sort(entrants);
    this.#share = (entrants[0] as Entrant).share;
  }

  get head(): Arrival | undefined {
    if (this.#plain !== null) return this.#plain[this.#next];
    const line = this.#namespaces.top?.lines.top;
    if (line === undefined) return undefined;
    this.#share = line.share;
    return line.entrants[line.next]?.arrival;
  }

  /** The share that the head counts in, as of the last look at it. */
  get share(): FairShare {
    return this.#share;
  }

  /** Takes the head off, placed or not. */
  drop(): void {
    if (this.#plain !== null) {
      this.#next += 1;
      return;
    }
    const namespace = this.#namespaces.top;
    const line = namespace?.lines.top;
    if (namespace === undefined || line === undefined) return;
    line.next += 1;
    if (line.next === line.entrants.length) namespace.lines.remove(line);
    if (namespace.lines.size === 0) this.#namespaces.remove(namespace);
    else this.changed(line.share);
  }

  /** Something of the share was placed: its place in the order is another. */
  changed(share: FairShare): void {
    const namespace = this.#byNamespace.get(share.parent ?? share);
    if (namespace === undefined || namespace.heapSlot < 0) return;
    for (const line of this.#byKey.get(share) ?? []) {
      if (line.heapSlot >= 0) namespace.lines.moved(line);
    }
    this.#namespaces.moved(namespace);
  }

  #sort(entrants: readonly Entrant[]): void {
    const lines = new Map<string, KeyLine>();
    for (const [order, entrant] of entrants.entries()) {
      const { arrival, share } = entrant;
      const { priority } = arrival.profile;
      const name = `${priority} ${share.ordinal} ${share.parent?.ordinal ?? 0}`;
      const known = lines.get(name);
      if (known !== undefined) {
        known.entrants.push(entrant);
        continue;
      }
      const line = { priority, share, order, entrants: [entrant], next: 0, heapSlot: -1 };
      lines.set(name, line);
      const ofKey = this.#byKey.get(share);
      if (ofKey === undefined) this.#byKey.set(share, [line]);
      else ofKey.push(line);
      this.#namespaceLine(share.parent ?? share).lines.push(line);
    }
    for (const namespace of this.#byNamespace.values()) this.#namespaces.push(namespace);
  }

  #namespaceLine(share: FairShare): NamespaceLine {
    const known = this.#byNamespace.get(share);
    if (known !== undefined) return known;
    const lines = new IndexedHeap<KeyLine>(isKeyLineBefore);
    const namespace: NamespaceLine = { share, lines, heapSlot: -1 };
    this.#byNamespace.set(share, namespace);
    return namespace;
  }
}

function isKeyLineBefore(a: KeyLine, b: KeyLine): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  return a.share === b.share ? a.order < b.order : isShareBefore(a.share, b.share);
}
