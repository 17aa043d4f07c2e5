import { OrchestratorError } from '../../base/errors.ts';
import type { Circuit, Register } from '../circuit/circuit.ts';
import { mapOperation } from '../circuit/map-operation.ts';
import type { Operation } from '../circuit/operation.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import type { HardwareQubit } from './cursor.ts';
import { checkWork } from './check-work.ts';
import {
  Elaborator,
  SCRATCH_START,
  type Limits,
  type Parts,
  type QasmInputs,
} from './elaborator.ts';
import { evaluate, evaluateValue } from './evaluate.ts';
import { execute, executeAll } from './execute.ts';
import { openProgram } from './parse-program.ts';
import { callSubroutine } from './subroutines.ts';

export interface QasmOptions extends Partial<Limits> {
  /** Values for a program's `input` declarations. */
  readonly inputs?: QasmInputs;
  /** UTF-16 units of source. */
  readonly sourceMax?: number;
  readonly watch?: Watch;
  /** Told where a program was understood that is not quite right. */
  readonly onWarning?: (message: string) => void;
}

const LIMITS: Limits & { readonly sourceMax: number } = {
  sourceMax: 64 * 1024 * 1024,
  qubitsMax: 100_000,
  bitsMax: 1_000_000,
  operationsMax: 5_000_000,
  stepsMax: 50_000_000,
};

const PARTS: Parts = {
  evaluate,
  evaluateValue,
  execute,
  checkWork,
  call: callSubroutine,
};

/** Registers that a reader adds to those of a program. */
const SCRATCH_NAME = 'scratch';
const PHYSICAL_NAME = 'physical';

/**
 * The circuit of an OpenQASM 2 or 3 program: the header's version, without a header by its words.
 *
 * All that is known before the run is computed here (constants, loops, subroutines, gate
 * definitions); what depends on measurements becomes branches, loops and variables of the circuit.
 * Gates of qelib1.inc and stdgates.inc are known with and without an `include`; a program's own
 * definitions go before them. Bits of blocks and subroutines follow the program's own, in a register
 * of their own. Takes time and memory of the order of the circuit, within the limits.
 *
 * @throws OrchestratorError QASM_SYNTAX, QASM_NAME, QASM_TYPE, QASM_RANGE, QASM_UNSUPPORTED,
 *   QASM_TOO_LARGE, QASM_RECURSION, QASM_INPUT, each with line and column; QUANTUM_CANCELED
 */
export function parseQasm(source: string, options: QasmOptions = {}): Circuit {
  const limits = { ...LIMITS, ...withoutUndefined(options) };
  if (source.length > limits.sourceMax) {
    const message = `a program has at most ${limits.sourceMax} characters, got ${source.length}`;
    throw new OrchestratorError('QASM_TOO_LARGE', message, { length: source.length });
  }
  const program = openProgram(source);
  const { inputs = {}, watch = UNWATCHED, onWarning = () => undefined } = options;
  const e = new Elaborator(program, { limits, inputs, watch, onWarning }, PARTS);
  // Physical qubits come first, so that all of them must be known; else no tree is kept whole.
  const statements = source.includes('$') ? [...program.statements] : program.statements;
  declarePhysical(e, program.highestQubit());
  executeAll(e, statements);
  return circuitOf(e);
}

function withoutUndefined(options: QasmOptions): Partial<typeof LIMITS> {
  const { sourceMax, qubitsMax, bitsMax, operationsMax, stepsMax } = options;
  const given = { sourceMax, qubitsMax, bitsMax, operationsMax, stepsMax };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Qubits that a program calls by number: $k is the k-th, up to the highest it has. */
function declarePhysical(e: Elaborator, highest: HardwareQubit | null): void {
  if (highest === null) return;
  const { qubitsMax } = e.limits;
  if (highest.qubit >= qubitsMax) {
    const message = `a program has at most ${qubitsMax} qubits, got $${highest.qubit}`;
    e.fail('QASM_TOO_LARGE', highest, message);
  }
  e.physicalCount = highest.qubit + 1;
  e.quantumRegisters.push({ name: PHYSICAL_NAME, start: 0, size: e.physicalCount });
  e.qubits = e.physicalCount;
}

function circuitOf(e: Elaborator): Circuit {
  const hasScratch = e.scratchBits > 0;
  const named = [...e.quantumRegisters, ...e.classicalRegisters];
  const scratch = { name: ownName(SCRATCH_NAME, named), start: e.bits, size: e.scratchBits };
  const [first, ...rest] = e.quantumRegisters;
  const isPhysical = first !== undefined && e.physicalCount > 0;
  const physical = { ...first, name: ownName(PHYSICAL_NAME, [...rest, ...e.classicalRegisters]) };
  return {
    qubits: e.qubits,
    bits: e.bits + e.scratchBits,
    operations: hasScratch ? withScratchLast(e) : e.operations,
    quantumRegisters: isPhysical ? [physical, ...rest] : e.quantumRegisters,
    classicalRegisters: hasScratch ? [...e.classicalRegisters, scratch] : e.classicalRegisters,
    variables: e.variables,
  };
}

/** The reader's own registers give way to a program's that has their names. */
function ownName(name: string, registers: readonly Register[]): string {
  const isTaken = registers.some((register) => register.name === name);
  return isTaken ? ownName(`${name}_`, registers) : name;
}

/** Scratch bits get the numbers after the program's own. */
function withScratchLast({ operations, bits }: Elaborator): Operation[] {
  const to = {
    qubit: (at: number): number => at,
    bit: (at: number): number => (at >= SCRATCH_START ? at - SCRATCH_START + bits : at),
    variable: (at: number): number => at,
  };
  return operations.map((operation) => mapOperation(operation, to));
}
