/** What operations of a circuit wait for when they are put on a machine. */
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import type { WorkLook } from './look.ts';
import { mayLeave } from './operation-order.ts';

/** Operations with what each waits for. */
export interface RoutingPlan {
  readonly operations: readonly Operation[];
  readonly qubits: readonly (readonly number[])[];
  readonly followers: readonly (readonly number[])[];
  readonly waits: Int32Array;
}

/** Each waits for the one before on each of its qubits; what reads or writes classical values, for the last that did. */
export function routingPlan(operations: readonly Operation[], work: WorkLook): RoutingPlan {
  const last = new Map<number, number>();
  let lastFixed = -1;
  let lastWall = -1;
  const followers: number[][] = operations.map(() => []);
  const waits = new Int32Array(operations.length);
  const qubits = operations.map(qubitsOf);
  operations.forEach((operation, i) => {
    work.didGates(1);
    const before = new Set<number>();
    for (const qubit of qubits[i]) {
      const earlier = last.get(qubit);
      if (earlier !== undefined) before.add(earlier);
      last.set(qubit, i);
    }
    if (operation.kind !== 'gate' && operation.kind !== 'unitary') {
      if (lastFixed >= 0) before.add(lastFixed);
      lastFixed = i;
    }
    if (lastWall >= 0) before.add(lastWall);
    // What follows a way out may never happen, and what comes before it must have happened.
    if (mayLeave(operation)) {
      for (let k = lastWall + 1; k < i; k++) before.add(k);
      lastWall = i;
    }
    for (const earlier of before) followers[earlier].push(i);
    waits[i] = before.size;
  });
  return { operations, qubits, followers, waits };
}

/** Whether an operation needs its qubits side by side. */
export function isPair(plan: RoutingPlan, i: number): boolean {
  const { kind } = plan.operations[i];
  return (kind === 'gate' || kind === 'unitary') && plan.qubits[i].length === 2;
}
