import { OrchestratorError, type ErrorDetails } from '../../base/errors.ts';
import { unitaryDeviation } from '../linear/deviation.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import type { Circuit, Register } from './circuit.ts';
import type { ClassicalType, Expression } from './classical.ts';
import { findGate } from './gate-table.ts';
import type { Control, Operation } from './operation.ts';

/** Largest entry of U†U − I that still counts as rounding. */
const DEVIATION_MAX = 1e-8;
/** Operations and expressions within each other. */
const DEPTH_MAX = 2_500;
const VARIABLE_WIDTH_MAX = 64;

interface Place {
  readonly circuit: Circuit;
  /** Number of the operation in its list, and of those around it: "3", "3.0". */
  readonly at: string;
  readonly depth: number;
  readonly isInLoop: boolean;
}

function refuse(code: string, message: string, details: ErrorDetails = {}): never {
  throw new OrchestratorError(code, message, details);
}

/**
 * The circuit itself, once every operation is found to fit it.
 *
 * Takes O(operations), and O(8ⁿ) for each matrix of a unitary operation on n qubits.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID (out of bounds, or twice in one operation),
 *   QUANTUM_BITS_INVALID, QUANTUM_VARIABLE_INVALID, QUANTUM_PARAMETER_INVALID (not finite, too many,
 *   too few), QUANTUM_GATE_UNKNOWN, QUANTUM_DIMENSION_INVALID, QUANTUM_NOT_UNITARY
 *   (details.deviation), QUANTUM_REGISTERS_INVALID, QUANTUM_JUMP_INVALID, QUANTUM_NESTING_TOO_DEEP
 */
export function checkCircuit(circuit: Circuit): Circuit {
  checkCount('qubits', circuit.qubits);
  checkCount('bits', circuit.bits);
  checkRegisters(circuit.quantumRegisters, circuit.qubits, 'qubits');
  checkRegisters(circuit.classicalRegisters, circuit.bits, 'bits');
  checkVariables(circuit);
  checkList(circuit.operations, { circuit, at: '', depth: 0, isInLoop: false });
  return circuit;
}

function checkCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  const code = what === 'qubits' ? 'QUANTUM_QUBITS_INVALID' : 'QUANTUM_BITS_INVALID';
  refuse(code, `a circuit's ${what} must be a whole number of at least 0, got ${count}`);
}

/** Registers have names of their own and cover all places, each once. */
function checkRegisters(registers: readonly Register[], count: number, what: string): void {
  const names = new Set<string>();
  let end = 0;
  for (const { name, start, size } of [...registers].sort((a, b) => a.start - b.start)) {
    if (names.has(name)) {
      refuse(
        'QUANTUM_REGISTERS_INVALID',
        `registers must have different names, got '${name}' twice`,
      );
    }
    names.add(name);
    if (start === end && Number.isSafeInteger(size) && size >= 0) {
      end += size;
      continue;
    }
    const message = `registers must cover the ${what} one after another, got '${name}' at ${start}`;
    refuse('QUANTUM_REGISTERS_INVALID', message, { start, size });
  }
  if (end === count) return;
  const message = `registers must cover all ${count} ${what}, got ${end}`;
  refuse('QUANTUM_REGISTERS_INVALID', message, { count, covered: end });
}

function checkVariables({ variables }: Circuit): void {
  for (const { name, type, initial } of variables) {
    checkType(type, VARIABLE_WIDTH_MAX, `variable '${name}'`);
    const wanted = { bool: 'boolean', int: 'bigint', float: 'number' }[type.kind];
    if (typeof initial === wanted) continue;
    const message = `the initial value of variable '${name}' must be a ${wanted}, got ${typeof initial}`;
    refuse('QUANTUM_VARIABLE_INVALID', message);
  }
}

function checkType(type: ClassicalType, widthMax: number, what: string): void {
  if (type.kind !== 'int') return;
  const { width } = type;
  if (Number.isSafeInteger(width) && width >= 1 && width <= widthMax) return;
  refuse('QUANTUM_VARIABLE_INVALID', `the width of ${what} must be 1 to ${widthMax}, got ${width}`);
}

