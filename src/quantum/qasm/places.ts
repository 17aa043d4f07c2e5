/** Reading and writing what names stand for; only here the circuit gets bits and variables. */
import { unreachable } from '../../base/invariant.ts';
import type { Expression } from '../circuit/classical.ts';
import { convert, noConversion } from './convert.ts';
import { SCRATCH_START, type Elaborator } from './elaborator.ts';
import type { Span } from './source-text.ts';
import type { ArrayPlace, BitSlot, BitsPlace, Cell, Place, Resources } from './symbols.ts';
import {
  asType,
  bitAt,
  classicalType,
  computed,
  expressionOf,
  known,
  MACHINE_WIDTH,
  movedUp,
  zeroOf,
  type QasmType,
  type Value,
} from './value.ts';

/** Bits of the program itself, in a register of the circuit. */
export function outputBits(e: Elaborator, name: string, count: number, span: Span): BitSlot[] {
  if (e.bits + count > e.limits.bitsMax) {
    e.fail('QASM_TOO_LARGE', span, `a program has at most ${e.limits.bitsMax} bits`);
  }
  const start = e.bits;
  e.bits += count;
  e.classicalRegisters.push({ name, start, size: count });
  const owner = e.scope.resources;
  return Array.from({ length: count }, (_, k) => ({
    bit: start + k,
    known: 0,
    isCurrent: true,
    level: 0,
    isOutput: true,
    owner,
  }));
}

/** Bits of a block or subroutine, which the circuit has only if it needs them. */
export function localBits(
  e: Elaborator,
  count: number,
  span: Span,
  owner: Resources = e.scope.resources,
): BitSlot[] {
  if (count > e.limits.bitsMax) {
    e.fail('QASM_TOO_LARGE', span, `a program has at most ${e.limits.bitsMax} bits`);
  }
  e.step(span, count);
  const { level } = e;
  return Array.from({ length: count }, () => ({
    bit: -1,
    known: 0,
    isCurrent: false,
    level,
    isOutput: false,
    owner,
  }));
}

export function newCell(e: Elaborator, name: string, type: QasmType, isConst: boolean): Cell {
  const owner = e.scope.resources;
  return { name, type, known: zeroOf(type), variable: -1, level: e.level, isConst, owner };
}

/** The circuit's bit of a slot, made when there is none yet. */
function allocate(e: Elaborator, slot: BitSlot, span: Span): number {
  if (slot.bit >= 0) return slot.bit;
  let bit = e.freeScratch.pop();
  if (bit === undefined) {
    if (e.bits + e.scratchBits >= e.limits.bitsMax) {
      e.fail('QASM_TOO_LARGE', span, `a program has at most ${e.limits.bitsMax} bits`);
    }
    bit = SCRATCH_START + e.scratchBits;
    e.scratchBits += 1;
  }
  e.setSlot(slot, slot.known, slot.isCurrent);
  slot.bit = bit;
  slot.owner.bits.push(bit);
  return bit;
}

/** The circuit's variable of a cell, made when there is none yet. */
function variableOf(e: Elaborator, cell: Cell, span: Span): number {
  if (cell.variable >= 0) return cell.variable;
  const type = classicalType(cell.type);
  if (type === null) {
    return e.unsupported(
      span,
      `'${cell.name}' must not depend on measurements: it is a ${cell.type.kind}`,
    );
  }
  if (type.kind === 'int' && type.width > MACHINE_WIDTH) {
    const message = `an integer that depends on measurements has at most ${MACHINE_WIDTH} bits`;
    return e.unsupported(span, `${message}, '${cell.name}' has ${type.width}`);
  }
  const initial = zeroOf(cell.type) as bigint | number | boolean;
  const variable = e.takeVariable(type, cell.name, initial);
  // Remembered for the journal before it changes.
  e.setCell(cell, cell.known);
  cell.variable = variable;
  cell.owner.variables.push(variable);
  return variable;
}

/** Brings a known value into the circuit, as from here on only a run knows it. */
export function materialize(e: Elaborator, place: Place, span: Span): void {
  e.step(span, countOf(place));
  if (place.kind === 'bits') for (const slot of place.slots) materializeSlot(e, slot, span);
  if (place.kind === 'array') for (const cell of place.cells) materializeCell(e, cell, span);
  if (place.kind === 'cell' || place.kind === 'cell-bits') materializeCell(e, place.cell, span);
}

/** Bits, elements or qubits that a place has. */
export function countOf(place: Place): number {
  switch (place.kind) {
    case 'bits':
      return place.slots.length;
    case 'array':
      return place.cells.length;
    case 'qubits':
      return place.qubits.length;
    default:
      return 1;
  }
}

function materializeSlot(e: Elaborator, slot: BitSlot, span: Span): void {
  if (slot.known === null) return;
  const bit = allocate(e, slot, span);
  if (!slot.isCurrent) {
    const value: Expression = { kind: 'literal', value: BigInt(slot.known) };
    e.emit(span, { kind: 'store', bits: [bit], value });
  }
  e.setSlot(slot, null, true);
}

