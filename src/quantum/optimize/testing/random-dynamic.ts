import type { Rng } from '../../../base/rng.ts';
import type { Circuit } from '../../circuit/circuit.ts';
import type { Expression } from '../../circuit/classical.ts';
import type { Operation } from '../../circuit/operation.ts';
import { randomGates } from './random-gates.ts';

/** What random circuits with control flow are drawn from. */
export interface RandomDynamic {
  readonly qubits: number;
  /** Operations outside of branches and loops. */
  readonly operations: number;
  /** Whether all gates map basis states to basis states, so that outcomes are certain. */
  readonly isClassical: boolean;
}

/** Turns that a loop takes at most; nesting multiplies them. */
const TURNS_MAX = 2;
const DEPTH_MAX = 3;
/** Bits that measurements and stores write while the circuit runs, beside one for each qubit at its end. */
const WORK_BITS = 3;

class Draw {
  readonly #shape: RandomDynamic;
  readonly #rng: Rng;
  /** Loops so far: each has a variable that counts its turns. */
  loops = 0;

  constructor(shape: RandomDynamic, rng: Rng) {
    this.#shape = shape;
    this.#rng = rng;
  }

  list(count: number, depth: number, isInLoop: boolean): Operation[] {
    return Array.from({ length: count }, () => this.#some(depth, isInLoop)).flat();
  }

  #some(depth: number, isInLoop: boolean): Operation[] {
    const rng = this.#rng;
    const { qubits, isClassical } = this.#shape;
    const qubit = rng.below(qubits);
    const bit = rng.below(WORK_BITS);
    switch (rng.below(12)) {
      case 0:
      case 1:
        return [{ kind: 'measure', qubit, bit }];
      case 2:
        return rng.below(3) === 0
          ? [{ kind: 'reset', qubit }]
          : [{ kind: 'barrier', qubits: [qubit] }];
      case 3:
      case 4:
        return depth < DEPTH_MAX ? [this.#branch(depth, isInLoop)] : [];
      case 5:
        return depth < DEPTH_MAX - 1 ? this.#loop(depth) : [];
      case 6:
        if (isInLoop) return [{ kind: rng.below(2) === 0 ? 'break' : 'continue' }];
        return depth > 0 && rng.below(4) === 0 ? [{ kind: 'end' }] : [];
      case 7:
        return [{ kind: 'store', bits: [bit], value: { kind: 'bit', bit: rng.below(WORK_BITS) } }];
      default:
        return isClassical
          ? randomGates({ qubits, gates: 2, names: ['x', 'cx', 'swap', 'ccx'] }, rng)
          : randomGates({ qubits, gates: 2, controlled: 0.1 }, rng);
    }
  }

  #condition(): Expression {
    const bit: Expression = { kind: 'bit', bit: this.#rng.below(WORK_BITS) };
    return this.#rng.below(2) === 0 ? bit : { kind: 'unary', operator: '!', operand: bit };
  }

  #branch(depth: number, isInLoop: boolean): Operation {
    const then = this.list(1 + this.#rng.below(4), depth + 1, isInLoop);
    const otherwise = this.list(this.#rng.below(3), depth + 1, isInLoop);
    return { kind: 'if', condition: this.#condition(), then, otherwise };
  }

  #loop(depth: number): Operation[] {
    const variable = this.loops++;
    const turns: Expression = { kind: 'variable', variable };
    const literal = (value: bigint): Expression => ({ kind: 'literal', value });
    const left: Expression = {
      kind: 'binary',
      operator: '<',
      left: turns,
      right: literal(BigInt(TURNS_MAX)),
    };
    const count: Operation = {
      kind: 'assign',
      variable,
      value: { kind: 'binary', operator: '+', left: turns, right: literal(1n) },
    };
    const condition: Expression =
      this.#rng.below(2) === 0
        ? left
        : { kind: 'binary', operator: '&&', left, right: this.#condition() };
    const body = [count, ...this.list(2 + this.#rng.below(4), depth + 1, true)];
    const start: Operation = { kind: 'assign', variable, value: literal(0n) };
    return [start, { kind: 'while', condition, body }];
  }
}

/**
 * A circuit of gates, measurements, resets, stores, branches, loops and ways out of them; each qubit is
 * measured into a bit of its own at the end.
 */
export function randomDynamic(shape: RandomDynamic, rng: Rng): Circuit {
  const { qubits } = shape;
  const draw = new Draw(shape, rng);
  const operations = draw.list(shape.operations, 0, false);
  const bits = WORK_BITS + qubits;
  return {
    qubits,
    bits,
    operations: [
      ...operations,
      ...Array.from({ length: qubits }, (_, qubit): Operation => ({
        kind: 'measure',
        qubit,
        bit: WORK_BITS + qubit,
      })),
    ],
    quantumRegisters: [{ name: 'q', start: 0, size: qubits }],
    classicalRegisters: [{ name: 'c', start: 0, size: bits }],
    variables: Array.from({ length: draw.loops }, (_, n) => ({
      name: `n${n}`,
      type: { kind: 'int', width: 32, isSigned: true },
      initial: 0n,
    })),
  };
}
