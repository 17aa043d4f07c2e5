import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Amplitudes, KernelStep } from './kernel-step.ts';
import type { Precision } from './kernels.ts';
import type { KernelStage } from './stage.ts';
import {
  fillRandomly,
  randomControls,
  randomDiagonal,
  randomMatrix,
} from './testing/random-step.ts';
import { newAmplitudes, TwinKernels } from './twin-kernels.ts';
import { openArena } from './wasm-arena.ts';
import { WasmKernels } from './wasm-kernels.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);
const TOLERANCE: Record<Precision, number> = { f64: 1e-12, f32: 2e-5 };

/** The same random amplitudes in both. */
function pair(qubits: number, precision: Precision, rng: Rng): [WasmKernels, TwinKernels] {
  const arena = openArena({ qubits, precision, team: null });
  if (arena === null) throw new Error('this platform has no WebAssembly SIMD');
  const wasm = new WasmKernels(arena, null);
  const twin = new TwinKernels(newAmplitudes(qubits, precision));
  fillRandomly(twin.amplitudes, rng);
  copyTo(wasm.amplitudes, twin.amplitudes);
  return [wasm, twin];
}

const noTurn = (): void => undefined;

function copyTo(target: Amplitudes, source: Amplitudes): void {
  target.re.set(source.re);
  target.im.set(source.im);
}

function difference(a: Amplitudes, b: Amplitudes): number {
  let most = 0;
  for (let i = 0; i < a.re.length; i++) {
    const apart = Math.max(Math.abs(a.re[i]! - b.re[i]!), Math.abs(a.im[i]! - b.im[i]!));
    if (!(apart <= most)) most = apart;
  }
  return most;
}

/** Runs the stage on both, says how far they are apart, and makes them equal again. */
function apart(wasm: WasmKernels, twin: TwinKernels, stage: KernelStage): number {
  wasm.run([stage], () => undefined);
  twin.run([stage], () => undefined);
  const result = difference(wasm.amplitudes, twin.amplitudes);
  copyTo(wasm.amplitudes, twin.amplitudes);
  return result;
}

/** Every kind of step with these targets, with as many controls. */
function stepsOn(
  targets: readonly number[],
  qubits: number,
  controls: number,
  rng: Rng,
): KernelStep[] {
  const all = Array.from({ length: qubits }, (_, k) => k);
  const taken = targets.reduce((mask, qubit) => mask | (1 << qubit), 0);
  const some = (): ReturnType<typeof randomControls> => randomControls(all, taken, controls, rng);
  const rows = 2 ** targets.length;
  const steps: KernelStep[] = [
    { kind: 'dense', targets, matrix: unit(randomMatrix(rows, rng)), ...some() },
    { kind: 'dense', targets, matrix: unit(randomMatrix(rows, rng, true)), ...some() },
  ];
  if (targets.length === 1) {
    steps.push({ kind: 'flip', target: targets[0]!, ...some() });
    steps.push({ kind: 'scale', re: rng.unit(), im: rng.unit(), ...some() });
  }
  if (targets.length === 2) {
    steps.push({ kind: 'swap', targets: [targets[0]!, targets[1]!], ...some() });
  }
  return steps;
}

/** Keeps the amplitudes from growing. */
function unit(matrix: ReturnType<typeof randomMatrix>): ReturnType<typeof randomMatrix> {
  const scale = 1 / matrix.rows;
  return { ...matrix, re: matrix.re.map((x) => x * scale), im: matrix.im.map((x) => x * scale) };
}

function single(step: KernelStep, qubits: number): KernelStage {
  return { steps: [step], lowBits: qubits, highMask: 0 };
}

/** `count` qubits of [from, to) as a mask. */
function someMask(count: number, from: number, to: number, rng: Rng): number {
  const all = Array.from({ length: to - from }, (_, k) => from + k);
  return randomControls(all, 0, count, rng).controlMask;
}

