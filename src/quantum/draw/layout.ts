/** Where everything of a circuit stands in a drawing: wires from top to bottom, columns from left to right. */
import { OrchestratorError } from '../../base/errors.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Expression } from '../circuit/classical.ts';
import type { Operation, UnitaryPart } from '../circuit/operation.ts';
import { controlledBase } from '../circuit/unitary-part.ts';
import { describeExpression, placeNames } from './describe-expression.ts';
import { gateLabel } from './gate-label.ts';

/** What a drawing may have. */
const WIRES_MAX = 2_000;
const OPERATIONS_MAX = 20_000;

export interface Wire {
  readonly label: string;
  readonly isClassical: boolean;
}

/** One mark in a column; wires by their number from the top. */
export type Mark =
  | {
      readonly kind: 'box';
      readonly top: number;
      readonly bottom: number;
      readonly label: string;
      /** Which wire is which qubit of the gate, where that has to be told. */
      readonly pins: readonly { readonly wire: number; readonly label: string }[];
    }
  | { readonly kind: 'control'; readonly wire: number; readonly value: 0 | 1 }
  /** The target of a controlled X. */
  | { readonly kind: 'target'; readonly wire: number }
  /** One side of a swap. */
  | { readonly kind: 'cross'; readonly wire: number }
  | {
      readonly kind: 'line';
      readonly top: number;
      readonly bottom: number;
      readonly isDouble: boolean;
    }
  /** Where a measurement's result goes. */
  | { readonly kind: 'result'; readonly wire: number; readonly label: string }
  | { readonly kind: 'barrier'; readonly wires: readonly number[] };

export interface Column {
  readonly marks: readonly Mark[];
  /** Longest label, in characters; 0 without any. */
  readonly labelLength: number;
}

interface Layout {
  readonly wires: readonly Wire[];
  readonly columns: readonly Column[];
  /** The sum of the circuit's own, in radians; those in branches are left out. */
  readonly globalPhase: number;
}

/**
 * The drawing of a circuit: operations as far left as their wires are free.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE past 2,000 wires or 20,000 operations
 */
export function layoutOf(circuit: Circuit): Layout {
  return new LayoutBuilder(circuit).layout();
}

class LayoutBuilder {
  readonly #circuit: Circuit;
  readonly #wires: Wire[] = [];
  /** First wire of the classical registers. */
  readonly #classical: number;
  readonly #columns: { marks: Mark[]; labelLength: number }[] = [];
  /** The first column in which each wire is free. */
  readonly #free: number[];
  readonly #names: ReturnType<typeof placeNames>;
  #globalPhase = 0;
  #operations = 0;

  constructor(circuit: Circuit) {
    this.#circuit = circuit;
    for (const { name, size } of circuit.quantumRegisters) {
      for (let k = 0; k < size; k++)
        this.#wires.push({ label: `${name}[${k}]`, isClassical: false });
    }
    this.#classical = this.#wires.length;
    for (const { name, size } of circuit.classicalRegisters) {
      this.#wires.push({ label: `${name}/${size}`, isClassical: true });
    }
    this.#free = this.#wires.map(() => 0);
    this.#names = placeNames(circuit);
  }

  layout(): Layout {
    const wires = this.#wires;
    if (wires.length > WIRES_MAX) tooLarge(`${WIRES_MAX} wires`, wires.length);
    this.#addAll(this.#circuit.operations, 0);
    return { wires, columns: this.#columns, globalPhase: this.#globalPhase };
  }

  #addAll(operations: readonly Operation[], depth: number): void {
    for (const operation of operations) {
      this.#operations += 1;
      if (this.#operations > OPERATIONS_MAX) {
        tooLarge(`${OPERATIONS_MAX} operations`, this.#operations);
      }
      this.#add(operation, depth);
    }
  }

  #add(operation: Operation, depth: number): void {
    switch (operation.kind) {
      case 'gate':
      case 'unitary':
        return this.#place(unitaryMarks(operation));
      case 'global-phase':
        if (depth === 0) this.#globalPhase += operation.angle;
        return;
      case 'measure':
        return this.#measure(operation.qubit, operation.bit);
      case 'reset':
        return this.#place([box(operation.qubit, operation.qubit, '|0⟩')]);
      case 'barrier':
        return this.#place([
          { kind: 'barrier', wires: [...operation.qubits].sort((a, b) => a - b) },
        ]);
      case 'channel':
        return this.#place(boxOver(operation.qubits, operation.channel.name));
      case 'if':
        this.#band(`if ${this.#text(operation.condition)}`);
        this.#addAll(operation.then, depth + 1);
        if (operation.otherwise.length > 0) {
          this.#band('else');
          this.#addAll(operation.otherwise, depth + 1);
        }
        return this.#band('end');
      case 'while':
        this.#band(`while ${this.#text(operation.condition)}`);
        this.#addAll(operation.body, depth + 1);
        return this.#band('end');
      case 'assign': {
        const { name } = this.#circuit.variables[operation.variable];
        return this.#band(`${name} = ${this.#text(operation.value)}`);
      }
      case 'store': {
        const target = this.#text({ kind: 'bits', bits: operation.bits });
        return this.#band(`${target} = ${this.#text(operation.value)}`);
      }
      case 'break':
      case 'continue':
        return this.#band(operation.kind);
      case 'end':
        return this.#band('stop');
    }
  }

  #text(expression: Expression): string {
    return describeExpression(expression, this.#names);
  }

  #measure(qubit: number, bit: number): void {
    const registers = this.#circuit.classicalRegisters;
    const at = registers.findIndex(({ start, size }) => bit >= start && bit < start + size);
    const wire = this.#classical + at;
    this.#place([
      { kind: 'line', top: qubit, bottom: wire, isDouble: true },
      box(qubit, qubit, 'M'),
      { kind: 'result', wire, label: String(bit - registers[at].start) },
    ]);
  }

  /** A box over all wires: what it says is about everything after it. */
  #band(label: string): void {
    if (this.#wires.length > 0) this.#place([box(0, this.#wires.length - 1, label)]);
  }

  /** Puts marks into the first column that is free on all wires that they span. */
  #place(marks: readonly Mark[]): void {
    const [top, bottom] = spanOf(marks);
    let at = 0;
    for (let wire = top; wire <= bottom; wire++) at = Math.max(at, this.#free[wire]);
    for (let wire = top; wire <= bottom; wire++) this.#free[wire] = at + 1;
    const column = (this.#columns[at] ??= { marks: [], labelLength: 0 });
    for (const mark of marks) {
      column.marks.push(mark);
      const length = mark.kind === 'box' ? boxLength(mark) : 0;
      column.labelLength = Math.max(column.labelLength, length);
    }
  }
}

