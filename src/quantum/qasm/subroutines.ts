/** Calls of subroutines: their bodies are put where they are called. */
import type { Expression } from '../circuit/classical.ts';
import type { DefStatementNode, ExpressionNode, Name, OperandNode, ParameterNode } from './ast.ts';
import { assignedNames } from './assigned-names.ts';
import type { Elaborator } from './elaborator.ts';
import type { CallTarget, Completion, EmittedLoop } from './jump-targets.ts';
import { executeAll } from './execute.ts';
import { integerOf, placeOf } from './indexing.ts';
import { converted, localBits, materialize, newCell, read, write } from './places.ts';
import { Scope, type ArrayPlace, type Place } from './symbols.ts';
import { sizeFrom, typeOf } from './type-of.ts';
import { isSameType, typeName, type QasmType, type Value } from './value.ts';

/** Calls within calls. */
const CALLS_MAX = 64;

type Argument = ExpressionNode | OperandNode;

/** What a call returns, or null; its operations are emitted here. */
export function callSubroutine(e: Elaborator, name: Name, args: readonly Argument[]): Value | null {
  const symbol = e.find(name, 'subroutine');
  if (symbol.kind === 'extern') return e.unsupported(name, `'${name.text}' is external (extern)`);
  if (symbol.kind !== 'subroutine')
    return e.fail('QASM_TYPE', name, `'${name.text}' is no subroutine`);
  const { node } = symbol;
  if (args.length !== node.params.length) {
    const counts = `takes ${node.params.length} arguments, got ${args.length}`;
    e.fail('QASM_TYPE', name, `'${name.text}' ${counts}`);
  }
  if (e.callDepth >= CALLS_MAX) {
    e.fail('QASM_RECURSION', name, `calls are nested at most ${CALLS_MAX} deep`);
  }
  const scope = subroutineScope(e);
  for (const [k, param] of node.params.entries()) bind(e, scope, param, args[k]);
  const result = inSubroutine(e, scope, () => runCall(e, node));
  e.leave(scope);
  return result;
}

function subroutineScope(e: Elaborator): Scope {
  let global = e.scope;
  while (global.parent !== null) global = global.parent;
  return new Scope('subroutine', global);
}

function inSubroutine<T>(e: Elaborator, scope: Scope, run: () => T): T {
  const outer = { scope: e.scope, loops: e.loops, call: e.call };
  e.scope = scope;
  e.loops = [];
  e.callDepth += 1;
  try {
    return run();
  } finally {
    Object.assign(e, outer);
    e.callDepth -= 1;
  }
}

/** Gives a parameter its argument: qubits and arrays themselves, values as copies. */
function bind(e: Elaborator, scope: Scope, param: ParameterNode, arg: Argument): void {
  const { type, name } = param;
  // Sizes are constants, and values are the caller's.
  const place = argumentPlace(e, param, arg);
  const value = place === null ? argumentValue(e, arg) : null;
  const outer = e.scope;
  e.scope = scope;
  try {
    if (place !== null) return e.declare(name, place);
    const classical: QasmType =
      type.kind === 'old-type'
        ? { kind: 'bit', size: sizeOrNull(e, type.size) }
        : typeOf(e, type as Extract<typeof type, { kind: 'scalar-type' }>);
    const own: Place =
      classical.kind === 'bit'
        ? {
            kind: 'bits',
            slots: localBits(e, classical.size ?? 1, name),
            isSingle: classical.size === null,
          }
        : { kind: 'cell', cell: newCell(e, name.text, classical, false) };
    e.declare(name, own);
    write(e, arg, own, converted(e, arg, value as Value, classical));
  } finally {
    e.scope = outer;
  }
}

function sizeOrNull(e: Elaborator, size: ExpressionNode | null): number | null {
  return size === null ? null : sizeFrom(e, size, 'the size of a register', e.limits.bitsMax);
}

function argumentValue(e: Elaborator, arg: Argument): Value {
  if (arg.kind !== 'indexed-name') return e.parts.evaluate(e, arg);
  const place = placeOf(e, arg);
  const value = place === null ? null : read(place);
  return value ?? e.fail('QASM_TYPE', arg, 'a value is expected here');
}

