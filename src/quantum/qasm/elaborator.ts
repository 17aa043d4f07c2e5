import type { ClassicalType, Expression, Variable } from '../circuit/classical.ts';
import type { Register } from '../circuit/circuit.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Watch } from '../watch.ts';
import type {
  ExpressionNode,
  GateStatementNode,
  Name,
  OperandNode,
  StatementNode,
  ValueNode,
} from './ast.ts';
import { OrchestratorError } from '../../base/errors.ts';
import type { OpenProgram } from './parse-program.ts';
import { didYouMean, qasmError, type QasmCode, type Span } from './source-text.ts';
import type { StandardGate } from './standard-gates.ts';
import {
  NeedsEmission,
  type CallTarget,
  type Completion,
  type EmittedLoop,
  type LoopTarget,
} from './jump-targets.ts';
import { Scope, type BitSlot, type Cell, type QasmSymbol, type Resources } from './symbols.ts';
import type { Value } from './value.ts';

/** Scratch bits are numbered from here while a program is read; they follow all others in the end. */
export const SCRATCH_START: number = 2 ** 30;
const STEPS_PER_LOOK = 4096;
/** Bits, elements or qubits that are as much work as one step. */
export const PER_STEP = 4;
/** Changes that one reading may have to take back; a hundred bytes each. */
const CHANGES_MAX = 2_000_000;
/** Qubits of a barrier, and controls of a gate, that are as much memory as one operation. */
export const PER_OPERATION = 8;
/** Statements, calls and expressions within each other. */
const DEPTH_MAX = 400;

export interface Limits {
  readonly qubitsMax: number;
  readonly bitsMax: number;
  readonly operationsMax: number;
  readonly stepsMax: number;
}

/** Values for a program's `input` declarations: numbers, or digits 0 and 1 for bits. */
export type QasmInputs = Readonly<Record<string, number | bigint | boolean | string>>;

/** A user's gate; those that are defined later cannot be used in it. */
export interface GateDefinition {
  readonly node: GateStatementNode;
  readonly order: number;
}

/** Parts that need each other across files. */
export interface Parts {
  readonly evaluate: (e: Elaborator, node: ExpressionNode) => Value;
  readonly evaluateValue: (e: Elaborator, node: ValueNode) => Value;
  readonly execute: (e: Elaborator, node: StatementNode) => Completion;
  /** Refuses a statement that unrolls to more than the limits; true when all of its work was counted. */
  readonly checkWork: (e: Elaborator, node: StatementNode) => boolean;
  readonly call: (
    e: Elaborator,
    name: Name,
    args: readonly (ExpressionNode | OperandNode)[],
  ) => Value | null;
}

/** State of reading one program: what it has built, what its names mean, and what it may still use. */
export class Elaborator {
  readonly program: Pick<OpenProgram, 'source' | 'version'>;
  readonly limits: Limits;
  readonly inputs: QasmInputs;
  readonly parts: Parts;
  readonly watch: Watch;
  readonly onWarning: (message: string) => void;

  readonly quantumRegisters: Register[] = [];
  readonly classicalRegisters: Register[] = [];
  readonly variables: Variable[] = [];
  readonly gates: Map<string, GateDefinition> = new Map();
  /** Gates of the table that definitions are; null for those that are none. */
  readonly recognized: WeakMap<GateDefinition, StandardGate | null> = new WeakMap();
  readonly calibrated: Set<string> = new Set();
  /** True inside a statement all of whose work was counted before. */
  isCounted: boolean = false;
  /** Physical qubits, which are the first ones. */
  physicalCount: number = 0;

  operations: Operation[] = [];
  scope: Scope = new Scope('global', null);
  level = 0;
  loops: LoopTarget[] = [];
  emitted: EmittedLoop[] = [];
  call: CallTarget | null = null;
  callDepth = 0;
  /** Gates of at least this order are not known yet, inside a gate's definition. */
  gateOrder: number = Infinity;
  /** Loops and subroutines that depend on measurements. */
  readonly mustEmit: WeakSet<StatementNode> = new WeakSet();