function tooLarge(most: string, got: number): never {
  throw new OrchestratorError(
    'QUANTUM_TOO_LARGE',
    `a drawing must have at most ${most}, got ${got}`,
  );
}

function box(top: number, bottom: number, label: string): Mark {
  return { kind: 'box', top, bottom, label, pins: [] };
}

function boxLength({ label, pins }: Mark & { kind: 'box' }): number {
  const pinLength = Math.max(0, ...pins.map((pin) => pin.label.length + 1));
  return Array.from(label).length + pinLength;
}

/** A box over several qubits, which tells their order where it is not from top to bottom. */
function boxOver(qubits: readonly number[], label: string): Mark[] {
  const top = Math.min(...qubits);
  const bottom = Math.max(...qubits);
  const isInOrder = qubits.every((qubit, k) => qubit === top + k);
  const pins =
    qubits.length === 1 || isInOrder ? [] : qubits.map((wire, k) => ({ wire, label: String(k) }));
  return [{ kind: 'box', top, bottom, label, pins }];
}

function unitaryMarks(operation: Exclude<UnitaryPart, { kind: 'global-phase' }>): Mark[] {
  const { base, targets, controls } =
    operation.kind === 'gate'
      ? controlledBase(operation)
      : { base: null, targets: operation.qubits, controls: operation.controls };
  const dots = controls.map(({ qubit, value }): Mark => ({ kind: 'control', wire: qubit, value }));
  const line = lineOver([...targets, ...controls.map(({ qubit }) => qubit)]);
  if (base === 'x' && dots.length > 0)
    return [...line, ...dots, { kind: 'target', wire: targets[0] }];
  if (base === 'z' && dots.length > 0) {
    return [...line, ...dots, { kind: 'control', wire: targets[0], value: 1 }];
  }
  if (base === 'swap') {
    return [...line, ...dots, ...targets.map((wire): Mark => ({ kind: 'cross', wire }))];
  }
  return [...line, ...boxOver(targets, gateLabel(operation)), ...dots];
}

function lineOver(wires: readonly number[]): Mark[] {
  const top = Math.min(...wires);
  const bottom = Math.max(...wires);
  return top === bottom ? [] : [{ kind: 'line', top, bottom, isDouble: false }];
}

/** The topmost and the lowest wire that marks touch. */
function spanOf(marks: readonly Mark[]): readonly [top: number, bottom: number] {
  let top = Infinity;
  let bottom = 0;
  for (const mark of marks) {
    const [from, to] = spanOfMark(mark);
    top = Math.min(top, from);
    bottom = Math.max(bottom, to);
  }
  return [top, bottom];
}

function spanOfMark(mark: Mark): readonly [top: number, bottom: number] {
  switch (mark.kind) {
    case 'box':
    case 'line':
      return [mark.top, mark.bottom];
    case 'barrier':
      return [mark.wires[0], mark.wires.at(-1) ?? mark.wires[0]];
    default:
      return [mark.wire, mark.wire];
  }
}

/** Columns that go side by side, row after row; one that is wider than a row has one to itself. */
export function rowsOf(
  columns: readonly Column[],
  width: number,
  widthOf: (column: Column) => number,
): Column[][] {
  const rows: Column[][] = [[]];
  let used = 0;
  for (const column of columns) {
    const needed = widthOf(column);
    if (used > 0 && used + needed > width) {
      rows.push([]);
      used = 0;
    }
    (rows.at(-1) as Column[]).push(column);
    used += needed;
  }
  return rows;
}
