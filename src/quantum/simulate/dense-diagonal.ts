/** Merges phases into as few passes over the amplitudes as pay off. */
import {
  bitCount,
  type DiagonalStep,
  type KernelStep,
  type PhaseTable,
} from '../kernels/kernel-step.ts';
import { itemCost, stepOf, type PhaseItem } from './dense-item.ts';

/** log2 of the amplitudes in a row, at most: rows are long enough to hide what is done once for each. */
const ROW_BITS_MAX = 8;
/** log2 of a row table's entries, at most. */
const ROW_TABLE_BITS_MAX = 14;
const OUTER_TABLE_BITS_MAX = 10;
const OUTER_TABLES_MAX = 3;
/** Nanoseconds an entry of a table takes to make, and a pass with tables at all. */
const ENTRY_COST = 8;
const PASS_COST = 2000;

/** A product of phases: for each mask, a factor where all its bits are 1. */
export type PhaseProduct = Map<number, readonly [re: number, im: number]>;

/** Multiplies a phase into the product. */
export function addPhase(product: PhaseProduct, { mask, re, im }: PhaseItem): void {
  const known = product.get(mask);
  if (known === undefined) product.set(mask, [re, im]);
  else product.set(mask, [known[0] * re - known[1] * im, known[0] * im + known[1] * re]);
}

/** The steps for a product on a state of `qubits`, whose lowest `lowBits` are within every block. */
export function diagonalSteps(
  product: PhaseProduct,
  qubits: number,
  lowBits: number,
): KernelStep[] {
  const steps: KernelStep[] = [];
  let rest: PhaseItem[] = [];
  for (const [mask, [re, im]] of product) {
    if (re !== 1 || im !== 0) rest.push({ kind: 'phase', mask, re, im });
  }
  const rowBits = Math.min(ROW_BITS_MAX, lowBits, qubits);
  while (rest.length > 0) {
    const { left, pass } = tablePass(rest, qubits, rowBits);
    const taken = rest.length - left.length;
    const single = rest.reduce((sum, item) => sum + itemCost(item), 0) * 2 ** qubits;
    if (taken < 2 || single * (taken / rest.length) <= pass.cost) {
      steps.push(...rest.map(stepOf));
      break;
    }
    steps.push(pass.step());
    rest = left;
  }
  return steps;
}

interface Pass {
  readonly step: () => DiagonalStep;
  /** Nanoseconds, roughly. */
  readonly cost: number;
}

/** As many of the phases as fit into one pass's tables. */
function tablePass(
  items: readonly PhaseItem[],
  qubits: number,
  rowBits: number,
): { readonly pass: Pass; readonly left: PhaseItem[] } {
  const lowest = 2 ** rowBits - 1;
  // What all phases need becomes a control, so that the other amplitudes are left alone.
  const common = items.reduce((mask, item) => mask & item.mask, ~0) & ~lowest;
  const shed = items.map((item) => ({ ...item, mask: item.mask & ~common }));
  const rowBitsMax = Math.max(rowBits, Math.min(ROW_TABLE_BITS_MAX, qubits - 3));
  const row = { mask: lowest, items: [] as PhaseItem[] };
  const outer: { mask: number; items: PhaseItem[] }[] = [];
  const left: PhaseItem[] = [];
  const intoRow = (item: PhaseItem): boolean => {
    if (bitCount(row.mask | item.mask) > rowBitsMax) return false;
    row.mask |= item.mask;
    row.items.push(item);
    return true;
  };
  const isMixed = ({ mask }: PhaseItem): boolean => (mask & lowest) !== 0 && (mask & ~lowest) !== 0;
  const [mixed, others] = partition(shed, isMixed);
  for (const item of mixed) if (!intoRow(item)) left.push(item);
  for (const item of others) {
    if ((item.mask & ~row.mask) === 0) row.items.push(item);
    else if (!intoOuter(outer, item)) left.push(item);
  }
  const entries =
    2 ** bitCount(row.mask) + outer.reduce((sum, { mask }) => sum + 2 ** bitCount(mask), 0);
  const perAmplitude = outer.length === 0 || row.items.length === 0 ? 0.32 : 0.5;
  const share = 2 ** (qubits - bitCount(common));
  const step = (): DiagonalStep => ({
    kind: 'diagonal',
    rowBits,
    row: phaseTable(row),
    outer: outer.map(phaseTable),
    controlMask: common,
    controlValue: common,
  });
  const back = left.map((item) => ({ ...item, mask: item.mask | common }));
  return {
    pass: { step, cost: PASS_COST + entries * ENTRY_COST + share * perAmplitude },
    left: back,
  };
}

function partition<T>(all: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const item of all) (isFirst(item) ? first : second).push(item);
  return [first, second];
}

/** Puts a phase on high qubits into the table that it enlarges least. */
function intoOuter(outer: { mask: number; items: PhaseItem[] }[], item: PhaseItem): boolean {
  let best: (typeof outer)[number] | null = null;
  let bestGrowth = Infinity;
  for (const table of outer) {
    const bits = bitCount(table.mask | item.mask);
    const growth = bits - bitCount(table.mask);
    if (bits <= OUTER_TABLE_BITS_MAX && growth < bestGrowth) {
      best = table;
      bestGrowth = growth;
    }
  }
  if (best !== null) {
    best.mask |= item.mask;
    best.items.push(item);
    return true;
  }
  if (outer.length === OUTER_TABLES_MAX || bitCount(item.mask) > OUTER_TABLE_BITS_MAX) return false;
  outer.push({ mask: item.mask, items: [item] });
  return true;
}

function phaseTable({ items, mask }: { mask: number; items: readonly PhaseItem[] }): PhaseTable {
  const qubits: number[] = [];
  for (let rest = mask; rest !== 0; rest &= rest - 1) qubits.push(31 - Math.clz32(rest & -rest));
  const size = 2 ** qubits.length;
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  fillTable({ re, im, qubits, bits: qubits.length }, items);
  return { qubits, re, im };
}

interface TablePart {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly qubits: readonly number[];
  /** How many of the qubits the part is over. */
  readonly bits: number;
}

/**
 * Fills the first 2^bits entries by doubling: where the next bit is 1, an entry is the one without it
 * times the product of the phases whose highest bit this is.
 */
function fillTable({ bits, im, qubits, re }: TablePart, items: readonly PhaseItem[]): void {
  let fr = 1;
  let fi = 0;
  const byHighest: PhaseItem[][] = Array.from({ length: bits }, () => []);
  for (const item of items) {
    if (item.mask === 0) [fr, fi] = [fr * item.re - fi * item.im, fr * item.im + fi * item.re];
    else byHighest[qubits.indexOf(31 - Math.clz32(item.mask))].push(item);
  }
  re[0] = fr;
  im[0] = fi;
  for (const [bit, own] of byHighest.entries()) {
    const size = 2 ** bit;
    if (own.length === 0) {
      re.copyWithin(size, 0, size);
      im.copyWithin(size, 0, size);
      continue;
    }
    const stripped = own.map((item) => ({ ...item, mask: item.mask & ~(1 << qubits[bit]) }));
    const upperRe = re.subarray(size, 2 * size);
    const upperIm = im.subarray(size, 2 * size);
    fillTable({ re: upperRe, im: upperIm, qubits, bits: bit }, stripped);
    for (let k = 0; k < size; k++) {
      const x = upperRe[k];
      upperRe[k] = re[k] * x - im[k] * upperIm[k];
      upperIm[k] = re[k] * upperIm[k] + im[k] * x;
    }
  }
}