  qubits = 0;
  bits = 0;
  scratchBits = 0;
  freeScratch: number[] = [];
  /** By their types. */
  freeVariables: Map<string, number[]> = new Map();
  /** What the statement that runs leaves to free when it is done. */
  leftovers: Resources = { bits: [], variables: [] };
  journal: (() => void)[] | null = null;

  #phases = new WeakMap<Operation[], number>();
  #count = 0;
  #steps = 0;
  #nextLook = STEPS_PER_LOOK;
  #depth = 0;
  /** What is being read. */
  #at: Span = { start: 0, end: 0 };
  readonly #variableNames = new Set<string>();
  /** Where to look on for a free number of each name. */
  readonly #nextNumbers = new Map<string, number>();

  constructor(
    program: Pick<OpenProgram, 'source' | 'version'>,
    settings: {
      limits: Limits;
      inputs: QasmInputs;
      watch: Watch;
      onWarning: (message: string) => void;
    },
    parts: Parts,
  ) {
    this.program = program;
    this.limits = settings.limits;
    this.inputs = settings.inputs;
    this.watch = settings.watch;
    this.onWarning = settings.onWarning;
    this.parts = parts;
  }

  error(code: QasmCode, span: Span, message: string): OrchestratorError {
    return qasmError(code, this.program.source, span, message);
  }

  fail(code: QasmCode, span: Span, message: string): never {
    throw this.error(code, span, message);
  }

  unsupported(span: Span, what: string): never {
    this.fail('QASM_UNSUPPORTED', span, what);
  }

  /** Counts one piece of work, and on top what it handles many of; looks at the watch now and then. */
  step(span: Span, handled: number = 0): void {
    this.#at = span;
    this.#steps += 1 + Math.floor(handled / PER_STEP);
    if (this.#steps > this.limits.stepsMax) {
      const message = `a program takes at most ${this.limits.stepsMax} steps to unroll`;
      this.fail('QASM_TOO_LARGE', span, message);
    }
    if (this.#steps < this.#nextLook) return;
    this.#nextLook = this.#steps + STEPS_PER_LOOK;
    if (this.watch.isCanceled()) {
      throw new OrchestratorError('QUANTUM_CANCELED', 'reading the program was canceled');
    }
  }

  /** Goes one level deeper, which is bounded: the reader's own stack is. */
  deeper<T>(span: Span, run: () => T): T {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      const message = `statements and calls are nested at most ${DEPTH_MAX} deep`;
      this.fail('QASM_RECURSION', span, message);
    }
    try {
      return run();
    } finally {
      this.#depth -= 1;
    }
  }

  emit(span: Span, operation: Operation): void {
    this.#count += 1 + Math.floor(qubitsOf(operation) / PER_OPERATION);
    if (this.#count > this.limits.operationsMax) {
      const message = `a circuit has at most ${this.limits.operationsMax} operations`;
      this.fail('QASM_TOO_LARGE', span, message);
    }
    this.operations.push(operation);
  }

  /** Where a list has its global phase, or null. */
  phaseOf(list: Operation[]): number | null {
    const at = this.#phases.get(list);
    // Reading again may have cut the list short.
    return at !== undefined && list[at]?.kind === 'global-phase' ? at : null;
  }

  setPhase(list: Operation[], at: number): void {
    this.#phases.set(list, at);
  }

  /** Steps that may still be taken. */
  get stepsLeft(): number {
    return this.limits.stepsMax - this.#steps;
  }

  /** Operations that may still be added. */
  get room(): number {
    return this.limits.operationsMax - this.#count;
  }

  /** What `run` emits, in a list of its own; a level deeper, as only the run decides on it. */
  collect(run: () => void): Operation[] {
    const outer = this.operations;
    const inner: Operation[] = [];
    this.operations = inner;
    this.level += 1;
    try {
      run();
    } finally {
      this.operations = outer;
      this.level -= 1;
    }
    return inner;
  }

