/** Parts of a circuit that have nothing to do with each other. */
import type { Circuit } from '../../circuit/circuit.ts';
import type { Control, Operation } from '../../circuit/operation.ts';
import type { Readout } from '../noise/readout.ts';
import { someOperation, visitReferences } from './references.ts';

/** Operations on qubits of their own, numbered anew; classical bits and variables keep their numbers. */
export interface Part {
  /** The circuit's qubit of each of the part's. */
  readonly qubits: readonly number[];
  /** Bits that the part writes, ascending. */
  readonly bits: readonly number[];
  readonly operations: readonly Operation[];
}

/** Sets that merge, by their members' numbers. */
class Groups {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, i) => i);
  }

  find(member: number): number {
    const parent = this.#parent;
    let root = member;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  }

  merge(a: number, b: number): void {
    this.#parent[this.find(b)] = this.find(a);
  }
}

/** The same operation on other qubits; `numbers` gives each qubit's new number. */
export function renumber(operation: Operation, numbers: Int32Array): Operation {
  const all = (qubits: readonly number[]): readonly number[] => qubits.map((q) => numbers[q]);
  const controls = (list: readonly Control[]): readonly Control[] =>
    list.map(({ qubit, value }) => ({ qubit: numbers[qubit], value }));
  const inner = (list: readonly Operation[]): readonly Operation[] =>
    list.map((part) => renumber(part, numbers));
  switch (operation.kind) {
    case 'gate':
      return {
        ...operation,
        qubits: all(operation.qubits),
        controls: controls(operation.controls),
      };
    case 'unitary':
      return {
        ...operation,
        qubits: all(operation.qubits),
        controls: controls(operation.controls),
      };
    case 'channel':
      return { ...operation, qubits: all(operation.qubits) };
    case 'measure':
    case 'reset':
      return { ...operation, qubit: numbers[operation.qubit] };
    case 'barrier':
      return { ...operation, qubits: [] };
    case 'if':
      return {
        ...operation,
        then: inner(operation.then),
        otherwise: inner(operation.otherwise),
      };
    case 'while':
      return { ...operation, body: inner(operation.body) };
    default:
      return operation;
  }
}

/** Whether an operation may end or steer the whole program, so that nothing can be split off. */
function isGlobal({ kind }: Operation): boolean {
  return kind === 'end';
}

/** Measurements of qubits that nothing ever touches, into bits that nothing else writes: always 0. */
function idleMeasurements(circuit: Circuit, readout: Readout): ReadonlySet<Operation> {
  const uses = new Int32Array(circuit.qubits);
  const writes = new Int32Array(circuit.bits);
  const idle = new Set<Operation>();
  for (const operation of circuit.operations) {
    visitReferences(operation, {
      qubit: (qubit) => uses[qubit]++,
      bit: (bit) => writes[bit]++,
    });
  }
  for (const operation of circuit.operations) {
    if (operation.kind !== 'measure') continue;
    const isAlone = uses[operation.qubit] === 1 && writes[operation.bit] === 1;
    if (isAlone && readout(operation.qubit) === null) idle.add(operation);
  }
  return idle;
}

/**
 * Splits a circuit into parts that share no qubit, bit or variable; qubits that nothing happens to are in
 * none. A circuit with `end` in it stays whole, as do all global phases with no qubits to go with.
 */
export function splitParts(circuit: Circuit, readout: Readout): readonly Part[] {
  const { qubits, bits, variables } = circuit;
  const idle = idleMeasurements(circuit, readout);
  const operations = circuit.operations.filter(
    (operation) => operation.kind !== 'barrier' && !idle.has(operation),
  );
  const groups = new Groups(qubits + bits + variables.length + 1);
  const everything = qubits + bits + variables.length;
  const isWhole = someOperation(operations, isGlobal);
  // Phases, and loops around nothing, go with each other.
  const first = new Int32Array(operations.length).fill(isWhole ? everything : -1);
  for (const [i, operation] of operations.entries()) {
    const join = (member: number): void => {
      if (first[i] < 0) first[i] = member;
      else groups.merge(first[i], member);
    };
    visitReferences(operation, {
      qubit: join,
      bit: (bit) => join(qubits + bit),
      variable: (variable) => join(qubits + bits + variable),
    });
    if (first[i] < 0) first[i] = everything;
  }
  const byRoot = new Map<number, Operation[]>();
  for (const [i, operation] of operations.entries()) {
    const root = groups.find(first[i]);
    const list = byRoot.get(root);
    if (list === undefined) byRoot.set(root, [operation]);
    else list.push(operation);
  }
  return [...byRoot.values()].map((list) => partOf(list, circuit));
}

function partOf(operations: readonly Operation[], circuit: Circuit): Part {
  const qubits = new Set<number>();
  const bits = new Set<number>();
  for (const operation of operations) {
    visitReferences(operation, {
      qubit: (qubit) => qubits.add(qubit),
      bit: (bit) => bits.add(bit),
    });
  }
  const ascending = [...qubits].toSorted((a, b) => a - b);
  const numbers = new Int32Array(circuit.qubits).fill(-1);
  for (const [k, qubit] of ascending.entries()) numbers[qubit] = k;
  const isSame = ascending.length === circuit.qubits;
  return {
    qubits: ascending,
    bits: [...bits].toSorted((a, b) => a - b),
    operations: isSame ? operations : operations.map((operation) => renumber(operation, numbers)),
  };
}

/** One part of several: those for which one simulation is no dearer than many. */
export function joinParts(parts: readonly Part[]): Part {
  const qubits = parts.flatMap((part) => part.qubits);
  let first = 0;
  const operations: Operation[] = [];
  for (const part of parts) {
    const start = first;
    const numbers = Int32Array.from(part.qubits, (_, k) => start + k);
    operations.push(...part.operations.map((operation) => renumber(operation, numbers)));
    first += part.qubits.length;
  }
  return {
    qubits,
    bits: parts.flatMap((part) => part.bits).toSorted((a, b) => a - b),
    operations,
  };
}
