import { describe, expect, test } from 'vitest';
import type { ExpressionNode } from './ast.ts';
import { parseProgram } from './parse-program.ts';

/** An expression with brackets around everything. */
function bracketed(text: string): string {
  const [statement] = parseProgram(`OPENQASM 3.0; x = ${text};`).statements;
  const write = (node: ExpressionNode): string => {
    switch (node.kind) {
      case 'binary':
        return `(${write(node.left)}${node.sign}${write(node.right)})`;
      case 'unary':
        return `(${node.sign}${write(node.operand)})`;
      case 'group':
        return write(node.inner);
      case 'identifier':
        return node.name;
      case 'index':
        return `${write(node.target)}[]`;
      default:
        return node.kind;
    }
  };
  return statement?.kind === 'assign' ? write(statement.value as ExpressionNode) : '';
}

/** From the loosest to the tightest, as the grammar lists them backwards. */
const LEVELS = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
  ['**'],
];

describe('operators', () => {
  test('each binds tighter than all looser ones, on both sides', () => {
    for (const [k, level] of LEVELS.entries()) {
      for (const tight of level) {
        for (const loose of LEVELS.slice(0, k).flat()) {
          expect(bracketed(`a ${loose} b ${tight} c`)).toBe(`(a${loose}(b${tight}c))`);
          expect(bracketed(`a ${tight} b ${loose} c`)).toBe(`((a${tight}b)${loose}c)`);
        }
      }
    }
  });

  test('those of one level group from the left, but power', () => {
    for (const level of LEVELS) {
      for (const [first, second] of level.flatMap((a) => level.map((b) => [a, b] as const))) {
        const wanted = first === '**' ? '(a**(b**c))' : `((a${first}b)${second}c)`;
        expect(bracketed(`a ${first} b ${second} c`)).toBe(wanted);
      }
    }
  });

  test('a sign binds looser than power and index, tighter than the rest', () => {
    expect(bracketed('-a ** b')).toBe('(-(a**b))');
    expect(bracketed('a ** -b * c')).toBe('((a**(-b))*c)');
    expect(bracketed('!a[0] * ~b')).toBe('((!a[])*(~b))');
    expect(bracketed('- -a + b')).toBe('((-(-a))+b)');
  });
});
