/**
 * A hash ring that finds the next member with little enough load, in O(log n).
 *
 * Each member stands at several places of the circle of 32-bit hashes. The circle is cut
 * into 2^k equal arcs holding two to four places on average; an arc lists its places in order. Over
 * the arcs lies a tree of the smallest load within, so that a search passes any number of members
 * that are full or away in one go, where walking the ring would pass them one by one.
 *
 * About 60 bytes a member with four places.
 */
import { grown } from '../base/grown.ts';
import { invariant } from '../base/invariant.ts';
import { mix32 } from '../base/hash.ts';

/** Places of a member unless said otherwise: spreads the keys of one that leaves; evenness is the load bound's business. */
export const REPLICAS = 4;
const PLACES_PER_ARC_MAX = 4;
/** Load of a member that must not be found. */
export const AWAY: number = Infinity;

export class HashRing {
  readonly #replicas: number;
  /** Number of a place to that of its member. */
  readonly #memberShift: number;
  #loads: Float64Array;
  /** By place, member · replicas + replica. */
  #positions: Int32Array;
  #next: Int32Array;
  /** First place of each arc, or -1. */
  #arcs: Int32Array;
  /** Smallest load below each node; arc i is node arcCount + i, the root is node 1. */
  #smallest: Float64Array;
  #arcShift: number;
  #placeCount = 0;

