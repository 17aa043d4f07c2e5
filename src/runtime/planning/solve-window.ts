import { solveAssignment, type AssignmentOptions } from '../../quantum/ising/index.ts';
import { fitCapacities, type WindowProblem } from '../../scheduling/index.ts';

/**
 * The agent of each task, within the capacities: what the solver finds, brought within them where it is not.
 *
 * @throws OrchestratorError QUANTUM_PROBLEM_INVALID, QUANTUM_OPTION_INVALID
 */
export function solveWindow(
  problem: WindowProblem,
  limits: AssignmentOptions,
  watch: Parameters<typeof solveAssignment>[2],
): Int32Array {
  return fitCapacities(problem, solveAssignment(problem, limits, watch).assignment);
}
