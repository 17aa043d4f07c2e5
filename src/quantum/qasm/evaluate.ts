import { unreachable } from '../../base/invariant.ts';
import type { Expression } from '../circuit/classical.ts';
import type { ExpressionNode, Name, TimeUnit, ValueNode } from './ast.ts';
import { convert, noConversion } from './convert.ts';
import type { Elaborator } from './elaborator.ts';
import { callBuiltIn, FUNCTION_NAMES } from './functions.ts';
import {
  applyIndex,
  chosenOf,
  integerOf,
  partOf,
  placeOf,
  positionAt,
  sizeOf,
} from './indexing.ts';
import { binary, unary } from './operate.ts';
import type { Outcome } from './outcome.ts';
import { bitsOf, countOf, localBits, measureInto, read } from './places.ts';
import { didYouMean, type Span } from './source-text.ts';
import type { Place } from './symbols.ts';
import { typeOf } from './type-of.ts';
import {
  BIT,
  BOOL,
  COMPLEX,
  computed,
  DURATION,
  expressionOf,
  FLOAT,
  INTEGER,
  known,
  MACHINE_WIDTH,
  movedUp,
  uintType,
  type Value,
} from './value.ts';

const CONSTANTS: Readonly<Record<string, number>> = {
  pi: Math.PI,
  π: Math.PI,
  tau: 2 * Math.PI,
  τ: 2 * Math.PI,
  euler: Math.E,
  ℇ: Math.E,
};

const SECONDS: Readonly<Record<Exclude<TimeUnit, 'dt'>, number>> = {
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
};

/** The value of an expression; what it measures or calls is emitted on the way. */
export function evaluate(e: Elaborator, node: ExpressionNode): Value {
  e.step(node);
  return e.deeper(node, () => evaluateNode(e, node));
}

function evaluateNode(e: Elaborator, node: ExpressionNode): Value {
  switch (node.kind) {
    case 'group':
      return evaluate(e, node.inner);
    case 'int':
      return known(INTEGER, node.value);
    case 'float':
      return known(FLOAT, node.value);
    case 'imaginary':
      return known(COMPLEX, { re: 0, im: node.value });
    case 'bool':
      return known(BOOL, node.value);
    case 'bitstring': {
      const value = BigInt(`0b${node.digits}`);
      return known({ kind: 'bit', size: node.digits.length }, value);
    }
    case 'timing':
      return known(DURATION, durationOf(node.value, node.unit));
    case 'duration-of':
      return known(DURATION, { seconds: 0, units: 0, isOpen: true });
    case 'identifier':
      return evaluateName(e, node, node.name);
    case 'hardware-qubit':
      return e.fail('QASM_TYPE', node, 'a qubit is no value');
    case 'unary':
      return checked(e, node, unary(node.sign, evaluate(e, node.operand)));
    case 'binary':
      return evaluateBinary(e, node);
    case 'index':
      return evaluateIndex(e, node);
    case 'call':
      return evaluateCall(e, node, node.name, node.args);
    case 'cast': {
      if (node.type.kind === 'array-type') return e.unsupported(node, 'casts to arrays');
      const type = typeOf(e, node.type);
      const operand = evaluate(e, node.operand);
      // A cast of bits without a size keeps them all.
      const result = convert(operand, type);
      return result ?? e.fail('QASM_TYPE', node, noConversion(operand.type, type));
    }
    default:
      return unreachable(node);
  }
}

function durationOf(value: number, unit: TimeUnit): Value['known'] & object {
  return unit === 'dt'
    ? { seconds: 0, units: value, isOpen: false }
    : { seconds: value * SECONDS[unit], units: 0, isOpen: false };
}

/** The value, or the error whose reason is given; integers of a run have a machine's width at most. */
function checked(e: Elaborator, span: Span, outcome: Outcome): Value {
  if (typeof outcome === 'string') return e.fail('QASM_TYPE', span, outcome);
  const { type } = outcome;
  const width = type.kind === 'int' || type.kind === 'angle' ? (type.width ?? 0) : 0;
  if (outcome.known === null && width > MACHINE_WIDTH) {
    const message = `what depends on measurements has at most ${MACHINE_WIDTH} bits, got ${width}`;
    e.unsupported(span, message);
  }
  return outcome;
}