/** The qubits or array that a parameter stands for, or null where it takes a value. */
function argumentPlace(e: Elaborator, { type }: ParameterNode, arg: Argument): Place | null {
  const isQubits = type.kind === 'qubit-type' || (type.kind === 'old-type' && type.name === 'qreg');
  if (isQubits) {
    const place = placeOf(e, arg);
    if (place?.kind !== 'qubits') return e.fail('QASM_TYPE', arg, 'qubits are expected here');
    const size = sizeOrNull(e, type.size);
    if (place.qubits.length !== (size ?? 1)) {
      e.fail('QASM_TYPE', arg, `${size ?? 1} qubits are expected here, got ${place.qubits.length}`);
    }
    return { kind: 'qubits', qubits: place.qubits, isSingle: size === null };
  }
  if (type.kind !== 'array-reference-type') return null;
  const place = placeOf(e, arg);
  if (place?.kind !== 'array') return e.fail('QASM_TYPE', arg, 'an array is expected here');
  checkShape(e, type, place, arg);
  return { ...place, isReadonly: place.isReadonly || type.access === 'readonly' };
}

function checkShape(
  e: Elaborator,
  type: Extract<ParameterNode['type'], { kind: 'array-reference-type' }>,
  place: ArrayPlace,
  arg: Argument,
): void {
  const element = typeOf(e, type.element);
  if (!isSameType(element, place.type)) {
    e.fail(
      'QASM_TYPE',
      arg,
      `an array of ${typeName(element)} is expected, got ${typeName(place.type)}`,
    );
  }
  if (type.dimensionCount !== null) {
    const count = integerOf(e, type.dimensionCount, 'the number of dimensions');
    if (BigInt(place.dimensions.length) === count) return;
    e.fail('QASM_TYPE', arg, `${count} dimensions are expected, got ${place.dimensions.length}`);
  }
  const sizes = (type.dimensions ?? []).map((size) => integerOf(e, size, 'a dimension'));
  if (sizes.join() === place.dimensions.join()) return;
  e.fail(
    'QASM_TYPE',
    arg,
    `an array of [${sizes.join(', ')}] is expected, got [${place.dimensions.join(', ')}]`,
  );
}

/** Runs a body at once where its returns are known, else inside a loop that runs once. */
function runCall(e: Elaborator, node: DefStatementNode): Value | null {
  const type = node.returns === null ? null : typeOf(e, node.returns);
  const outer = e.call;
  let target: CallTarget = { node, level: e.level, type, exit: null, holder: null, value: null };
  const run = (): Completion => {
    e.call = target;
    return executeAll(e, node.body.statements);
  };
  try {
    const completion = e.attempt(node, run);
    if (completion !== null) {
      if (type !== null && completion === 'normal') noReturn(e, node);
      return target.value;
    }
    const holder = type === null ? null : holderOf(e, node, type);
    if (holder !== null) materialize(e, holder, node.name);
    materializeParams(e, node);
    const always: Expression = { kind: 'literal', value: true };
    e.emitLoop(node.name, always, (exit: EmittedLoop) => {
      target = { node, level: e.level, type, exit, holder, value: null };
      if (run() !== 'stop') e.emit(node.name, { kind: 'break' });
    });
    return holder === null ? null : read(holder);
  } finally {
    e.call = outer;
  }
}

function noReturn(e: Elaborator, node: DefStatementNode): never {
  return e.fail('QASM_TYPE', node.name, `'${node.name.text}' must return a value`);
}

/** Where a value goes that is returned from inside branches of the run. */
function holderOf(e: Elaborator, node: DefStatementNode, type: QasmType): Place {
  if (type.kind !== 'bit') return { kind: 'cell', cell: newCell(e, node.name.text, type, false) };
  const slots = localBits(e, type.size ?? 1, node.name);
  return { kind: 'bits', slots, isSingle: type.size === null };
}

/** Parameters that the body changes, as it is part of the run now. */
function materializeParams(e: Elaborator, node: DefStatementNode): void {
  const names = assignedNames(node.body);
  for (const { name } of node.params) {
    const symbol = names.has(name.text) ? e.scope.find(name.text) : null;
    if (symbol === null || symbol.kind === 'subroutine' || symbol.kind === 'extern') continue;
    materialize(e, symbol, name);
  }
}
