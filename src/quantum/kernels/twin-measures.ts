/** Sums over amplitudes in plain TypeScript; see `kernels.ts` for what they are. */
import { bitCount, type Amplitudes, type Controls } from './kernel-step.ts';
import type { ChunkWeights, Turn } from './kernels.ts';

/** Amplitudes between two turns. */
const AMPLITUDES_PER_TURN = 2 ** 18;

/** log2 of the amplitudes of a chunk: enough to make sums few, and few enough to walk through one. */
export function chunkBitsFor(qubits: number): number {
  return Math.max(Math.min(qubits, 10), qubits - 16);
}

export function chunkWeights(
  { qubits, re, im }: Amplitudes,
  controls: Controls,
  turn: Turn,
): ChunkWeights {
  const { controlMask, controlValue } = controls;
  const chunkBits = chunkBitsFor(qubits);
  const sums = new Float64Array(2 ** (qubits - chunkBits));
  for (let chunk = 0; chunk < sums.length; chunk++) {
    const end = (chunk + 1) * 2 ** chunkBits;
    let sum = 0;
    for (let i = chunk * 2 ** chunkBits; i < end; i++) {
      if ((i & controlMask) === controlValue) sum += re[i] * re[i] + im[i] * im[i];
    }
    sums[chunk] = sum;
    if (end % AMPLITUDES_PER_TURN === 0) turn();
  }
  return { chunkBits, sums };
}

export function pauliSum(
  { re, im }: Amplitudes,
  x: number,
  z: number,
  turn: Turn,
): readonly [re: number, im: number] {
  let sumRe = 0;
  let sumIm = 0;
  for (let i = 0; i < re.length; i++) {
    const j = i ^ x;
    const sign = bitCount(i & z) % 2 === 0 ? 1 : -1;
    sumRe += sign * (re[j] * re[i] + im[j] * im[i]);
    sumIm += sign * (re[j] * im[i] - im[j] * re[i]);
    if ((i + 1) % AMPLITUDES_PER_TURN === 0) turn();
  }
  return [sumRe, sumIm];
}
