import { isingProblem } from '../../../quantum/ising/problem/ising-problem.ts';
import { maxCutGraph } from '../../../quantum/ising/problem/max-cut-graph.ts';
import { quboProblem } from '../../../quantum/ising/problem/qubo-problem.ts';
import type { Pairs } from '../../../quantum/ising/problem/symmetric-rows.ts';
import type { StopReason } from '../../../quantum/ising/search/effort.ts';
import {
  solveIsing,
  type IsingMethod,
  type IsingOptions,
  type IsingSolution,
} from '../../../quantum/ising/solve-ising.ts';
import {
  solveBinaryFile,
  solveMaxCut,
  solveQubo,
  type BinaryFormat,
  type BinarySolution,
} from '../../../quantum/ising/solve-problem.ts';
import type { Watch } from '../../../quantum/watch.ts';
import type { Job } from './job.ts';

/** A problem over spins or bits, in one of the ways in which it can be given. */
export type IsingSource =
  | { readonly kind: 'file'; readonly format: BinaryFormat; readonly text: string }
  | {
      readonly kind: 'ising' | 'qubo';
      /** Fields of spins, or linear coefficients of bits. */
      readonly linear: Float64Array;
      readonly pairs: Pairs;
      readonly offset: number;
    }
  | { readonly kind: 'max-cut'; readonly vertices: number; readonly pairs: Pairs };

export interface SolveIsingRequest {
  readonly problem: IsingSource;
  /** Milliseconds of searching. */
  readonly timeMs: number;
  readonly seed: number;
  readonly method: IsingMethod;
}

/** A step of the search, for drawing its course. */
export interface HistoryEntry {
  readonly timeMs: number;
  readonly value: number;
}

export interface SolveIsingAnswer {
  /** In the problem's own sense: weight of the cut, value, or energy. */
  readonly value: number;
  readonly sense: 'minimise' | 'maximise';
  /** One number for each variable: −1 and +1 for spins, else 0 and 1. */
  readonly assignment: readonly number[];
  /** Nothing better than this exists. */
  readonly bound?: number;
  readonly isProven: boolean;
  readonly method: string;
  readonly reason: string;
  /** Improvements, oldest first; some hundreds at most. */
  readonly history: readonly HistoryEntry[];
  readonly stopped: StopReason;
  readonly seed: number;
  readonly elapsedMs: number;
}

/** Searches until its time is up; canceled, it ends at once. */
export const solveIsingJob: Job<SolveIsingRequest, SolveIsingAnswer> = (request, { watch }) => {
  const { method, problem, seed, timeMs } = request;
  const options: IsingOptions = { timeMs, seed, method };
  const sense =
    problem.kind === 'max-cut' || (problem.kind === 'file' && problem.format === 'gset')
      ? 'maximise'
      : 'minimise';
  const solution = solve(problem, options, watch);
  const { bound, proven, reason, stopped } = solution;
  return {
    value: solution.value,
    sense,
    assignment: [...solution.assignment],
    ...(bound === undefined || !Number.isFinite(bound) ? {} : { bound }),
    isProven: proven,
    method: solution.method,
    reason,
    history: solution.history.map(({ timeMs: at, value }) => ({ timeMs: Math.round(at), value })),
    stopped,
    seed,
    elapsedMs: Math.round(solution.timeMs),
  };
};

type Solution = Omit<BinarySolution, 'assignment'> & { readonly assignment: Iterable<number> };

function solve(problem: IsingSource, options: IsingOptions, watch: Watch): Solution {
  switch (problem.kind) {
    case 'file':
      return solveBinaryFile(problem.text, problem.format, options, watch);
    case 'qubo': {
      const { linear, offset, pairs } = problem;
      return solveQubo(quboProblem(linear, pairs, offset), options, watch);
    }
    case 'max-cut':
      return solveMaxCut(maxCutGraph(problem.vertices, problem.pairs), options, watch);
    default: {
      const { linear, offset, pairs } = problem;
      return ofSpins(solveIsing(isingProblem(linear, pairs, offset), options, watch));
    }
  }
}

function ofSpins({ energy, spins, ...rest }: IsingSolution): Solution {
  return { ...rest, value: energy, assignment: spins };
}
