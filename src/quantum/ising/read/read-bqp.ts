import { quboProblem, type QuboProblem } from '../problem/qubo-problem.ts';
import { readEdgeList } from './read-gset.ts';

/**
 * Reads a binary quadratic problem in the sparse format of Biq Mac: "variables entries", then "i j q" lines.
 *
 * Indices count from 1. The lines are the upper half of a symmetric Q, of which xᵀQx is minimised: an
 * entry off the diagonal counts twice.
 *
 * @throws OrchestratorError QUANTUM_PROBLEM_SYNTAX with the line
 */
export function readBqp(text: string): QuboProblem {
  const list = readEdgeList(text, { weightNeeded: true, loops: true });
  const linear = new Float64Array(list.size);
  let kept = 0;
  for (let e = 0; e < list.value.length; e++) {
    const i = list.first[e];
    const j = list.second[e];
    if (i === j) {
      linear[i] += list.value[e];
      continue;
    }
    list.first[kept] = i;
    list.second[kept] = j;
    list.value[kept++] = 2 * list.value[e];
  }
  return quboProblem(linear, {
    first: list.first.subarray(0, kept),
    second: list.second.subarray(0, kept),
    value: list.value.subarray(0, kept),
  });
}
