/** What names stand for while a program is read. */
import type { DefStatementNode } from './ast.ts';
import type { Known, QasmType } from './value.ts';

/** One classical bit: its value where that is known, and its place in the circuit once it has one. */
export interface BitSlot {
  /** −1 until a measurement or an unknown value needs one. */
  bit: number;
  known: 0 | 1 | null;
  /** True while the circuit's bit holds the known value. */
  isCurrent: boolean;
  /** Branches and loops around the declaration that only the run decides on. */
  readonly level: number;
  /** Bits of the program itself: every change of them is written. */
  readonly isOutput: boolean;
  /** Where its place in the circuit is freed. */
  readonly owner: Resources;
}

/** One classical value, known or in a variable of the circuit. */
export interface Cell {
  readonly name: string;
  readonly type: QasmType;
  known: Known | null;
  /** −1 until the circuit needs one. */
  variable: number;
  readonly level: number;
  readonly isConst: boolean;
  readonly owner: Resources;
}

/** Elements in row-major order. */
export interface ArrayPlace {
  readonly kind: 'array';
  readonly cells: readonly Cell[];
  readonly dimensions: readonly number[];
  readonly type: QasmType;
  readonly isReadonly: boolean;
}

interface QubitsPlace {
  readonly kind: 'qubits';
  readonly qubits: readonly number[];
  readonly isSingle: boolean;
}

export interface BitsPlace {
  readonly kind: 'bits';
  readonly slots: readonly BitSlot[];
  readonly isSingle: boolean;
}

/** Somewhere values or qubits are, as a name with indices tells. */
export type Place =
  | QubitsPlace
  | BitsPlace
  | ArrayPlace
  | { readonly kind: 'cell'; readonly cell: Cell }
  /** Single bits of an integer or angle. */
  | {
      readonly kind: 'cell-bits';
      readonly cell: Cell;
      readonly positions: readonly number[];
      readonly isSingle: boolean;
    };

export type QasmSymbol =
  | Place
  | { readonly kind: 'subroutine'; readonly node: DefStatementNode }
  | { readonly kind: 'extern' };

/** Places of the circuit that are free again once a scope ends. */
export interface Resources {
  readonly bits: number[];
  readonly variables: number[];
}

type ScopeKind = 'global' | 'block' | 'subroutine' | 'gate';

/** Names of a block, and through `parent` of what is around it. */
export class Scope {
  readonly kind: ScopeKind;
  readonly parent: Scope | null;
  readonly names: Map<string, QasmSymbol> = new Map();
  readonly resources: Resources = { bits: [], variables: [] };

  constructor(kind: ScopeKind, parent: Scope | null) {
    this.kind = kind;
    this.parent = parent;
  }

  /** The symbol of a name; subroutines and gates see constants of the program, never its variables. */
  find(name: string): QasmSymbol | null {
    return findFrom(this, name);
  }

  /** All names in sight, for "did you mean". */
  *visibleNames(): Generator<string> {
    yield* this.names.keys();
    if (this.parent !== null) yield* this.parent.visibleNames();
  }
}

function findFrom(start: Scope, name: string): QasmSymbol | null {
  let wall: ScopeKind = 'block';
  for (let scope: Scope | null = start; scope !== null; scope = scope.parent) {
    const found = scope.names.get(name);
    if (found !== undefined) return isVisible(found, wall) ? found : null;
    if (scope.kind === 'gate' || (scope.kind === 'subroutine' && wall === 'block')) {
      wall = scope.kind;
    }
  }
  return null;
}

function isVisible(symbol: QasmSymbol, wall: ScopeKind): boolean {
  if (wall === 'block') return true;
  if (symbol.kind === 'cell') return symbol.cell.isConst;
  if (wall === 'gate') return false;
  return symbol.kind === 'subroutine' || symbol.kind === 'extern' || symbol.kind === 'qubits';
}
