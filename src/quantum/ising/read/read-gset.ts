import { maxCutGraph, type MaxCutGraph } from '../problem/max-cut-graph.ts';
import { integerAt, lines, malformed, numberAt } from './line-reader.ts';
import { PAIRS_MAX, VARIABLES_MAX } from '../problem/symmetric-rows.ts';

/**
 * Reads a graph as the Gset collection writes them: "vertices edges", then "vertex vertex weight" lines.
 *
 * Vertices count from 1; a missing weight is 1; anything after the two counts is passed over, as are
 * blank lines. The cut of greatest weight is sought.
 *
 * @throws OrchestratorError QUANTUM_PROBLEM_SYNTAX with the line
 */
export function readGset(text: string): MaxCutGraph {
  const { size, first, second, value } = readEdgeList(text, { weightNeeded: false, loops: false });
  return maxCutGraph(size, { first, second, value });
}

export interface EdgeList {
  readonly size: number;
  /** 0-based. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly value: Float64Array;
}

export interface EdgeListRules {
  readonly weightNeeded: boolean;
  /** Whether a vertex may be joined to itself. */
  readonly loops: boolean;
}

/** A count of vertices and edges, then that many edges between vertices that count from 1. */
export function readEdgeList(text: string, rules: EdgeListRules): EdgeList {
  const rest = lines(text);
  const head = rest.next().value;
  if (head === undefined) throw malformed(1, 'a count of vertices and edges must come first');
  const size = integerAt(head, 0, { what: 'the number of vertices', min: 1, max: VARIABLES_MAX });
  const count = integerAt(head, 1, { what: 'the number of edges', min: 0, max: PAIRS_MAX });
  const vertex = { what: 'a vertex', min: 1, max: size };
  // A line of an edge has at least four characters: a header cannot make this large on its own.
  const capacity = Math.min(count, text.length >> 2);
  const first = new Int32Array(capacity);
  const second = new Int32Array(capacity);
  const value = new Float64Array(capacity);
  let edge = 0;
  let last = head.number;
  for (const line of rest) {
    if (edge === count) throw malformed(line.number, `only ${count} edges were announced`);
    if (line.words.length > 3) throw malformed(line.number, 'an edge has at most three numbers');
    first[edge] = integerAt(line, 0, vertex) - 1;
    second[edge] = integerAt(line, 1, vertex) - 1;
    const weighted = rules.weightNeeded || line.words.length > 2;
    value[edge] = weighted ? numberAt(line, 2, 'a weight') : 1;
    if (!rules.loops && first[edge] === second[edge]) {
      throw malformed(line.number, `an edge must join two vertices, got ${first[edge] + 1} twice`);
    }
    edge += 1;
    last = line.number;
  }
  if (edge < count) throw malformed(last, `${count} edges must follow the counts, got ${edge}`);
  return { size, first, second, value };
}
