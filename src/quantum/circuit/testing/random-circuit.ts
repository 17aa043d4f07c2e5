import fc from 'fast-check';
import { Rng } from '../../../base/rng.ts';
import { randomUnitary } from '../../linear/random-unitary.ts';
import { circuit as build, type CircuitBuilder } from '../circuit-builder.ts';
import type { Circuit } from '../circuit.ts';
import type { Expression } from '../classical.ts';
import { GATE_NAMES, gateSpec } from '../gate-table.ts';
import type { Control } from '../operation.ts';

/** Settings of property tests: `SEED` repeats a run. */
export const PARAMETERS: { readonly seed?: number } =
  process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 31 - 1 });

const ANGLES = [0, Math.PI, -Math.PI / 2, Math.PI / 4, (3 * Math.PI) / 8, 1e-9, -2.5];

function angle(rng: Rng): number {
  return rng.below(2) === 0
    ? (ANGLES[rng.below(ANGLES.length)] as number)
    : (rng.unit() - 0.5) * 12;
}

/** Some of the numbers below `count`, in any order. */
function some(count: number, size: number, rng: Rng): number[] {
  const all = Array.from({ length: count }, (_, k) => k);
  for (let k = 0; k < size; k++) {
    const other = k + rng.below(count - k);
    [all[k], all[other]] = [all[other] as number, all[k] as number];
  }
  return all.slice(0, size);
}

function addGate(part: CircuitBuilder, qubits: number, rng: Rng): void {
  const names = GATE_NAMES.filter((name) => gateSpec(name).qubits <= qubits);
  const name = names[rng.below(names.length)] as (typeof names)[number];
  const spec = gateSpec(name);
  const extra = rng.below(3) === 0 ? rng.below(qubits - spec.qubits + 1) : 0;
  const on = some(qubits, spec.qubits + extra, rng);
  const params = Array.from({ length: spec.params }, () => angle(rng));
  const controls = on
    .slice(spec.qubits)
    .map((qubit): Control => ({ qubit, value: rng.below(2) as 0 | 1 }));
  part.gate(name, params, on.slice(0, spec.qubits), controls);
}

function addUnitary(part: CircuitBuilder, qubits: number, rng: Rng): void {
  const on = some(qubits, 1 + rng.below(Math.min(4, qubits)), rng);
  const size = 1 + rng.below(Math.min(3, on.length));
  const controls = on
    .slice(size)
    .map((qubit): Control => ({ qubit, value: rng.below(2) as 0 | 1 }));
  part.unitary(randomUnitary(2 ** size, rng), on.slice(0, size), { controls });
}

/** A circuit of gates alone, with any controls, phases, and matrices on up to three qubits. */
export function randomGates(qubits: number, length: number, seed: number): Circuit {
  const rng = Rng.fromSeed(seed);
  const builder = build(qubits);
  for (let k = 0; k < length; k++) {
    const kind = rng.below(10);
    if (kind === 0) builder.globalPhase(angle(rng));
    else if (kind === 1) addUnitary(builder, qubits, rng);
    else if (kind === 2) builder.barrier(...some(qubits, 1 + rng.below(qubits), rng));
    else addGate(builder, qubits, rng);
  }
  return builder.build();
}

function expression(bits: number, variables: number, rng: Rng): Expression {
  const leaf = (): Expression => {
    const kind = rng.below(4);
    if (kind === 0) return { kind: 'literal', value: BigInt(rng.below(8)) };
    if (kind === 1) return { kind: 'bit', bit: rng.below(bits) };
    if (kind === 2) return { kind: 'bits', bits: some(bits, 1 + rng.below(bits), rng) };
    return { kind: 'variable', variable: rng.below(variables) };
  };
  const operators = ['+', '-', '*', '&', '|', '^', '<<', '>>'] as const;
  const operator = operators[rng.below(operators.length)] as (typeof operators)[number];
  const right: Expression =
    operator === '<<' || operator === '>>'
      ? { kind: 'literal', value: BigInt(rng.below(4)) }
      : leaf();
  const inner: Expression = { kind: 'binary', operator, left: leaf(), right };
  const type = { kind: 'int', width: 1 + rng.below(8), isSigned: rng.below(2) === 0 } as const;
  const kind = rng.below(4);
  if (kind === 0) return leaf();
  if (kind === 1)
    return { kind: 'unary', operator: '~', operand: { kind: 'cast', type, operand: inner } };
  return kind === 2 ? { kind: 'cast', type, operand: inner } : inner;
}

function condition(bits: number, variables: number, rng: Rng): Expression {
  const kind = rng.below(4);
  if (kind === 0) return { kind: 'bit', bit: rng.below(bits) };
  const operators = ['==', '!=', '<', '>='] as const;
  const operator = operators[rng.below(operators.length)] as (typeof operators)[number];
  const right: Expression = { kind: 'literal', value: BigInt(rng.below(4)) };
  const test: Expression = {
    kind: 'binary',
    operator,
    left: expression(bits, variables, rng),
    right,
  };
  return kind === 1 ? { kind: 'unary', operator: '!', operand: test } : test;
}

/** A circuit that measures, computes and branches on the way. */
export function randomDynamic(qubits: number, length: number, seed: number): Circuit {
  const rng = Rng.fromSeed(seed);
  const builder = build(qubits);
  builder.bits('c', 2);
  builder.bits('d', 1);
  builder.variable('n', { kind: 'int', width: 3, isSigned: false }, 5n);
  builder.variable('i', { kind: 'int', width: 4, isSigned: true }, -2n);
  const bits = 3;
  const add = (part: CircuitBuilder, depth: number): void => {
    const kind = rng.below(9);
    if (kind === 0) part.measure(rng.below(qubits), rng.below(bits));
    else if (kind === 1) part.reset(rng.below(qubits));
    else if (kind === 2) part.assign(rng.below(2), expression(bits, 2, rng));
    else if (kind === 3) part.store(some(bits, 1 + rng.below(bits), rng), expression(bits, 2, rng));
    else if (kind === 4 && depth < 2) {
      const side = (inner: CircuitBuilder): void => add(inner, depth + 1);
      if (rng.below(2) === 0) part.if(condition(bits, 2, rng), side, side);
      else {
        // At most a few rounds: the last of them leaves.
        part.while(condition(bits, 2, rng), (inner) => {
          add(inner, depth + 1);
          inner.if(condition(bits, 2, rng), (last) => last.break());
          inner.break();
        });
      }
    } else addGate(part, qubits, rng);
  };
  for (let k = 0; k < length; k++) add(builder, 0);
  return builder.build();
}
