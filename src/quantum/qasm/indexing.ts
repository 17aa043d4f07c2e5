/** What indices, ranges and sets choose of registers, arrays and integers. */
import { unreachable } from '../../base/invariant.ts';
import type { ExpressionNode, IndexNode, OperandNode, RangeNode } from './ast.ts';
import type { Elaborator } from './elaborator.ts';
import type { Span } from './source-text.ts';
import type { ArrayPlace, Place } from './symbols.ts';
import { INTEGER, type Value } from './value.ts';
import { convert } from './convert.ts';

/** Places that one index, range or set chooses. */
interface Chosen {
  readonly positions: readonly number[];
  readonly isSingle: boolean;
}

/** The place that a name, with its indices, tells; null for an expression that is no place. */
export function placeOf(e: Elaborator, node: ExpressionNode | OperandNode): Place | null {
  switch (node.kind) {
    case 'group':
      return placeOf(e, node.inner);
    case 'hardware-qubit':
      return { kind: 'qubits', qubits: [node.qubit], isSingle: true };
    case 'identifier': {
      const symbol = e.scope.find(node.name);
      return symbol === null || symbol.kind === 'subroutine' || symbol.kind === 'extern'
        ? null
        : symbol;
    }
    case 'indexed-name': {
      const symbol = e.find(node.name, 'name');
      if (symbol.kind === 'subroutine' || symbol.kind === 'extern') {
        return e.fail('QASM_TYPE', node.name, `'${node.name.text}' is a subroutine`);
      }
      return node.indices.reduce<Place>((place, index) => applyIndex(e, place, index), symbol);
    }
    case 'index': {
      const target = placeOf(e, node.target);
      return target === null ? null : applyIndex(e, target, node.index);
    }
    default:
      return null;
  }
}

/** The part of a place that `[…]` chooses. */
export function applyIndex(e: Elaborator, place: Place, index: IndexNode): Place {
  if (place.kind === 'array') return arrayPart(e, place, index);
  const size = sizeOf(place);
  if (size === null) return e.fail('QASM_TYPE', index, 'this has no parts to choose from');
  return partOf(place, chosenOf(e, index, size));
}

/** The part of a place that stands at these positions. */
export function partOf(place: Exclude<Place, ArrayPlace>, { positions, isSingle }: Chosen): Place {
  switch (place.kind) {
    case 'qubits':
      return { kind: 'qubits', qubits: positions.map((at) => place.qubits[at]), isSingle };
    case 'bits':
      return { kind: 'bits', slots: positions.map((at) => place.slots[at]), isSingle };
    case 'cell':
      return { kind: 'cell-bits', cell: place.cell, positions, isSingle };
    case 'cell-bits': {
      const inner = positions.map((at) => place.positions[at]);
      return { kind: 'cell-bits', cell: place.cell, positions: inner, isSingle };
    }
    default:
      return unreachable(place);
  }
}

/** Places there are to choose from, or null where there are none. */
export function sizeOf(place: Exclude<Place, ArrayPlace>): number | null {
  switch (place.kind) {
    case 'qubits':
      return place.isSingle ? null : place.qubits.length;
    case 'bits':
      return place.isSingle ? null : place.slots.length;
    case 'cell-bits':
      return place.isSingle ? null : place.positions.length;
    case 'cell': {
      const { type } = place.cell;
      if (type.kind === 'int' || type.kind === 'angle') return type.width;
      return type.kind === 'bit' ? type.size : null;
    }
    default:
      return unreachable(place);
  }
}

/** What one `[…]` chooses of `size` places in a row. */
export function chosenOf(e: Elaborator, index: IndexNode, size: number): Chosen {
  if (index.kind === 'index-set') {
    const positions = index.set.items.map((item) => positionOf(e, item, size));
    return { positions, isSingle: false };
  }
  if (index.items.length !== 1) {
    e.fail('QASM_TYPE', index, `one index is expected here, got ${index.items.length}`);
  }
  return chosenByItem(e, index.items[0], size);
}

function chosenByItem(e: Elaborator, item: ExpressionNode | RangeNode, size: number): Chosen {
  if (item.kind !== 'range') return { positions: [positionOf(e, item, size)], isSingle: true };
  return { positions: rangePositions(e, item, size), isSingle: false };
}

/** An index within 0 … size−1; negative ones count from the end. */
function positionOf(e: Elaborator, node: ExpressionNode, size: number): number {
  return positionAt(e, node, e.parts.evaluate(e, node), size);
}

