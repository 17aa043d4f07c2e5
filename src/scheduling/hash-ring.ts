/**
 * A hash ring that finds the next member with little enough load, in O(log n).
 *
 * Each member stands at several places of the circle of 32-bit hashes. The circle is cut into 2^k equal arcs that
 * hold four places on average or less. An arc is eight numbers side by side, half a cache line: the places in it in
 * order, each the bits of its position that the arc does not say and the number of its member. The few arcs with more
 * places have the rest elsewhere. Over the arcs lies a tree of the smallest load within, so that a search passes any
 * number of members that are full or away in one go, where walking the ring would pass them one by one. A search
 * among a million waits for memory twice: for an arc, and for the load of whom it finds there.
 *
 * About 60 bytes a member with four places. What is not used yet is all zeros, which take no memory.
 */
import { float64Column, int32Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import { invariant } from '../base/invariant.ts';
import { mix32 } from '../base/hash.ts';

/** Places of a member unless said otherwise: spreads the keys of one that leaves; evenness is the load bound's business. */
export const REPLICAS = 4;
const PLACES_PER_ARC = 4;
/** Numbers of an arc, a power of two: of 2 % of the full arcs some places are elsewhere. */
const ARC_SHIFT = 3;
const ARC_SLOTS: number = 1 << ARC_SHIFT;
/** Load of a member that must not be found. */
export const AWAY: number = Infinity;

export class HashRing {
  readonly #replicas: number;
  #capacity: number;
  /** By member, as {@link kept} has them. */
  #loads: Float64Array;
  /** By member: what its places follow from. */
  #seeds: Int32Array;
  /** Eight numbers an arc, places as {@link slotOf} turns them, so that 0 is none. */
  #arcs: Int32Array;
  /** The places of an arc beyond eight, in order. */
  readonly #others = new Map<number, number[]>();
  /** Smallest load below each node, as {@link kept} has them; arc i is node arcCount + i, the root is node 1. */
  #smallest: Float64Array;
  #arcCount: number;
  /** Bits of a position that its arc does not say, and bits of a member's number. */
  #arcBits: number;
  #memberBits: number;

  /**
   * @param capacity - members that there is room for at first, a power of two; the last number is not used
   * @param replicas - places of each member, a power of two: the more, the more alike are their arcs
   */
  constructor(capacity = 8, replicas: number = REPLICAS) {
    invariant(Number.isInteger(Math.log2(replicas)), 'the places of a member are a power of two');
    this.#replicas = replicas;
    this.#capacity = capacity;
    this.#loads = float64Column(capacity);
    this.#seeds = int32Column(capacity);
    // As many as members at least: then a position and a number fit into 32 bits.
    this.#arcCount = capacity * Math.max(1, replicas / PLACES_PER_ARC);
    this.#arcs = int32Column(this.#arcCount << ARC_SHIFT);
    this.#smallest = float64Column(this.#arcCount * 2);
    this.#arcBits = 32 - Math.log2(this.#arcCount);
    this.#memberBits = Math.log2(capacity);
  }

  /** What is written to all over as members come. */
  get scattered(): readonly (Int32Array | Float64Array)[] {
    return [this.#arcs, this.#smallest];
  }

  /** Adds a member, away at first. O(1) amortised. @param seed - decides its places; a hash of its name */
  add(member: number, seed: number): void {
    while (member + 1 >= this.#capacity) this.#grow();
    this.#loads[member] = NONE;
    this.#seeds[member] = seed;
    for (let replica = 0; replica < this.#replicas; replica++) {
      const position = this.#positionOf(member, replica);
      this.#insert(position >>> this.#arcBits, this.#placeOf(position, member));
    }
  }

  remove(member: number): void {
    this.setLoad(member, AWAY);
    for (let replica = 0; replica < this.#replicas; replica++) {
      const position = this.#positionOf(member, replica);
      this.#takeOut(position >>> this.#arcBits, this.#placeOf(position, member));
    }
  }

  /** Sets a member's load: 0 or more, or {@link AWAY}. O(log n), mostly O(1). */
  setLoad(member: number, load: number): void {
    const before = this.#loads[member] as number;
    const now = kept(load);
    if (before === now) return;
    this.#loads[member] = now;
    for (let replica = 0; replica < this.#replicas; replica++) {
      const arc = this.#positionOf(member, replica) >>> this.#arcBits;
      const least = this.#smallest[arc + this.#arcCount] as number;
      // Most changes leave the smallest load of an arc alone, and need no look at its other places.
      if (smaller(least, now) === now) this.#lift(arc, now);
      else if (before === least) this.#lift(arc, this.#smallestInArc(arc));
    }
  }

  /** The first member at or after `position` whose load is below `bound`, or -1. */
  find(position: number, bound: number): number {
    const arc = position >>> this.#arcBits;
    const near = this.#firstInArc(arc, this.#placeOf(position, 0), bound);
    if (near >= 0) return near;
    // Every fourth search ends beside its arc, on the same cache line or the next one.
    const beside = (arc + 1) & (this.#arcCount - 1);
    const next = this.#firstInArc(beside, FIRST, bound);
    if (next >= 0) return next;
    const after = this.#nextArc(beside, bound);
    return after < 0 ? -1 : this.#firstInArc(after, FIRST, bound);
  }

  /**
   * Reads what searches from these positions will read first, for all of them at once: then they need not wait for
   * memory one after the other. The number means nothing.
   */
  foresee(positions: readonly number[]): number {
    const arcs = this.#arcs;
    const slots: number[] = [];
    let touched = 0;
    for (const position of positions) {
      const first = (position >>> this.#arcBits) << ARC_SHIFT;
      const from = this.#placeOf(position, 0);
      let at = first;
      for (let look = first; look < first + ARC_SLOTS; look++)
        at += Number(placeIn(arcs[look] as number) < from);
      slots.push(arcs[at & (arcs.length - 1)] as number);
    }
    for (const slot of slots)
      touched += this.#loads[placeIn(slot) & (this.#capacity - 1)] as number;
    return touched;
  }

  /** Of the places of an arc from one on. */
  #firstInArc(arc: number, from: number, bound: number): number {
    const arcs = this.#arcs;
    const loads = this.#loads;
    const mask = this.#capacity - 1;
    const first = arc << ARC_SHIFT;
    const end = first + ARC_SLOTS;
    let at = first;
    // Counted without a branch: which place it is cannot be predicted.
    for (let look = first; look < end; look++) at += Number(placeIn(arcs[look] as number) < from);
    for (; at < end; at++) {
      const slot = arcs[at] as number;
      if (slot === 0) return -1;
      const member = placeIn(slot) & mask;
      if (isBelow(loads[member] as number, bound)) return member;
    }
    const others = this.#others.get(arc) ?? NOWHERE;
    const found = others.find(
      (place) => place >= from && isBelow(loads[place & mask] as number, bound),
    );
    return found === undefined ? -1 : found & mask;
  }

  /** The first arc after `arc`, going round, that holds a load below `bound`, or -1. */
  #nextArc(arc: number, bound: number): number {
    const smallest = this.#smallest;
    let node = arc + this.#arcCount;
    while (node > 1 && !(node % 2 === 0 && isBelow(smallest[node + 1] as number, bound)))
      node >>= 1;
    if (node > 1) node += 1;
    else if (!isBelow(smallest[1] as number, bound)) return -1;
    while (node < this.#arcCount) {
      node *= 2;
      if (!isBelow(smallest[node] as number, bound)) node += 1;
    }
    return node - this.#arcCount;
  }

  #positionOf(member: number, replica: number): number {
    return mix32((this.#seeds[member] as number) + Math.imul(replica + 1, 0x9e3779b9)) >>> 0;
  }

  /** A signed number, for those V8 need not box. Places at one position are ordered by number: rare, and any order would do. */
  #placeOf(position: number, member: number): number {
    const rest = position & (2 ** this.#arcBits - 1);
    return ((rest << this.#memberBits) | member) ^ FIRST;
  }

  #insert(arc: number, place: number): void {
    const first = arc << ARC_SHIFT;
    let carried = place;
    for (let at = first; at < first + ARC_SLOTS; at++) {
      const slot = this.#arcs[at] as number;
      if (slot !== 0 && placeIn(slot) <= carried) continue;
      this.#arcs[at] = slotOf(carried);
      if (slot === 0) return;
      carried = placeIn(slot);
    }
    const others = this.#others.get(arc) ?? [];
    others.push(carried);
    this.#others.set(
      arc,
      others.sort((a, b) => a - b),
    );
  }

  #takeOut(arc: number, place: number): void {
    const others = this.#others.get(arc) ?? NOWHERE;
    const last = ((arc + 1) << ARC_SHIFT) - 1;
    const at = this.#arcs.indexOf(slotOf(place), arc << ARC_SHIFT);
    if (at < 0 || at > last) others.splice(others.indexOf(place), 1);
    else {
      this.#arcs.copyWithin(at, at + 1, last + 1);
      const next = others.shift();
      this.#arcs[last] = next === undefined ? 0 : slotOf(next);
    }
    if (others.length === 0) this.#others.delete(arc);
  }

  /** Sets the smallest load of an arc, and of all above it that it changes. */
  #lift(arc: number, smallestOfArc: number): void {
    const smallest = this.#smallest;
    let least = smallestOfArc;
    let node = arc + this.#arcCount;
    while (smallest[node] !== least) {
      smallest[node] = least;
      if (node === 1) return;
      least = smaller(least, smallest[node ^ 1] as number);
      node >>= 1;
    }
  }

  #smallestInArc(arc: number): number {
    let least = NONE;
    for (const place of this.#placesOf(arc))
      least = smaller(least, this.#loads[place & (this.#capacity - 1)] as number);
    return least;
  }

  /** In order. */
  #placesOf(arc: number): number[] {
    const places: number[] = [];
    const first = arc << ARC_SHIFT;
    for (let at = first; at < first + ARC_SLOTS; at++) {
      const slot = this.#arcs[at] as number;
      if (slot === 0) return places;
      places.push(placeIn(slot));
    }
    return [...places, ...(this.#others.get(arc) ?? NOWHERE)];
  }

  /** O(n): every place goes to another arc. */
  #grow(): void {
    const members = new Set<number>();
    for (let arc = 0; arc < this.#arcCount; arc++)
      for (const place of this.#placesOf(arc)) members.add(place & (this.#capacity - 1));
    const loads = this.#loads;
    const capacity = grownCapacity(this.#capacity);
    this.#arcCount *= capacity / this.#capacity;
    this.#capacity = capacity;
    this.#arcBits = 32 - Math.log2(this.#arcCount);
    this.#memberBits = Math.log2(capacity);
    this.#loads = float64Column(capacity);
    this.#seeds = grown(this.#seeds, int32Column(capacity));
    this.#arcs = int32Column(this.#arcCount << ARC_SHIFT);
    this.#others.clear();
    this.#smallest = float64Column(this.#arcCount * 2);
    for (const member of members) {
      this.add(member, this.#seeds[member] as number);
      const load = loads[member] as number;
      if (load !== NONE) this.setLoad(member, load);
    }
  }
}

/** Loads are kept so that one of nobody, or of who is away, is 0: columns begin with that. */
const NONE = 0;
const NOWHERE: number[] = [];
/** The first place that an arc may have. */
const FIRST = -0x8000_0000;

/** The last place of all would have a number that no member has: it stands for none, as 0. */
function slotOf(place: number): number {
  return place ^ 0x7fff_ffff;
}

function placeIn(slot: number): number {
  return slot ^ 0x7fff_ffff;
}

function kept(load: number): number {
  if (load === AWAY) return NONE;
  return load === 0 ? Number.MIN_VALUE : load;
}

function smaller(a: number, b: number): number {
  if (a === NONE) return b;
  return b === NONE ? a : Math.min(a, b);
}

function isBelow(load: number, bound: number): boolean {
  return load !== NONE && load < bound;
}
