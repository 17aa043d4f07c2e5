/**
 * Reduced states of all pairs of qubits of a pure state at once.
 *
 * One pass over the amplitudes for each qubit gives what flips it alone, whatever a second one reads;
 * only the two coherences that flip both are summed pair by pair: a quarter of the time that tracing
 * out each pair takes.
 */
import { throwIfCanceled, type Watch } from '../../watch.ts';
import { walshHadamard } from '../expectation.ts';
import { basisProbabilities } from '../measurement.ts';
import type { DensityMatrix } from '../density-matrix.ts';
import type { StateVector } from '../state-vector.ts';

/** Products folded at a time; they fit in a first-level cache. */
const BLOCK_BITS = 11;

/** A complex number for every qubit. */
interface Sums {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** What flips qubit i alone: Σ f and Σ (−1)^kⱼ f for f(k) = ψ(k)·ψ(k + 2^i)*, over k with kᵢ = 0. */
interface Flips {
  readonly totalRe: number;
  readonly totalIm: number;
  /** Entry j; that of i itself means nothing. */
  readonly signed: Sums;
}

/** Adds Σ (−1)^kⱼ values(k) to `sums[j]` for every bit j of a block, sign ± for those above it; uses it up. */
function fold(values: Float64Array, start: number, sums: Float64Array): number {
  let bit = Math.log2(values.length);
  let total = 0;
  for (let half = values.length / 2; half >= 1; half /= 2) {
    bit--;
    let [low, high] = [0, 0];
    for (let k = 0; k < half; k++) {
      low += values[k];
      high += values[k + half];
      values[k] += values[k + half];
    }
    sums[bit] += low - high;
  }
  total = values[0];
  for (let j = Math.log2(values.length); j < sums.length; j++) {
    sums[j] += ((start >>> j) & 1) === 0 ? total : -total;
  }
  return total;
}

/** f(k) for a block of k, 0 where kᵢ = 1. */
function fillFlips(
  { re, im }: StateVector,
  flip: number,
  start: number,
  [fRe, fIm]: readonly [Float64Array, Float64Array],
): void {
  for (let i = 0, k = start; i < fRe.length; i++, k++) {
    if ((k & flip) !== 0) {
      fRe[i] = 0;
      fIm[i] = 0;
      continue;
    }
    const other = k | flip;
    fRe[i] = re[k] * re[other] + im[k] * im[other];
    fIm[i] = im[k] * re[other] - re[k] * im[other];
  }
}

function flipsOf(state: StateVector, qubit: number, watch: Watch): Flips {
  const { qubits } = state;
  const size = Math.min(state.re.length, 2 ** BLOCK_BITS);
  const block = [new Float64Array(size), new Float64Array(size)] as const;
  const signed = { re: new Float64Array(qubits), im: new Float64Array(qubits) };
  const flip = 2 ** qubit;
  let [totalRe, totalIm] = [0, 0];
  for (let start = 0; start < state.re.length; start += size) {
    if (flip >= size && (start & flip) !== 0) continue;
    throwIfCanceled(watch);
    fillFlips(state, flip, start, block);
    totalRe += fold(block[0], start, signed.re);
    totalIm += fold(block[1], start, signed.im);
  }
  return { totalRe, totalIm, signed };
}

/** Σ ψ(a)·ψ(b)* over k with neither bit set, for (a, b) = (k, k+low+high) and (k+low, k+high). */
function doubleFlips(
  { re, im }: StateVector,
  low: number,
  high: number,
  watch: Watch,
): readonly [re: number, im: number, re2: number, im2: number] {
  let [dRe, dIm, eRe, eIm] = [0, 0, 0, 0];
  for (let outer = 0; outer < re.length; outer += 2 * high) {
    for (let inner = outer; inner < outer + high; inner += 2 * low) {
      if ((inner & 0x3fff) === 0) throwIfCanceled(watch);
      for (let k = inner; k < inner + low; k++) {
        const both = k + low + high;
        dRe += re[k] * re[both] + im[k] * im[both];
        dIm += im[k] * re[both] - re[k] * im[both];
        const a = k + low;
        const b = k + high;
        eRe += re[a] * re[b] + im[a] * im[b];
        eIm += im[a] * re[b] - re[a] * im[b];
      }
    }
  }
  return [dRe, dIm, eRe, eIm];
}

/** The matrix of entries above the diagonal, (0,1) (0,2) (0,3) (1,2) (1,3) (2,3), and the diagonal. */
function hermitian(
  diagonal: readonly number[],
  above: readonly (readonly [number, number])[],
): DensityMatrix {
  const re = new Float64Array(16);
  const im = new Float64Array(16);
  for (const [k, value] of diagonal.entries()) re[5 * k] = value;
  let index = 0;
  for (let r = 0; r < 4; r++) {
    for (let c = r + 1; c < 4; c++, index++) {
      const [entryRe, entryIm] = above[index];
      re[4 * r + c] = entryRe;
      im[4 * r + c] = entryIm;
      re[4 * c + r] = entryRe;
      im[4 * c + r] = -entryIm;
    }
  }
  return { qubits: 2, matrix: { rows: 4, columns: 4, re, im } };
}

/** The sum over k with kⱼ = 0, then with kⱼ = 1, of what flips a qubit alone. */
function givenOther(
  { totalRe, totalIm, signed }: Flips,
  other: number,
): readonly (readonly [number, number])[] {
  const [re, im] = [signed.re[other], signed.im[other]];
  return [
    [(totalRe + re) / 2, (totalIm + im) / 2],
    [(totalRe - re) / 2, (totalIm - im) / 2],
  ];
}

/**
 * Calls `visit` with the reduced state of every pair i < j, in which i is qubit 0 and j qubit 1.
 *
 * O(qubits · 2^qubits + qubits² · 2^qubits / 4).
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function forEachPair(
  state: StateVector,
  visit: (i: number, j: number, pair: DensityMatrix) => void,
  watch: Watch,
): void {
  const n = state.qubits;
  const means = basisProbabilities(state);
  walshHadamard(means, watch);
  const flips = Array.from({ length: n }, (_, qubit) => flipsOf(state, qubit, watch));
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const [dRe, dIm, eRe, eIm] = doubleFlips(state, 2 ** i, 2 ** j, watch);
      const [zi, zj, zz] = [means[2 ** i], means[2 ** j], means[2 ** i + 2 ** j]];
      const diagonal = [1 + zi + zj + zz, 1 - zi + zj - zz, 1 + zi - zj - zz, 1 - zi - zj + zz];
      const [i0, i1] = givenOther(flips[i], j);
      const [j0, j1] = givenOther(flips[j], i);
      const above = [i0, j0, [dRe, dIm], [eRe, eIm], j1, i1] as const;
      visit(
        i,
        j,
        hermitian(
          diagonal.map((value) => Math.max(0, value / 4)),
          above,
        ),
      );
    }
  }
}
