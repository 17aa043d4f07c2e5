import { invariant } from '../../../base/invariant.ts';
import { symmetricRows, type Pairs } from './symmetric-rows.ts';

/** A weighted graph whose vertices are to be put on two sides so that the weight between them is greatest. */
export interface MaxCutGraph {
  readonly size: number;
  /** Ends of each edge, first < second; no edge twice. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

/**
 * A graph from its edges; parallel edges add up, weights of zero vanish.
 *
 * The arrays are not kept. @throws OrchestratorError QUANTUM_PROBLEM_INVALID, loops included
 */
export function maxCutGraph(size: number, edges: Pairs): MaxCutGraph {
  const rows = symmetricRows(size, edges);
  const count = rows.column.length / 2;
  const graph = {
    size,
    first: new Int32Array(count),
    second: new Int32Array(count),
    weight: new Float64Array(count),
  };
  let edge = 0;
  for (let i = 0; i < size; i++) {
    for (let k = rows.rowStart[i]; k < rows.rowStart[i + 1]; k++) {
      if (rows.column[k] < i) continue;
      graph.first[edge] = i;
      graph.second[edge] = rows.column[k];
      graph.weight[edge++] = rows.value[k];
    }
  }
  return graph;
}

/** Weight of the edges between the sides 0 and 1. O(edges). */
export function cutWeight(graph: MaxCutGraph, sides: ArrayLike<number>): number {
  invariant(sides.length === graph.size, 'a cut has one side for each vertex');
  let weight = 0;
  for (let e = 0; e < graph.weight.length; e++) {
    if (sides[graph.first[e]] !== sides[graph.second[e]]) weight += graph.weight[e];
  }
  return weight;
}
