/** Where statements that jump lead: loops, subroutines, and what is read again because of them. */
import type { StatementNode } from './ast.ts';
import type { Place } from './symbols.ts';
import type { QasmType, Value } from './value.ts';

/** How a statement ended; after `stop` nothing that follows in the same list can be reached. */
export type Completion = 'normal' | 'break' | 'continue' | 'return' | 'stop';

/** A `while` of the circuit that is being filled. */
export interface EmittedLoop {
  /** What has to happen right after it: jumps that go further than out of it. */
  readonly onward: {
    readonly flag: number;
    readonly isLast: boolean;
    readonly jump: 'break' | 'continue';
  }[];
}

/** Where `break` and `continue` go. */
export interface LoopTarget {
  readonly node: StatementNode;
  readonly level: number;
  /** Null for a loop that is unrolled: then they act at once. */
  readonly breakTo: EmittedLoop | null;
  readonly continueTo: EmittedLoop | null;
  readonly continueBy: 'break' | 'continue';
}

/** The subroutine whose body is being read. */
export interface CallTarget {
  readonly node: StatementNode;
  readonly level: number;
  readonly type: QasmType | null;
  /** Null where `return` acts at once. */
  readonly exit: EmittedLoop | null;
  /** Where the value goes when a run decides on the return. */
  readonly holder: Place | null;
  value: Value | null;
}

/** Thrown where a loop or subroutine turns out to depend on measurements: it is read again as such. */
export class NeedsEmission extends Error {
  readonly node: StatementNode;

  constructor(node: StatementNode) {
    super('a jump depends on measurements');
    this.node = node;
  }
}
