/** Circuits cut where something happens that is not unitary. */
import { mapOperation } from '../circuit/map-operation.ts';
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import { isLowerable } from './lower.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import { mayLeave, OrderCheck } from './operation-order.ts';

/** Unitary operations, and what stands after them. */
export interface Segment {
  readonly unitary: readonly Operation[];
  /** Measurements, resets, barriers, control flow and what cannot be taken apart, in order. */
  readonly fixed: readonly Operation[];
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
  requireOrder(operations, segments, look);
  return segments;
}

function requireOrder(
  operations: readonly Operation[],
  segments: readonly Segment[],
  look: Look,
): void {
  const order = new OrderCheck(operations, look);
  let read = 0;
  const take = (operation: Operation): void => {
    lookEvery(read++, look);
    order.take(operation);
  };
  for (const { unitary, fixed } of segments) {
    unitary.forEach(take);
    fixed.forEach(take);
  }
  order.finish();
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
