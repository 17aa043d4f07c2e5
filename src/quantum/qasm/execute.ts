import type {
  BinarySign,
  ExpressionNode,
  JumpNode,
  OperandNode,
  OperandsNode,
  PlainStatement,
  StatementNode,
} from './ast.ts';
import { runFor, runIf, runJump, runReturn, runSwitch, runWhile } from './control-flow.ts';
import {
  declareAlias,
  declareBits,
  declareRegister,
  declareVariable,
  declareInputOutput,
} from './declare.ts';
import { mentions } from './assigned-names.ts';
import type { Elaborator } from './elaborator.ts';
import type { Completion } from './jump-targets.ts';
import { evaluateValue } from './evaluate.ts';
import { callGate, isGate, qubitsOf } from './gate-calls.ts';
import { placeOf } from './indexing.ts';
import { binary } from './operate.ts';
import { copyArray, localBits, measureInto, read, write } from './places.ts';
import { didYouMean } from './source-text.ts';
import { INCLUDES, standardGates } from './standard-gates.ts';
import type { Place } from './symbols.ts';

/**
 * Runs one statement as far as its values are known, and emits the rest; one that stands for too much
 * is refused before it is run.
 */
export function execute(e: Elaborator, node: StatementNode): Completion {
  e.step(node);
  if (e.isCounted || !mayRepeat(e, node)) return run(e, node);
  e.isCounted = e.parts.checkWork(e, node);
  try {
    return run(e, node);
  } finally {
    e.isCounted = false;
  }
}

/** True of loops, and of calls of what a program defines. */
function mayRepeat(e: Elaborator, node: StatementNode): boolean {
  switch (node.kind) {
    case 'for':
    case 'while':
      return true;
    case 'gate-call': {
      const { text } = node.name;
      return e.gates.has(text) || !isGate(e, text);
    }
    case 'arrow':
    case 'assign':
    case 'declare':
    case 'expression':
    case 'return':
      return mentions(node, 'call', 'quantum-call');
    default:
      return false;
  }
}

function run(e: Elaborator, node: StatementNode): Completion {
  const outer = e.leftovers;
  e.leftovers = { bits: [], variables: [] };
  const completion = e.deeper(node, () => dispatch(e, node));
  // What is returned may still stand in them.
  if (completion === 'return') {
    for (const bit of e.leftovers.bits) outer.bits.push(bit);
    for (const variable of e.leftovers.variables) outer.variables.push(variable);
  } else {
    e.free(e.leftovers);
  }
  e.leftovers = outer;
  return completion;
}

/** Runs statements one after another, until one ends the row. */
export function executeAll(e: Elaborator, nodes: Iterable<StatementNode>): Completion {
  for (const node of nodes) {
    const completion = execute(e, node);
    if (completion !== 'normal') return completion;
  }
  return 'normal';
}

function dispatch(e: Elaborator, node: PlainStatement): Completion {
  switch (node.kind) {
    case 'scope':
      return e.scoped('block', () => executeAll(e, node.statements));
    case 'box':
      if (node.duration !== null) checkDuration(e, node.duration);
      return e.scoped('block', () => executeAll(e, node.body.statements));
    case 'if':
      return runIf(e, node);
    case 'while':
      return runWhile(e, node);
    case 'for':
      return runFor(e, node);
    case 'switch':
      return runSwitch(e, node);
    case 'break':
    case 'continue':
    case 'end':
      return runJump(e, node);
    case 'return':
      return runReturn(e, node);
    default:
      effect(e, node);
      return 'normal';
  }
}

type Effect = Exclude<
  PlainStatement,
  JumpNode | { kind: 'scope' | 'box' | 'if' | 'while' | 'for' | 'switch' | 'return' }
>;

/** A statement after which the next one follows. */
function effect(e: Elaborator, node: Effect): void {
  switch (node.kind) {
    case 'pragma':
    case 'calibration-grammar':
    case 'cal':
      return;
    case 'include':
      return runInclude(e, node.file, node);
    case 'gate':
    case 'def':
    case 'extern':
    case 'opaque':
    case 'defcal':
      return define(e, node);
    case 'gate-call':
      return runGateCall(e, node);
    case 'barrier':
    case 'nop':
      return runBarrier(e, node);
    case 'delay':
      checkDuration(e, node.duration);
      for (const operand of node.operands) qubitsOf(e, operand);
      return;
    case 'reset':
      for (const qubit of qubitsOf(e, node.operand).qubits) e.emit(node, { kind: 'reset', qubit });
      return;
    case 'arrow':
      return runArrow(e, node);
    case 'alias':
      return declareAlias(e, node);
    case 'declare':
      return declareVariable(e, node);
    case 'io':
      return declareInputOutput(e, node);
    case 'old-declare':
      return declareRegister(e, node.name, node.size, node.register === 'qreg' ? 'qubits' : 'bits');
    case 'declare-qubits':
      return declareRegister(e, node.name, node.type.size, 'qubits');
    case 'assign':
      return runAssign(e, node);
    case 'expression':
      return runExpression(e, node);
  }
}

