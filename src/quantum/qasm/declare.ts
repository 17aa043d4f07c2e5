import type {
  ArrayLiteralNode,
  ArrayTypeNode,
  ExpressionNode,
  Name,
  PlainStatement,
  ScalarTypeNode,
  ValueNode,
} from './ast.ts';
import type { Elaborator } from './elaborator.ts';
import { evaluateValue } from './evaluate.ts';
import { qubitsOf } from './gate-calls.ts';
import { placeOf } from './indexing.ts';
import {
  converted,
  countOf,
  copyArray,
  localBits,
  measureInto,
  newCell,
  outputBits,
  write,
} from './places.ts';
import type { Span } from './source-text.ts';
import type { ArrayPlace, BitsPlace, Place } from './symbols.ts';
import { sizeFrom, typeOf } from './type-of.ts';
import { known, type QasmType, type Value } from './value.ts';

/** Elements of all dimensions of an array together. */
const ELEMENTS_MAX = 1_000_000;

/** A register of qubits, or of bits that the program gives out. */
export function declareRegister(
  e: Elaborator,
  name: Name,
  size: ExpressionNode | null,
  what: 'qubits' | 'bits',
): void {
  const max = what === 'qubits' ? e.limits.qubitsMax : e.limits.bitsMax;
  const total = size === null ? 1 : sizeFrom(e, size, `the size of '${name.text}'`, max);
  const isSingle = size === null;
  if (what === 'bits') {
    declareBits(e, name, total, isSingle);
    return;
  }
  if (e.scope.kind !== 'global')
    e.fail('QASM_SYNTAX', name, 'qubits are declared at the top level');
  if (e.qubits + total > max) {
    e.fail('QASM_TOO_LARGE', name, `a program has at most ${max} qubits, got ${e.qubits + total}`);
  }
  const start = e.qubits;
  const qubits = Array.from({ length: total }, (_, k) => start + k);
  e.declare(name, { kind: 'qubits', qubits, isSingle });
  e.quantumRegisters.push({ name: name.text, start, size: total });
  e.qubits += total;
}

/** Bits that the program gives out where they are declared at its top, else those of a block. */
export function declareBits(
  e: Elaborator,
  name: Name,
  count: number,
  isSingle: boolean,
): BitsPlace {
  const isGlobal = e.scope.kind === 'global' && e.level === 0;
  const slots = isGlobal ? outputBits(e, name.text, count, name) : localBits(e, count, name);
  const place: BitsPlace = { kind: 'bits', slots, isSingle };
  e.declare(name, place);
  return place;
}

/** `int[8] x = …;`, `const …`, `bit[4] b = …;`, `array[…] a = {…};` */
export function declareVariable(
  e: Elaborator,
  node: Extract<PlainStatement, { kind: 'declare' }>,
): void {
  const { type, name, value, isConst } = node;
  if (type.kind === 'array-type') return declareArray(e, type, name, value);
  const scalar = typeOf(e, type);
  if (scalar.kind === 'bit' && !isConst) return declareBitVariable(e, name, scalar, value);
  // The value is found before the name is known: `x` in it is another one.
  const first = value === null ? null : initial(e, value, scalar);
  const cell = newCell(e, name.text, scalar, isConst);
  if (first !== null && isConst) {
    if (first.known === null) e.unsupported(node, 'a constant must not depend on measurements');
    cell.known = first.known;
  }
  e.declare(name, { kind: 'cell', cell });
  if (first !== null && !isConst) write(e, node, { kind: 'cell', cell }, first);
}

function initial(e: Elaborator, value: ValueNode, type: QasmType): Value {
  return converted(e, value, evaluateValue(e, value), type);
}

function declareBitVariable(
  e: Elaborator,
  name: Name,
  type: QasmType & { kind: 'bit' },
  value: ValueNode | null,
): void {
  const count = type.size ?? 1;
  if (value?.kind === 'measure') {
    const { qubits } = qubitsOf(e, value.operand);
    const { slots } = declareBits(e, name, count, type.size === null);
    if (slots.length !== qubits.length) {
      e.fail(
        'QASM_TYPE',
        value,
        `as many bits as qubits: ${qubits.length} qubits, got ${slots.length} bits`,
      );
    }
    return measureInto(e, value, qubits, slots);
  }
  const first = value === null ? null : initial(e, value, type);
  const place = declareBits(e, name, count, type.size === null);
  if (first !== null) write(e, name, place, first);
  else if (e.level > 0) write(e, name, place, known(type, 0n));
}

function declareArray(
  e: Elaborator,
  node: ArrayTypeNode,
  name: Name,
  value: ValueNode | null,
): void {
  const array = newArray(e, node, name);
  // Before the name is known: it is another one in its own value.
  const place: Place = array;
  const isLiteral = value?.kind === 'array-literal';
  const from = value === null ? null : arrayOf(e, value);
  if (isLiteral) fill(e, value, array);
  else if (from !== null) copyArray(e, value as Span, array, from);
  else if (value !== null) e.fail('QASM_TYPE', value, 'an array is declared with {…} or an array');
  e.declare(name, place);
}

/** The array that a value names: one, a part of one, or several joined. */
function arrayOf(e: Elaborator, value: ValueNode): ArrayPlace | null {
  const parts = value.kind === 'concatenation' ? value.parts : [value];
  const places = parts.map((part) =>
    part.kind === 'identifier' || part.kind === 'index' ? placeOf(e, part) : null,
  );
  if (!places.every((place) => place?.kind === 'array')) return null;
  const joined = joinedPlace(e, value, places);
  return joined.kind === 'array' ? joined : null;
}

