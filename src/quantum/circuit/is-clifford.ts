import type { Circuit } from './circuit.ts';
import type { BaseName } from './gate-table.ts';
import type { GateOperation, Operation } from './operation.ts';
import { controlledBase } from './unitary-part.ts';

/** In quarter turns: angles that far from one count as one. */
const TOLERANCE = 1e-11;

const FIXED: ReadonlySet<BaseName> = new Set([
  'id',
  'x',
  'y',
  'z',
  'h',
  's',
  'sdg',
  'sx',
  'sxdg',
  'swap',
  'iswap',
]);

const ROTATIONS: ReadonlySet<BaseName> = new Set([
  'p',
  'rx',
  'ry',
  'rz',
  'rxx',
  'ryy',
  'rzz',
  'rzx',
]);

/** True when all gates map Pauli operators to Pauli operators: such circuits simulate in polynomial time. */
export function isClifford(circuit: Circuit): boolean {
  return circuit.operations.every(isCliffordOperation);
}

/** The same of one operation; measurements, resets and classical control are fine, channels are not. */
export function isCliffordOperation(operation: Operation): boolean {
  switch (operation.kind) {
    case 'gate':
      return isCliffordGate(operation);
    case 'unitary':
    case 'channel':
      return false;
    case 'if':
      return [...operation.then, ...operation.otherwise].every(isCliffordOperation);
    case 'while':
      return operation.body.every(isCliffordOperation);
    default:
      return true;
  }
}

function isCliffordGate(operation: GateOperation): boolean {
  const { base, params, controls } = controlledBase(operation);
  if (base === 'id') return true;
  if (controls.length > 1) return false;
  if (controls.length === 1) {
    if (base === 'x' || base === 'y' || base === 'z') return true;
    // A controlled half turn is a controlled Pauli gate and a phase on the control.
    const isOnOne = base === 'p' || base === 'rx' || base === 'ry' || base === 'rz';
    return isOnOne && isMultiple(params[0], Math.PI);
  }
  if (FIXED.has(base)) return true;
  if (ROTATIONS.has(base)) return isMultiple(params[0], Math.PI / 2);
  return base === 'u' && isCliffordU(params);
}

/** Rz(φ)·Ry(θ)·Rz(λ): at θ = 0 or π only the sum or the difference of the other two matters. */
function isCliffordU([theta, phi, lambda]: readonly number[]): boolean {
  const quarter = Math.PI / 2;
  if (!isMultiple(theta, quarter)) return false;
  const quarters = Math.abs(Math.round(theta / quarter)) % 4;
  if (quarters === 0) return isMultiple(phi + lambda, quarter);
  if (quarters === 2) return isMultiple(phi - lambda, quarter);
  return isMultiple(phi, quarter) && isMultiple(lambda, quarter);
}

function isMultiple(angle: number, of: number): boolean {
  const turns = angle / of;
  return Math.abs(turns - Math.round(turns)) < TOLERANCE;
}
