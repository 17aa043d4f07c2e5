import { circuitStats } from '../circuit/circuit-stats.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Operation } from '../circuit/operation.ts';
import { isEighth } from './angle.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';

/** What a circuit costs. */
export interface CircuitCost {
  /** Gates; not measurements, resets, barriers, channels or global phases. */
  readonly gates: number;
  /** Gates on two qubits; on more, where a unitary cannot be taken apart. */
  readonly twoQubit: number;
  /** Operations on the longest path, measurements and resets among them. */
  readonly depth: number;
  /** Gates on two or more qubits on the longest path. */
  readonly twoQubitDepth: number;
  /** t, tdg, and turns about an axis by an odd multiple of π/4. */
  readonly tCount: number;
}

/** What is made small. */
export type Metric = keyof CircuitCost;

const TURNS = new Set(['p', 'rx', 'ry', 'rz']);

/** Qubits that an operation acts on, those of its body among them. */
export function qubitsOf(operation: Operation): readonly number[] {
  switch (operation.kind) {
    case 'gate':
    case 'unitary': {
      const { qubits, controls } = operation;
      return controls.length === 0 ? qubits : [...qubits, ...controls.map(({ qubit }) => qubit)];
    }
    case 'barrier':
    case 'channel':
      return operation.qubits;
    case 'measure':
    case 'reset':
      return [operation.qubit];
    case 'if':
      return [...new Set([...operation.then, ...operation.otherwise].flatMap(qubitsOf))];
    case 'while':
      return [...new Set(operation.body.flatMap(qubitsOf))];
    default:
      return [];
  }
}

class CostCounter {
  gates = 0;
  twoQubit = 0;
  tCount = 0;
  readonly depths: Int32Array;
  readonly pairDepths: Int32Array;

  constructor(qubits: number) {
    this.depths = new Int32Array(qubits);
    this.pairDepths = new Int32Array(qubits);
  }

  count(operation: Operation): void {
    const qubits = qubitsOf(operation);
    switch (operation.kind) {
      case 'gate':
      case 'unitary':
        this.gates++;
        if (qubits.length > 1) this.twoQubit++;
        if (operation.kind === 'gate' && isT(operation.name, operation.params)) this.tCount++;
        this.#deepen(this.depths, qubits, 1);
        this.#deepen(this.pairDepths, qubits, qubits.length > 1 ? 1 : 0);
        return;
      case 'if':
        for (const inner of [...operation.then, ...operation.otherwise]) this.count(inner);
        return;
      case 'while':
        for (const inner of operation.body) this.count(inner);
        return;
      case 'barrier':
        this.#deepen(this.depths, qubits, 0);
        this.#deepen(this.pairDepths, qubits, 0);
        return;
      case 'measure':
      case 'reset':
      case 'channel':
        this.#deepen(this.depths, qubits, 1);
        return;
      default:
    }
  }

  #deepen(depths: Int32Array, qubits: readonly number[], by: number): void {
    if (qubits.length === 1) {
      depths[qubits[0]] += by;
      return;
    }
    if (qubits.length === 2) {
      const [a, b] = qubits;
      const deeper = Math.max(depths[a], depths[b]) + by;
      depths[a] = deeper;
      depths[b] = deeper;
      return;
    }
    let depth = 0;
    for (const qubit of qubits) depth = Math.max(depth, depths[qubit]);
    for (const qubit of qubits) depths[qubit] = depth + by;
  }
}

function isT(name: string, params: readonly number[]): boolean {
  return (
    name === 't' ||
    name === 'tdg' ||
    (params.length === 1 && TURNS.has(name) && isEighth(params[0]))
  );
}

/** Counts operations as they stand; both branches of an `if` and one turn of a loop. */
export function costOfOperations(
  qubits: number,
  operations: readonly Operation[],
  look: Look = NO_LOOK,
): CircuitCost {
  const counter = new CostCounter(qubits);
  for (let i = 0; i < operations.length; i++) {
    lookEvery(i, look);
    counter.count(operations[i]);
  }
  const { gates, twoQubit, tCount } = counter;
  return {
    gates,
    twoQubit,
    tCount,
    depth: counter.depths.reduce((most, depth) => Math.max(most, depth), 0),
    twoQubitDepth: counter.pairDepths.reduce((most, depth) => Math.max(most, depth), 0),
  };
}

/** Whether operations wait for each other by their qubits alone, and branches are none: depths are simple then. */
function isPlain({ operations }: Circuit, look: Look): boolean {
  const written = new Set<number>();
  return operations.every((operation, i) => {
    lookEvery(i, look);
    switch (operation.kind) {
      case 'gate':
      case 'unitary':
      case 'barrier':
      case 'reset':
      case 'global-phase':
        return true;
      case 'measure':
        return !written.has(operation.bit) && written.add(operation.bit).size > 0;
      default:
        return false;
    }
  });
}

/** Counts a whole circuit, as {@link circuitStats} does but for T: turns by π/4 are T in any basis. */
export function costOfCircuit(circuit: Circuit, look: Look = NO_LOOK): CircuitCost {
  const cost = costOfOperations(circuit.qubits, circuit.operations, look);
  if (isPlain(circuit, look)) return cost;
  const { tCount } = cost;
  return { ...circuitStats(circuit), tCount };
}

/** Whether the first is better: by the metric, then by all gates, then by those on two qubits. */
export function isCheaper(first: CircuitCost, second: CircuitCost, metric: Metric): boolean {
  if (first[metric] !== second[metric]) return first[metric] < second[metric];
  if (first.gates !== second.gates) return first.gates < second.gates;
  return first.twoQubit < second.twoQubit;
}
