/**
 * Non-negative weights in a row, their sum, and the position at which a running sum is reached.
 *
 * A tree whose nodes have 16 children, one Float64Array a level: a node's children lie side by side, on two
 * cache lines. Above the leaves each child also has the sum of those before it, so that a step down is four
 * comparisons that no branch depends on: which child it is cannot be predicted. A change sums every node above
 * it anew from its children. Each node is therefore a function of the weights alone, whatever happened
 * before: rounding is that of one summation and does not grow with the number of changes. Every operation
 * costs O(16 · log₁₆ n); about 9.1 bytes a weight.
 */
import { float64Column } from '../../base/columns.ts';
import { invariant } from '../../base/invariant.ts';
import { capacityFor, grown, grownCapacity } from '../../base/grown.ts';

const FANOUT = 16;
/** The children of node k of a level are numbered from k shifted by this. */
export const FANOUT_SHIFT = 4;
const SHIFT: number = FANOUT_SHIFT;
/** Numbers in a cache line. */
const LINE = 8;

export class SumTree {
  /** Leaves first; the last level is one node's children, and their sum is the total. */
  readonly #levels: Float64Array[] = [];
  /** By level, of each child the sum of its siblings before it. None for leaves, of which there are many. */
  readonly #befores: Float64Array[] = [];
  #size = 0;
  #total = 0;
  readonly #min: number;

  /**
   * @param sign - `signed` for numbers below 0 too, which cannot be searched
   * @param capacity - weights that there is room for at first
   */
  constructor(sign: 'positive' | 'signed' = 'positive', capacity: number = FANOUT) {
    this.#min = sign === 'signed' ? Number.NEGATIVE_INFINITY : 0;
    let nodes = capacityFor(capacity, FANOUT);
    this.#levels.push(float64Column(nodes));
    this.#befores.push(new Float64Array(0));
    while (nodes > FANOUT) {
      nodes = Math.max(FANOUT, Math.ceil(nodes / FANOUT));
      this.#levels.push(float64Column(nodes));
      this.#befores.push(float64Column(nodes));
    }
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

  /** Makes room for so many weights in one step. */
  reserve(count: number): void {
    const leaves = this.#levels[0] as Float64Array;
    if (count > leaves.length) this.#resize(capacityFor(count, leaves.length));
  }

  /** Appends a weight; its position is the size before. */
  push(weight: number): void {
    const { length } = this.#levels[0] as Float64Array;
    if (this.#size === length) this.#resize(grownCapacity(length));
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
      const sums = this.#levels[level] as Float64Array;
      sums[node] = sumAt(this.#levels[level - 1] as Float64Array, node << SHIFT);
      addUp(sums, this.#befores[level] as Float64Array, node);
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
    for (let level = this.#levels.length - 1; level > 0; level--) {
      const befores = this.#befores[level] as Float64Array;
      node = childAt(befores, node, rest);
      rest -= befores[node] as number;
    }
    const leaf = this.leafOf(node, rest);
    return leaf >= 0 ? leaf : this.#search(target);
  }

  /** One step of a search that {@link Searches} makes: from a node above `level` to its child there. */
  stepDown(level: number, at: number, rests: Float64Array, nodes: Int32Array): void {
    const befores = this.#befores[level] as Float64Array;
    const child = childAt(befores, nodes[at] as number, rests[at] as number);
    rests[at] = (rests[at] as number) - (befores[child] as number);
    nodes[at] = child;
  }

  /** Reads what {@link leafOf} will read, so that it need not wait; the number means nothing. */
  fetchLeaves(node: number): number {
    const leaves = this.#levels[0] as Float64Array;
    const from = node << SHIFT;
    const ends = (leaves[from] as number) + (leaves[from + FANOUT - 1] as number);
    return ends + (leaves[from + LINE] as number);
  }

  /** The leaf of a lowest node where its running sum exceeds `rest`, or -1 where rounding leads to none. */
  leafOf(node: number, rest: number): number {
    const leaves = this.#levels[0] as Float64Array;
    const from = node << SHIFT;
    const a = fourAt(leaves, from);
    const b = a + fourAt(leaves, from + 4);
    const c = b + fourAt(leaves, from + 8);
    const isB = Number(rest >= a);
    const isC = Number(rest >= b);
    const isD = Number(rest >= c);
    const start = from + ((isB + isC + isD) << 2);
    const over = rest - isB * a - isC * (b - a) - isD * (c - b);
    const one = leaves[start] as number;
    const two = one + (leaves[start + 1] as number);
    const three = two + (leaves[start + 2] as number);
    const leaf = start + Number(over >= one) + Number(over >= two) + Number(over >= three);
    return (leaves[leaf] as number) > 0 ? leaf : -1;
  }

  /** The sum of the weights before a position. */
  before(position: number): number {
    const leaves = this.#levels[0] as Float64Array;
    let sum = 0;
    for (let leaf = (position >> SHIFT) << SHIFT; leaf < position; leaf++)
      sum += leaves[leaf] as number;
    let node = position;
    for (let level = 1; level < this.#levels.length; level++) {
      node >>= SHIFT;
      sum += (this.#befores[level] as Float64Array)[node] as number;
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
    for (const sums of [...this.#levels, ...this.#befores]) {
      for (let node = 0; node < sums.length; node++) sums[node] = (sums[node] as number) * factor;
    }
    this.#total *= factor;
  }

  /** Finds by looking at one child after the other: where rounding led to a leaf of no weight. */
  #search(target: number): number {
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

  #resize(capacity: number): void {
    const leaves = this.#levels[0] as Float64Array;
    let nodes = capacity;
    this.#levels[0] = grown(leaves, float64Column(nodes));
    let level = 0;
    while (nodes > FANOUT) {
      nodes = Math.max(FANOUT, Math.ceil(nodes / FANOUT));
      level += 1;
      const known = this.#levels[level];
      if (known?.length === nodes) continue;
      const sums = float64Column(nodes);
      const befores = float64Column(nodes);
      if (known === undefined) sums[0] = sumAt(this.#levels[level - 1] as Float64Array, 0);
      else {
        sums.set(known);
        befores.set(this.#befores[level] as Float64Array);
      }
      this.#levels[level] = sums;
      this.#befores[level] = befores;
      if (known === undefined) addUp(sums, befores, 0);
    }
  }
}

/** The child of a node at which a running sum exceeds `rest`. */
function childAt(befores: Float64Array, node: number, rest: number): number {
  let child = node << SHIFT;
  child += Number(rest >= (befores[child + 8] as number)) << 3;
  child += Number(rest >= (befores[child + 4] as number)) << 2;
  child += Number(rest >= (befores[child + 2] as number)) << 1;
  return child + Number(rest >= (befores[child + 1] as number));
}

/** Brings the sums before the siblings that follow a node up to date. */
function addUp(sums: Float64Array, befores: Float64Array, node: number): void {
  const end = ((node >> SHIFT) + 1) << SHIFT;
  let sum = (befores[node] as number) + (sums[node] as number);
  for (let child = node + 1; child < end; child++) {
    befores[child] = sum;
    sum += sums[child] as number;
  }
}

function fourAt(values: Float64Array, from: number): number {
  const first = (values[from] as number) + (values[from + 1] as number);
  return first + (values[from + 2] as number) + (values[from + 3] as number);
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
