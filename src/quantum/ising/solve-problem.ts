import { unreachable } from '../../base/invariant.ts';
import type { Watch } from '../watch.ts';
import { maxCutToIsing, quboToIsing, spinsToBits } from './problem/convert.ts';
import { cutWeight, type MaxCutGraph } from './problem/max-cut-graph.ts';
import { quboValue, type QuboProblem } from './problem/qubo-problem.ts';
import { readBqp } from './read/read-bqp.ts';
import { readGset } from './read/read-gset.ts';
import { readQubo } from './read/read-qubo.ts';
import type { Improvement } from './search/incumbent.ts';
import type { StopReason } from './search/effort.ts';
import { solveIsing, type IsingOptions, type IsingSolution } from './solve-ising.ts';

/** The best bits found, in the problem's own sense and units. */
export interface BinarySolution {
  /** Weight of the cut, to be great; or value of the QUBO, to be small. Computed from the assignment. */
  readonly value: number;
  /** 0 or 1 each. */
  readonly assignment: Uint8Array;
  /** No assignment has a better value than this. */
  readonly bound?: number;
  readonly proven: boolean;
  readonly method: IsingSolution['method'];
  readonly reason: string;
  readonly history: readonly Improvement[];
  readonly steps: number;
  readonly timeMs: number;
  readonly stopped: StopReason;
}

/** Seeks the cut of greatest weight. `options.target` is a weight. Else as {@link solveIsing}. */
export function solveMaxCut(
  graph: MaxCutGraph,
  options: IsingOptions,
  watch: Watch,
): BinarySolution {
  const { target, ...rest } = options;
  const limits = target === undefined ? rest : { ...rest, target: -target };
  const solution = solveIsing(maxCutToIsing(graph), limits, watch);
  const assignment = spinsToBits(solution.spins);
  return binary(solution, assignment, { value: cutWeight(graph, assignment), sign: -1 });
}

/** Seeks the bits of least value. Else as {@link solveIsing}. */
export function solveQubo(
  problem: QuboProblem,
  options: IsingOptions,
  watch: Watch,
): BinarySolution {
  const solution = solveIsing(quboToIsing(problem), options, watch);
  const assignment = spinsToBits(solution.spins);
  return binary(solution, assignment, { value: quboValue(problem, assignment), sign: 1 });
}

/** The file formats of {@link solveBinaryFile}. */
export const BINARY_FORMATS = ['gset', 'bqp', 'qubo'] as const;

export type BinaryFormat = (typeof BINARY_FORMATS)[number];

/**
 * Reads a problem and solves it: 'gset' seeks the greatest cut, 'bqp' and 'qubo' the least value.
 *
 * @throws OrchestratorError QUANTUM_PROBLEM_SYNTAX (with the line), QUANTUM_PROBLEM_INVALID, QUANTUM_OPTION_INVALID
 */
export function solveBinaryFile(
  text: string,
  format: BinaryFormat,
  options: IsingOptions,
  watch: Watch,
): BinarySolution {
  switch (format) {
    case 'gset':
      return solveMaxCut(readGset(text), options, watch);
    case 'bqp':
      return solveQubo(readBqp(text), options, watch);
    case 'qubo':
      return solveQubo(readQubo(text), options, watch);
    default:
      return unreachable(format);
  }
}

function binary(
  solution: IsingSolution,
  assignment: Uint8Array,
  { value, sign }: { readonly value: number; readonly sign: 1 | -1 },
): BinarySolution {
  const { bound, proven, method, reason, history, steps, timeMs, stopped } = solution;
  // Adding zero turns a −0 into 0.
  const own = (energy: number): number => sign * energy + 0;
  return {
    value,
    assignment,
    ...(bound === undefined ? {} : { bound: sign * Math.min(bound, sign * value) }),
    proven,
    method,
    reason,
    history: history.map((improvement) => ({ ...improvement, value: own(improvement.value) })),
    steps,
    timeMs,
    stopped,
  };
}