function materializeCell(e: Elaborator, cell: Cell, span: Span): void {
  if (cell.known === null || cell.isConst || typeof cell.known === 'object') return;
  const value: Expression = { kind: 'literal', value: cell.known };
  const variable = variableOf(e, cell, span);
  e.emit(span, { kind: 'assign', variable, value });
  e.setCell(cell, null);
}

function bitType({ slots, isSingle }: BitsPlace): QasmType {
  return { kind: 'bit', size: isSingle ? null : slots.length };
}

/** The value of a place, or null of qubits and arrays, which are none. */
export function read(place: Place): Value | null {
  switch (place.kind) {
    case 'bits':
      return readBits(place);
    case 'cell':
      return readCell(place.cell);
    case 'cell-bits':
      return bitsOf(readCell(place.cell), place.positions, place.isSingle);
    case 'array':
      return place.dimensions.length === 0 ? readCell(place.cells[0]) : null;
    case 'qubits':
      return null;
    default:
      return unreachable(place);
  }
}

function readCell({ type, known: value, variable }: Cell): Value {
  return value === null ? computed(type, { kind: 'variable', variable }) : known(type, value);
}

/** Bits that are all known are a number, else what the circuit has of them with what it has not. */
function readBits(place: BitsPlace): Value {
  const { slots } = place;
  const type = bitType(place);
  const isKnown = slots.every(({ known: value }) => value !== null);
  // A register is read as one where the circuit has all of it: some readers ask for that.
  const isRead = (slot: BitSlot): boolean => !isKnown && (slot.known === null || slot.isCurrent);
  const parts: Expression[] = [];
  for (let k = 0; k < slots.length; k++) {
    if (!isRead(slots[k])) continue;
    const run: number[] = [];
    const start = k;
    for (; k < slots.length && isRead(slots[k]); k++) run.push(slots[k].bit);
    k -= 1;
    const bits: Expression =
      run.length === 1 ? { kind: 'bit', bit: run[0] } : { kind: 'bits', bits: run };
    parts.push(start === 0 ? bits : movedUp(bits, start, slots.length));
  }
  const sum = fromBits(slots.map((slot) => (isRead(slot) ? 0 : (slot.known ?? 0))));
  if (isKnown) return known(type, sum);
  if (sum !== 0n) parts.push({ kind: 'literal', value: sum });
  return computed(type, balanced(parts));
}

/** The parts or-ed together, as a tree that is not deep. */
function balanced(parts: readonly Expression[]): Expression {
  if (parts.length === 1) return parts[0];
  const middle = parts.length >> 1;
  return {
    kind: 'binary',
    operator: '|',
    left: balanced(parts.slice(0, middle)),
    right: balanced(parts.slice(middle)),
  };
}

/** The integer of these bits, the lowest first; linear in their number. */
function fromBits(bits: readonly (0 | 1)[]): bigint {
  return bits.length === 0 ? 0n : BigInt(`0b${bits.toReversed().join('')}`);
}

/** The lowest bits of an integer, the lowest first. */
function toBits(value: bigint, count: number): (0 | 1)[] {
  const digits = BigInt.asUintN(count, value).toString(2);
  const { length } = digits;
  return Array.from({ length: count }, (_, k) => (digits[length - 1 - k] === '1' ? 1 : 0));
}

/** Single bits of an integer, angle or bits. */
export function bitsOf(value: Value, positions: readonly number[], isSingle: boolean): Value {
  const type: QasmType = { kind: 'bit', size: isSingle ? null : positions.length };
  if (value.known !== null) {
    const bits = toBits(value.known as bigint, Math.max(...positions, 0) + 1);
    return known(type, fromBits(positions.map((at) => bits[at])));
  }
  const { expression } = value;
  const parts = positions.map((at, k) => movedUp(bitAt(expression, at), k, positions.length));
  return computed(type, balanced(parts));
}

/** A value as a type, or the error that it cannot become one. */
export function converted(e: Elaborator, span: Span, value: Value, type: QasmType): Value {
  const result = convert(value, type);
  if (result !== null) return result;
  return e.fail('QASM_TYPE', span, noConversion(value.type, type));
}

/** Writes a value to a place of any kind but qubits and whole arrays. */
export function write(e: Elaborator, span: Span, place: Place, value: Value): void {
  switch (place.kind) {
    case 'bits':
      return writeBits(e, span, place, converted(e, span, value, bitType(place)));
    case 'cell':
      return writeCell(e, span, place.cell, converted(e, span, value, place.cell.type));
    case 'cell-bits':
      return writeCellBits(e, span, place, value);
    case 'array':
      if (place.isReadonly) return e.fail('QASM_TYPE', span, 'a readonly array is not assigned to');
      if (place.dimensions.length === 0) {
        return writeCell(e, span, place.cells[0], converted(e, span, value, place.type));
      }
      return e.fail('QASM_TYPE', span, 'an array is assigned from an array of its shape');
    case 'qubits':
      return e.fail('QASM_TYPE', span, 'qubits are not assigned to');
  }
}