function evaluateName(e: Elaborator, span: Span, name: string): Value {
  const symbol = e.scope.find(name);
  if (symbol === null) {
    if (Object.hasOwn(CONSTANTS, name)) return known(FLOAT, CONSTANTS[name]);
    const hint = didYouMean(name, [...e.scope.visibleNames(), ...Object.keys(CONSTANTS)]);
    return e.fail('QASM_NAME', span, `unknown name '${name}'${hint}`);
  }
  const isPlace = symbol.kind !== 'subroutine' && symbol.kind !== 'extern';
  if (isPlace) e.step(span, countOf(symbol));
  const value = isPlace ? read(symbol) : null;
  if (value !== null) return value;
  const what = symbol.kind === 'qubits' ? 'qubits are' : `'${name}' is`;
  return e.fail('QASM_TYPE', span, `${what} no value here`);
}

/** Long rows of operators lean to the left: they are walked in a loop, not in depth. */
function evaluateBinary(e: Elaborator, node: ExpressionNode & { kind: 'binary' }): Value {
  const row: (ExpressionNode & { kind: 'binary' })[] = [];
  let first: ExpressionNode = node;
  for (; first.kind === 'binary'; first = first.left) row.push(first);
  let left = evaluate(e, first);
  for (const link of row.toReversed()) {
    const { sign } = link;
    // What a known left side decides is not looked at, but for measurements that it makes.
    if (sign === '&&' && left.known === false) continue;
    if (sign === '||' && left.known === true) continue;
    left = checked(e, link, binary(sign, left, evaluate(e, link.right)));
  }
  return left;
}

function evaluateIndex(e: Elaborator, node: ExpressionNode & { kind: 'index' }): Value {
  const target = placeOf(e, node.target);
  if (target !== null) return evaluatePart(e, node, target);
  const value = evaluate(e, node.target);
  const { type } = value;
  const size =
    type.kind === 'bit'
      ? type.size
      : type.kind === 'int' || type.kind === 'angle'
        ? type.width
        : null;
  if (size === null) return e.fail('QASM_TYPE', node, 'this has no parts to choose from');
  const { positions, isSingle } = chosenOf(e, node.index, size);
  return bitsOf(value, positions, isSingle);
}

/** A part of what a name stands for; each index is evaluated once, as it may measure. */
function evaluatePart(
  e: Elaborator,
  node: ExpressionNode & { kind: 'index' },
  target: Place,
): Value {
  const { index } = node;
  const [item] = index.kind === 'index-list' && index.items.length === 1 ? index.items : [];
  const size = target.kind === 'array' || target.kind === 'qubits' ? null : sizeOf(target);
  let place: Place;
  if (item === undefined || item.kind === 'range' || target.kind === 'array' || size === null) {
    place = applyIndex(e, target, index);
  } else {
    const at = evaluate(e, item);
    const bit = at.known === null ? bitAtUnknown(target, at) : null;
    if (bit !== null) return bit;
    place = partOf(target, { positions: [positionAt(e, item, at, size)], isSingle: true });
  }
  e.step(node, countOf(place));
  return read(place) ?? e.fail('QASM_TYPE', node, `${place.kind} are no value here`);
}

/** One bit whose number depends on measurements, or null where there are no bits. */
function bitAtUnknown(target: Place, at: Value): Value | null {
  const value = read(target);
  const whole = value === null ? null : expressionOf(value);
  if (whole === null || at.known !== null) return null;
  const moved: Expression = { kind: 'binary', operator: '>>', left: whole, right: at.expression };
  const one: Expression = { kind: 'literal', value: 1n };
  return computed(BIT, { kind: 'binary', operator: '&', left: moved, right: one });
}

