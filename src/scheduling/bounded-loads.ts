/**
 * Which member of a ring takes a key, where none may hold more than its share times a factor.
 *
 * Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, SODA 2018): a key goes to the
 * first member from its place on that holds less than ⌈c · (m + 1) · w / W⌉ keys, for a member of weight w, with
 * m keys held and W the weight of all members; the paper's is the case of equal weights. With c above 1 there
 * always is one. O(log n) for everything.
 */
import { float64Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import { AWAY, HashRing } from './hash-ring.ts';

export class BoundedLoads {
  readonly #factorMax: number;
  readonly #ring: HashRing;
  /** What each member adds to the sums below. */
  #weights: Float64Array;
  #counts: Float64Array;
  #weightSum = 0;
  #countSum = 0;

  /**
   * @param factorMax - c, above 1: most load of a member, relative to its even share
   * @param options.capacity - members that there is room for at first, a power of two
   * @param options.replicas - places of each member on the ring, a power of two
   */
  constructor(
    factorMax: number,
    { capacity = 8, replicas }: { readonly capacity?: number; readonly replicas?: number } = {},
  ) {
    this.#factorMax = factorMax;
    this.#ring = new HashRing(capacity, replicas);
    this.#weights = float64Column(capacity);
    this.#counts = float64Column(capacity);
  }

  /** See {@link HashRing.scattered}. */
  get scattered(): readonly (Int32Array | Float64Array)[] {
    return this.#ring.scattered;
  }

  /** Keys that are held. */
  get countSum(): number {
    return this.#countSum;
  }

  /** Adds a member, a small number from 0, without weight. @param seed - a hash of its name */
  add(member: number, seed: number): void {
    while (member >= this.#weights.length) this.#grow();
    this.#weights[member] = 0;
    this.#counts[member] = 0;
    this.#ring.add(member, seed);
  }

  remove(member: number): void {
    this.#count(member, 0, 0);
    this.#ring.remove(member);
  }

  /** @param isOpen - whether it may take keys; one that may not keeps its places */
  set(member: number, weight: number, count: number, isOpen: boolean): void {
    this.#count(member, weight, count);
    this.#ring.setLoad(member, isOpen ? count / Math.max(1, weight) : AWAY);
  }

  /** The member that takes a key now, or -1 where none is open. @param position - hash of the key */
  find(position: number): number {
    // count < ⌈x⌉ and count < x are the same for a whole number, so loads compare with a share.
    return this.#ring.find(position, this.#shareMax());
  }

  /** Reads ahead of time what {@link find} will read for these; see {@link HashRing.foresee}. */
  foresee(positions: readonly number[]): number {
    return this.#ring.foresee(positions);
  }

  /** The first open member from the key's place on, whatever it holds; or -1. */
  home(position: number): number {
    return this.#ring.find(position, AWAY);
  }

  /** Most keys that a member of that weight may hold once one more is placed. */
  boundOf(weight: number): number {
    return Math.ceil(this.#shareMax() * weight);
  }

  #shareMax(): number {
    return (this.#factorMax * (this.#countSum + 1)) / this.#weightSum;
  }

  #count(member: number, weight: number, count: number): void {
    this.#weightSum += weight - (this.#weights[member] as number);
    this.#countSum += count - (this.#counts[member] as number);
    this.#weights[member] = weight;
    this.#counts[member] = count;
  }

  #grow(): void {
    const capacity = grownCapacity(this.#weights.length);
    this.#weights = grown(this.#weights, float64Column(capacity));
    this.#counts = grown(this.#counts, float64Column(capacity));
  }
}
