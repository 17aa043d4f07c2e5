import type { StatementNode } from './ast.ts';
import type { Elaborator } from './elaborator.ts';
import { isRecognized } from './gate-calls.ts';
import { WorkBound } from './work-bound.ts';

const BOUNDS = new WeakMap<Elaborator, WorkBound>();

/**
 * Refuses a statement that surely unrolls to more steps or operations than are left.
 *
 * What was counted to the last value needs no second look inside it.
 */
export function checkWork(e: Elaborator, node: StatementNode): boolean {
  const known = BOUNDS.get(e);
  const bound = known ?? new WorkBound(e, (definition) => isRecognized(e, definition));
  if (known === undefined) BOUNDS.set(e, bound);
  const { extra, isWhole, work } = bound.of(node);
  if (work.operations > e.room) {
    const got = `this makes at least ${shown(work.operations)} more`;
    e.fail(
      'QASM_TOO_LARGE',
      node,
      `a circuit has at most ${e.limits.operationsMax} operations, ${got}`,
    );
  }
  if (work.steps > e.stepsLeft) {
    const got = `this takes at least ${shown(work.steps)} more`;
    e.fail(
      'QASM_TOO_LARGE',
      node,
      `a program takes at most ${e.limits.stepsMax} steps to unroll, ${got}`,
    );
  }
  if (extra > 0) e.step(node, extra);
  return isWhole;
}

function shown(count: number): string {
  return count < 1e12 ? String(count) : '10^12';
}
