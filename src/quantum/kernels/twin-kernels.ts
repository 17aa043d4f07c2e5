import { itemCount, type Amplitudes, type Controls, type Floats } from './kernel-step.ts';
import type { ChunkWeights, Kernels, Precision, Turn } from './kernels.ts';
import type { KernelStage } from './stage.ts';
import { chunkWeights, pauliSum } from './twin-measures.ts';
import { applyStep } from './twin.ts';

/** Items of a step between two turns: about a millisecond of the cheap ones. */
const ITEMS_PER_TURN = 2 ** 16;

/** Zeros. */
export function newAmplitudes(qubits: number, precision: Precision): Amplitudes {
  const size = 2 ** qubits;
  const floats = (): Floats =>
    precision === 'f64' ? new Float64Array(size) : new Float32Array(size);
  return { qubits, re: floats(), im: floats() };
}

/** The kernels in TypeScript, on arrays of their own. */
export class TwinKernels implements Kernels {
  readonly name = 'twin';
  readonly threads = 1;
  readonly amplitudes: Amplitudes;

  constructor(amplitudes: Amplitudes) {
    this.amplitudes = amplitudes;
  }

  touch(): void {
    // What few amplitudes are worked on here between two turns need no preparation.
  }

  run(stages: readonly KernelStage[], turn: (stagesDone: number) => void): void {
    for (const [stagesDone, { steps }] of stages.entries()) {
      for (const step of steps) runTwin(this.amplitudes, step, () => turn(stagesDone));
    }
  }

  weights(controls: Controls, turn: Turn): ChunkWeights {
    return chunkWeights(this.amplitudes, controls, turn);
  }

  pauli(x: number, z: number, turn: Turn): readonly [re: number, im: number] {
    return pauliSum(this.amplitudes, x, z, turn);
  }
}

/** One step on all amplitudes. */
export function runTwin(
  amplitudes: Amplitudes,
  step: KernelStage['steps'][number],
  turn: () => void,
): void {
  const items = itemCount(step, amplitudes.qubits);
  const work =
    step.kind === 'dense' ? step.matrix.rows ** 2 / 4 : step.kind === 'diagonal' ? 256 : 1;
  const perTurn = Math.max(1, Math.floor(ITEMS_PER_TURN / work));
  for (let from = 0; from < items; from += perTurn) {
    applyStep(amplitudes, step, from, Math.min(items, from + perTurn));
    turn();
  }
}
