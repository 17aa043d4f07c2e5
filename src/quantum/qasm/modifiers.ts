/** Modifiers of gate calls: inverses, powers and controls of what a gate is made of. */
import type { Control, UnitaryPart } from '../circuit/operation.ts';
import { controlledBy, inverseOfAll } from '../circuit/unitary-part.ts';
import { powerOf } from '../circuit/unitary-power.ts';
import type { ModifierNode } from './ast.ts';
import { PER_OPERATION, type Elaborator } from './elaborator.ts';
import type { Span } from './source-text.ts';

/** A modifier with its number found. */
export interface Modifier {
  readonly kind: ModifierNode['kind'];
  /** The exponent, or how many controls. */
  readonly count: number;
  readonly span: Span;
}

/** Qubits past which a power is never one matrix. */
export const MATRIX_QUBITS_MAX = 4;
/** Gates past which a power may become one matrix. */
const REPEATED_MAX = 64;
/** What making a gate part of a matrix, and taking a matrix's power, count as handling. */
export const HANDLED_PER_GATE = 64;
export const HANDLED_PER_POWER = 4_000;

export function isControl(kind: Modifier['kind']): boolean {
  return kind === 'ctrl' || kind === 'negctrl';
}

/** How many controls modifiers ask for. */
export function controlsOf(modifiers: readonly Modifier[]): number {
  return modifiers.reduce((sum, { kind, count }) => sum + (isControl(kind) ? count : 0), 0);
}

/** What a gate does under modifiers, the leftmost of which are applied last; `controls` are theirs. */
export function modified(
  e: Elaborator,
  inner: readonly UnitaryPart[],
  modifiers: readonly Modifier[],
  controls: readonly number[],
): UnitaryPart[] {
  let parts = [...inner];
  let taken = controls.length;
  for (let k = modifiers.length - 1; k >= 0; k--) {
    const modifier = modifiers[k];
    if (modifier.kind === 'pow') checkPowers(e, parts, modifiers.slice(0, k + 1));
    const count = isControl(modifier.kind) ? modifier.count : 0;
    parts = modifiedOnce(e, parts, modifier, controls.slice(taken - count, taken));
    taken -= count;
  }
  return parts;
}

function modifiedOnce(
  e: Elaborator,
  parts: readonly UnitaryPart[],
  modifier: Modifier,
  qubits: readonly number[],
): UnitaryPart[] {
  const { kind, span } = modifier;
  if (kind === 'inv') return inverseOfAll(parts);
  if (kind === 'pow') return powered(e, parts, modifier);
  const controlled = parts.reduce(
    (sum, part) => sum + qubits.length + (part.kind === 'global-phase' ? 0 : part.controls.length),
    0,
  );
  if (controlled / PER_OPERATION > e.room) tooLong(e, span);
  e.step(span, controlled);
  const value = kind === 'ctrl' ? 1 : 0;
  const controls = qubits.map((qubit): Control => ({ qubit, value }));
  return parts.flatMap((part) => controlledBy(part, controls));
}

function powered(
  e: Elaborator,
  parts: readonly UnitaryPart[],
  { count, span }: Modifier,
): UnitaryPart[] {
  if (parts.length === 0) return [];
  const isInteger = Number.isInteger(count);
  const isMatrix = !isInteger || Math.abs(count) * parts.length > REPEATED_MAX;
  if (isMatrix) e.step(span, parts.length * HANDLED_PER_GATE + HANDLED_PER_POWER);
  const power = powerOf(parts, count, e.room);
  if (power !== null) return power;
  if (isInteger) return tooLong(e, span);
  const message = 'a power that is no integer is supported of gates on up to 4 qubits';
  return e.fail('QASM_UNSUPPORTED', span, message);
}

function tooLong(e: Elaborator, span: Span): never {
  const message = `a circuit has at most ${e.limits.operationsMax} operations`;
  return e.fail('QASM_TOO_LARGE', span, message);
}

/** Refuses powers of powers that repeat their gates past the limit, before the first is repeated. */
function checkPowers(
  e: Elaborator,
  parts: readonly UnitaryPart[],
  modifiers: readonly Modifier[],
): void {
  if (parts.length < 2) return;
  let count = parts.length;
  for (const { kind, count: exponent } of modifiers) {
    if (kind !== 'pow' || exponent === 0) continue;
    if (!Number.isInteger(exponent)) return;
    count *= Math.abs(exponent);
  }
  const isZero = modifiers.some((modifier) => modifier.kind === 'pow' && modifier.count === 0);
  if (isZero || count <= e.room || qubitsUsed(parts) <= MATRIX_QUBITS_MAX) return;
  tooLong(e, modifiers[modifiers.length - 1].span);
}

/** How many qubits operations act on, counted up to one more than a matrix may have. */
function qubitsUsed(parts: readonly UnitaryPart[]): number {
  const used = new Set<number>();
  for (const part of parts) {
    if (part.kind === 'global-phase') continue;
    for (const qubit of part.qubits) used.add(qubit);
    for (const { qubit } of part.controls) used.add(qubit);
    if (used.size > MATRIX_QUBITS_MAX) break;
  }
  return used.size;
}
