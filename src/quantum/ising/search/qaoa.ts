/**
 * The quantum approximate optimisation algorithm, on a state vector of its own.
 *
 * The energies of all 2ⁿ assignments are computed once; a layer multiplies by phases e^(−iγE) and turns every
 * qubit by e^(−iβX). Bit k of an index is spin k: 1 for +1.
 *
 * Source: Farhi, Goldstone, Gutmann, arXiv:1411.4028; precomputed diagonal after Lykov et al. (QOKit), arXiv:2309.04841;
 * angles are grown layer by layer after Zhou et al., Physical Review X 10 (2020) 021067 (INTERP).
 */
import { OrchestratorError } from '../../../base/errors.ts';
import type { IsingProblem } from '../problem/ising-problem.ts';
import type { SearchContext } from './search-context.ts';
import { flip, newState, refresh } from './spin-state.ts';

/** The most spins: 2²⁰ amplitudes and energies are 24 MB. */
export const QAOA_SPINS_MAX = 20;

export interface QaoaOptions {
  /** Layers at the end; default 4. */
  readonly layers?: number;
  /** Samples drawn from the final state; default 1,024. */
  readonly shots?: number;
  /** Energy evaluations for the angles of each number of layers; default 60 per layer. */
  readonly evaluationsPerLayer?: number;
}

/** The angles found, and what they give. */
export interface QaoaReport {
  /** Radians for energies in the problem's units; one for each layer. */
  readonly gammas: readonly number[];
  readonly betas: readonly number[];
  /** Mean energy of the final state. */
  readonly expectation: number;
  /** Chance of reading an assignment of the least energy. */
  readonly groundProbability: number;
}

interface Register {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly energies: Float64Array;
  readonly qubits: number;
}

/** @throws OrchestratorError QUANTUM_PROBLEM_TOO_LARGE */
export function searchQaoa(context: SearchContext, options: QaoaOptions = {}): QaoaReport {
  const { problem, effort } = context;
  if (problem.size > QAOA_SPINS_MAX) {
    throw new OrchestratorError(
      'QUANTUM_PROBLEM_TOO_LARGE',
      `QAOA must have at most ${QAOA_SPINS_MAX} spins, got ${problem.size}`,
      { size: problem.size, sizeMax: QAOA_SPINS_MAX },
    );
  }
  const register: Register = {
    re: new Float64Array(2 ** problem.size),
    im: new Float64Array(2 ** problem.size),
    energies: energiesOf(problem),
    qubits: problem.size,
  };
  const unit = spread(register.energies);
  const evaluate = (angles: readonly number[]): number => {
    prepare(register, angles, unit);
    effort.spend(angles.length * register.re.length * problem.size);
    return expectationOf(register);
  };
  const angles = growAngles(evaluate, options, () => effort.stopped !== undefined);
  const expectation = evaluate(angles);
  draw(context, register, options.shots ?? 1024);
  const layers = angles.length / 2;
  return {
    gammas: angles.slice(0, layers).map((gamma) => gamma / unit),
    betas: angles.slice(layers),
    expectation,
    groundProbability: groundProbability(register),
  };
}

/** Energies of all assignments. O(2ⁿ · degree). */
export function energiesOf(problem: IsingProblem): Float64Array {
  const state = newState(problem.size);
  state.spins.fill(-1);
  refresh(problem, state);
  const energies = new Float64Array(2 ** problem.size);
  energies[0] = state.energy;
  let index = 0;
  for (let k = 1; k < energies.length; k++) {
    const spin = 31 - Math.clz32(k & -k);
    index ^= 1 << spin;
    flip(problem, state, spin);
    energies[index] = state.energy;
  }
  return energies;
}

function spread(energies: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const energy of energies) sum += energy;
  const mean = sum / energies.length;
  for (const energy of energies) squares += (energy - mean) ** 2;
  return Math.sqrt(squares / energies.length) || 1;
}

/** Runs the circuit from |+…+⟩: the first half of the angles are γ (in 1 / unit), the second β. */
function prepare(register: Register, angles: readonly number[], unit: number): void {
  const { re, im, energies, qubits } = register;
  const layers = angles.length / 2;
  re.fill(1 / Math.sqrt(re.length));
  im.fill(0);
  for (let layer = 0; layer < layers; layer++) {
    const gamma = angles[layer] / unit;
    for (let z = 0; z < re.length; z++) {
      const phase = gamma * energies[z];
      const cos = Math.cos(phase);
      const sin = Math.sin(phase);
      const a = re[z];
      const b = im[z];
      re[z] = a * cos + b * sin;
      im[z] = b * cos - a * sin;
    }
    for (let qubit = 0; qubit < qubits; qubit++) rotateX(register, qubit, angles[layers + layer]);
  }
}

