/**
 * Fuses what acts on one qubit, and on one pair of qubits, without anything in between.
 *
 * A pair's run becomes phases where its product is diagonal, a renaming where it is a swap, one matrix
 * where that is cheaper than its parts, and its parts otherwise.
 */
import { bitCount } from '../kernels/kernel-step.ts';
import { itemCost, qubitsOf, type Item } from './dense-item.ts';
import { isDiagonal, isSwapWithPhases, lowerAction, type ItemSink } from './dense-lower.ts';
import { runMatrix } from './run-product.ts';

/** Cost of a matrix on two qubits, in the units of `itemCost`. */
const PAIR_COST = 1.35;

/** Neighbouring items on the same one or two qubits, or one item on more. */
interface Run {
  readonly mask: number;
  readonly items: Item[];
}

/** Collects items into runs. */
export class Fusion {
  readonly #runs: (Run | null)[] = [];
  /** Place in the list of the last run on each qubit, or −1. */
  readonly #last: Int32Array;

  constructor(qubits: number) {
    this.#last = new Int32Array(qubits).fill(-1);
  }

  push(item: Item): void {
    const mask = qubitsOf(item);
    const count = bitCount(mask);
    if (count === 1) this.#pushOne(item, mask);
    else if (count === 2) this.#pushPair(item, mask);
    else this.#open({ mask, items: [item] });
  }

  /** Ends all runs and hands their items on in order. */
  finish(sink: ItemSink): void {
    for (const run of this.#runs) if (run !== null) resolveRun(run, sink);
    this.#runs.length = 0;
    this.#last.fill(-1);
  }

  #pushOne(item: Item, mask: number): void {
    const run = this.#runs[this.#last[lowestQubit(mask)]] ?? null;
    if (run !== null && bitCount(run.mask) <= 2) run.items.push(item);
    else this.#open({ mask, items: [item] });
  }

  #pushPair(item: Item, mask: number): void {
    const a = this.#last[lowestQubit(mask)];
    const b = this.#last[lowestQubit(mask & (mask - 1))];
    if (a === b && a >= 0 && this.#runs[a]?.mask === mask) {
      this.#runs[a].items.push(item);
      return;
    }
    const items: Item[] = [];
    for (const at of [a, b]) {
      const run = this.#runs[at] ?? null;
      if (run === null || bitCount(run.mask) !== 1) continue;
      items.push(...run.items);
      this.#runs[at] = null;
    }
    items.push(item);
    this.#open({ mask, items });
  }

  #open(run: Run): void {
    for (let rest = run.mask; rest !== 0; rest &= rest - 1) {
      this.#last[lowestQubit(rest)] = this.#runs.length;
    }
    this.#runs.push(run);
  }
}

function lowestQubit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

function resolveRun({ items, mask }: Run, sink: ItemSink): void {
  const count = bitCount(mask);
  if (count === 1) resolveOne(items, lowestQubit(mask), sink);
  else if (count === 2) resolvePair(items, mask, sink);
  else for (const item of items) sink.push(item);
}

/** The product of a qubit's items, as whatever it turns out to be. */
function resolveOne(items: readonly Item[], qubit: number, sink: ItemSink): void {
  const [first] = items;
  if (items.length === 1) {
    sink.push(first);
    return;
  }
  if (items.every(({ kind }) => kind === 'phase')) {
    for (const item of items) sink.push(item);
    return;
  }
  const matrix = runMatrix(items, [qubit]);
  lowerAction({ matrix, targets: [qubit], controls: [] }, sink);
}

function resolvePair(items: readonly Item[], mask: number, sink: ItemSink): void {
  if (items.every(({ kind }) => kind === 'phase')) {
    for (const item of items) sink.push(item);
    return;
  }
  const pair = [lowestQubit(mask), lowestQubit(mask & (mask - 1))];
  const joint = items.filter((item) => bitCount(qubitsOf(item)) === 2);
  const parts: Item[] = [];
  const partSink: ItemSink = { ...sink, push: (item) => parts.push(item) };
  if (joint.length > 1 || joint.some((item) => itemCost(item) > 1) || items.length > 3) {
    const matrix = runMatrix(items, pair);
    if (isDiagonal(matrix) || isSwapWithPhases(matrix)) {
      lowerAction({ matrix, targets: pair, controls: [] }, sink);
      return;
    }
    // Factors of the parts must not reach the state twice.
    const factors: [number, number][] = [];
    splitPair(items, { ...partSink, factor: (re, im) => factors.push([re, im]) });
    if (parts.reduce((sum, item) => sum + itemCost(item), 0) > PAIR_COST) {
      const none = { controlMask: 0, controlValue: 0 };
      sink.push({ kind: 'step', step: { kind: 'dense', targets: pair, matrix, ...none } });
      return;
    }
    for (const [re, im] of factors) sink.factor(re, im);
  } else splitPair(items, partSink);
  for (const item of parts) sink.push(item);
}

/** The items of a pair, with neighbours on one qubit fused. */
function splitPair(items: readonly Item[], sink: ItemSink): void {
  const pending = new Map<number, Item[]>();
  const flush = (qubit: number): void => {
    const list = pending.get(qubit);
    if (list !== undefined) resolveOne(list, qubit, sink);
    pending.delete(qubit);
  };
  for (const item of items) {
    const mask = qubitsOf(item);
    if (bitCount(mask) === 1) {
      const qubit = lowestQubit(mask);
      const list = pending.get(qubit);
      if (list === undefined) pending.set(qubit, [item]);
      else list.push(item);
      continue;
    }
    flush(lowestQubit(mask));
    flush(lowestQubit(mask & (mask - 1)));
    sink.push(item);
  }
  for (const [qubit, list] of pending) resolveOne(list, qubit, sink);
}
