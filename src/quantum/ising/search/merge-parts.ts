import type { Rng } from '../../../base/rng.ts';
import type { IsingProblem } from '../problem/ising-problem.ts';
import { flip, refresh, type SpinState } from './spin-state.ts';

/** Work arrays of {@link mergeParts}, one length each: the problem's size. */
export interface MergeScratch {
  readonly differs: Uint8Array;
  readonly queue: Int32Array;
  readonly chosen: Int32Array;
}

export function mergeScratch(size: number): MergeScratch {
  return {
    differs: new Uint8Array(size),
    queue: new Int32Array(size),
    chosen: new Int32Array(size),
  };
}

/** Whether all spins may be turned over together without any change of energy. */
export function isSymmetric(problem: IsingProblem): boolean {
  return problem.fields.every((field) => field === 0);
}

export interface MergeReport {
  /** Spins in which the two differ, after turning one over if that makes it fewer. */
  readonly different: number;
  /** Spins of the largest connected part of these. */
  readonly largest: number;
}

export interface MergeRules {
  readonly symmetric: boolean;
  /** Set, parts that make the target worse are taken by the toss of a coin; else never. */
  readonly coin?: Rng;
}

/**
 * Takes from `source` every connected part of differing spins that does not make `target` worse.
 *
 * Parts that do not touch change the energy independently of each other: the result is the best of
 * the 2^parts combinations of the two. Spins of `target` change, `source` stays.
 *
 * Source: the partition crossover of Whitley, Hains, Howe (GECCO 2009), on the interaction graph; for spin
 * glasses the cluster moves of Houdayer, European Physical Journal B 22 (2001) 479.
 */
export function mergeParts(
  problem: IsingProblem,
  [target, source]: readonly [SpinState, SpinState],
  scratch: MergeScratch,
  { symmetric, coin }: MergeRules,
): MergeReport {
  const different = markDifferences(target.spins, source.spins, scratch.differs, symmetric);
  let chosen = 0;
  let largest = 0;
  for (let root = 0; root < problem.size; root++) {
    if (scratch.differs[root] !== DIFFERS) continue;
    const part = walkPart(problem, target, root, scratch);
    largest = Math.max(largest, part.size);
    if (part.change > 0 && (coin === undefined || coin.u32() >= 0x8000_0000)) continue;
    for (let k = 0; k < part.size; k++) scratch.chosen[chosen++] = scratch.queue[k];
  }
  for (let k = 0; k < chosen; k++) flip(problem, target, scratch.chosen[k]);
  return { different, largest };
}

const DIFFERS = 1;
const WALKED = 2;

function markDifferences(
  target: Int8Array,
  source: Int8Array,
  differs: Uint8Array,
  symmetric: boolean,
): number {
  const size = target.length;
  let different = 0;
  for (let i = 0; i < size; i++) different += target[i] === source[i] ? 0 : 1;
  const turned = symmetric && 2 * different > size;
  for (let i = 0; i < size; i++) differs[i] = (target[i] === source[i]) === turned ? DIFFERS : 0;
  return turned ? size - different : different;
}

/** Finds the part of `root` (into the queue) and what flipping it changes the energy by. */
function walkPart(
  problem: IsingProblem,
  { spins, local }: SpinState,
  root: number,
  { differs, queue }: MergeScratch,
): { size: number; change: number } {
  const { rowStart, column, coupling } = problem;
  let size = 1;
  let change = 0;
  queue[0] = root;
  differs[root] = WALKED;
  for (let head = 0; head < size; head++) {
    const i = queue[head];
    let outside = local[i];
    for (let k = rowStart[i], end = rowStart[i + 1]; k < end; k++) {
      const j = column[k];
      if (differs[j] === 0) continue;
      // Couplings within the part keep their energy.
      outside -= coupling[k] * spins[j];
      if (differs[j] === WALKED) continue;
      differs[j] = WALKED;
      queue[size++] = j;
    }
    change -= 2 * spins[i] * outside;
  }
  return { size, change };
}

/** Takes each differing spin from `source` by the toss of a coin. */
export function mixSpins(
  problem: IsingProblem,
  [target, source]: readonly [SpinState, SpinState],
  rng: Rng,
  symmetric: boolean,
): void {
  const turn = symmetric && distance(target.spins, source.spins) * 2 > problem.size ? -1 : 1;
  for (let i = 0; i < problem.size; i++) {
    if (rng.u32() >= 0x8000_0000) target.spins[i] = turn * source.spins[i];
  }
  refresh(problem, target);
}

/** Spins in which two assignments differ. */
export function distance(first: Int8Array, second: Int8Array): number {
  let different = 0;
  for (let i = 0; i < first.length; i++) different += first[i] === second[i] ? 0 : 1;
  return different;
}
