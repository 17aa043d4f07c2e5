import type { Amplitudes, Controls } from './kernel-step.ts';
import type { KernelStage } from './stage.ts';

/** Of one real number: 8 bytes, or 4. */
export type Precision = 'f64' | 'f32';

/** Σ |a|² of neighbouring amplitudes, 2^chunkBits at a time. */
export interface ChunkWeights {
  readonly chunkBits: number;
  readonly sums: Float64Array;
}

/** Amplitudes and what works on them: WebAssembly, or the twin in TypeScript. */
export interface Kernels {
  readonly name: 'wasm' | 'twin';
  readonly amplitudes: Amplitudes;
  /** Threads that may work at once. */
  readonly threads: number;
  /** Runs stages in order. `turn` is called every few milliseconds, and ends the run by throwing. */
  readonly run: (stages: readonly KernelStage[], turn: (stagesDone: number) => void) => void;
  /** Weights of the amplitudes that the controls select. */
  readonly weights: (controls: Controls) => ChunkWeights;
  /** Σ (−1)^|i & z| · conj(a[i ^ x]) · a[i] over all indices i. */
  readonly pauli: (x: number, z: number) => readonly [re: number, im: number];
}
