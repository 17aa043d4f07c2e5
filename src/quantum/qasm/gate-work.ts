/** The work of gate calls and branches: what modifiers, barriers and known choices make of it. */
import type { ExpressionNode, GateCallNode, IndexedNameNode, OperandNode } from './ast.ts';
import { PER_OPERATION } from './elaborator.ts';
import { HANDLED_PER_GATE, HANDLED_PER_POWER, isControl, MATRIX_QUBITS_MAX } from './modifiers.ts';
import { sizeOf, type Frame } from './static-frame.ts';
import { ofOperands, staticValue, type Lookup, type StaticValue } from './static-value.ts';
import { emitted, handled, plus, SATURATED, times, type Work } from './work.ts';

/** Controls that the name of a gate takes in. */
const NAMED_CONTROLS_MAX = 4;
const SHORT_MAX = 64;
const SHORT_STEPS_MAX = 4096;

/** Work of a definition or call; exact as far as values decide on it. */
export interface Body {
  readonly work: Work;
  readonly isWhole: boolean;
  /** Qubits of a gate that something happens to. */
  readonly reach: number;
}

/** True of a definition that may be a gate of the table: those are a few lines. */
export function isShort({ operations, steps }: Work): boolean {
  return operations <= SHORT_MAX && steps <= SHORT_STEPS_MAX;
}

/** A gate of the table on so many qubits. */
export function oneGate(qubits: number): Body {
  return { work: { steps: 1, operations: 1, end: 'normal' }, isWhole: true, reach: qubits };
}

/** What is left of a gate's work under the modifiers of a call. */
export function withModifiers(node: GateCallNode, { work, reach }: Body, lookup: Lookup): Work {
  let sum = work;
  let controls = 0;
  for (const { kind, argument } of node.modifiers.toReversed()) {
    const value = argument === null ? null : staticValue(argument, lookup);
    const isNumber = value?.kind === 'int' || value?.kind === 'float';
    if (isControl(kind)) controls += argument === null ? 1 : isNumber ? value.value : 0;
    if (kind === 'pow') sum = powered(sum, isNumber ? value.value : null, reach);
  }
  const held = 1 + Math.max(0, Math.floor((controls - NAMED_CONTROLS_MAX) / PER_OPERATION));
  return { ...sum, operations: Math.min(SATURATED, sum.operations * held) };
}

/** Gates that are repeated, or become one matrix where they are on few qubits. */
function powered(work: Work, exponent: number | null, reach: number): Work {
  const count = Math.abs(exponent ?? 0);
  if (count === 0) return { ...work, operations: 0 };
  if (count === 1) return work;
  const { operations } = work;
  if (operations > 1 && !Number.isInteger(count)) {
    const matrix = handled(operations * HANDLED_PER_GATE + HANDLED_PER_POWER);
    return plus({ ...work, operations: 1 }, matrix);
  }
  if (operations > 1 && reach > MATRIX_QUBITS_MAX) {
    return { ...work, operations: times(work, count).operations };
  }
  const isMatrix = operations > REPEATED_MAX;
  const making = handled(isMatrix ? operations * HANDLED_PER_GATE : 0);
  return plus({ ...work, operations: Math.min(1, operations) }, making);
}

/** Gates that a power makes one matrix of, or repeats. */
const REPEATED_MAX = 64;

/** A barrier is as much memory as the qubits it lists. */
export function barrier(operands: readonly OperandNode[], frame: Frame, qubits: number): Work {
  const sizes = operands.map((operand) => sizeOf(operand, frame));
  const size = operands.length === 0 ? qubits : Math.max(0, ...sizes);
  return emitted(size === 0 ? 0 : 1 + Math.floor(size / PER_OPERATION));
}

/** Bits that a measurement decides on; of a part of a register nothing is said. */
export function measured(target: IndexedNameNode, frame: Frame): void {
  const { text } = target.name;
  const found = frame.find(text);
  if (found?.kind !== 'register' || found.isQubits) return;
  frame.set(text, { ...found, isMeasured: target.indices.length === 0 });
}

/** Whether a value is one of some labels, or null where that is not known. */
export function isOneOf(
  on: StaticValue | null,
  labels: readonly ExpressionNode[],
  lookup: Lookup,
): boolean | null {
  let isAny = false;
  for (const label of labels) {
    const value = staticValue(label, lookup);
    const same = on?.kind !== 'int' || value?.kind !== 'int' ? null : ofOperands('==', on, value);
    if (same?.kind !== 'bool') return null;
    isAny ||= same.value;
  }
  return isAny;
}

export function restore<T>(set: Set<T>, to: ReadonlySet<T>): void {
  for (const item of set) if (!to.has(item)) set.delete(item);
}
