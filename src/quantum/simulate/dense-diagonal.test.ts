import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { itemCount, type Amplitudes, type KernelStep } from '../kernels/kernel-step.ts';
import { fillRandomly } from '../kernels/testing/random-step.ts';
import { newAmplitudes } from '../kernels/twin-kernels.ts';
import { applyStep } from '../kernels/twin.ts';
import { addPhase, diagonalSteps, type PhaseProduct } from './dense-diagonal.ts';
import { stepOf, type PhaseItem } from './dense-item.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);

function phase(mask: number, angle: number): PhaseItem {
  return { kind: 'phase', mask, re: Math.cos(angle), im: Math.sin(angle) };
}

function productOf(items: readonly PhaseItem[]): PhaseProduct {
  const product: PhaseProduct = new Map();
  for (const item of items) addPhase(product, item);
  return product;
}

/** The same random amplitudes after either list of steps. */
function apart(qubits: number, a: readonly KernelStep[], b: readonly KernelStep[]): number {
  const [x, y] = [a, b].map((steps): Amplitudes => {
    const amplitudes = newAmplitudes(qubits, 'f64');
    fillRandomly(amplitudes, Rng.fromSeed(SEED));
    for (const step of steps) applyStep(amplitudes, step, 0, itemCount(step, qubits));
    return amplitudes;
  }) as [Amplitudes, Amplitudes];
  let most = 0;
  for (let k = 0; k < x.re.length; k++) {
    most = Math.max(most, Math.abs(x.re[k]! - y.re[k]!), Math.abs(x.im[k]! - y.im[k]!));
  }
  return most;
}

test.each([
  [10, 10],
  [16, 8],
  [15, 3],
  [17, 9],
])('phases on %i qubits do the same merged, with %i qubits in a row at most', (qubits, lowBits) => {
  const rng = Rng.fromSeed(SEED + qubits);
  let passes = 0;
  for (let round = 0; round < 12; round++) {
    const size = round % 3 === 2 ? 3 : 2;
    const shared = round % 2 === 0 ? 0 : 1 << (qubits - 1);
    const items = Array.from({ length: 8 * (round + 1) }, () => {
      let mask = shared;
      for (let k = rng.below(size); k >= 0; k--) mask |= 1 << rng.below(qubits);
      return phase(mask, rng.unit() * 6);
    });
    const steps = diagonalSteps(productOf(items), qubits, lowBits);
    passes += steps.filter(({ kind }) => kind === 'diagonal').length;
    expect(apart(qubits, steps, items.map(stepOf)), `seed ${SEED}`).toBeLessThan(1e-12);
  }
  if (qubits > 10) expect(passes).toBeGreaterThan(8);
});

test('a ladder of controlled phases is one pass over half of the amplitudes', () => {
  const qubits = 20;
  const top = qubits - 1;
  const items = Array.from({ length: top }, (_, k) =>
    phase((1 << top) | (1 << k), Math.PI / 2 ** (top - k)),
  );
  const steps = diagonalSteps(productOf(items), qubits, 15);
  expect(steps.map(({ controlMask, kind }) => [kind, controlMask])).toEqual([
    ['diagonal', 1 << top],
  ]);
});

test('phases that cancel are no pass', () => {
  expect(diagonalSteps(productOf([phase(6, 1), phase(6, -1)]), 20, 15)).toEqual([]);
});
