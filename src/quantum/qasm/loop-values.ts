import type { ExpressionNode, ForStatementNode } from './ast.ts';
import type { Elaborator } from './elaborator.ts';
import type { Completion } from './jump-targets.ts';
import { integerOf, placeOf, steps } from './indexing.ts';
import { bitsOf, converted, newCell, read } from './places.ts';
import type { Place } from './symbols.ts';
import { typeOf } from './type-of.ts';
import { INTEGER, known, type Value } from './value.ts';

/** The values that a `for` goes through, in order; each as it is when its turn comes. */
export function* forValues(e: Elaborator, node: ForStatementNode): Generator<Value> {
  const { over } = node;
  if (over.kind === 'set') {
    for (const item of over.items) yield e.parts.evaluate(e, item);
    return;
  }
  if (over.kind === 'range') {
    if (over.from === null || over.to === null) {
      throw e.error('QASM_TYPE', over, 'the range of a loop has a start and an end');
    }
    const end = (part: ExpressionNode): bigint => integerOf(e, part, "a loop's range");
    const step = over.step === null ? 1n : end(over.step);
    for (const at of steps(e, over, { from: end(over.from), step, to: end(over.to) })) {
      yield known(INTEGER, at);
    }
    return;
  }
  yield* elements(e, over);
}

/** Bits of a register one by one, or elements of an array. */
function* elements(e: Elaborator, node: ExpressionNode): Generator<Value> {
  const place = placeOf(e, node);
  if (place?.kind === 'bits' && !place.isSingle) {
    for (const slot of place.slots)
      yield read({ kind: 'bits', slots: [slot], isSingle: true }) as Value;
    return;
  }
  if (place?.kind === 'array' && place.dimensions.length === 1) {
    for (const cell of place.cells) yield read({ kind: 'cell', cell }) as Value;
    return;
  }
  const value = place === null ? e.parts.evaluate(e, node) : null;
  if (value === null || value.type.kind !== 'bit' || value.type.size === null) {
    throw e.error('QASM_TYPE', node, 'a loop goes through a range, a set, bits, or an array');
  }
  for (let k = 0; k < value.type.size; k++) yield bitsOf(value, [k], true);
}

/** One round of a `for`, with its variable set. */
export function runBody(
  e: Elaborator,
  node: ForStatementNode,
  value: Value,
  run: () => Completion,
): Completion {
  return e.scoped('block', () => {
    const type = typeOf(e, node.type);
    const cell = newCell(e, node.name.text, type, false);
    const place: Place = { kind: 'cell', cell };
    const first = converted(e, node.name, value, type);
    e.declare(node.name, place);
    if (first.known === null)
      e.unsupported(node.name, "a loop's values must not depend on measurements");
    cell.known = first.known;
    return run();
  });
}