  /**
   * @param capacity - members that there is room for at first, a power of two
   * @param replicas - places of each member, a power of two: the more, the more alike are their arcs
   */
  constructor(capacity = 8, replicas: number = REPLICAS) {
    const arcs = Math.max(2, (capacity * replicas) / PLACES_PER_ARC_MAX);
    this.#replicas = replicas;
    this.#memberShift = Math.log2(replicas);
    invariant(Number.isInteger(this.#memberShift), 'the places of a member are a power of two');
    this.#loads = new Float64Array(capacity);
    this.#positions = new Int32Array(capacity * replicas);
    this.#next = new Int32Array(capacity * replicas);
    this.#arcs = new Int32Array(arcs).fill(-1);
    this.#smallest = new Float64Array(arcs * 2).fill(AWAY);
    this.#arcShift = 32 - Math.log2(arcs);
  }

  /** Adds a member, away at first. O(1) amortised. @param seed - decides its places; a hash of its name */
  add(member: number, seed: number): void {
    while (member >= this.#loads.length) this.#growMembers();
    this.#loads[member] = AWAY;
    this.#placeCount += this.#replicas;
    if (this.#placeCount > this.#arcs.length * PLACES_PER_ARC_MAX) this.#doubleArcs();
    for (let replica = 0; replica < this.#replicas; replica++) {
      const place = member * this.#replicas + replica;
      this.#positions[place] = mix32(seed + Math.imul(replica + 1, 0x9e3779b9));
      this.#insert(place);
    }
  }

  remove(member: number): void {
    this.setLoad(member, AWAY);
    this.#placeCount -= this.#replicas;
    for (let replica = 0; replica < this.#replicas; replica++) {
      this.#unlink(member * this.#replicas + replica);
    }
  }

  /** Sets a member's load: any number, or {@link AWAY}. O(log n), mostly O(1). */
  setLoad(member: number, load: number): void {
    const before = this.#loads[member] as number;
    if (before === load) return;
    this.#loads[member] = load;
    for (let replica = 0; replica < this.#replicas; replica++) {
      const arc = this.#arcOf(member * this.#replicas + replica);
      const least = this.#smallest[arc + this.#arcs.length] as number;
      // Most changes leave the smallest load of an arc alone, and need no look at its other places.
      if (load < least) this.#lift(arc, load);
      else if (before === least) this.#lift(arc, this.#smallestInArc(arc));
    }
  }

  /** The first member at or after `position` whose load is below `bound`, or -1. */
  find(position: number, bound: number): number {
    const arc = position >>> this.#arcShift;
    const near = this.#firstInArc(arc, position, bound);
    if (near >= 0) return near;
    const after = this.#nextArc(arc, bound);
    return after < 0 ? -1 : this.#firstInArc(after, 0, bound);
  }

  #firstInArc(arc: number, position: number, bound: number): number {
    for (let place = this.#arcs[arc] as number; place >= 0; place = this.#next[place] as number) {
      const member = place >> this.#memberShift;
      if (this.#positionOf(place) < position) continue;
      if ((this.#loads[member] as number) < bound) return member;
    }
    return -1;
  }

  /** The first arc after `arc`, going round, that holds a load below `bound`, or -1. */
  #nextArc(arc: number, bound: number): number {
    const smallest = this.#smallest;
    let node = arc + this.#arcs.length;
    while (node > 1 && !(node % 2 === 0 && (smallest[node + 1] as number) < bound)) node >>= 1;
    if (node > 1) node += 1;
    else if (!((smallest[1] as number) < bound)) return -1;
    while (node < this.#arcs.length) {
      node *= 2;
      if (!((smallest[node] as number) < bound)) node += 1;
    }
    return node - this.#arcs.length;
  }

  #positionOf(place: number): number {
    return (this.#positions[place] as number) >>> 0;
  }

  #arcOf(place: number): number {
    return this.#positionOf(place) >>> this.#arcShift;
  }

  #insert(place: number): void {
    const arc = this.#arcOf(place);
    let before = -1;
    let after = this.#arcs[arc] as number;
    while (after >= 0 && this.#precedes(after, place)) {
      before = after;
      after = this.#next[after] as number;
    }
    this.#next[place] = after;
    if (before < 0) this.#arcs[arc] = place;
    else this.#next[before] = place;
  }

  /** Places at one position are ordered by number: rare, and then only the same order matters. */
  #precedes(a: number, b: number): boolean {
    const positions = this.#positionOf(a) - this.#positionOf(b);
    return positions < 0 || (positions === 0 && a < b);
  }

  #unlink(place: number): void {
    const arc = this.#arcOf(place);
    const after = this.#next[place] as number;
    let before = this.#arcs[arc] as number;
    if (before === place) {
      this.#arcs[arc] = after;
      return;
    }
    while (this.#next[before] !== place) before = this.#next[before] as number;
    this.#next[before] = after;
  }

  /** Sets the smallest load of an arc, and of all above it that it changes. */
  #lift(arc: number, smallestOfArc: number): void {
    const smallest = this.#smallest;
    let least = smallestOfArc;
    let node = arc + this.#arcs.length;
    while (smallest[node] !== least) {
      smallest[node] = least;
      if (node === 1) return;
      least = Math.min(least, smallest[node ^ 1] as number);
      node >>= 1;
    }
  }

  #smallestInArc(arc: number): number {
    let least = AWAY;
    for (let place = this.#arcs[arc] as number; place >= 0; place = this.#next[place] as number) {
      least = Math.min(least, this.#loads[place >> this.#memberShift] as number);
    }
    return least;
  }

  #doubleArcs(): void {
    const old = this.#arcs;
    const count = old.length * 2;
    this.#arcs = new Int32Array(count).fill(-1);
    this.#arcShift -= 1;
    for (const first of old) {
      let place = first;
      while (place >= 0) {
        const next = this.#next[place] as number;
        this.#insert(place);
        place = next;
      }
    }
    this.#smallest = new Float64Array(count * 2).fill(AWAY);
    for (let arc = 0; arc < count; arc++) this.#smallest[count + arc] = this.#smallestInArc(arc);
    for (let node = count - 1; node >= 1; node--) {
      const left = this.#smallest[node * 2] as number;
      this.#smallest[node] = Math.min(left, this.#smallest[node * 2 + 1] as number);
    }
  }

  #growMembers(): void {
    const capacity = this.#loads.length * 2;
    this.#loads = grown(this.#loads, new Float64Array(capacity));
    this.#positions = grown(this.#positions, new Int32Array(capacity * this.#replicas));
    this.#next = grown(this.#next, new Int32Array(capacity * this.#replicas));
  }
}