/** The same for an index whose value is found already. */
export function positionAt(
  e: Elaborator,
  node: ExpressionNode,
  value: Value,
  size: number,
): number {
  const index = wholeOf(e, node, value, 'an index');
  const position = index < 0n && e.program.version === 3 ? index + BigInt(size) : index;
  if (position >= 0n && position < BigInt(size)) return Number(position);
  return e.fail('QASM_RANGE', node, `an index must be 0 to ${size - 1} here, got ${index}`);
}

function rangePositions(e: Elaborator, range: RangeNode, size: number): number[] {
  const step = range.step === null ? 1n : integerOf(e, range.step, 'a step');
  const last = BigInt(size) - 1n;
  const wrapped = (value: bigint): bigint => (value < 0n ? value + BigInt(size) : value);
  const end = (node: ExpressionNode | null, open: bigint): bigint =>
    node === null ? open : wrapped(integerOf(e, node, 'the end of a range'));
  const from = end(range.from, step < 0n ? last : 0n);
  const to = end(range.to, step < 0n ? 0n : last);
  const outside = firstOutside(from, step, BigInt(size));
  const isOutside = step < 0n ? outside >= to : outside <= to;
  // Looked at before they are listed: there may be far more of them than places.
  if (step !== 0n && isOutside) {
    e.fail('QASM_RANGE', range, `a range must stay within 0 to ${size - 1} here, got ${outside}`);
  }
  return [...steps(e, range, { from, step, to })].map(Number);
}

/** The first of `from`, `from + step` … that is not within 0 … size − 1. */
function firstOutside(from: bigint, step: bigint, size: bigint): bigint {
  if (from < 0n || from >= size || step === 0n) return from;
  const inside = step > 0n ? (size - 1n - from) / step : from / -step;
  return from + (inside + 1n) * step;
}

/** The integers of a range, both ends included. */
export function* steps(
  e: Elaborator,
  span: Span,
  { from, step, to }: { readonly from: bigint; readonly step: bigint; readonly to: bigint },
): Generator<bigint> {
  if (step === 0n) e.fail('QASM_RANGE', span, 'the step of a range must not be 0');
  for (let at = from; step > 0n ? at <= to : at >= to; at += step) {
    e.step(span);
    yield at;
  }
}

/** A known integer, of an expression that must not depend on measurements. */
export function integerOf(e: Elaborator, node: ExpressionNode, what: string): bigint {
  return wholeOf(e, node, e.parts.evaluate(e, node), what);
}

function wholeOf(e: Elaborator, node: ExpressionNode, value: Value, what: string): bigint {
  if (value.known === null) e.unsupported(node, `${what} must not depend on measurements`);
  const isWhole = typeof value.known !== 'number' || Number.isInteger(value.known);
  const integer = isWhole ? convert(value, INTEGER) : null;
  if (integer === null) {
    const got = typeof value.known === 'number' ? `${value.known}` : value.type.kind;
    return e.fail('QASM_TYPE', node, `${what} must be an integer, got ${got}`);
  }
  return integer.known as bigint;
}

/** The part of an array that indices choose, dimension by dimension. */
function arrayPart(e: Elaborator, array: ArrayPlace, index: IndexNode): Place {
  if (array.dimensions.length === 0) {
    return applyIndex(e, { kind: 'cell', cell: array.cells[0] }, index);
  }
  if (index.kind === 'index-set')
    return e.unsupported(index, 'a set does not choose from an array');
  if (index.items.length > array.dimensions.length) {
    const { length } = array.dimensions;
    e.fail(
      'QASM_TYPE',
      index,
      `the array has ${length} dimensions, got ${index.items.length} indices`,
    );
  }
  const choices = array.dimensions.map((size, k): Chosen => {
    const item = index.items[k];
    if (item !== undefined) return chosenByItem(e, item, size);
    return { positions: Array.from({ length: size }, (_, at) => at), isSingle: false };
  });
  const dimensions = choices.filter((c) => !c.isSingle).map((c) => c.positions.length);
  let { cells } = array;
  for (const [k, { positions }] of choices.entries()) {
    const inner = array.dimensions.slice(k + 1).reduce((product, size) => product * size, 1);
    cells = chosenCells(cells, { size: array.dimensions[k], inner, positions });
    e.step(index, cells.length);
  }
  return { ...array, cells, dimensions };
}

/** Keeps some positions of the outermost dimension that is still whole, for all before it. */
function chosenCells<T>(
  cells: readonly T[],
  { size, inner, positions }: { size: number; inner: number; positions: readonly number[] },
): T[] {
  const kept: T[] = [];
  for (let start = 0; start < cells.length; start += size * inner) {
    for (const at of positions) {
      const from = start + at * inner;
      for (const cell of cells.slice(from, from + inner)) kept.push(cell);
    }
  }
  return kept;
}
