import { OrchestratorError } from '../../base/errors.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import type { Kraus } from '../states/kraus.ts';
import { checkCircuit } from './check-circuit.ts';
import type { Circuit, Register } from './circuit.ts';
import type { ClassicalType, Expression, Variable } from './classical.ts';
import { GateMethods } from './gate-methods.ts';
import type { GateName } from './gate-table.ts';
import { mapOperation } from './map-operation.ts';
import type { Control, Operation, UnitaryPart } from './operation.ts';
import { controlledBy } from './unitary-part.ts';

/** Adds operations to a part of the circuit. */
export type BuildPart = (part: CircuitBuilder) => unknown;

/** A control on 1, or on the value given. */
export type ControlInput = number | Control;

interface Shared {
  readonly quantumRegisters: Register[];
  readonly classicalRegisters: Register[];
  readonly variables: Variable[];
}

/** A circuit to add to, one operation after another; `build` checks and freezes what is there. */
export class CircuitBuilder extends GateMethods {
  readonly #shared: Shared;
  readonly #operations: Operation[] = [];

  constructor(shared: Shared = { quantumRegisters: [], classicalRegisters: [], variables: [] }) {
    super();
    this.#shared = shared;
  }

  /** Qubits so far. */
  get qubitCount(): number {
    return sizeOf(this.#shared.quantumRegisters);
  }

  /** Classical bits so far. */
  get bitCount(): number {
    return sizeOf(this.#shared.classicalRegisters);
  }

  /** Adds a register of qubits, after those there are; returns their numbers. */
  qubits(name: string, size: number): number[] {
    return addRegister(this.#shared.quantumRegisters, name, size);
  }

  /** Adds a register of classical bits, after those there are; returns their numbers. */
  bits(name: string, size: number): number[] {
    return addRegister(this.#shared.classicalRegisters, name, size);
  }

  /** Adds a variable that runs compute with; returns its number. */
  variable(name: string, type: ClassicalType, initial?: Variable['initial']): number {
    const zero = { bool: false, int: 0n, float: 0 }[type.kind];
    this.#shared.variables.push({ name, type, initial: initial ?? zero });
    return this.#shared.variables.length - 1;
  }

  /** Any gate of the table by its name. */
  override gate(
    name: GateName,
    params: readonly number[],
    qubits: readonly number[],
    controls: readonly ControlInput[] = [],
  ): this {
    return this.add({
      kind: 'gate',
      name,
      params: [...params],
      qubits: [...qubits],
      controls: controls.map(controlOf),
    });
  }

  /** A matrix of 2ⁿ rows on n qubits; bit k of a row's number is the state of the k-th. */
  unitary(
    matrix: ComplexMatrix,
    qubits: readonly number[],
    options: { readonly label?: string; readonly controls?: readonly ControlInput[] } = {},
  ): this {
    const { label = 'U', controls = [] } = options;
    return this.add({
      kind: 'unitary',
      matrix,
      qubits: [...qubits],
      controls: controls.map(controlOf),
      label,
    });
  }

  /** e^{i·angle} on the whole state. */
  globalPhase(angle: number): this {
    return this.add({ kind: 'global-phase', angle });
  }

  channel(channel: Kraus, qubits: readonly number[]): this {
    return this.add({ kind: 'channel', channel, qubits: [...qubits] });
  }

  /** All that `build` adds, under controls: gates, unitaries and phases alone. */
  controlled(controls: readonly ControlInput[], build: BuildPart): this {
    const on = controls.map(controlOf);
    for (const operation of this.#part(build)) {
      for (const part of controlledBy(unitaryPart(operation), on)) this.add(part);
    }
    return this;
  }

  measure(qubit: number, bit: number): this {
    return this.add({ kind: 'measure', qubit, bit });
  }

  /** Measures qubit k into bit k of a register, which is made: after it, the circuit's bits are more. */
  measureAll(name: string = 'c'): this {
    const bits = this.bits(name, this.qubitCount);
    for (const [qubit, bit] of bits.entries()) this.measure(qubit, bit);
    return this;
  }

  reset(qubit: number): this {
    return this.add({ kind: 'reset', qubit });
  }

  /** Keeps what is before it on these qubits from being reordered with what is after; all by default. */
  barrier(...qubits: readonly number[]): this {
    const all = Array.from({ length: this.qubitCount }, (_, k) => k);
    return this.add({ kind: 'barrier', qubits: qubits.length === 0 ? all : [...qubits] });
  }

  if(condition: Expression, then: BuildPart, otherwise: BuildPart = () => undefined): this {
    return this.add({
      kind: 'if',
      condition,
      then: this.#part(then),
      otherwise: this.#part(otherwise),
    });
  }

  ifBit(bit: number, then: BuildPart, otherwise?: BuildPart): this {
    return this.if({ kind: 'bit', bit }, then, otherwise);
  }

  while(condition: Expression, body: BuildPart): this {
    return this.add({ kind: 'while', condition, body: this.#part(body) });
  }

  assign(variable: number, value: Expression): this {
    return this.add({ kind: 'assign', variable, value });
  }

  /** Writes an integer's low bits into bits, the first of them its least significant. */
  store(bits: readonly number[], value: Expression): this {
    return this.add({ kind: 'store', bits: [...bits], value });
  }

  break(): this {
    return this.add({ kind: 'break' });
  }

  continue(): this {
    return this.add({ kind: 'continue' });
  }

  end(): this {
    return this.add({ kind: 'end' });
  }

  /** Any operation as it is. */
  add(operation: Operation): this {
    this.#operations.push(operation);
    return this;
  }

  /** A circuit's operations, its qubit k on `qubits[k]` and its bit k on `bits[k]`; in order by default. */
  append(
    circuit: Circuit,
    places: { readonly qubits?: readonly number[]; readonly bits?: readonly number[] } = {},
  ): this {
    const { qubits, bits } = places;
    checkPlaces('qubits', qubits, circuit.qubits);
    checkPlaces('bits', bits, circuit.bits);
    const { variables } = this.#shared;
    const offset = variables.length;
    for (const variable of circuit.variables) {
      const isTaken = variables.some(({ name }) => name === variable.name);
      variables.push(
        isTaken ? { ...variable, name: `${variable.name}_${variables.length}` } : variable,
      );
    }
    const to = {
      qubit: (k: number): number => qubits?.[k] ?? k,
      bit: (k: number): number => bits?.[k] ?? k,
      variable: (k: number): number => k + offset,
    };
    for (const operation of circuit.operations) this.add(mapOperation(operation, to));
    return this;
  }

  /** @throws OrchestratorError as `checkCircuit` */
  build(): Circuit {
    const { quantumRegisters, classicalRegisters, variables } = this.#shared;
    return checkCircuit({
      qubits: this.qubitCount,
      bits: this.bitCount,
      operations: [...this.#operations],
      quantumRegisters: [...quantumRegisters],
      classicalRegisters: [...classicalRegisters],
      variables: [...variables],
    });
  }

  #part(build: BuildPart): Operation[] {
    const part = new CircuitBuilder(this.#shared);
    build(part);
    return part.#operations;
  }
}

function sizeOf(registers: readonly Register[]): number {
  const last = registers.at(-1);
  return last === undefined ? 0 : last.start + last.size;
}

function addRegister(registers: Register[], name: string, size: number): number[] {
  if (!Number.isSafeInteger(size) || size < 0 || size > 2 ** 24) {
    const message = `a register's size must be 0 to ${2 ** 24}, got ${size}`;
    throw new OrchestratorError('QUANTUM_REGISTERS_INVALID', message, { name, size });
  }
  const start = sizeOf(registers);
  registers.push({ name, start, size });
  return Array.from({ length: size }, (_, k) => start + k);
}

function controlOf(control: ControlInput): Control {
  return typeof control === 'number' ? { qubit: control, value: 1 } : control;
}

function unitaryPart(operation: Operation): UnitaryPart {
  const { kind } = operation;
  if (kind === 'gate' || kind === 'unitary' || kind === 'global-phase') return operation;
  const message = `what is under controls must be unitary, got '${kind}'`;
  throw new OrchestratorError('QUANTUM_NOT_UNITARY', message, { kind });
}

function checkPlaces(what: string, places: readonly number[] | undefined, count: number): void {
  if (places === undefined || places.length === count) return;
  const code = what === 'qubits' ? 'QUANTUM_QUBITS_INVALID' : 'QUANTUM_BITS_INVALID';
  const message = `a circuit of ${count} ${what} must be put on as many, got ${places.length}`;
  throw new OrchestratorError(code, message, { count, given: places.length });
}

/**
 * A new circuit to build, with qubits `q` and perhaps bits `c`.
 *
 * @example
 * circuit(2).h(0).cx(0, 1).measureAll().build()
 */
export function circuit(qubits: number = 0, bits: number = 0): CircuitBuilder {
  const builder = new CircuitBuilder();
  if (qubits !== 0) builder.qubits('q', qubits);
  if (bits !== 0) builder.bits('c', bits);
  return builder;
}
