import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BinaryOperator, Expression, Variable } from './classical.ts';
import { convert, evaluate, type ClassicalMemory, type ClassicalValue } from './evaluate.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

function int(width: number, isSigned = false): Variable {
  return { name: 'v', type: { kind: 'int', width, isSigned }, initial: 0n };
}

function memory(
  variables: readonly Variable[],
  values: readonly ClassicalValue[],
): ClassicalMemory {
  return { bits: Uint8Array.of(1, 0, 1, 1), values, variables };
}

const literal = (value: ClassicalValue): Expression => ({ kind: 'literal', value });
const variable = (index: number): Expression => ({ kind: 'variable', variable: index });
const binary = (operator: BinaryOperator, left: Expression, right: Expression): Expression => ({
  kind: 'binary',
  operator,
  left,
  right,
});
const NOTHING = memory([], []);

test('a literal takes the width of the other side, so that sums wrap', () => {
  const at15 = memory([int(4)], [15n]);
  expect(evaluate(binary('+', variable(0), literal(1n)), at15)).toBe(0n);
  expect(evaluate(binary('-', variable(0), literal(16n)), at15)).toBe(15n);
  const at7 = memory([int(4, true)], [7n]);
  expect(evaluate(binary('+', variable(0), literal(1n)), at7)).toBe(-8n);
});

test('bits read as an unsigned integer, the first of them least significant', () => {
  expect(evaluate({ kind: 'bits', bits: [0, 1, 2, 3] }, NOTHING)).toBe(13n);
  expect(evaluate({ kind: 'bits', bits: [1, 0] }, NOTHING)).toBe(2n);
  expect(evaluate({ kind: 'bit', bit: 1 }, NOTHING)).toBe(0n);
});

test('comparisons are exact across types', () => {
  const signed = memory([int(8, true), int(8)], [-1n, 255n]);
  expect(evaluate(binary('==', variable(0), variable(1)), signed)).toBe(false);
  expect(evaluate(binary('<', variable(0), variable(1)), signed)).toBe(true);
  expect(evaluate(binary('==', literal(1n), literal(1)), NOTHING)).toBe(true);
  expect(evaluate(binary('==', literal(true), literal(1n)), NOTHING)).toBe(true);
});

test.each([
  ['**', literal(3n), literal(5n), 243n],
  ['**', literal(2), literal(0.5), Math.SQRT2],
  ['/', literal(-7n), literal(2n), -3n],
  ['%', literal(-7n), literal(2n), -1n],
  ['/', literal(7), literal(2n), 3.5],
  ['<<', literal(1n), literal(200n), 0n],
  ['>>', literal(-8n), literal(1n), -4n],
  ['^', literal(6n), literal(3n), 5n],
  ['&&', literal(false), binary('/', literal(1n), literal(0n)), false],
  ['||', literal(1n), binary('/', literal(1n), literal(0n)), true],
] as const)('%s of literals', (operator, left, right, value) => {
  expect(evaluate(binary(operator, left, right), NOTHING)).toEqual(value);
});

test('complement and popcount are as wide as their operand', () => {
  const at5 = memory([int(4)], [5n]);
  const complement: Expression = { kind: 'unary', operator: '~', operand: variable(0) };
  expect(evaluate(complement, at5)).toBe(10n);
  const ones: Expression = { kind: 'unary', operator: 'popcount', operand: complement };
  expect(evaluate(ones, at5)).toBe(2n);
  const minusOne: Expression = { kind: 'unary', operator: '-', operand: literal(1n) };
  expect(evaluate({ kind: 'unary', operator: 'popcount', operand: minusOne }, at5)).toBe(64n);
});

test('what has no value is refused by code', () => {
  const bad = [
    binary('/', literal(1n), literal(0n)),
    binary('%', literal(1n), literal(0n)),
    binary('<<', literal(1n), literal(-1n)),
    binary('**', literal(2n), literal(-1n)),
    binary('&', literal(1.5), literal(1n)),
    { kind: 'cast', type: { kind: 'int', width: 8, isSigned: true }, operand: literal(Infinity) },
  ] as const satisfies readonly Expression[];
  for (const expression of bad) {
    expect(() => evaluate(expression, NOTHING)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_ARITHMETIC' }) as Error,
    );
  }
});

test('integers agree with arithmetic on bigints, wrapped', () => {
  const operators = ['+', '-', '*', '&', '|', '^'] as const;
  const big = fc.bigInt({ min: -(1n << 63n), max: 1n << 64n });
  const width = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(
      fc.tuple(big, big),
      width,
      fc.boolean(),
      fc.constantFrom(...operators),
      (...drawn) => {
        const [[a, b], w, s, operator] = drawn;
        const type = { kind: 'int', width: w, isSigned: s } as const;
        const [l, r] = [convert(a, type) as bigint, convert(b, type) as bigint];
        const results = { '+': l + r, '-': l - r, '*': l * r, '&': l & r, '|': l | r, '^': l ^ r };
        const found = evaluate(
          binary(operator, variable(0), variable(1)),
          memory([int(w, s), int(w, s)], [l, r]),
        );
        expect(found).toBe(convert(results[operator], type));
      },
    ),
  );
});
