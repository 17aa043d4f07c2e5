import type { Amplitudes, Controls } from './kernel-step.ts';
import type { KernelStage } from './stage.ts';

/** Of one real number: 8 bytes, or 4. */
export type Precision = 'f64' | 'f32';

/** Σ |a|² of neighbouring amplitudes, 2^chunkBits at a time. */
export interface ChunkWeights {
  readonly chunkBits: number;
  readonly sums: Float64Array;
}

/** Called between two shares of work, every few milliseconds; ends the work by throwing. */
export type Turn = () => void;

/** Amplitudes and what works on them: WebAssembly, or the twin in TypeScript. */
export interface Kernels {
  readonly name: 'wasm' | 'twin';
  readonly amplitudes: Amplitudes;
  /** Threads that may work at once. */
  readonly threads: number;
  /**
   * Makes the platform back amplitudes that are all zero with memory, one page after the other.
   *
   * Kernels would do so in whatever order they come by, at several times the cost.
   */
  readonly touch: (turn: Turn) => void;
  /** Runs stages in order. */
  readonly run: (stages: readonly KernelStage[], turn: (stagesDone: number) => void) => void;
  /** Weights of the amplitudes that the controls select. */
  readonly weights: (controls: Controls, turn: Turn) => ChunkWeights;
  /** Σ (−1)^|i & z| · conj(a[i ^ x]) · a[i] over all indices i. */
  readonly pauli: (x: number, z: number, turn: Turn) => readonly [re: number, im: number];
}
