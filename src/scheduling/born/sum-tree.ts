/**
 * Non-negative weights in a row, their sum, and the position at which a running sum is reached.
 *
 * A tree whose nodes have 64 children, one Float64Array a level: a node's children lie side by side, so a
 * step down is one scan of eight cache lines. A change sums every node above it anew from its children.
 * Each node is therefore a function of the weights alone, whatever happened before: rounding is that of
 * one summation and does not grow with the number of changes. Every operation costs O(64 · log₆₄ n);
 * about 8.2 bytes a weight.
 */
import { invariant } from '../../base/invariant.ts';
import { grown } from '../agent-table.ts';

const FANOUT = 64;
/** The children of node k of a level are numbered from k shifted by this. */
export const FANOUT_SHIFT = 6;
const SHIFT: number = FANOUT_SHIFT;

export class SumTree {
  /** Leaves first; the last level is one node's children, and their sum is the total. */
  readonly #levels: Float64Array[] = [new Float64Array(FANOUT)];
  #size = 0;
  #total = 0;
  readonly #min: number;

  /** @param sign - `signed` for numbers below 0 too, which cannot be searched */
  constructor(sign: 'positive' | 'signed' = 'positive') {
    this.#min = sign === 'signed' ? Number.NEGATIVE_INFINITY : 0;
  }

  get size(): number {
    return this.#size;
  }

  /** The sum of all weights. */
  get total(): number {
    return this.#total;
  }

  /** The weight at a position, 0 ≤ position < size. */
  at(position: number): number {
    return (this.#levels[0] as Float64Array)[position] as number;
  }

  /** Appends a weight; its position is the size before. */
  push(weight: number): void {
    if (this.#size === (this.#levels[0] as Float64Array).length) this.#grow();
    this.#size += 1;
    this.set(this.#size - 1, weight);
  }

  /** Removes the last weight. */
  pop(): void {
    invariant(this.#size > 0, 'a weight is popped from a tree that has one');
    this.set(this.#size - 1, 0);
    this.#size -= 1;
  }

  set(position: number, weight: number): void {
    const isFit = Number.isFinite(weight) && weight >= this.#min;
    invariant(isFit, () => `a weight must be finite, and at least ${this.#min}, got ${weight}`);
    let node = position;
    (this.#levels[0] as Float64Array)[node] = weight;
    for (let level = 1; level < this.#levels.length; level++) {
      node >>= SHIFT;
      (this.#levels[level] as Float64Array)[node] = sumAt(
        this.#levels[level - 1] as Float64Array,
        node << SHIFT,
      );
    }
    this.#total = sumAt(this.#levels.at(-1) as Float64Array, 0);
  }

  /**
   * The first position whose weight and those before it exceed `target`, 0 ≤ target < total.
   * Where rounding leads past the end, the last one that has a weight. The total must be above 0.
   */
  find(target: number): number {
    let rest = target;
    let node = 0;
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const sums = this.#levels[level] as Float64Array;
      const end = (node + 1) << SHIFT;
      let child = node << SHIFT;
      let reached = child;
      for (; child < end; child++) {
        const sum = sums[child] as number;
        if (sum <= 0) continue;
        reached = child;
        if (rest < sum) break;
        rest -= sum;
      }
      node = reached;
    }
    return node;
  }

  /** The sum of the weights before a position. */
  before(position: number): number {
    let sum = 0;
    let node = position;
    for (const sums of this.#levels) {
      for (let child = (node >> SHIFT) << SHIFT; child < node; child++) {
        sum += sums[child] as number;
      }
      node >>= SHIFT;
    }
    return sum;
  }

  /** Copies a weight to another position. */
  move(from: number, to: number): void {
    this.set(to, this.at(from));
  }

  get levelCount(): number {
    return this.#levels.length;
  }

  /** The sum below a node of a level, 0 for the weights themselves; 0 past its end. */
  sumAt(level: number, node: number): number {
    return (this.#levels[level] as Float64Array)[node] ?? 0;
  }

  /** Multiplies every weight, and thereby every sum. O(n). */
  scale(factor: number): void {
    for (const sums of this.#levels) {
      for (let node = 0; node < sums.length; node++) sums[node] = (sums[node] as number) * factor;
    }
    this.#total *= factor;
  }

  #grow(): void {
    const leaves = this.#levels[0] as Float64Array;
    this.#levels[0] = grown(leaves, new Float64Array(leaves.length * 2));
    let level = 0;
    for (let nodes = leaves.length * 2; nodes > FANOUT;) {
      nodes = Math.max(FANOUT, Math.ceil(nodes / FANOUT));
      level += 1;
      const known = this.#levels[level];
      if (known?.length === nodes) continue;
      const sums = new Float64Array(nodes);
      if (known !== undefined) sums.set(known);
      else sums[0] = sumAt(this.#levels[level - 1] as Float64Array, 0);
      this.#levels[level] = sums;
    }
  }
}

/** The sum of one node's children. Four running sums, because one would wait for each addition. */
function sumAt(values: Float64Array, from: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let child = from; child < from + FANOUT; child += 4) {
    a += values[child] as number;
    b += values[child + 1] as number;
    c += values[child + 2] as number;
    d += values[child + 3] as number;
  }
  return a + b + (c + d);
}