function runInclude(e: Elaborator, file: string, node: StatementNode): void {
  if (e.scope.kind !== 'global') e.fail('QASM_SYNTAX', node, 'an include stands at the top level');
  if (INCLUDES.has(file)) return;
  const known = [...INCLUDES].map((name) => `'${name}'`).join(' and ');
  e.unsupported(node, `only ${known} can be included, got '${file}'`);
}

function define(
  e: Elaborator,
  node: Extract<Effect, { kind: 'gate' | 'def' | 'extern' | 'opaque' | 'defcal' }>,
): void {
  if (e.scope.kind !== 'global') {
    e.fail('QASM_SYNTAX', node, `a '${node.kind}' stands at the top level`);
  }
  switch (node.kind) {
    case 'gate': {
      const { text } = node.name;
      if (e.gates.has(text)) e.fail('QASM_NAME', node.name, `gate '${text}' is defined already`);
      e.gates.set(text, { node, order: e.gates.size });
      return;
    }
    case 'def':
      return e.declare(node.name, { kind: 'subroutine', node });
    case 'extern':
      return e.declare(node.name, { kind: 'extern' });
    case 'opaque':
    case 'defcal':
      e.calibrated.add(node.kind === 'defcal' ? node.target.text : node.name.text);
  }
}

/** A gate, or a subroutine called as one. */
function runGateCall(e: Elaborator, node: Extract<Effect, { kind: 'gate-call' }>): void {
  if (node.duration !== null) checkDuration(e, node.duration);
  const { text } = node.name;
  const symbol = isGate(e, text) ? null : e.scope.find(text);
  if (symbol === null || symbol.kind === 'qubits') return callGate(e, node);
  if (node.modifiers.length > 0) e.unsupported(node, 'modifiers of subroutines');
  e.parts.call(e, node.name, [...(node.args ?? []), ...node.operands]);
}

function runBarrier(e: Elaborator, node: OperandsNode): void {
  if (node.kind === 'nop') {
    for (const operand of node.operands) qubitsOf(e, operand);
    return;
  }
  const parts = node.operands.map((operand) => qubitsOf(e, operand).qubits);
  // A register's own list is shared by all its barriers.
  const isRegister = parts.length === 1 && isAscending(parts[0]);
  const qubits =
    parts.length === 0
      ? Array.from({ length: e.qubits }, (_, k) => k)
      : isRegister
        ? parts[0]
        : [...new Set(parts.flat())];
  e.step(node, qubits.length);
  if (qubits.length > 0) e.emit(node, { kind: 'barrier', qubits });
}

function isAscending(qubits: readonly number[]): boolean {
  return qubits.every((qubit, k) => k === 0 || qubits[k - 1] < qubit);
}

function checkDuration(e: Elaborator, node: ExpressionNode): void {
  const value = e.parts.evaluate(e, node);
  if (value.type.kind !== 'duration' || typeof value.known !== 'object' || value.known === null) {
    return e.fail('QASM_TYPE', node, 'a duration is expected here, such as 100ns');
  }
  if (!('seconds' in value.known) || value.known.isOpen) return;
  const { seconds, units } = value.known;
  if (seconds >= 0 && units >= 0) return;
  e.fail(
    'QASM_RANGE',
    node,
    `a duration must not be negative, got ${units === 0 ? seconds : units}`,
  );
}

/** `measure q -> c;` and calls with an arrow. */
function runArrow(e: Elaborator, node: Extract<Effect, { kind: 'arrow' }>): void {
  const { value, target } = node;
  if (value.kind === 'quantum-call') {
    const result = e.parts.call(e, value.name, [...(value.args ?? []), ...value.operands]);
    if (target === null) return;
    if (result === null) return e.fail('QASM_TYPE', node, `'${value.name.text}' returns nothing`);
    return write(e, target, targetOf(e, target), result);
  }
  const { qubits, isSingle } = measuredQubits(e, value.operand);
  const place = target === null ? null : measureTarget(e, target, qubits.length);
  if (place === null) {
    return measureInto(e, node, qubits, localBits(e, qubits.length, node, e.leftovers));
  }
  measure(e, node, { qubits, isSingle }, place);
}