  /** Emits a loop of the circuit; jumps that leave more than it go on after it. */
  emitLoop(span: Span, condition: Expression, run: (loop: EmittedLoop) => void): void {
    const loop: EmittedLoop = { onward: [] };
    this.emitted.push(loop);
    const body = this.collect(() => run(loop));
    this.emitted.pop();
    this.emit(span, { kind: 'while', condition, body });
    for (const { flag, isLast, jump } of loop.onward) {
      const reset: Operation[] = isLast
        ? [{ kind: 'assign', variable: flag, value: { kind: 'literal', value: false } }]
        : [];
      const condition: Expression = { kind: 'variable', variable: flag };
      this.emit(span, { kind: 'if', condition, then: [...reset, { kind: jump }], otherwise: [] });
    }
  }

  /** Leaves a loop of the circuit, or starts its next round, from wherever inside it. */
  jump(span: Span, to: EmittedLoop, jump: 'break' | 'continue'): Completion {
    const at = this.emitted.lastIndexOf(to);
    const inside = this.emitted.slice(at + 1);
    if (inside.length === 0) {
      this.emit(span, { kind: jump });
      return 'stop';
    }
    const flag = this.newVariable({ kind: 'bool' }, 'leaving', false);
    for (const [depth, loop] of inside.entries()) {
      const isLast = depth === 0;
      loop.onward.push({ flag, isLast, jump: isLast ? jump : 'break' });
    }
    this.emit(span, { kind: 'assign', variable: flag, value: { kind: 'literal', value: true } });
    this.emit(span, { kind: 'break' });
    return 'stop';
  }

