/**
 * A circuit as Pauli frames see it: Clifford gates without signs, measurements with a reference outcome,
 * Pauli errors, and Pauli gates under classical conditions.
 */
import type { Expression } from '../../circuit/classical.ts';
import type { Operation } from '../../circuit/operation.ts';
import { pauliMixture, type PauliError } from '../noise/pauli-mixture.ts';
import type { Readout, ReadoutError } from '../noise/readout.ts';
import type { CliffordRecognizer, SmallPauli } from './clifford-action.ts';
import { cliffordQubits } from './clifford-action.ts';

export type FrameStep =
  | { readonly kind: 'h' | 's'; readonly qubit: number }
  | { readonly kind: 'cx' | 'cz' | 'swap'; readonly a: number; readonly b: number }
  | {
      readonly kind: 'clifford';
      readonly qubits: readonly number[];
      readonly forward: readonly SmallPauli[];
    }
  | {
      readonly kind: 'measure';
      readonly qubit: number;
      readonly bit: number;
      readonly readout: ReadoutError | null;
    }
  | { readonly kind: 'reset'; readonly qubit: number }
  | {
      readonly kind: 'errors';
      readonly qubits: readonly number[];
      readonly errors: readonly PauliError[];
    }
  | {
      readonly kind: 'conditional';
      readonly condition: Expression;
      /** Bits that the condition reads. */
      readonly bits: readonly number[];
      readonly then: FramePauli;
      readonly otherwise: FramePauli;
    };

/** Qubits whose X or Z part of a frame flips. */
export interface FramePauli {
  readonly x: readonly number[];
  readonly z: readonly number[];
}

/** Bits that an expression reads; null where it reads variables. */
function bitsOf(expression: Expression): readonly number[] | null {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'bit':
      return [expression.bit];
    case 'bits':
      return expression.bits;
    case 'variable':
      return null;
    case 'unary':
    case 'cast':
      return bitsOf(expression.operand);
    case 'binary': {
      const left = bitsOf(expression.left);
      const right = bitsOf(expression.right);
      return left === null || right === null ? null : [...left, ...right];
    }
    default:
      return null;
  }
}

/** The product of operations that are all Pauli gates, or null. */
function pauliOf(operations: readonly Operation[]): FramePauli | null {
  const x: number[] = [];
  const z: number[] = [];
  for (const operation of operations) {
    if (operation.kind === 'barrier' || operation.kind === 'global-phase') continue;
    if (operation.kind !== 'gate' || operation.controls.length > 0) return null;
    const [qubit] = operation.qubits;
    if (!['id', 'x', 'y', 'z'].includes(operation.name)) return null;
    if (operation.name === 'x' || operation.name === 'y') x.push(qubit);
    if (operation.name === 'z' || operation.name === 'y') z.push(qubit);
  }
  return { x, z };
}

function conditional(operation: Extract<Operation, { kind: 'if' }>): FrameStep | null {
  const bits = bitsOf(operation.condition);
  const then = pauliOf(operation.then);
  const otherwise = pauliOf(operation.otherwise);
  if (bits === null || then === null || otherwise === null) return null;
  const { condition } = operation;
  return { kind: 'conditional', condition, bits: [...new Set(bits)], then, otherwise };
}

/** The step of one operation, `'nothing'` where frames pass it unchanged, null where it cannot be one. */
function stepOf(
  operation: Operation,
  readout: Readout,
  recognizer: CliffordRecognizer,
): FrameStep | 'nothing' | null {
  switch (operation.kind) {
    case 'barrier':
    case 'global-phase':
      return 'nothing';
    case 'reset':
      return operation;
    case 'measure':
      return { ...operation, readout: readout(operation.qubit) };
    case 'if':
      return conditional(operation);
    case 'channel': {
      const errors = pauliMixture(operation.channel);
      return errors === null ? null : { kind: 'errors', qubits: operation.qubits, errors };
    }
    case 'gate':
    case 'unitary': {
      if (operation.kind === 'gate' && operation.controls.length === 0) {
        const [a, b] = operation.qubits;
        const { name } = operation;
        if (name === 'h') return { kind: 'h', qubit: a };
        if (name === 's' || name === 'sdg') return { kind: 's', qubit: a };
        if (name === 'cx' || name === 'cz' || name === 'swap') return { kind: name, a, b };
        if (name === 'id' || name === 'x' || name === 'y' || name === 'z') return 'nothing';
      }
      const action = recognizer.recognize(operation);
      if (action === null) return null;
      return { kind: 'clifford', qubits: cliffordQubits(operation), forward: action.forward };
    }
    default:
      return null;
  }
}

/** The steps of a circuit, or null where Pauli frames cannot follow it. */
export function frameProgram(
  operations: readonly Operation[],
  readout: Readout,
  recognizer: CliffordRecognizer,
): readonly FrameStep[] | null {
  const steps: FrameStep[] = [];
  for (const operation of operations) {
    const step = stepOf(operation, readout, recognizer);
    if (step === null) return null;
    if (step !== 'nothing') steps.push(step);
  }
  return steps;
}
