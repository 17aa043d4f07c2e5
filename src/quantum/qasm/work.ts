/** Sums of the work that statements stand for. */
import type { StatementNode } from './ast.ts';
import { mentions } from './assigned-names.ts';
import { PER_STEP } from './elaborator.ts';

/** How a row of statements goes on after one of them. */
export type End = 'normal' | 'continue' | 'leave';

export interface Work {
  readonly steps: number;
  readonly operations: number;
  readonly end: End;
}

export const NOTHING: Work = { steps: 0, operations: 0, end: 'normal' };

/** Sums end here: what is beyond is beyond all limits as well. */
export const SATURATED = 1e15;

export function plus(a: Work, b: Work): Work {
  return {
    steps: Math.min(SATURATED, a.steps + b.steps),
    operations: Math.min(SATURATED, a.operations + b.operations),
    end: b.end,
  };
}

export function times(work: Work, count: number): Work {
  return {
    steps: Math.min(SATURATED, work.steps * count),
    operations: Math.min(SATURATED, work.operations * count),
    end: work.end,
  };
}

export function emitted(operations: number): Work {
  return { steps: 0, operations, end: 'normal' };
}

export function handled(count: number): Work {
  return { steps: Math.floor(count / PER_STEP), operations: 0, end: 'normal' };
}

export function laterEnd(a: End, b: End): End {
  if (a === 'leave' || b === 'leave') return 'leave';
  return a === 'continue' || b === 'continue' ? 'continue' : 'normal';
}

export function endOf(node: StatementNode): End {
  if (mentions(node, 'break', 'return', 'end')) return 'leave';
  return mentions(node, 'continue') ? 'continue' : 'normal';
}

/** How a loop ends that may be left for good from inside. */
export function leaving(body: StatementNode): End {
  return mentions(body, 'return', 'end') ? 'leave' : 'normal';
}
