export {
  assignmentQuality,
  COSTS_MAX,
  type AssignmentProblem,
  type AssignmentQuality,
} from './assignment/assignment-problem.ts';
export {
  assignmentToQubo,
  type AssignmentQubo,
  type QuboPenalties,
} from './assignment/assignment-to-qubo.ts';
export {
  isingToMaxCut,
  isingToQubo,
  maxCutToIsing,
  maxCutToQubo,
  quboToIsing,
  spinsToBits,
  type MaxCutOfIsing,
} from './problem/convert.ts';
export { isingEnergy, isingProblem, type IsingProblem } from './problem/ising-problem.ts';
export { cutWeight, maxCutGraph, type MaxCutGraph } from './problem/max-cut-graph.ts';
export { quboProblem, quboValue, type QuboProblem } from './problem/qubo-problem.ts';
export { PAIRS_MAX, VARIABLES_MAX, type Pairs } from './problem/symmetric-rows.ts';
export { readAssignments } from './read/read-assignments.ts';
export { readBqp } from './read/read-bqp.ts';
export { readGset } from './read/read-gset.ts';
export { readQubo } from './read/read-qubo.ts';
export type { SearchLimits, StopReason } from './search/effort.ts';
export { EXACT_SPINS_MAX } from './search/exact.ts';
export type { Improvement } from './search/incumbent.ts';
export { QAOA_SPINS_MAX, type QaoaReport } from './search/qaoa.ts';
export {
  solveAssignment,
  type AssignmentOptions,
  type AssignmentSolution,
} from './solve-assignment.ts';
export {
  ISING_METHODS,
  solveIsing,
  type IsingMethod,
  type IsingOptions,
  type IsingSolution,
} from './solve-ising.ts';
export {
  BINARY_FORMATS,
  solveBinaryFile,
  solveMaxCut,
  solveQubo,
  type BinaryFormat,
  type BinarySolution,
} from './solve-problem.ts';
