/**
 * Keys held by named members, such as shards by nodes or clients by gateways: each key near its place on a
 * hash ring, no member with more than its share times a factor, and few keys moved where members change.
 *
 * Consistent hashing with bounded loads (see `bounded-loads.ts`), with what it holds remembered. With m keys
 * and members of weight w, W in all, a member holds ⌈c · m · w / W⌉ at most, always. A member that leaves moves
 * its own keys and no others; one that joins takes those whose place it stands before now, about one in n,
 * and what others hold beyond the new bound. Deterministic: the same calls lead to the same.
 */
import { invariant } from '../base/invariant.ts';
import { BoundedLoads } from './bounded-loads.ts';
import { hash32 } from '../base/hash.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';

/** A key that changed hands; `from` is null where its member left. */
export interface KeyMove {
  readonly key: string;
  readonly from: string | null;
  readonly to: string;
}

export interface BoundedRingOptions {
  /** c: most load of a member, relative to its even share; above 1. Default 1.25. */
  readonly loadFactorMax?: number;
  /** Places of each member on the ring, a power of two. Default 64. */
  readonly replicas?: number;
}

interface Member extends HeapItem {
  readonly name: string;
  readonly number: number;
  readonly weight: number;
  /** In the order in which they came. */
  readonly keys: Set<string>;
}

const LOAD_FACTOR_MAX = 1.25;
const REPLICAS = 64;

export class BoundedRing {
  readonly #factorMax: number;
  readonly #loads: BoundedLoads;
  readonly #members = new Map<string, Member>();
  /** By number. */
  readonly #byNumber: (Member | null)[] = [];
  readonly #unused: number[] = [];
  readonly #holders = new Map<string, Member>();
  /** Those first that are first beyond a bound that sinks. */
  readonly #fullest = new IndexedHeap<Member>((a, b) => pressure(a) > pressure(b));
  #weightSum = 0;

  constructor({ loadFactorMax = LOAD_FACTOR_MAX, replicas = REPLICAS }: BoundedRingOptions = {}) {
    invariant(loadFactorMax > 1, () => `a load factor is above 1, got ${loadFactorMax}`);
    this.#factorMax = loadFactorMax;
    this.#loads = new BoundedLoads(loadFactorMax, { replicas });
  }

  /** Keys that are held. */
  get size(): number {
    return this.#holders.size;
  }

  /** Names of the members, in the order in which they joined. */
  get members(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Who holds the key, or null. O(1). */
  holderOf(key: string): string | null {
    return this.#holders.get(key)?.name ?? null;
  }

  /** Where the key's place is, whatever that member holds; null without members. O(log n). */
  homeOf(key: string): string | null {
    const number = this.#members.size === 0 ? -1 : this.#loads.home(hash32(key));
    return this.#byNumber[number]?.name ?? null;
  }

  keysOf(member: string): readonly string[] {
    return [...(this.#members.get(member)?.keys ?? [])];
  }

  /** Most keys the member may hold now; 0 for one that is not there. */
  boundOf(member: string): number {
    const { weight = 0 } = this.#members.get(member) ?? {};
    if (weight === 0) return 0;
    const share = this.#share();
    const bound = Math.ceil(share * weight);
    // Where the product was rounded up past a whole number, what keys are placed by says so.
    return bound > 0 && (bound - 1) / weight >= share ? bound - 1 : bound;
  }

  /** Lets a member hold the key, if none does yet; null without members. O(log n). */
  assign(key: string): string | null {
    const known = this.#holders.get(key);
    if (known !== undefined) return known.name;
    return this.#members.size === 0 ? null : this.#place(key).name;
  }

  /** The key is no more; keys that others hold beyond their new bound move. O(log n) a move. */
  release(key: string): readonly KeyMove[] {
    const holder = this.#holders.get(key);
    if (holder === undefined) return [];
    this.#take(holder, key);
    return this.#shed();
  }

  /**
   * Adds a member. O(keys · log n).
   *
   * @param weight - its share relative to others, a whole number from 1
   */
  add(name: string, weight = 1): readonly KeyMove[] {
    invariant(!this.#members.has(name), () => `a member joins once, got ${name} again`);
    invariant(Number.isSafeInteger(weight) && weight > 0, 'a weight is a whole number from 1');
    const number = this.#unused.pop() ?? this.#byNumber.length;
    const member: Member = { name, number, weight, keys: new Set(), heapSlot: -1 };
    this.#byNumber[number] = member;
    this.#members.set(name, member);
    this.#weightSum += weight;
    this.#loads.add(number, hash32(name));
    this.#fullest.push(member);
    this.#changed(member);
    const moves = this.#claim(member);
    return [...moves, ...this.#shed()];
  }

  /** Removes a member; its keys move, unless it was the last: then nobody holds them. O(its keys · log n). */
  remove(name: string): readonly KeyMove[] {
    const member = this.#members.get(name);
    if (member === undefined) return [];
    for (const key of member.keys) this.#holders.delete(key);
    this.#members.delete(name);
    this.#byNumber[member.number] = null;
    this.#unused.push(member.number);
    this.#weightSum -= member.weight;
    this.#fullest.remove(member);
    this.#loads.remove(member.number);
    if (this.#members.size === 0) return [];
    return [...member.keys].map((key) => ({ key, from: null, to: this.#place(key).name }));
  }

  /** Moves keys to a new member that is the first from their places on, as many as it may hold. */
  #claim(member: Member): KeyMove[] {
    const moves: KeyMove[] = [];
    const bound = this.boundOf(member.name);
    for (const [key, holder] of this.#holders) {
      if (member.keys.size >= bound) break;
      if (holder === member || this.#loads.home(hash32(key)) !== member.number) continue;
      this.#take(holder, key);
      this.#give(member, key);
      moves.push({ key, from: holder.name, to: member.name });
    }
    return moves;
  }

  /** Moves what members hold beyond their bound. */
  #shed(): KeyMove[] {
    const moves: KeyMove[] = [];
    for (;;) {
      const { top } = this.#fullest;
      if (top === undefined || top.keys.size === 0 || pressure(top) < this.#share()) return moves;
      const [key] = top.keys as Iterable<string>;
      invariant(key !== undefined, 'who holds too much holds a key');
      this.#take(top, key);
      moves.push({ key, from: top.name, to: this.#place(key).name });
    }
  }

  #place(key: string): Member {
    const member = this.#byNumber[this.#loads.find(hash32(key))] ?? null;
    invariant(member !== null, 'some member is below its bound');
    this.#give(member, key);
    return member;
  }

  #give(member: Member, key: string): void {
    member.keys.add(key);
    this.#holders.set(key, member);
    this.#changed(member);
  }

  #take(member: Member, key: string): void {
    member.keys.delete(key);
    this.#holders.delete(key);
    this.#changed(member);
  }

  #changed(member: Member): void {
    this.#loads.set(member.number, member.weight, member.keys.size, true);
    this.#fullest.moved(member);
  }

  /** Keys for each unit of weight, at most. */
  #share(): number {
    return (this.#factorMax * this.#holders.size) / this.#weightSum;
  }
}

/** A member holds more than ⌈share · weight⌉ keys exactly where this is at least the share. */
function pressure({ keys, weight }: Member): number {
  return (keys.size - 1) / weight;
}
