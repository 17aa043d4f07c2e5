/** A circuit as a list of instructions with jumps, so that a branch of a run is a place in it. */
import type { Expression } from '../../circuit/classical.ts';
import type { Operation, UnitaryPart } from '../../circuit/operation.ts';
import type { Kraus } from '../../states/kraus.ts';
import { visitReferences } from './references.ts';

export type Instruction =
  | { readonly kind: 'unitaries'; readonly operations: readonly UnitaryPart[] }
  /** Deferred: nothing later asks for the bit or touches the qubit, so that all can be read at the end. */
  | {
      readonly kind: 'measure';
      readonly qubit: number;
      readonly bit: number;
      readonly isDeferred: boolean;
    }
  | { readonly kind: 'reset'; readonly qubit: number }
  | { readonly kind: 'channel'; readonly channel: Kraus; readonly qubits: readonly number[] }
  | { readonly kind: 'assign'; readonly variable: number; readonly value: Expression }
  | { readonly kind: 'store'; readonly bits: readonly number[]; readonly value: Expression }
  /** Goes to `target` where the condition does not hold. */
  | { readonly kind: 'jump-unless'; readonly condition: Expression; target: number }
  | { readonly kind: 'jump'; target: number }
  | { readonly kind: 'end' };

interface Loop {
  readonly start: number;
  readonly breaks: { target: number }[];
}

class Compiler {
  readonly instructions: Instruction[] = [];
  readonly #deferred: ReadonlySet<Operation>;
  readonly #idle: ReadonlySet<Operation>;
  #block: UnitaryPart[] = [];

  constructor(deferred: ReadonlySet<Operation>, idle: ReadonlySet<Operation>) {
    this.#deferred = deferred;
    this.#idle = idle;
  }

  compile(operations: readonly Operation[], loop: Loop | null): void {
    for (const operation of operations) this.#operation(operation, loop);
  }

  /** Closes the run of unitaries, so that the next instruction has a place of its own. */
  place(): number {
    if (this.#block.length > 0) {
      this.instructions.push({ kind: 'unitaries', operations: this.#block });
      this.#block = [];
    }
    return this.instructions.length;
  }

  #emit<I extends Instruction>(instruction: I): I {
    this.place();
    this.instructions.push(instruction);
    return instruction;
  }

  #operation(operation: Operation, loop: Loop | null): void {
    switch (operation.kind) {
      case 'gate':
      case 'unitary':
      case 'global-phase':
        this.#block.push(operation);
        break;
      case 'barrier':
        break;
      case 'measure': {
        const { qubit, bit } = operation;
        this.#emit({ kind: 'measure', qubit, bit, isDeferred: this.#deferred.has(operation) });
        break;
      }
      case 'reset':
        if (!this.#idle.has(operation)) this.#emit(operation);
        break;
      case 'if':
        this.#if(operation, loop);
        break;
      case 'while':
        this.#while(operation);
        break;
      case 'break':
        loop?.breaks.push(this.#emit({ kind: 'jump', target: -1 }));
        break;
      case 'continue':
        if (loop !== null) this.#emit({ kind: 'jump', target: loop.start });
        break;
      default:
        this.#emit(operation);
    }
  }

  #if({ condition, then, otherwise }: Extract<Operation, { kind: 'if' }>, loop: Loop | null): void {
    const unless = this.#emit({ kind: 'jump-unless', condition, target: -1 });
    this.compile(then, loop);
    if (otherwise.length === 0) {
      unless.target = this.place();
      return;
    }
    const over = this.#emit({ kind: 'jump', target: -1 });
    unless.target = this.place();
    this.compile(otherwise, loop);
    over.target = this.place();
  }

  #while({ condition, body }: Extract<Operation, { kind: 'while' }>): void {
    const loop: Loop = { start: this.place(), breaks: [] };
    const unless = this.#emit({ kind: 'jump-unless', condition, target: -1 });
    this.compile(body, loop);
    this.#emit({ kind: 'jump', target: loop.start });
    unless.target = this.place();
    for (const exit of loop.breaks) exit.target = unless.target;
  }
}

/** Measurements that can wait for the end: what comes after neither touches the qubit nor knows the bit. */
function deferrable(operations: readonly Operation[]): ReadonlySet<Operation> {
  const deferred = new Set<Operation>();
  const qubits = new Set<number>();
  const bits = new Set<number>();
  const visitor = {
    qubit: (qubit: number): unknown => qubits.add(qubit),
    bit: (bit: number): unknown => bits.add(bit),
  };
  for (const operation of operations.toReversed()) {
    if (operation.kind === 'measure' && !qubits.has(operation.qubit) && !bits.has(operation.bit)) {
      deferred.add(operation);
    }
    visitReferences(operation, visitor);
  }
  return deferred;
}

/** Resets of qubits that are still |0⟩. */
function idleResets(operations: readonly Operation[]): ReadonlySet<Operation> {
  const idle = new Set<Operation>();
  const touched = new Set<number>();
  for (const operation of operations) {
    if (operation.kind === 'reset' && !touched.has(operation.qubit)) idle.add(operation);
    else visitReferences(operation, { qubit: (qubit) => touched.add(qubit) });
  }
  return idle;
}

/** The instructions of a circuit's operations. */
export function compileProgram(operations: readonly Operation[]): readonly Instruction[] {
  const compiler = new Compiler(deferrable(operations), idleResets(operations));
  compiler.compile(operations, null);
  compiler.place();
  return compiler.instructions;
}
