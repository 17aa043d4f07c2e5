import type { Circuit } from './circuit.ts';
import type { Expression } from './classical.ts';
import type { Operation } from './operation.ts';

export interface CircuitStats {
  /** Unitary operations; barriers, measurements and global phases are none. */
  readonly gates: number;
  /** Unitary operations on two or more qubits, controls among them. */
  readonly twoQubit: number;
  /** Longest chain of operations that wait for each other, by qubits, bits and variables. */
  readonly depth: number;
  /** The same, where operations on two or more qubits count alone. */
  readonly twoQubitDepth: number;
  /** Gates t and tdg. */
  readonly tCount: number;
}

/**
 * Sizes of a circuit. Branches and bodies of loops count once each, as written; in depth a branch
 * costs its longer side. A barrier makes its qubits wait for each other and costs nothing itself.
 *
 * O(operations)
 */
export function circuitStats(circuit: Circuit): CircuitStats {
  const counts = { gates: 0, twoQubit: 0, tCount: 0 };
  for (const operation of flat(circuit.operations)) {
    if (operation.kind !== 'gate' && operation.kind !== 'unitary') continue;
    counts.gates += 1;
    if (operation.qubits.length + operation.controls.length > 1) counts.twoQubit += 1;
    if (operation.kind === 'gate' && isT(operation)) counts.tCount += 1;
  }
  return {
    ...counts,
    depth: depthOf(circuit, () => 1),
    twoQubitDepth: depthOf(circuit, (operation) => Number(isOnTwo(operation))),
  };
}

function isT({ name, controls }: Operation & { kind: 'gate' }): boolean {
  return (name === 't' || name === 'tdg') && controls.length === 0;
}

function isOnTwo(operation: Operation): boolean {
  return (
    (operation.kind === 'gate' || operation.kind === 'unitary') &&
    operation.qubits.length + operation.controls.length > 1
  );
}

/** How many gates of each name there are; unitaries by their labels, measurements and others by kind. */
export function countGates(circuit: Circuit): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const operation of flat(circuit.operations)) {
    const name = nameOf(operation);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function nameOf(operation: Operation): string {
  if (operation.kind === 'gate') return `${'c'.repeat(operation.controls.length)}${operation.name}`;
  return operation.kind === 'unitary' ? operation.label : operation.kind;
}

/** All operations, those of branches and loops among them. */
function* flat(operations: readonly Operation[]): Generator<Operation> {
  for (const operation of operations) {
    yield operation;
    if (operation.kind === 'if') {
      yield* flat(operation.then);
      yield* flat(operation.otherwise);
    }
    if (operation.kind === 'while') yield* flat(operation.body);
  }
}

/** Places that wait for each other: qubits, then bits, then variables. */
type Levels = Map<number, number>;

function depthOf(circuit: Circuit, weight: (operation: Operation) => number): number {
  const levels: Levels = new Map();
  advance(circuit.operations, levels, { circuit, weight });
  return maxOf(levels);
}

function maxOf(levels: Levels): number {
  let max = 0;
  for (const level of levels.values()) if (level > max) max = level;
  return max;
}

interface Counting {
  readonly circuit: Circuit;
  readonly weight: (operation: Operation) => number;
}

function advance(operations: readonly Operation[], levels: Levels, counting: Counting): void {
  for (const operation of operations) {
    const places = placesOf(operation, counting.circuit);
    let start = 0;
    for (const place of places) start = Math.max(start, levels.get(place) ?? 0);
    const end = start + costOf(operation, counting);
    for (const place of places) levels.set(place, end);
  }
}

function costOf(operation: Operation, counting: Counting): number {
  switch (operation.kind) {
    case 'barrier':
    case 'global-phase':
    case 'break':
    case 'continue':
    case 'end':
      return 0;
    case 'if': {
      const sides = [operation.then, operation.otherwise];
      return Math.max(...sides.map((side) => costOfList(side, counting)));
    }
    case 'while':
      return costOfList(operation.body, counting);
    default:
      return counting.weight(operation);
  }
}

function costOfList(operations: readonly Operation[], counting: Counting): number {
  const levels: Levels = new Map();
  advance(operations, levels, counting);
  return maxOf(levels);
}

/** What an operation waits for and keeps others waiting on. */
function placesOf(operation: Operation, circuit: Circuit): Set<number> {
  const places = new Set<number>();
  const bit = (k: number): unknown => places.add(circuit.qubits + k);
  const variable = (k: number): unknown => places.add(circuit.qubits + circuit.bits + k);
  const add = (inner: Operation): void => {
    switch (inner.kind) {
      case 'gate':
      case 'unitary':
        for (const qubit of inner.qubits) places.add(qubit);
        for (const { qubit } of inner.controls) places.add(qubit);
        return;
      case 'barrier':
      case 'channel':
        for (const qubit of inner.qubits) places.add(qubit);
        return;
      case 'measure':
        places.add(inner.qubit);
        bit(inner.bit);
        return;
      case 'reset':
        places.add(inner.qubit);
        return;
      case 'if':
        readsOf(inner.condition, bit, variable);
        for (const side of [inner.then, inner.otherwise]) for (const next of side) add(next);
        return;
      case 'while':
        readsOf(inner.condition, bit, variable);
        for (const next of inner.body) add(next);
        return;
      case 'assign':
        variable(inner.variable);
        return readsOf(inner.value, bit, variable);
      case 'store':
        for (const k of inner.bits) bit(k);
        return readsOf(inner.value, bit, variable);
      case 'global-phase':
      case 'break':
      case 'continue':
      case 'end':
    }
  };
  add(operation);
  return places;
}

function readsOf(
  expression: Expression,
  bit: (k: number) => unknown,
  variable: (k: number) => unknown,
): void {
  switch (expression.kind) {
    case 'literal':
      return;
    case 'bit':
      bit(expression.bit);
      return;
    case 'bits':
      for (const k of expression.bits) bit(k);
      return;
    case 'variable':
      variable(expression.variable);
      return;
    case 'unary':
    case 'cast':
      return readsOf(expression.operand, bit, variable);
    case 'binary':
      readsOf(expression.left, bit, variable);
      return readsOf(expression.right, bit, variable);
  }
}
