import { OrchestratorError } from '../../base/errors.ts';
import { NO_LOOK, type Look } from './look.ts';

/** Which qubits of a machine can be entangled with each other; both ways round. */
export interface CouplingMap {
  readonly qubits: number;
  /** Pairs of distinct qubits; each pair once or more. */
  readonly edges: readonly (readonly [number, number])[];
}

/** A coupling map made ready: neighbours, and the number of steps between any two qubits. */
export interface Coupling {
  readonly qubits: number;
  readonly neighbours: readonly (readonly number[])[];
  /** The pairs, each once, and the numbers of those that each qubit is in. */
  readonly edges: readonly (readonly [number, number])[];
  readonly edgesAt: readonly (readonly number[])[];
  /** Steps from i to j at i × qubits + j. */
  readonly distance: Uint16Array;
}

/** Most qubits of a map: the table of distances then takes 32 MiB. */
export const MACHINE_QUBITS_MAX = 4096;

function refused(message: string): OrchestratorError {
  return new OrchestratorError('QUANTUM_COUPLING_INVALID', message);
}

/** Steps from a qubit to each; −1 where there is no way. */
function stepsFrom(start: number, neighbours: readonly (readonly number[])[]): Int32Array {
  const steps = new Int32Array(neighbours.length).fill(-1);
  steps[start] = 0;
  const queue = [start];
  for (const at of queue) {
    for (const next of neighbours[at]) {
      if (steps[next] >= 0) continue;
      steps[next] = steps[at] + 1;
      queue.push(next);
    }
  }
  return steps;
}

function numbered(neighbours: readonly (readonly number[])[]): Pick<Coupling, 'edges' | 'edgesAt'> {
  const edges: (readonly [number, number])[] = [];
  const edgesAt: number[][] = neighbours.map(() => []);
  for (const [a, others] of neighbours.entries()) {
    for (const b of others) {
      if (b < a) continue;
      edgesAt[a].push(edges.length);
      edgesAt[b].push(edges.length);
      edges.push([a, b]);
    }
  }
  return { edges, edgesAt };
}

/** Checks a map and measures it. Time and memory qubits². */
export function measuredCoupling({ qubits, edges }: CouplingMap, look: Look = NO_LOOK): Coupling {
  if (!Number.isSafeInteger(qubits) || qubits < 1) {
    throw refused(`a coupling map must have one qubit or more, got ${qubits}`);
  }
  if (qubits > MACHINE_QUBITS_MAX) {
    throw refused(`a coupling map must have at most ${MACHINE_QUBITS_MAX} qubits, got ${qubits}`);
  }
  const sets = Array.from({ length: qubits }, () => new Set<number>());
  for (const [a, b] of edges) {
    const isInside = [a, b].every((k) => Number.isSafeInteger(k) && k >= 0 && k < qubits);
    if (!isInside || a === b) {
      throw refused(`an edge must join two distinct qubits below ${qubits}, got ${a} and ${b}`);
    }
    sets[a].add(b);
    sets[b].add(a);
  }
  const neighbours = sets.map((set) => [...set].sort((a, b) => a - b));
  const distance = new Uint16Array(qubits * qubits);
  for (let start = 0; start < qubits; start++) {
    look();
    const steps = stepsFrom(start, neighbours);
    if (steps.includes(-1)) {
      throw refused(
        `a coupling map must be connected, got no way from qubit ${start} to all others`,
      );
    }
    distance.set(steps, start * qubits);
  }
  return { qubits, neighbours, ...numbered(neighbours), distance };
}
