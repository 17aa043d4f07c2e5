/** Gate calls: broadcast, modifiers, and definitions down to the gates that circuits have. */
import type { Expression } from '../circuit/classical.ts';
import type { Operation, UnitaryPart } from '../circuit/operation.ts';
import type { ExpressionNode, GateCallNode, ModifierNode, Name, OperandNode } from './ast.ts';
import type { Elaborator, GateDefinition } from './elaborator.ts';
import { conditionOf } from './evaluate.ts';
import { integerOf, placeOf } from './indexing.ts';
import { forValues, runBody } from './loop-values.ts';
import { controlsOf, modified, type Modifier } from './modifiers.ts';
import { realOf } from './operate.ts';
import { newCell } from './places.ts';
import { recognizedGate } from './recognized-gate.ts';
import { didYouMean, type Span } from './source-text.ts';
import { standardGates, type StandardGate } from './standard-gates.ts';
import { Scope } from './symbols.ts';
import { bitAt, expressionOf, FLOAT, radians, typeName, type Value } from './value.ts';

/** Gates of one angle whose product has the sum of the angles. */
const ADDITIVE: ReadonlySet<string> = new Set(
  'p phase u1 rx ry rz rxx ryy rzz rzx cp cphase cu1 crx cry crz gphase'.split(' '),
);
const CONTROLS_MAX = 4096;

/** The qubits that an operand names. */
export function qubitsOf(
  e: Elaborator,
  operand: OperandNode,
): { qubits: readonly number[]; isSingle: boolean } {
  const place = placeOf(e, operand);
  if (place?.kind === 'qubits') return place;
  return e.fail('QASM_TYPE', operand, 'qubits are expected here');
}

/** One call, all of whose values are known. */
interface Call {
  readonly node: GateCallNode;
  readonly modifiers: readonly Modifier[];
  readonly params: readonly number[];
}

/** True when a call's name is a gate's; else it may be a subroutine's. */
export function isGate(e: Elaborator, name: string): boolean {
  return (
    name === 'gphase' ||
    definitionOf(e, name) !== null ||
    standardGates(e.program.version).has(name)
  );
}

function definitionOf(e: Elaborator, name: string): GateDefinition | null {
  const definition = e.gates.get(name);
  return definition !== undefined && definition.order < e.gateOrder ? definition : null;
}

/** Emits a gate call, once for each qubit of registers that it names. */
export function callGate(e: Elaborator, node: GateCallNode): void {
  const modifiers = node.modifiers.map((modifier) => modifierOf(e, modifier));
  const values = (node.args ?? []).map((arg) => e.parts.evaluate(e, arg));
  const unknown = values.findIndex((value) => value.known === null);
  if (unknown >= 0) return callByAngle(e, { node, modifiers, params: [] }, values);
  const params = values.map((value, k) => paramOf(e, (node.args as ExpressionNode[])[k], value));
  broadcast(e, { node, modifiers, params }, operandsOf(e, node));
}

function paramOf(e: Elaborator, node: ExpressionNode, value: Value): number {
  const number = realOf(value);
  if (number === null) {
    return e.fail('QASM_TYPE', node, `a gate's parameter is a number, got ${typeName(value.type)}`);
  }
  // Adding 0 leaves no negative zero.
  if (Number.isFinite(number)) return number + 0;
  return e.fail('QASM_RANGE', node, `a gate's parameter must be finite, got ${number}`);
}

function modifierOf(e: Elaborator, { kind, argument, start, end }: ModifierNode): Modifier {
  const span = { start, end };
  if (kind === 'inv') return { kind, count: 1, span };
  if (kind === 'pow') {
    const node = argument as ExpressionNode;
    const value = e.parts.evaluate(e, node);
    if (value.known === null) e.unsupported(node, 'an exponent must not depend on measurements');
    return { kind, count: paramOf(e, node, value), span };
  }
  const count = argument === null ? 1n : integerOf(e, argument, 'the number of controls');
  if (count >= 1n && count <= CONTROLS_MAX) return { kind, count: Number(count), span };
  const message = `the number of controls must be 1 to ${CONTROLS_MAX}, got ${count}`;
  return e.fail('QASM_RANGE', span, message);
}