/** An array of zeros. */
function newArray(e: Elaborator, node: ArrayTypeNode, name: Name): ArrayPlace {
  const type = typeOf(e, node.element);
  const dimensions = node.dimensions.map((size) => sizeFrom(e, size, 'a dimension', ELEMENTS_MAX));
  const count = dimensions.reduce((product, size) => product * size, 1);
  if (count > ELEMENTS_MAX) {
    e.fail('QASM_TOO_LARGE', node, `an array has at most ${ELEMENTS_MAX} elements, got ${count}`);
  }
  e.step(node, count);
  const cells = Array.from({ length: count }, (_, k) =>
    newCell(e, `${name.text}_${k}`, type, false),
  );
  return { kind: 'array', cells, dimensions, type, isReadonly: false };
}

/** Fills an array from a literal of its shape, whose rows may be arrays themselves. */
function fill(e: Elaborator, node: ArrayLiteralNode, array: ArrayPlace): void {
  const [size, ...inner] = array.dimensions;
  if (node.items.length !== size) {
    e.fail('QASM_TYPE', node, `${size} elements are expected here, got ${node.items.length}`);
  }
  const stride = array.cells.length / size;
  for (const [k, item] of node.items.entries()) {
    const cells = array.cells.slice(k * stride, (k + 1) * stride);
    const row: ArrayPlace = { ...array, cells, dimensions: inner };
    if (inner.length === 0) {
      if (item.kind === 'array-literal') e.fail('QASM_TYPE', item, 'a value is expected here');
      else write(e, item, { kind: 'cell', cell: cells[0] }, e.parts.evaluate(e, item));
    } else if (item.kind === 'array-literal') {
      fill(e, item, row);
    } else {
      const from = placeOf(e, item);
      if (from?.kind !== 'array')
        return e.fail('QASM_TYPE', item, 'a row of the array is expected here');
      copyArray(e, item, row, from);
    }
  }
}

/** `let a = q[0:2] ++ r;` */
export function declareAlias(
  e: Elaborator,
  node: Extract<PlainStatement, { kind: 'alias' }>,
): void {
  const places = node.parts.map((part) => {
    const place = placeOf(e, part);
    return place ?? e.fail('QASM_TYPE', part, 'an alias is of qubits, bits or an array');
  });
  e.declare(node.name, joinedPlace(e, node, places));
}

function joinedPlace(e: Elaborator, span: Span, places: readonly Place[]): Place {
  const [first] = places;
  if (places.length === 1) return first;
  const count = places.reduce((sum, place) => sum + countOf(place), 0);
  if (count > ELEMENTS_MAX) {
    e.fail('QASM_TOO_LARGE', span, `at most ${ELEMENTS_MAX} elements are joined, got ${count}`);
  }
  e.step(span, count);
  if (places.every((place) => place.kind === 'qubits')) {
    const qubits = places.flatMap((place) => place.qubits);
    return { kind: 'qubits', qubits, isSingle: false };
  }
  if (places.every((place) => place.kind === 'bits')) {
    return { kind: 'bits', slots: places.flatMap((place) => place.slots), isSingle: false };
  }
  if (places.every((place) => place.kind === 'array' && place.dimensions.length === 1)) {
    const arrays = places as readonly ArrayPlace[];
    const cells = arrays.flatMap((place) => place.cells);
    return { ...arrays[0], cells, dimensions: [cells.length] };
  }
  return e.fail('QASM_TYPE', span, 'only qubits, only bits, or only arrays are joined');
}

/** `input` takes the caller's value, `output` declares as usual. */
export function declareInputOutput(
  e: Elaborator,
  node: Extract<PlainStatement, { kind: 'io' }>,
): void {
  const { direction, type, name } = node;
  if (e.scope.kind !== 'global')
    e.fail('QASM_SYNTAX', node, `'${direction}' stands at the top level`);
  if (direction === 'output') {
    return declareVariable(e, { ...node, kind: 'declare', isConst: false, value: null });
  }
  if (type.kind === 'array-type') return e.unsupported(type, 'arrays as inputs');
  const scalar = typeOf(e, type);
  const value = converted(e, node, inputValue(e, name, type), scalar);
  if (value.known === null) return;
  const cell = { ...newCell(e, name.text, scalar, true), known: value.known };
  e.declare(name, { kind: 'cell', cell });
}

function inputValue(e: Elaborator, name: Name, type: ScalarTypeNode): Value {
  const given = Object.hasOwn(e.inputs, name.text) ? e.inputs[name.text] : undefined;
  if (given === undefined) {
    return e.fail('QASM_INPUT', name, `input '${name.text}' must be given`);
  }
  if (typeof given === 'boolean') return known({ kind: 'bool' }, given);
  if (typeof given === 'bigint') return known({ kind: 'int', width: null, isSigned: true }, given);
  if (typeof given === 'string') {
    if (!/^[01]{1,4096}$/.test(given)) {
      e.fail('QASM_INPUT', name, `input '${name.text}' as text has digits 0 and 1 alone`);
    }
    const size = type.name === 'bit' && type.size === null ? null : given.length;
    return known({ kind: 'bit', size }, BigInt(`0b${given}`));
  }
  if (!Number.isFinite(given)) {
    e.fail('QASM_INPUT', name, `input '${name.text}' must be finite, got ${given}`);
  }
  const isWhole = Number.isInteger(given) && !['angle', 'float', 'complex'].includes(type.name);
  return isWhole
    ? known({ kind: 'int', width: null, isSigned: true }, BigInt(given))
    : known({ kind: 'float', width: 64 }, given);
}
