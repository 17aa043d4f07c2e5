/** Circuits cut where something happens that is not unitary. */
import { invariant } from '../../base/invariant.ts';
import { mapOperation } from '../circuit/map-operation.ts';
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import { isLowerable } from './lower.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';

/** Unitary operations, and what stands after them. */
export interface Segment {
  readonly unitary: readonly Operation[];
  /** Measurements, resets, barriers, control flow and what cannot be taken apart, in order. */
  readonly fixed: readonly Operation[];
}

/** Whether an operation may leave its surroundings: then nothing may move past it. */
function mayLeave(operation: Operation): boolean {
  switch (operation.kind) {
    case 'break':
    case 'continue':
    case 'end':
      return true;
    case 'if':
      return [...operation.then, ...operation.otherwise].some(mayLeave);
    case 'while':
      return operation.body.some(mayLeave);
    default:
      return false;
  }
}

/**
 * Cuts operations so that each unitary one stands as early as the fixed ones on its qubits let it.
 *
 * Fixed operations keep their order among each other.
 */
export function segmentsOf(
  qubits: number,
  operations: readonly Operation[],
  look: Look = NO_LOOK,
): readonly Segment[] {
  const segments: { unitary: Operation[]; fixed: Operation[] }[] = [];
  /** Number of the first segment that an operation on each qubit may go to. */
  const earliest = new Int32Array(qubits);
  let lastFixed = 0;
  const at = (n: number): { unitary: Operation[]; fixed: Operation[] } => {
    while (segments.length <= n) segments.push({ unitary: [], fixed: [] });
    return segments[n];
  };
  const latestOf = (touched: readonly number[], least: number): number =>
    touched.reduce((most, qubit) => Math.max(most, earliest[qubit]), least);
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    const touched = qubitsOf(operation);
    if (isLowerable(operation)) {
      const n = latestOf(touched, 0);
      at(n).unitary.push(operation);
      for (const qubit of touched) earliest[qubit] = n;
      continue;
    }
    const isWall = mayLeave(operation);
    const n = isWall
      ? earliest.reduce((most, segment) => Math.max(most, segment), lastFixed)
      : latestOf(touched, lastFixed);
    at(n).fixed.push(operation);
    lastFixed = n;
    if (isWall) earliest.fill(n + 1);
    for (const qubit of touched) earliest[qubit] = n + 1;
  }
  invariant(
    isOrderKept(qubits, operations, segments, look),
    'cutting a circuit keeps the order of operations on every qubit',
  );
  return segments;
}

/** Whether every qubit sees the same operations in the same order. */
function isOrderKept(
  qubits: number,
  operations: readonly Operation[],
  segments: readonly Segment[],
  look: Look,
): boolean {
  const queues: Operation[][] = Array.from({ length: qubits }, () => []);
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    for (const qubit of qubitsOf(operation)) queues[qubit].push(operation);
  }
  const seen = new Int32Array(qubits);
  let read = 0;
  const isNext = (operation: Operation): boolean => {
    lookEvery(read++, look);
    return qubitsOf(operation).every((qubit) => queues[qubit][seen[qubit]++] === operation);
  };
  return segments.every(({ unitary, fixed }) => unitary.every(isNext) && fixed.every(isNext));
}

/** Operations on qubits that are connected with each other, and with no others. */
export interface Component {
  /** The circuit's qubits, ascending. */
  readonly qubits: readonly number[];
  /** On the circuit's qubits. */
  readonly operations: readonly Operation[];
}

/** Groups unitary operations by the qubits that they connect; idle qubits and global phases fall away. */
export function componentsOf(
  qubits: number,
  operations: readonly Operation[],
  look: Look = NO_LOOK,
): readonly Component[] {
  const parent = Int32Array.from({ length: qubits }, (_, k) => k);
  const rootOf = (k: number): number => {
    let root = k;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  };
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    const touched = qubitsOf(operation);
    for (const qubit of touched) parent[rootOf(qubit)] = rootOf(touched[0]);
  }
  const groups = new Map<number, Operation[]>();
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    const [first] = qubitsOf(operation);
    if (first === undefined) continue;
    const root = rootOf(first);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [operation]);
    else group.push(operation);
  }
  const members = new Map<number, number[]>();
  for (let k = 0; k < qubits; k++) {
    const root = rootOf(k);
    members.set(root, [...(members.get(root) ?? []), k]);
  }
  return [...groups].map(([root, group]) => ({
    qubits: members.get(root) ?? [],
    operations: group,
  }));
}

/** An operation with its qubits renamed, those of its body among them. */
export function renamed(operation: Operation, at: ArrayLike<number>): Operation {
  return mapOperation(operation, {
    qubit: (qubit) => at[qubit],
    bit: (bit) => bit,
    variable: (variable) => variable,
  });
}