function writeBits(e: Elaborator, span: Span, place: BitsPlace, value: Value): void {
  const { slots } = place;
  e.step(span, slots.length);
  if (value.known === null) {
    const bits = slots.map((slot) => allocate(e, slot, span));
    e.emit(span, { kind: 'store', bits, value: value.expression });
    for (const slot of slots) e.setSlot(slot, null, true);
    return;
  }
  const bits = toBits(value.known as bigint, slots.length);
  const changed: number[] = [];
  const written: (0 | 1)[] = [];
  for (const [k, slot] of slots.entries()) {
    const bit = bits[k];
    const isDeeper = e.level > slot.level;
    const isWritten = isDeeper || slot.isOutput;
    if (isWritten && !(slot.isCurrent && slot.known === bit)) {
      written.push(bit);
      changed.push(allocate(e, slot, span));
    }
    e.setSlot(slot, isDeeper ? null : bit, isWritten);
  }
  if (changed.length === 0) return;
  const stored: Expression = { kind: 'literal', value: fromBits(written) };
  e.emit(span, { kind: 'store', bits: changed, value: stored });
}

function writeCell(e: Elaborator, span: Span, cell: Cell, value: Value): void {
  if (cell.isConst) e.fail('QASM_TYPE', span, `'${cell.name}' is a constant`);
  if (value.known !== null && e.level === cell.level) {
    e.setCell(cell, value.known);
    return;
  }
  const expression =
    value.known === null || typeof value.known === 'object'
      ? value.expression
      : ({ kind: 'literal', value: value.known } as const);
  if (expression === null) {
    e.unsupported(
      span,
      `'${cell.name}' must not depend on measurements: it is a ${cell.type.kind}`,
    );
  }
  const variable = variableOf(e, cell, span);
  e.emit(span, { kind: 'assign', variable, value: expression });
  e.setCell(cell, null);
}

/** Replaces single bits of an integer. */
function writeCellBits(
  e: Elaborator,
  span: Span,
  place: Place & { kind: 'cell-bits' },
  value: Value,
): void {
  const { cell, positions, isSingle } = place;
  const type: QasmType = { kind: 'bit', size: isSingle ? null : positions.length };
  const bits = converted(e, span, value, type);
  const old = readCell(cell);
  const mask = positions.reduce((sum, at) => sum | (1n << BigInt(at)), 0n);
  if (old.known !== null && bits.known !== null) {
    const set = spread(bits.known as bigint, positions);
    writeCell(e, span, cell, known(cell.type, ((old.known as bigint) & ~mask) | set));
    return;
  }
  const [whole, part] = [expressionOf(old), expressionOf(bits)];
  if (whole === null || part === null) return e.fail('QASM_TYPE', span, 'this has no bits');
  const kept: Expression = {
    kind: 'binary',
    operator: '&',
    left: whole,
    right: { kind: 'literal', value: ~mask },
  };
  const width = widthOf(cell.type);
  const placed = positions.map((at, k) => movedUp(bitAt(part, k), at, width));
  const joined = balanced([kept, ...placed]);
  const classical = classicalType(cell.type);
  const written = classical === null ? joined : asType(classical, joined);
  writeCell(e, span, cell, computed(cell.type, written));
}

function widthOf(type: QasmType): number {
  const classical = classicalType(type);
  return classical?.kind === 'int' ? classical.width : MACHINE_WIDTH;
}

function spread(value: bigint, positions: readonly number[]): bigint {
  return positions.reduce((sum, at, k) => sum | (((value >> BigInt(k)) & 1n) << BigInt(at)), 0n);
}

/** Copies an array, or a part of one, into another of the same shape. */
export function copyArray(e: Elaborator, span: Span, to: ArrayPlace, from: ArrayPlace): void {
  if (to.isReadonly) e.fail('QASM_TYPE', span, 'a readonly array is not assigned to');
  if (to.dimensions.join() !== from.dimensions.join()) {
    const shapes = `[${to.dimensions.join(', ')}], got [${from.dimensions.join(', ')}]`;
    e.fail('QASM_TYPE', span, `an array is assigned from one of its shape ${shapes}`);
  }
  e.step(span, to.cells.length);
  // Read before anything is written: the two may overlap.
  const values = from.cells.map(readCell);
  for (const [k, cell] of to.cells.entries()) {
    writeCell(e, span, cell, converted(e, span, values[k], to.type));
  }
}

/** Measures qubits into bits, one by one. */
export function measureInto(
  e: Elaborator,
  span: Span,
  qubits: readonly number[],
  slots: readonly BitSlot[],
): void {
  for (const [k, slot] of slots.entries()) {
    const bit = allocate(e, slot, span);
    e.emit(span, { kind: 'measure', qubit: qubits[k], bit });
    e.setSlot(slot, null, true);
  }
}
