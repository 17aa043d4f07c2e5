import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { itemCount } from '../kernels/kernel-step.ts';
import { randomMatrix } from '../kernels/testing/random-step.ts';
import { newAmplitudes } from '../kernels/twin-kernels.ts';
import { applyStep } from '../kernels/twin.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { stepOf, type Item } from './dense-item.ts';
import { runMatrix } from './run-product.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_125);

/** An item on some of the qubits 0 … `qubits` − 1, of which there are one or two. */
function randomItem(qubits: number, rng: Rng): Item {
  const target = rng.below(qubits);
  const other = qubits === 2 ? 1 << (1 - target) : 0;
  const controlMask = rng.below(2) === 0 ? 0 : other;
  const controls = { controlMask, controlValue: rng.below(2) === 0 ? 0 : controlMask };
  const all = qubits === 2 ? ([target, 1 - target] as const) : null;
  switch (rng.below(all === null ? 5 : 7)) {
    case 0:
      return { kind: 'phase', mask: (1 << target) | controlMask, re: rng.unit(), im: rng.unit() };
    case 1:
      return { kind: 'one', target, matrix: randomMatrix(2, rng) };
    case 2:
      return { kind: 'step', step: { kind: 'flip', target, ...controls } };
    case 3:
      return { kind: 'step', step: { kind: 'scale', re: rng.unit(), im: rng.unit(), ...controls } };
    case 4: {
      const matrix = randomMatrix(2, rng);
      return { kind: 'step', step: { kind: 'dense', targets: [target], matrix, ...controls } };
    }
    case 5: {
      const none = { controlMask: 0, controlValue: 0 };
      return { kind: 'step', step: { kind: 'swap', targets: [all![0], all![1]], ...none } };
    }
    default: {
      const none = { controlMask: 0, controlValue: 0 };
      const matrix = randomMatrix(4, rng);
      return { kind: 'step', step: { kind: 'dense', targets: all!, matrix, ...none } };
    }
  }
}

/** What the kernels' twin makes of each column, as of a state. */
function plain(items: readonly Item[], qubits: number): ComplexMatrix {
  const rows = 2 ** qubits;
  const re = new Float64Array(rows * rows);
  const im = new Float64Array(rows * rows);
  for (let column = 0; column < rows; column++) {
    const state = newAmplitudes(qubits, 'f64');
    state.re[column] = 1;
    for (const item of items) applyStep(state, stepOf(item), 0, itemCount(stepOf(item), qubits));
    for (let row = 0; row < rows; row++) {
      re[row * rows + column] = state.re[row]!;
      im[row * rows + column] = state.im[row]!;
    }
  }
  return { rows, columns: rows, re, im };
}

test.each([1, 2])('a product on %i qubits is what the items do one after the other', (qubits) => {
  const rng = Rng.fromSeed(SEED + qubits);
  for (let round = 0; round < 500; round++) {
    const items = Array.from({ length: 1 + rng.below(6) }, () => randomItem(qubits, rng));
    const found = runMatrix(items, [0, 1].slice(0, qubits));
    const expected = plain(items, qubits);
    for (let k = 0; k < found.re.length; k++) {
      const far = Math.hypot(found.re[k]! - expected.re[k]!, found.im[k]! - expected.im[k]!);
      expect(far, JSON.stringify({ items, SEED })).toBeLessThan(1e-9);
    }
  }
});
