/** What operations of a circuit wait for when they are put on a machine. */
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import type { WorkLook } from './look.ts';
import { mayLeave } from './operation-order.ts';

/** Operations with what each waits for. */
export interface RoutingPlan {
  readonly operations: readonly Operation[];
  /** Qubits of the operations that need two of them side by side; −1 for all others. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Those that wait for operation i are at start[i] … start[i + 1] − 1 of `followers`. */
  readonly start: Int32Array;
  readonly followers: Int32Array;
  /** How many each waits for. */
  readonly waits: Int32Array;
}

/** Who waits for whom, as it is found. */
class Waiting {
  readonly #befores: number[] = [];
  readonly #afters: number[] = [];
  readonly waits: Int32Array;

  constructor(count: number) {
    this.waits = new Int32Array(count);
  }

  add(before: number, after: number): void {
    this.#befores.push(before);
    this.#afters.push(after);
    this.waits[after]++;
  }

  followers(): Pick<RoutingPlan, 'start' | 'followers'> {
    const start = new Int32Array(this.waits.length + 1);
    for (const before of this.#befores) start[before + 1]++;
    for (let i = 0; i < this.waits.length; i++) start[i + 1] += start[i];
    const at = start.slice();
    const followers = new Int32Array(this.#afters.length);
    for (const [k, before] of this.#befores.entries()) followers[at[before]++] = this.#afters[k];
    return { start, followers };
  }
}

/** Each waits for the one before on each of its qubits; what reads or writes classical values, for the last that did. */
export function routingPlan(operations: readonly Operation[], work: WorkLook): RoutingPlan {
  const last: number[] = [];
  let lastFixed = -1;
  let lastWall = -1;
  const first = new Int32Array(operations.length).fill(-1);
  const second = new Int32Array(operations.length).fill(-1);
  const waiting = new Waiting(operations.length);
  /** The operation that an earlier one was last noted for: none waits for another twice. */
  const notedFor = new Int32Array(operations.length).fill(-1);
  const wait = (before: number, i: number): void => {
    if (before < 0 || notedFor[before] === i) return;
    notedFor[before] = i;
    waiting.add(before, i);
  };
  for (const [i, operation] of operations.entries()) {
    work.didGates(1);
    const qubits = qubitsOf(operation);
    for (const qubit of qubits) {
      wait(last[qubit] ?? -1, i);
      last[qubit] = i;
    }
    const isUnitary = operation.kind === 'gate' || operation.kind === 'unitary';
    if (isUnitary && qubits.length === 2) [first[i], second[i]] = qubits;
    if (!isUnitary) {
      wait(lastFixed, i);
      lastFixed = i;
    }
    wait(lastWall, i);
    // What follows a way out may never happen, and what comes before it must have happened.
    if (!mayLeave(operation)) continue;
    work.didGates(i - lastWall);
    for (let k = lastWall + 1; k < i; k++) wait(k, i);
    lastWall = i;
  }
  return { operations, first, second, ...waiting.followers(), waits: waiting.waits };
}