/** e^(−iβX) on one qubit. */
function rotateX({ re, im }: Register, qubit: number, beta: number): void {
  const cos = Math.cos(beta);
  const sin = Math.sin(beta);
  const stride = 1 << qubit;
  for (let base = 0; base < re.length; base += 2 * stride) {
    for (let low = base, end = base + stride; low < end; low++) {
      const high = low + stride;
      const lowRe = re[low];
      const lowIm = im[low];
      const highRe = re[high];
      const highIm = im[high];
      re[low] = cos * lowRe + sin * highIm;
      im[low] = cos * lowIm - sin * highRe;
      re[high] = cos * highRe + sin * lowIm;
      im[high] = cos * highIm - sin * lowRe;
    }
  }
}

function expectationOf({ re, im, energies }: Register): number {
  let sum = 0;
  for (let z = 0; z < re.length; z++) sum += (re[z] * re[z] + im[z] * im[z]) * energies[z];
  return sum;
}

function groundProbability({ re, im, energies }: Register): number {
  let least = Infinity;
  for (const energy of energies) least = Math.min(least, energy);
  let probability = 0;
  for (let z = 0; z < re.length; z++) {
    if (energies[z] <= least) probability += re[z] * re[z] + im[z] * im[z];
  }
  return probability;
}

/** A ramp for one layer, then for each further layer the stretched angles of the one before, made better. */
function growAngles(
  evaluate: (angles: readonly number[]) => number,
  options: QaoaOptions,
  isOver: () => boolean,
): number[] {
  const layersMax = Math.max(1, Math.floor(options.layers ?? 4));
  const evaluationsPerLayer = options.evaluationsPerLayer ?? 60;
  let angles = [0.5, 0.4];
  for (let layers = 1; layers <= layersMax; layers++) {
    if (layers > 1) {
      angles = [...stretch(angles.slice(0, layers - 1)), ...stretch(angles.slice(layers - 1))];
    }
    angles = patternSearch(evaluate, angles, evaluationsPerLayer * layers, isOver);
    if (isOver()) break;
  }
  return angles;
}

function stretch(angles: readonly number[]): number[] {
  const layers = angles.length;
  return Array.from({ length: layers + 1 }, (_, k) => {
    const before = k > 0 ? angles[k - 1] : 0;
    const after = k < layers ? angles[k] : 0;
    return (k * before + (layers - k) * after) / layers;
  });
}

/** Hooke and Jeeves (1961): steps along each axis, halved when none helps. */
function patternSearch(
  evaluate: (angles: readonly number[]) => number,
  start: readonly number[],
  evaluationsMax: number,
  isOver: () => boolean,
): number[] {
  const angles = [...start];
  let value = evaluate(angles);
  let step = 0.2;
  let evaluations = 1;
  while (step > 1e-3 && evaluations < evaluationsMax) {
    let better = false;
    for (let axis = 0; axis < 2 * angles.length && !isOver(); axis++) {
      const trial = [...angles];
      trial[axis >> 1] += axis % 2 === 0 ? step : -step;
      const found = evaluate(trial);
      evaluations += 1;
      if (found >= value) continue;
      angles[axis >> 1] = trial[axis >> 1];
      value = found;
      better = true;
    }
    if (isOver()) break;
    if (!better) step /= 2;
  }
  return angles;
}

function draw({ problem, rng, incumbent }: SearchContext, register: Register, shots: number): void {
  const { re, im, energies } = register;
  const points = Float64Array.from({ length: shots }, () => rng.unit()).sort();
  const spins = new Int8Array(problem.size);
  let cumulated = 0;
  let point = 0;
  for (let z = 0; z < re.length && point < shots; z++) {
    cumulated += re[z] * re[z] + im[z] * im[z];
    if (points[point] >= cumulated) continue;
    while (point < shots && points[point] < cumulated) point += 1;
    if (energies[z] >= incumbent.energy) continue;
    for (let i = 0; i < problem.size; i++) spins[i] = (z >> i) & 1 ? 1 : -1;
    incumbent.offer(spins, energies[z]);
  }
}