function evaluateCall(
  e: Elaborator,
  span: Span,
  name: Name,
  args: readonly ExpressionNode[],
): Value {
  const symbol = e.scope.find(name.text);
  if (symbol !== null) {
    const value = e.parts.call(e, name, args);
    return value ?? e.fail('QASM_TYPE', span, `'${name.text}' returns nothing`);
  }
  if (name.text === 'sizeof') return sizeOfArray(e, span, args);
  const known = FUNCTION_NAMES.includes(name.text) ? args.map((arg) => evaluate(e, arg)) : [];
  const outcome = callBuiltIn(name.text, known);
  if (outcome !== null) return checked(e, span, outcome);
  const hint = didYouMean(name.text, [...e.scope.visibleNames(), ...FUNCTION_NAMES]);
  return e.fail('QASM_NAME', name, `unknown function '${name.text}'${hint}`);
}

/** `sizeof(array)` or `sizeof(array, dimension)`; registers have a size as well. */
function sizeOfArray(e: Elaborator, span: Span, args: readonly ExpressionNode[]): Value {
  const [array, dimension] = args;
  if (array === undefined || args.length > 2) {
    return e.fail('QASM_TYPE', span, `'sizeof' takes 1 or 2 arguments, got ${args.length}`);
  }
  const place = placeOf(e, array);
  if (place === null) return e.fail('QASM_TYPE', array, "'sizeof' takes an array or a register");
  const at = dimension === undefined ? 0 : Number(integerOf(e, dimension, 'a dimension'));
  const sizes = place.kind === 'array' ? place.dimensions : [sizeOf(place)];
  const size = sizes[at] ?? null;
  if (size === null) return e.fail('QASM_RANGE', span, `there is no dimension ${at}`);
  return known(uintType(MACHINE_WIDTH), BigInt(size));
}

/** The value of what a declaration, assignment or `return` takes. */
export function evaluateValue(e: Elaborator, node: ValueNode): Value {
  switch (node.kind) {
    case 'measure': {
      const place = placeOf(e, node.operand);
      if (place?.kind !== 'qubits') return e.fail('QASM_TYPE', node.operand, 'qubits are measured');
      const slots = localBits(e, place.qubits.length, node, e.leftovers);
      measureInto(e, node, place.qubits, slots);
      const { isSingle } = place;
      return read({ kind: 'bits', slots, isSingle }) as Value;
    }
    case 'quantum-call': {
      const value = e.parts.call(e, node.name, [...(node.args ?? []), ...node.operands]);
      return value ?? e.fail('QASM_TYPE', node, `'${node.name.text}' returns nothing`);
    }
    case 'concatenation':
      return concatenation(e, node, node.parts);
    case 'array-literal':
      return e.fail('QASM_TYPE', node, 'only an array takes values in braces');
    default:
      return evaluate(e, node);
  }
}

/** Bits after one another; the first part has the lowest. */
function concatenation(e: Elaborator, span: Span, parts: readonly ExpressionNode[]): Value {
  const values = parts.map((part) => evaluate(e, part));
  const sizes = values.map(({ type }, k) =>
    type.kind === 'bit' ? (type.size ?? 1) : e.fail('QASM_TYPE', parts[k], 'bits are joined'),
  );
  const size = sizes.reduce((sum, n) => sum + n, 0);
  if (size > e.limits.bitsMax) e.fail('QASM_TOO_LARGE', span, `at most ${e.limits.bitsMax} bits`);
  const type = { kind: 'bit', size } as const;
  let at = 0;
  let sum = 0n;
  let whole: Expression | null = null;
  for (const [k, value] of values.entries()) {
    if (value.known !== null) sum |= (value.known as bigint) << BigInt(at);
    else {
      const moved = movedUp(value.expression, at, size);
      whole = whole === null ? moved : { kind: 'binary', operator: '|', left: whole, right: moved };
    }
    at += sizes[k];
  }
  if (whole === null) return known(type, sum);
  const rest: Expression = { kind: 'literal', value: sum };
  const all: Expression = { kind: 'binary', operator: '|', left: whole, right: rest };
  return computed(type, sum === 0n ? whole : all);
}

/** A condition: true, false, or what the circuit has to decide. */
export function conditionOf(e: Elaborator, node: ExpressionNode): boolean | Expression {
  const value = evaluate(e, node);
  const condition = convert(value, BOOL);
  if (condition === null) return e.fail('QASM_TYPE', node, noConversion(value.type, BOOL));
  return condition.known === null ? condition.expression : condition.known === true;
}