  /** A new variable of the circuit. */
  newVariable(type: ClassicalType, name: string, initial: boolean | bigint | number): number {
    let unique = name;
    let next = this.#nextNumbers.get(name) ?? 2;
    for (; this.#variableNames.has(unique); next++) unique = `${name}_${next}`;
    this.#nextNumbers.set(name, next);
    this.#variableNames.add(unique);
    this.variables.push({ name: unique, type, initial });
    return this.variables.length - 1;
  }

  /** Declares a name in the current scope. */
  declare(name: Name, symbol: QasmSymbol): void {
    if (this.scope.names.has(name.text)) {
      this.fail('QASM_NAME', name, `'${name.text}' is declared already`);
    }
    this.scope.names.set(name.text, symbol);
    const { names } = this.scope;
    this.#remember(() => names.delete(name.text));
  }

  /** The symbol of a name that must be known. */
  find(name: Name, what: string): QasmSymbol {
    const symbol = this.scope.find(name.text);
    if (symbol !== null) return symbol;
    const hint = didYouMean(name.text, this.scope.visibleNames());
    return this.fail('QASM_NAME', name, `unknown ${what} '${name.text}'${hint}`);
  }

  /** Changes a bit's state so that it can be taken back. */
  setSlot(slot: BitSlot, known: BitSlot['known'], isCurrent: boolean): void {
    if (this.journal !== null) {
      const { known: oldKnown, isCurrent: wasCurrent, bit } = slot;
      this.#remember(() => Object.assign(slot, { known: oldKnown, isCurrent: wasCurrent, bit }));
    }
    slot.known = known;
    slot.isCurrent = isCurrent;
  }

  /** Changes a value's state so that it can be taken back. */
  setCell(cell: Cell, known: Cell['known']): void {
    if (this.journal !== null) {
      const { known: oldKnown, variable } = cell;
      this.#remember(() => Object.assign(cell, { known: oldKnown, variable }));
    }
    cell.known = known;
  }

  /** Notes how to take a change back, where something may have to be read again. */
  #remember(undo: () => void): void {
    if (this.journal === null) return;
    if (this.journal.length === CHANGES_MAX) {
      const message = `a loop or subroutine changes at most ${CHANGES_MAX} values while it is unrolled`;
      this.fail('QASM_TOO_LARGE', this.#at, message);
    }
    this.journal.push(undo);
  }

  /** Reads with names of its own; what was needed for them is free again afterwards. */
  scoped(kind: Scope['kind'], run: () => Completion): Completion {
    const outer = this.scope;
    const scope = new Scope(kind, outer);
    this.scope = scope;
    try {
      const completion = run();
      // A value on its way out may still stand in what this scope used.
      if (completion === 'return') this.leave(scope);
      else this.free(scope.resources);
      return completion;
    } finally {
      this.scope = outer;
    }
  }

  /** A variable of that type that is free again, or a new one. */
  takeVariable(type: ClassicalType, name: string, initial: boolean | bigint | number): number {
    return this.freeVariables.get(typeKey(type))?.pop() ?? this.newVariable(type, name, initial);
  }

  /** Frees what a scope used when the statement around it is done. */
  leave({ resources }: Scope): void {
    for (const bit of resources.bits) this.leftovers.bits.push(bit);
    for (const variable of resources.variables) this.leftovers.variables.push(variable);
  }

  free({ bits, variables }: Resources): void {
    for (const bit of bits) this.freeScratch.push(bit);
    for (const variable of variables) {
      const key = typeKey(this.variables[variable].type);
      const free = this.freeVariables.get(key);
      if (free === undefined) this.freeVariables.set(key, [variable]);
      else free.push(variable);
    }
  }

  /** Runs what may turn out to need another way of reading; then everything is as before, and null. */
  attempt(node: StatementNode, run: () => Completion): Completion | null {
    if (this.mustEmit.has(node)) return null;
    this.step(node, this.freeScratch.length + this.variables.length);
    const restore = this.#mark();
    try {
      const completion = run();
      restore(false);
      return completion;
    } catch (error) {
      if (!(error instanceof NeedsEmission) || error.node !== node) throw error;
      restore(true);
      this.mustEmit.add(node);
      return null;
    }
  }

  /** Remembers the state; the function it returns forgets that, or goes back to it. */
  #mark(): (isBack: boolean) => void {
    const { operations, scope, level, loops, emitted, call, callDepth, gateOrder } = this;
    const { scratchBits, leftovers } = this;
    const length = operations.length;
    const onward = emitted.map((loop) => loop.onward.length);
    const [loopCount, emittedCount] = [loops.length, emitted.length];
    const freeScratch = [...this.freeScratch];
    const freeVariables = new Map(
      Array.from(this.freeVariables, ([key, free]): [string, number[]] => [key, [...free]]),
    );
    const variableCount = this.variables.length;
    const count = this.#count;
    const left = { bits: [...leftovers.bits], variables: [...leftovers.variables] };
    const outermost = this.journal === null;
    const journal = (this.journal ??= []);
    const start = journal.length;
    return (isBack) => {
      if (isBack) {
        for (const undo of journal.splice(start).toReversed()) undo();
        operations.length = length;
        loops.length = loopCount;
        emitted.length = emittedCount;
        for (const [k, loop] of emitted.entries()) loop.onward.length = onward[k] ?? 0;
        for (const { name } of this.variables.splice(variableCount))
          this.#variableNames.delete(name);
        this.#count = count;
        Object.assign(this, { operations, scope, level, loops, emitted, call, callDepth });
        Object.assign(this, { gateOrder, scratchBits, freeScratch, freeVariables });
        this.leftovers = left;
      }
      if (outermost) this.journal = null;
    };
  }
}

/** Qubits that an operation lists beside those of its name. */
function qubitsOf(operation: Operation): number {
  if (operation.kind === 'barrier') return operation.qubits.length;
  return operation.kind === 'gate' || operation.kind === 'unitary' ? operation.controls.length : 0;
}

function typeKey(type: ClassicalType): string {
  return type.kind === 'int' ? `${type.isSigned ? 'int' : 'uint'}${type.width}` : type.kind;
}
