import { OrchestratorError } from '../../../base/errors.ts';
import type { AssignmentProblem } from '../../../quantum/ising/assignment/assignment-problem.ts';
import { readAssignments } from '../../../quantum/ising/read/read-assignments.ts';
import { solveAssignment } from '../../../quantum/ising/solve-assignment.ts';
import type { HistoryEntry } from './solve-ising-job.ts';
import type { Job } from './job.ts';

/** Tasks to be put on agents: one problem of a file, or the numbers themselves. */
export type AssignmentSource =
  /** `number` counts from 1. */
  | { readonly kind: 'file'; readonly text: string; readonly number: number }
  | (AssignmentProblem & { readonly kind: 'tables' });

export interface SolveAssignmentRequest {
  readonly problem: AssignmentSource;
  /** Milliseconds of searching. */
  readonly timeMs: number;
  readonly seed: number;
}

export interface SolveAssignmentAnswer {
  /** Null where a task is on an agent that it must not be on. */
  readonly cost: number | null;
  /** Whether no agent carries more than it may. */
  readonly feasible: boolean;
  /** What agents carry beyond their capacities, in sum. */
  readonly overload: number;
  /** The agent of each task, numbered from 0. */
  readonly assignment: readonly number[];
  /** Nothing is cheaper than this. */
  readonly bound?: number;
  readonly isProven: boolean;
  readonly method: string;
  readonly reason: string;
  readonly agents: number;
  readonly tasks: number;
  readonly history: readonly HistoryEntry[];
  readonly seed: number;
  readonly elapsedMs: number;
}

/** Searches until its time is up. */
export const solveAssignmentJob: Job<SolveAssignmentRequest, SolveAssignmentAnswer> = (
  request,
  { watch },
) => {
  const { seed, timeMs } = request;
  const problem = problemOf(request.problem);
  const solution = solveAssignment(problem, { timeMs, seed }, watch);
  const { bound } = solution;
  return {
    cost: Number.isFinite(solution.cost) ? solution.cost : null,
    feasible: solution.feasible,
    overload: solution.overload,
    assignment: [...solution.assignment],
    ...(bound === undefined || !Number.isFinite(bound) ? {} : { bound }),
    isProven: solution.proven,
    method: solution.method,
    reason: solution.reason,
    agents: problem.agents,
    tasks: problem.tasks,
    history: solution.history.map(({ timeMs: at, value }) => ({ timeMs: Math.round(at), value })),
    seed,
    elapsedMs: Math.round(solution.timeMs),
  };
};

function problemOf(source: AssignmentSource): AssignmentProblem {
  if (source.kind === 'tables') return source;
  const problems = readAssignments(source.text);
  const problem = problems[source.number - 1];
  if (problem !== undefined) return problem;
  throw new OrchestratorError(
    'QUANTUM_PROBLEM_INVALID',
    `the problem's number must be 1 to ${problems.length}, got ${source.number}`,
    { number: source.number, problems: problems.length },
  );
}
