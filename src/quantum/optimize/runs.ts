/** One-qubit turns between controlled Paulis: at most two of them, and three at the end. */
import { isEighth } from './angle.ts';
import { X, Y, Z } from '../synthesis/axis.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import { NetworkBuilder } from './network-builder.ts';
import type { Network } from './network.ts';
import { euler, multiply, ONE, rotation, type Quaternion } from '../synthesis/quaternion.ts';

interface Turn {
  readonly axis: number;
  readonly angle: number;
}

/** Turns as one unitary. */
function productOf(run: readonly Turn[]): Quaternion {
  return run.reduce((product, { axis, angle }) => multiply(rotation(axis, angle), product), ONE);
}

/** Whether a run is made of eighth turns alone: then it is already as short as Clifford+T can be. */
function isExact(run: readonly Turn[]): boolean {
  return run.every(({ angle }) => isEighth(angle));
}

/** Another axis than the given one: the first turn's where it can be. */
function innerAxis(run: readonly Turn[], outer: number): number {
  const other = run.find(({ axis }) => axis !== outer)?.axis;
  return other ?? (outer === Z ? X : outer === X ? Y : Z);
}

/**
 * Merges runs of turns, and moves turns behind the controlled Paulis that they commute with, where they
 * meet the next run. The number of turns never rises; runs of T alone stay as they are.
 */
export function mergeRuns(network: Network, look: Look = NO_LOOK): Network {
  const { a, b, p, q, angle, length, qubits } = network;
  const builder = new NetworkBuilder(qubits);
  const runs: Turn[][] = Array.from({ length: qubits }, () => []);
  const push = (qubit: number, turns: readonly Turn[]): void => {
    for (const turn of turns) builder.rotate(qubit, turn.axis, turn.angle);
  };
  /** Before a controlled Pauli about `axis`: what commutes with it is kept for later. */
  const close = (qubit: number, axis: number): void => {
    const run = runs[qubit];
    if (run.length < 3 || isExact(run)) {
      const last = run.at(-1);
      const isMovable = last !== undefined && run.length > 1 && last.axis === axis;
      push(qubit, isMovable ? run.slice(0, -1) : run);
      runs[qubit] = isMovable ? [last] : [];
      return;
    }
    const inner = innerAxis(run, axis);
    const [first, second, third] = euler(productOf(run), axis, inner);
    push(qubit, [
      { axis, angle: first },
      { axis: inner, angle: second },
    ]);
    runs[qubit] = [{ axis, angle: third }];
  };
  for (let i = 0; i < length; i++) {
    lookEvery(i, look);
    if (b[i] < 0) {
      runs[a[i]].push({ axis: p[i], angle: angle[i] });
      continue;
    }
    close(a[i], p[i]);
    close(b[i], q[i]);
    builder.controlledPauli(a[i], p[i], b[i], q[i]);
  }
  for (let k = 0; k < qubits; k++) {
    const run = runs[k];
    if (run.length > 3 && !isExact(run)) {
      const [first, second, third] = euler(productOf(run), Z, X);
      push(k, [
        { axis: Z, angle: first },
        { axis: X, angle: second },
        { axis: Z, angle: third },
      ]);
    } else push(k, run);
  }
  builder.append({ ...network, length: 0 });
  return builder.build();
}