/** Measures into bits directly, into anything else by way of bits. */
function measure(
  e: Elaborator,
  node: StatementNode,
  { qubits, isSingle }: { qubits: readonly number[]; isSingle: boolean },
  place: Place,
): void {
  if (place.kind === 'bits') {
    if (place.slots.length === qubits.length) return measureInto(e, node, qubits, place.slots);
    const message = `as many bits as qubits: ${qubits.length} qubits, got ${place.slots.length} bits`;
    return e.fail('QASM_TYPE', node, message);
  }
  const slots = localBits(e, qubits.length, node, e.leftovers);
  measureInto(e, node, qubits, slots);
  const result = read({ kind: 'bits', slots, isSingle });
  if (result !== null) write(e, node, place, result);
}

/**
 * What is measured. Programs of a known benchmark measure registers that they never declare: where
 * there is just one register, that is the one.
 */
function measuredQubits(
  e: Elaborator,
  operand: OperandNode,
): { qubits: readonly number[]; isSingle: boolean } {
  const [only] = e.quantumRegisters;
  const isLost =
    e.program.version === 2 &&
    operand.kind === 'indexed-name' &&
    e.scope.find(operand.name.text) === null;
  if (!isLost || e.quantumRegisters.length !== 1) return qubitsOf(e, operand);
  e.onWarning(`register '${operand.name.text}' is not declared, '${only.name}' is taken for it`);
  const name = { ...operand.name, text: only.name };
  return qubitsOf(e, { ...operand, name });
}

function measureTarget(
  e: Elaborator,
  target: Extract<OperandNode, { kind: 'indexed-name' }>,
  qubits: number,
): Place {
  const { text } = target.name;
  const isLost = e.program.version === 2 && e.scope.find(text) === null;
  if (isLost && e.classicalRegisters.length === 0) {
    const count = target.indices.length === 0 ? qubits : e.qubits;
    e.onWarning(`register '${text}' is not declared, ${count} bits are made for it`);
    declareBits(e, target.name, count, false);
  }
  return targetOf(e, target);
}

function targetOf(e: Elaborator, target: Extract<OperandNode, { kind: 'indexed-name' }>): Place {
  const place = placeOf(e, target);
  if (place !== null && place.kind !== 'qubits') return place;
  const hint = didYouMean(target.name.text, e.scope.visibleNames());
  return e.fail('QASM_TYPE', target, `a classical value is expected here${hint}`);
}

function runAssign(e: Elaborator, node: Extract<Effect, { kind: 'assign' }>): void {
  const { target, sign, value } = node;
  const place = targetOf(e, target);
  if (sign === '=' && value.kind === 'measure') {
    return measure(e, node, qubitsOf(e, value.operand), place);
  }
  if (place.kind === 'array' && place.dimensions.length > 0) {
    const isPlace = value.kind === 'identifier' || value.kind === 'index' || value.kind === 'group';
    const from = isPlace ? placeOf(e, value) : null;
    if (sign === '=' && from?.kind === 'array') return copyArray(e, node, place, from);
  }
  const right = evaluateValue(e, value);
  if (sign === '=') return write(e, target, place, right);
  const left = read(place);
  if (left === null) return e.fail('QASM_TYPE', target, `'${sign}' takes one value`);
  // `a ~= b` is in the grammar, and nowhere explained.
  if (sign === '~=') return e.unsupported(node, "'~=' has no meaning");
  const outcome = binary(sign.slice(0, -1) as BinarySign, left, right);
  if (typeof outcome === 'string') return e.fail('QASM_TYPE', node, outcome);
  write(e, target, place, outcome);
}

/** A call alone, or an expression whose value nobody takes. */
function runExpression(e: Elaborator, node: Extract<Effect, { kind: 'expression' }>): void {
  const { expression } = node;
  if (expression.kind === 'call') {
    const { name, args } = expression;
    if (e.scope.find(name.text) !== null) {
      e.parts.call(e, name, args);
      return;
    }
    if (standardGates(e.program.version).has(name.text) || e.gates.has(name.text)) {
      return e.fail('QASM_SYNTAX', node, `expected the qubits of gate '${name.text}'`);
    }
  }
  e.parts.evaluate(e, expression);
}
