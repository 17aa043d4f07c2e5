import { SumTree } from './sum-tree.ts';

/**
 * Searches of sum trees that go down together, level by level.
 *
 * Whatever one of them has to wait for, memory or a sum, the others need not wait for: of a search among a
 * million weights alone most of the time is waiting.
 */
export class Searches {
  /** Where each search ended, once {@link run} is done. */
  readonly found: Int32Array;
  readonly #trees: SumTree[];
  readonly #targets: Float64Array;
  readonly #rests: Float64Array;

  constructor(count: number) {
    this.found = new Int32Array(count);
    this.#trees = Array.from({ length: count }, () => new SumTree());
    this.#targets = new Float64Array(count);
    this.#rests = new Float64Array(count);
  }

  /** Sets what a search is for; see {@link SumTree.find}. */
  begin(at: number, tree: SumTree, target: number): void {
    this.#trees[at] = tree;
    this.#targets[at] = target;
    this.#rests[at] = target;
    this.found[at] = 0;
  }

  /** Finds all. Returns numbers that were only read to have them at hand, added up. */
  run(): number {
    const { found } = this;
    const trees = this.#trees;
    const rests = this.#rests;
    let levels = 0;
    let touched = 0;
    for (const tree of trees) levels = Math.max(levels, tree.levelCount);
    for (let level = levels - 1; level > 0; level--) {
      for (let at = 0; at < found.length; at++) {
        const tree = trees[at] as SumTree;
        if (level < tree.levelCount) tree.stepDown(level, at, rests, found);
      }
    }
    for (let at = 0; at < found.length; at++)
      touched += (trees[at] as SumTree).fetchLeaves(found[at] as number);
    for (let at = 0; at < found.length; at++) {
      const leaf = (trees[at] as SumTree).leafOf(found[at] as number, rests[at] as number);
      found[at] = leaf >= 0 ? leaf : (trees[at] as SumTree).find(this.#targets[at] as number);
    }
    return touched;
  }
}