describe.each(['f64', 'f32'] as const)('kernels in %s equal their twins', (precision) => {
  test.each([2, 3, 4, 5, 6, 7, 8, 9, 10])('at every position of %i qubits', (qubits) => {
    const rng = Rng.fromSeed(SEED + qubits);
    const [wasm, twin] = pair(qubits, precision, rng);
    const steps = Array.from({ length: qubits * qubits }, (_, k) => {
      const [a, b] = [k % qubits, Math.floor(k / qubits)];
      const targets = a === b ? [a] : [a, b];
      return [0, 1, 2, 3].flatMap((controls) => stepsOn(targets, qubits, controls, rng));
    });
    for (const step of steps.flat()) {
      const far = apart(wasm, twin, single(step, qubits));
      expect(far, JSON.stringify({ step, SEED })).toBeLessThan(TOLERANCE[precision]);
      fillRandomly(twin.amplitudes, rng);
      copyTo(wasm.amplitudes, twin.amplitudes);
    }
  });

  test.each([13, 14, 15, 16])('at positions of %i qubits', (qubits) => {
    const rng = Rng.fromSeed(SEED + qubits);
    const [wasm, twin] = pair(qubits, precision, rng);
    for (let a = 0; a < qubits; a++) {
      const b = (a + 1 + rng.below(qubits - 1)) % qubits;
      for (const targets of [[a], [a, b]]) {
        for (const step of stepsOn(targets, qubits, rng.below(3), rng)) {
          const far = apart(wasm, twin, single(step, qubits));
          expect(far, JSON.stringify({ step, SEED })).toBeLessThan(TOLERANCE[precision]);
          fillRandomly(twin.amplitudes, rng);
          copyTo(wasm.amplitudes, twin.amplitudes);
        }
      }
    }
  });

  test.each([2, 4, 7, 9, 12, 14])('for diagonals with tables on %i qubits', (qubits) => {
    const rng = Rng.fromSeed(SEED + qubits);
    const [wasm, twin] = pair(qubits, precision, rng);
    for (let k = 0; k < 30; k++) {
      const step = randomDiagonal(qubits, qubits, rng);
      const far = apart(wasm, twin, single(step, qubits));
      expect(far, JSON.stringify({ k, SEED })).toBeLessThan(TOLERANCE[precision]);
      fillRandomly(twin.amplitudes, rng);
      copyTo(wasm.amplitudes, twin.amplitudes);
    }
  });

  test.each([3, 4, 5, 9])('for matrices on three qubits and more, up to %i', (targetCount) => {
    const rng = Rng.fromSeed(SEED + targetCount);
    const qubits = targetCount + 2;
    const [wasm, twin] = pair(qubits, precision, rng);
    for (let k = 0; k < 4; k++) {
      const all = Array.from({ length: qubits }, (_, q) => ({ q, key: rng.unit() }));
      const targets = all
        .sort((x, y) => x.key - y.key)
        .slice(0, targetCount)
        .map(({ q }) => q);
      const [step] = stepsOn(targets, qubits, k % 3, rng);
      const far = apart(wasm, twin, single(step!, qubits));
      expect(far, JSON.stringify({ targets, SEED })).toBeLessThan(TOLERANCE[precision]);
    }
  });

  test.each([6, 9, 11, 13])('for runs of steps within blocks of %i qubits', (qubits) => {
    const rng = Rng.fromSeed(SEED + qubits);
    const [wasm, twin] = pair(qubits, precision, rng);
    for (let k = 0; k < 40; k++) {
      const lowBits = 4 + rng.below(qubits - 4);
      const highMask = someMask(rng.below(4), lowBits, qubits, rng);
      const inBlock = Array.from({ length: qubits }, (_, q) => q).filter(
        (q) => q < lowBits || (highMask >>> q) & 1,
      );
      const steps: KernelStep[] = [randomDiagonal(qubits, lowBits, rng)];
      while (steps.length < 12) {
        const a = inBlock[rng.below(inBlock.length)]!;
        const b = inBlock[rng.below(inBlock.length)]!;
        steps.push(...stepsOn(a === b ? [a] : [a, b], qubits, rng.below(3), rng));
      }
      const far = apart(wasm, twin, { steps, lowBits, highMask });
      expect(far, JSON.stringify({ k, SEED })).toBeLessThan(TOLERANCE[precision]);
      fillRandomly(twin.amplitudes, rng);
      copyTo(wasm.amplitudes, twin.amplitudes);
    }
  });

  test.each([2, 5, 8, 11, 14])('for sums over %i qubits', (qubits) => {
    const rng = Rng.fromSeed(SEED + qubits);
    const [wasm, twin] = pair(qubits, precision, rng);
    const all = Array.from({ length: qubits }, (_, q) => q);
    for (let k = 0; k < 20; k++) {
      const controls = randomControls(all, 0, rng.below(4), rng);
      const a = wasm.weights(controls, noTurn);
      const b = twin.weights(controls, noTurn);
      expect(a.chunkBits).toBe(b.chunkBits);
      for (const [chunk, sum] of a.sums.entries()) expect(sum).toBeCloseTo(b.sums[chunk]!, 9);
      const x = rng.below(2 ** qubits);
      const z = rng.below(2 ** qubits);
      const [re, im] = wasm.pauli(x, z, noTurn);
      const [twinRe, twinIm] = twin.pauli(x, z, noTurn);
      expect(re).toBeCloseTo(twinRe, 8);
      expect(im).toBeCloseTo(twinIm, 8);
    }
  });
});
