/**
 * Every kernel in plain TypeScript: what the WebAssembly kernels must agree with, and what runs where
 * there are none.
 *
 * Items `from` … `to`−1 of a step (see `itemCount`) are independent of its other items.
 */
import {
  fixedMask,
  gatherBits,
  spreadBits,
  type Amplitudes,
  type DenseStep,
  type DiagonalStep,
  type KernelStep,
} from './kernel-step.ts';

/** Applies items `from` … `to`−1 of a step. */
export function applyStep(
  amplitudes: Amplitudes,
  step: KernelStep,
  from: number,
  to: number,
): void {
  const { re, im } = amplitudes;
  const fixed = fixedMask(step);
  // Setting the fixed bits before an increment lets its carry run over them.
  let i = spreadBits(from, fixed);
  switch (step.kind) {
    case 'dense':
      if (step.targets.length === 1) applyOne(amplitudes, step, from, to);
      else applyMany(amplitudes, step, from, to);
      return;
    case 'flip':
    case 'swap': {
      const [a, b] = step.kind === 'flip' ? [0, 1 << step.target] : swapOffsets(step.targets);
      for (let item = from; item < to; item++, i = ((i | fixed) + 1) & ~fixed) {
        const at = i | step.controlValue;
        exchange(re, at | a, at | b);
        exchange(im, at | a, at | b);
      }
      return;
    }
    case 'scale':
      for (let item = from; item < to; item++, i = ((i | fixed) + 1) & ~fixed) {
        const at = i | step.controlValue;
        const x = re[at];
        re[at] = step.re * x - step.im * im[at];
        im[at] = step.re * im[at] + step.im * x;
      }
      return;
    case 'diagonal':
      for (let item = from; item < to; item++, i = ((i | fixed) + 1) & ~fixed) {
        applyRow(amplitudes, step, i | step.controlValue);
      }
      return;
  }
}

function swapOffsets([a, b]: readonly [number, number]): [number, number] {
  return [1 << a, 1 << b];
}

function exchange(values: Amplitudes['re'], a: number, b: number): void {
  const value = values[a];
  values[a] = values[b];
  values[b] = value;
}

function applyOne({ re, im }: Amplitudes, step: DenseStep, from: number, to: number): void {
  const [ar, br, cr, dr] = step.matrix.re;
  const [ai, bi, ci, di] = step.matrix.im;
  const fixed = fixedMask(step);
  const flip = 1 << step.targets[0];
  let i = spreadBits(from, fixed);
  for (let item = from; item < to; item++, i = ((i | fixed) + 1) & ~fixed) {
    const p = i | step.controlValue;
    const q = p | flip;
    const pr = re[p];
    const pi = im[p];
    const qr = re[q];
    const qi = im[q];
    re[p] = ar * pr - ai * pi + br * qr - bi * qi;
    im[p] = ar * pi + ai * pr + br * qi + bi * qr;
    re[q] = cr * pr - ci * pi + dr * qr - di * qi;
    im[q] = cr * pi + ci * pr + dr * qi + di * qr;
  }
}

function applyMany({ re, im }: Amplitudes, step: DenseStep, from: number, to: number): void {
  const { matrix, targets } = step;
  const fixed = fixedMask(step);
  const size = matrix.rows;
  const offsets = Int32Array.from({ length: size }, (_, row) =>
    targets.reduce((sum, qubit, k) => sum | (((row >> k) & 1) << qubit), step.controlValue),
  );
  const oldRe = new Float64Array(size);
  const oldIm = new Float64Array(size);
  let i = spreadBits(from, fixed);
  for (let item = from; item < to; item++, i = ((i | fixed) + 1) & ~fixed) {
    for (let k = 0; k < size; k++) {
      oldRe[k] = re[i | offsets[k]];
      oldIm[k] = im[i | offsets[k]];
    }
    for (let row = 0, at = 0; row < size; row++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let k = 0; k < size; k++, at++) {
        sumRe += matrix.re[at] * oldRe[k] - matrix.im[at] * oldIm[k];
        sumIm += matrix.re[at] * oldIm[k] + matrix.im[at] * oldRe[k];
      }
      re[i | offsets[row]] = sumRe;
      im[i | offsets[row]] = sumIm;
    }
  }
}

function applyRow({ re, im }: Amplitudes, step: DiagonalStep, start: number): void {
  let outerRe = 1;
  let outerIm = 0;
  for (const table of step.outer) {
    const at = gatherBits(start, table.qubits);
    const x = outerRe;
    outerRe = x * table.re[at] - outerIm * table.im[at];
    outerIm = x * table.im[at] + outerIm * table.re[at];
  }
  const { row, rowBits } = step;
  const begin = gatherBits(start, row.qubits);
  for (let k = 0; k < 1 << rowBits; k++) {
    const fr = outerRe * row.re[begin + k] - outerIm * row.im[begin + k];
    const fi = outerRe * row.im[begin + k] + outerIm * row.re[begin + k];
    const at = start + k;
    const x = re[at];
    re[at] = fr * x - fi * im[at];
    im[at] = fr * im[at] + fi * x;
  }
}
