import type { Rng } from '../../../base/rng.ts';
import type { Circuit } from '../../circuit/circuit.ts';
import type { GateName } from '../../circuit/gate-table.ts';
import type { Expression } from '../../circuit/classical.ts';
import type { Operation } from '../../circuit/operation.ts';
import { randomGate } from './random-circuit.ts';

export interface ProgramShape {
  readonly qubits: number;
  readonly bits: number;
  readonly operations: number;
  /** Gates to draw from; all where absent. */
  readonly names?: readonly GateName[];
  /** Whether angles are multiples of π/2. */
  readonly quarter?: boolean;
  /** Share of operations that measure, reset or decide. */
  readonly dynamic: number;
}

function randomCondition(bits: number, rng: Rng): Expression {
  const bit: Expression = { kind: 'bit', bit: rng.below(bits) };
  if (rng.below(2) === 0) return bit;
  const all: Expression = { kind: 'bits', bits: Array.from({ length: bits }, (_, b) => b) };
  const value: Expression = { kind: 'literal', value: BigInt(rng.below(2 ** bits)) };
  return { kind: 'binary', operator: rng.below(2) === 0 ? '<' : '==', left: all, right: value };
}

function randomOperations(
  shape: ProgramShape,
  count: number,
  depth: number,
  rng: Rng,
): Operation[] {
  const { qubits, bits, dynamic } = shape;
  const choice = { ...(shape.names && { names: shape.names }), quarter: shape.quarter ?? false };
  return Array.from({ length: count }, (): Operation => {
    if (rng.unit() >= dynamic) return randomGate(qubits, rng, choice);
    const kind = rng.below(depth > 0 ? 6 : 4);
    const qubit = rng.below(qubits);
    if (kind <= 1) return { kind: 'measure', qubit, bit: rng.below(bits) };
    if (kind === 2) return { kind: 'reset', qubit };
    if (kind === 3) return { kind: 'barrier', qubits: [qubit] };
    return {
      kind: 'if',
      condition: randomCondition(bits, rng),
      then: randomOperations(shape, 1 + rng.below(3), depth - 1, rng),
      otherwise: randomOperations(shape, rng.below(2), depth - 1, rng),
    };
  });
}

/** A circuit of random gates, readings, resets and decisions; the last is a reading. */
export function randomProgram(shape: ProgramShape, rng: Rng): Circuit {
  const { qubits, bits } = shape;
  return {
    qubits,
    bits,
    operations: [
      ...randomOperations(shape, shape.operations, 2, rng),
      { kind: 'measure', qubit: rng.below(qubits), bit: rng.below(bits) },
    ],
    quantumRegisters: [{ name: 'q', start: 0, size: qubits }],
    classicalRegisters: [{ name: 'c', start: 0, size: bits }],
    variables: [],
  };
}
