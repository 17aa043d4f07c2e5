/** Products of planner's items on one or two qubits, as small matrices that rows are combined in. */
import { unreachable } from '../../base/invariant.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import type { Item, StepItem } from './dense-item.ts';

/** Which rows of a product an item acts on. */
interface RowChoice {
  readonly mask: number;
  readonly value: number;
}

const ALL_ROWS: RowChoice = { mask: 0, value: 0 };

/** The product of items in time order, on one or two qubits: bit k of a row's number is `qubits[k]`. */
export function runMatrix(items: readonly Item[], qubits: readonly number[]): ComplexMatrix {
  const rows = 2 ** qubits.length;
  const re = new Float64Array(rows * rows);
  const im = new Float64Array(rows * rows);
  const product: ComplexMatrix = { rows, columns: rows, re, im };
  for (let r = 0; r < rows; r++) re[r * rows + r] = 1;
  const local = (mask: number): number => localBits(mask, qubits);
  for (const item of items) {
    if (item.kind === 'phase') {
      const mask = local(item.mask);
      scaleRows(product, { mask, value: mask }, item.re, item.im);
    } else if (item.kind === 'one') {
      combineTwo(product, local(1 << item.target), item.matrix, ALL_ROWS);
    } else applyStepItem(product, item.step, local);
  }
  return product;
}

function localBits(mask: number, qubits: readonly number[]): number {
  let result = 0;
  for (let k = 0; k < qubits.length; k++) result |= ((mask >>> qubits[k]) & 1) << k;
  return result;
}

function applyStepItem(
  product: ComplexMatrix,
  step: StepItem['step'],
  local: (mask: number) => number,
): void {
  const on = { mask: local(step.controlMask), value: local(step.controlValue) };
  switch (step.kind) {
    case 'scale':
      scaleRows(product, on, step.re, step.im);
      return;
    case 'flip':
      exchangeRows(product, 0, local(1 << step.target), on);
      return;
    case 'swap':
      exchangeRows(product, local(1 << step.targets[0]), local(1 << step.targets[1]), on);
      return;
    case 'dense': {
      const bits = step.targets.map((target) => local(1 << target));
      if (bits.length === 1) combineTwo(product, bits[0], step.matrix, on);
      else combineFour(product, bits, step.matrix);
      return;
    }
    default:
      unreachable(step);
  }
}

function scaleRows({ im, re, rows }: ComplexMatrix, on: RowChoice, fr: number, fi: number): void {
  for (let r = 0; r < rows; r++) {
    if ((r & on.mask) !== on.value) continue;
    for (let at = r * rows; at < (r + 1) * rows; at++) {
      const x = re[at];
      re[at] = fr * x - fi * im[at];
      im[at] = fr * im[at] + fi * x;
    }
  }
}

/** Exchanges rows that have the bits `a` with those that have the bits `b` instead. */
function exchangeRows({ im, re, rows }: ComplexMatrix, a: number, b: number, on: RowChoice): void {
  for (let r = 0; r < rows; r++) {
    if ((r & (a | b)) !== a || (r & on.mask) !== on.value) continue;
    const other = (r ^ a) | b;
    for (let c = 0; c < rows; c++) {
      const [i, j] = [r * rows + c, other * rows + c];
      const [x, y] = [re[i], im[i]];
      re[i] = re[j];
      im[i] = im[j];
      re[j] = x;
      im[j] = y;
    }
  }
}

/** A matrix of two rows on the rows that differ in `bit`. */
function combineTwo(
  { im, re, rows }: ComplexMatrix,
  bit: number,
  matrix: ComplexMatrix,
  on: RowChoice,
): void {
  const { im: mi, re: mr } = matrix;
  for (let r = 0; r < rows; r++) {
    if ((r & bit) !== 0 || (r & on.mask) !== on.value) continue;
    for (let c = 0; c < rows; c++) {
      const i = r * rows + c;
      const j = (r | bit) * rows + c;
      const pr = re[i];
      const pi = im[i];
      const qr = re[j];
      const qi = im[j];
      re[i] = mr[0] * pr - mi[0] * pi + mr[1] * qr - mi[1] * qi;
      im[i] = mr[0] * pi + mi[0] * pr + mr[1] * qi + mi[1] * qr;
      re[j] = mr[2] * pr - mi[2] * pi + mr[3] * qr - mi[3] * qi;
      im[j] = mr[2] * pi + mi[2] * pr + mr[3] * qi + mi[3] * qr;
    }
  }
}

/** A matrix of four rows on all rows, whose bits are those of `bits`, the first lowest. */
function combineFour(
  { im, re, rows }: ComplexMatrix,
  bits: readonly number[],
  { im: mi, re: mr }: ComplexMatrix,
): void {
  const oldRe = re.slice();
  const oldIm = im.slice();
  const rowOf = [0, bits[0], bits[1], bits[0] | bits[1]];
  for (let r = 0; r < 4; r++) {
    for (let c = 0; c < rows; c++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let k = 0; k < 4; k++) {
        const from = rowOf[k] * rows + c;
        sumRe += mr[4 * r + k] * oldRe[from] - mi[4 * r + k] * oldIm[from];
        sumIm += mr[4 * r + k] * oldIm[from] + mi[4 * r + k] * oldRe[from];
      }
      re[rowOf[r] * rows + c] = sumRe;
      im[rowOf[r] * rows + c] = sumIm;
    }
  }
}