/** An angle that depends on measurements: one conditional gate for each of its bits. */
function callByAngle(e: Elaborator, call: Call, values: readonly Value[]): void {
  const { node } = call;
  const [value] = values;
  const isPower = call.modifiers.some(({ kind }) => kind === 'pow');
  const isAngle = value.type.kind === 'angle' && values.length === 1;
  if (
    !isAngle ||
    isPower ||
    !ADDITIVE.has(node.name.text) ||
    definitionOf(e, node.name.text) !== null
  ) {
    const message =
      "a parameter that depends on measurements must be an 'angle' of a rotation or phase";
    return e.unsupported((node.args as ExpressionNode[])[values.indexOf(value)] ?? node, message);
  }
  const whole = expressionOf(value);
  const { width } = value.type as { width: number };
  if (whole === null) return;
  const operands = operandsOf(e, node);
  for (let k = 0; k < width; k++) {
    const then = e.collect(() => {
      broadcast(e, { ...call, params: [radians(1n << BigInt(k), width)] }, operands);
    });
    e.emit(node, { kind: 'if', condition: bitIsSet(whole, k), then, otherwise: [] });
  }
}

function bitIsSet(whole: Expression, k: number): Expression {
  return { kind: 'cast', type: { kind: 'bool' }, operand: bitAt(whole, k) };
}

type Operands = readonly { readonly qubits: readonly number[] }[];

/** The qubits of each operand; found once, as an index may be a call that does something. */
function operandsOf(e: Elaborator, { operands }: GateCallNode): Operands {
  return operands.map((operand) => qubitsOf(e, operand));
}

function broadcast(e: Elaborator, call: Call, operands: Operands): void {
  const { node } = call;
  const sizes = operands
    .filter(({ qubits }) => qubits.length !== 1)
    .map(({ qubits }) => qubits.length);
  const size = sizes[0] ?? 1;
  for (const [k, { qubits }] of operands.entries()) {
    if (qubits.length === size || qubits.length === 1) continue;
    const message = `registers in one call have one size: ${size} qubits, got ${qubits.length}`;
    e.fail('QASM_TYPE', node.operands[k], message);
  }
  for (let k = 0; k < size; k++) {
    const qubits = operands.map((operand) => operand.qubits[operand.qubits.length === 1 ? 0 : k]);
    for (const operation of applied(e, call, qubits)) emitPart(e, node, operation);
  }
}

/** Global phases of one list are added up in the first of them. */
function emitPart(e: Elaborator, span: Span, operation: UnitaryPart | Barrier): void {
  if (operation.kind !== 'global-phase') return e.emit(span, operation);
  const { operations } = e;
  const at = e.phaseOf(operations);
  if (at === null) {
    e.setPhase(operations, operations.length);
    return e.emit(span, operation);
  }
  const before = operations[at] as UnitaryPart & { kind: 'global-phase' };
  operations[at] = { kind: 'global-phase', angle: before.angle + operation.angle };
}

type Barrier = Extract<Operation, { kind: 'barrier' }>;

/** What a call does to these qubits: the controls' come first. */
function applied(e: Elaborator, call: Call, qubits: readonly number[]): (UnitaryPart | Barrier)[] {
  const { node, modifiers } = call;
  if (new Set(qubits).size !== qubits.length) {
    const twice = node.operands[qubits.findIndex((qubit, k) => qubits.indexOf(qubit) !== k)];
    e.fail('QASM_RANGE', twice ?? node, `qubits of '${node.name.text}' must be distinct`);
  }
  const controlCount = controlsOf(modifiers);
  if (qubits.length < controlCount) {
    e.fail(
      'QASM_TYPE',
      node,
      `${controlCount} controls are asked for, got ${qubits.length} qubits`,
    );
  }
  const inner = expand(e, node.name, call, qubits.slice(controlCount));
  if (modifiers.length === 0) return inner;
  const parts = inner.filter((part) => part.kind !== 'barrier');
  return modified(e, parts, modifiers, qubits.slice(0, controlCount));
}

/** A gate as the circuit's own gates; of those in its definition, recursively. */
function expand(
  e: Elaborator,
  name: Name,
  { node, params }: Call,
  qubits: readonly number[],
): (UnitaryPart | Barrier)[] {
  e.step(node);
  const check = (what: string, needed: number, got: number): void => {
    if (needed === got) return;
    const plural = needed === 1 ? what : `${what}s`;
    e.fail('QASM_TYPE', node, `'${name.text}' takes ${needed} ${plural}, got ${got}`);
  };
  if (name.text === 'gphase') {
    check('parameter', 1, params.length);
    check('qubit', 0, qubits.length);
    return [{ kind: 'global-phase', angle: params[0] }];
  }
  const definition = definitionOf(e, name.text);
  if (definition !== null) {
    check('parameter', definition.node.params?.length ?? 0, params.length);
    check('qubit', definition.node.qubits.length, qubits.length);
    const recognized = recognizedAs(e, definition);
    if (recognized !== null) return recognized.operations(params, qubits);
    return e.deeper(node, () => expandDefinition(e, definition, params, qubits));
  }
  const standard = standardGates(e.program.version).get(name.text);
  if (standard === undefined) return unknownGate(e, name);
  check('parameter', standard.params, params.length);
  check('qubit', standard.qubits, qubits.length);
  return standard.operations(params, qubits);
}