function checkList(operations: readonly Operation[], outer: Place): void {
  if (outer.depth > DEPTH_MAX) {
    const message = `operations must be nested at most ${DEPTH_MAX} deep`;
    refuse('QUANTUM_NESTING_TOO_DEEP', message, { depthMax: DEPTH_MAX });
  }
  const prefix = outer.at === '' ? '' : `${outer.at}.`;
  for (const [k, operation] of operations.entries()) {
    checkOperation(operation, { ...outer, at: `${prefix}${k}` });
  }
}

function checkOperation(operation: Operation, place: Place): void {
  switch (operation.kind) {
    case 'gate':
      checkGate(operation, place);
      return checkQubits(operation.qubits, operation.controls, place);
    case 'unitary':
      checkQubits(operation.qubits, operation.controls, place);
      return checkUnitary(operation.matrix, operation.qubits.length, place);
    case 'global-phase':
      return checkParameters('global-phase', [operation.angle], place);
    case 'measure':
      checkQubits([operation.qubit], [], place);
      return checkBits([operation.bit], place);
    case 'reset':
      return checkQubits([operation.qubit], [], place);
    case 'barrier':
      return checkQubits(operation.qubits, [], place);
    case 'channel':
      checkQubits(operation.qubits, [], place);
      for (const operator of operation.channel.operators) {
        checkSize(operator, operation.qubits.length, place, `channel '${operation.channel.name}'`);
      }
      return;
    default:
      return checkControlFlow(operation, place);
  }
}

type ControlFlow = Extract<
  Operation,
  { kind: 'if' | 'while' | 'assign' | 'store' | 'break' | 'continue' | 'end' }
>;

function checkControlFlow(operation: ControlFlow, place: Place): void {
  const depth = place.depth + 1;
  switch (operation.kind) {
    case 'if':
      checkExpression(operation.condition, place, 0);
      checkList(operation.then, { ...place, depth });
      return checkList(operation.otherwise, { ...place, depth });
    case 'while':
      checkExpression(operation.condition, place, 0);
      return checkList(operation.body, { ...place, depth, isInLoop: true });
    case 'assign':
      checkVariable(operation.variable, place);
      return checkExpression(operation.value, place, 0);
    case 'store':
      checkBits(operation.bits, place);
      return checkExpression(operation.value, place, 0);
    case 'break':
    case 'continue':
      if (place.isInLoop) return;
      return refuse(
        'QUANTUM_JUMP_INVALID',
        `'${operation.kind}' must be inside a while, got it at operation ${place.at}`,
      );
    case 'end':
  }
}

function checkGate(operation: Operation & { kind: 'gate' }, place: Place): void {
  const { name, params, qubits } = operation;
  const spec = findGate(name);
  if (spec === null) {
    refuse('QUANTUM_GATE_UNKNOWN', `a gate must be of the table, got '${name}'`, {
      at: place.at,
    });
  }
  if (params.length !== spec.params) {
    const message = `'${name}' must have ${spec.params} parameters, got ${params.length}`;
    refuse('QUANTUM_PARAMETER_INVALID', message, { gate: name, at: place.at });
  }
  if (qubits.length !== spec.qubits) {
    const message = `'${name}' must have ${spec.qubits} qubits, got ${qubits.length}`;
    refuse('QUANTUM_QUBITS_INVALID', message, { gate: name, at: place.at });
  }
  checkParameters(name, params, place);
}

function checkParameters(name: string, params: readonly number[], place: Place): void {
  for (const [k, value] of params.entries()) {
    if (Number.isFinite(value)) continue;
    const message = `parameter ${k} of '${name}' must be finite, got ${value}`;
    refuse('QUANTUM_PARAMETER_INVALID', message, { gate: name, parameter: k, at: place.at });
  }
}