/** True when a definition does what the table's gate of its name does. */
export function isRecognized(e: Elaborator, definition: GateDefinition): boolean {
  return recognizedAs(e, definition) !== null;
}

/** The gate of the table that a definition is, found once for each definition. */
function recognizedAs(e: Elaborator, definition: GateDefinition): StandardGate | null {
  const cached = e.recognized.get(definition);
  if (cached !== undefined) return cached;
  e.recognized.set(definition, null);
  const found = recognizedGate(definition.node, e.program.version, (params, qubits) => {
    const parts = e.deeper(definition.node, () => expandDefinition(e, definition, params, qubits));
    return parts.filter((part) => part.kind !== 'barrier');
  });
  e.recognized.set(definition, found);
  return found;
}

function unknownGate(e: Elaborator, name: Name): never {
  if (e.calibrated.has(name.text)) {
    return e.unsupported(name, `gate '${name.text}' has a calibration (defcal) and no definition`);
  }
  const all = [...standardGates(e.program.version).keys(), ...e.gates.keys()];
  const later = e.gates.has(name.text) ? ' before its definition' : '';
  const hint = later === '' ? didYouMean(name.text, all) : later;
  return e.fail('QASM_NAME', name, `unknown gate '${name.text}'${hint}`);
}

function expandDefinition(
  e: Elaborator,
  { node, order }: GateDefinition,
  params: readonly number[],
  qubits: readonly number[],
): (UnitaryPart | Barrier)[] {
  const outer = { scope: e.scope, order: e.gateOrder };
  let global = e.scope;
  while (global.parent !== null) global = global.parent;
  e.scope = new Scope('gate', global);
  e.gateOrder = order;
  try {
    for (const [k, name] of (node.params ?? []).entries()) {
      const cell = { ...newCell(e, name.text, FLOAT, true), known: params[k] };
      e.declare(name, { kind: 'cell', cell });
    }
    for (const [k, name] of node.qubits.entries()) {
      e.declare(name, { kind: 'qubits', qubits: [qubits[k]], isSingle: true });
    }
    const parts: (UnitaryPart | Barrier)[] = [];
    for (const statement of node.body.statements) gateStatement(e, statement, parts);
    return parts;
  } finally {
    e.scope = outer.scope;
    e.gateOrder = outer.order;
  }
}

type GateBody = GateDefinition['node']['body']['statements'][number];

/** One statement of a gate's definition. */
function gateStatement(e: Elaborator, node: GateBody, parts: (UnitaryPart | Barrier)[]): void {
  e.step(node);
  e.deeper(node, () => {
    gatePart(e, node, parts);
  });
}

function gatePart(e: Elaborator, node: GateBody, parts: (UnitaryPart | Barrier)[]): void {
  if (parts.length > e.room) {
    e.fail('QASM_TOO_LARGE', node, `a circuit has at most ${e.limits.operationsMax} operations`);
  }
  switch (node.kind) {
    case 'gate-call':
      return gateInGate(e, node, parts);
    case 'barrier': {
      const qubits = node.operands.flatMap((operand) => qubitsOf(e, operand).qubits);
      if (qubits.length > 0) parts.push({ kind: 'barrier', qubits });
      return;
    }
    case 'nop':
    case 'delay':
      for (const operand of node.operands) qubitsOf(e, operand);
      return;
    case 'pragma':
      return;
    case 'scope':
    case 'box': {
      const body = node.kind === 'box' ? node.body : node;
      e.scoped('block', () => {
        for (const inner of body.statements) gateStatement(e, inner, parts);
        return 'normal';
      });
      return;
    }
    case 'if': {
      const condition = conditionOf(e, node.condition);
      if (condition === true) gateStatement(e, node.then, parts);
      else if (node.otherwise !== null) gateStatement(e, node.otherwise, parts);
      return;
    }
    case 'for':
      for (const value of forValues(e, node)) {
        runBody(e, node, value, () => {
          gateStatement(e, node.body, parts);
          return 'normal';
        });
      }
      return;
    default:
      e.unsupported(node, `a gate's definition has gates, barriers and loops, no '${node.kind}'`);
  }
}

function gateInGate(e: Elaborator, node: GateCallNode, parts: (UnitaryPart | Barrier)[]): void {
  const modifiers = node.modifiers.map((modifier) => modifierOf(e, modifier));
  const params = (node.args ?? []).map((arg) => paramOf(e, arg, e.parts.evaluate(e, arg)));
  const qubits = node.operands.flatMap((operand) => qubitsOf(e, operand).qubits);
  for (const part of applied(e, { node, modifiers, params }, qubits)) parts.push(part);
}