function checkQubits(
  targets: readonly number[],
  controls: readonly Control[],
  { circuit, at }: Place,
): void {
  const seen = new Set<number>();
  const check = (qubit: number): void => {
    if (!Number.isInteger(qubit) || qubit < 0 || qubit >= circuit.qubits) {
      const message = `a qubit must be 0 to ${circuit.qubits - 1}, got ${qubit} in operation ${at}`;
      refuse('QUANTUM_QUBITS_INVALID', message, { qubit, qubits: circuit.qubits, at });
    }
    if (seen.has(qubit)) {
      const message = `qubits of one operation must be distinct, got ${qubit} twice in operation ${at}`;
      refuse('QUANTUM_QUBITS_INVALID', message, { qubit, at });
    }
    seen.add(qubit);
  };
  for (const qubit of targets) check(qubit);
  for (const { qubit, value } of controls) {
    check(qubit);
    if (value === 0 || value === 1) continue;
    refuse('QUANTUM_QUBITS_INVALID', `a control must be on 0 or 1, got ${String(value)}`, { at });
  }
}

function checkBits(bits: readonly number[], { circuit, at }: Pick<Place, 'circuit' | 'at'>): void {
  if (new Set(bits).size !== bits.length) {
    refuse('QUANTUM_BITS_INVALID', `bits of one operation must be distinct in operation ${at}`, {
      at,
    });
  }
  for (const bit of bits) {
    if (Number.isInteger(bit) && bit >= 0 && bit < circuit.bits) continue;
    const message = `a bit must be 0 to ${circuit.bits - 1}, got ${bit} in operation ${at}`;
    refuse('QUANTUM_BITS_INVALID', message, { bit, bits: circuit.bits, at });
  }
}

function checkVariable(variable: number, { circuit, at }: Place): void {
  if (Object.hasOwn(circuit.variables, variable)) return;
  const count = circuit.variables.length;
  const message = `a variable must be 0 to ${count - 1}, got ${variable} in operation ${at}`;
  refuse('QUANTUM_VARIABLE_INVALID', message, { variable, variables: count, at });
}

function checkSize(matrix: ComplexMatrix, qubits: number, { at }: Place, what: string): void {
  const size = 2 ** qubits;
  const isWhole = matrix.re.length === size * size && matrix.im.length === size * size;
  if (qubits > 0 && matrix.rows === size && matrix.columns === size && isWhole) return;
  const got = `${matrix.rows} × ${matrix.columns}`;
  const message = `a matrix of ${what} on ${qubits} qubits must be ${size} × ${size}, got ${got}`;
  refuse('QUANTUM_DIMENSION_INVALID', message, { qubits, rows: matrix.rows, at });
}

function checkUnitary(matrix: ComplexMatrix, qubits: number, place: Place): void {
  checkSize(matrix, qubits, place, 'a unitary');
  const deviation = unitaryDeviation(matrix);
  if (deviation <= DEVIATION_MAX) return;
  const message = `a matrix must be unitary to ${DEVIATION_MAX}, got a deviation of ${deviation}`;
  refuse('QUANTUM_NOT_UNITARY', message, { deviation, at: place.at });
}

function checkExpression(expression: Expression, place: Place, depth: number): void {
  if (depth > DEPTH_MAX) {
    const message = `expressions must be nested at most ${DEPTH_MAX} deep`;
    refuse('QUANTUM_NESTING_TOO_DEEP', message, { depthMax: DEPTH_MAX });
  }
  switch (expression.kind) {
    case 'literal':
      return;
    case 'bit':
      return checkBits([expression.bit], place);
    case 'bits':
      return checkBits(expression.bits, place);
    case 'variable':
      return checkVariable(expression.variable, place);
    case 'cast':
      checkType(expression.type, Number.MAX_SAFE_INTEGER, 'a cast');
      return checkExpression(expression.operand, place, depth + 1);
    case 'unary':
      return checkExpression(expression.operand, place, depth + 1);
    case 'binary':
      checkExpression(expression.left, place, depth + 1);
      return checkExpression(expression.right, place, depth + 1);
  }
}
