import { describe, expect, test } from 'vitest';
import { cutWeight } from '../problem/max-cut-graph.ts';
import { quboValue } from '../problem/qubo-problem.ts';
import { readAssignments } from './read-assignments.ts';
import { readBqp } from './read-bqp.ts';
import { readGset } from './read-gset.ts';
import { readQubo } from './read-qubo.ts';

const syntaxAt = (line: number): unknown =>
  expect.objectContaining({ code: 'QUANTUM_PROBLEM_SYNTAX', details: { line } });

describe('gset', () => {
  test('vertices count from 1, a missing weight is 1, words after the counts and CRLF are passed over', () => {
    const graph = readGset('3 3 J\r\n1 2 5\r\n2 3\r\n\r\n1 3 -2\r\n');
    expect(graph.size).toBe(3);
    expect(cutWeight(graph, [0, 1, 0])).toBe(6);
    expect(cutWeight(graph, [0, 0, 1])).toBe(-1);
  });

  test.each([
    { title: 'an empty file', text: ' \n', line: 1 },
    { title: 'no edge count', text: '3\n1 2 1', line: 1 },
    { title: 'no vertices', text: '0 0', line: 1 },
    { title: 'more vertices than can be held', text: '99999999999 1\n1 2 1', line: 1 },
    { title: 'a vertex out of range', text: '3 1\n1 4 1', line: 2 },
    { title: 'a vertex joined to itself', text: '3 2\n1 2 1\n2 2 1', line: 3 },
    { title: 'a weight that is no number', text: '3 1\n\n1 2 x', line: 3 },
    { title: 'a weight beyond floats', text: '3 1\n1 2 1e999', line: 2 },
    { title: 'a hexadecimal vertex', text: '3 1\n0x1 2 1', line: 2 },
    { title: 'too few edges', text: '3 2\n1 2 1', line: 2 },
    { title: 'too many edges', text: '3 1\n1 2 1\n2 3 1', line: 3 },
    { title: 'a fourth number', text: '3 1\n1 2 1 9', line: 2 },
  ])('$title is refused with its line', ({ text, line }) => {
    expect(() => readGset(text)).toThrow(syntaxAt(line));
  });
});

describe('bqp', () => {
  test('entries off the diagonal count twice', () => {
    const qubo = readBqp('2 2\n1 1 3\n1 2 -5\n');
    expect(quboValue(qubo, [1, 0])).toBe(3);
    expect(quboValue(qubo, [1, 1])).toBe(-7);
  });

  test('a missing value is refused', () => {
    expect(() => readBqp('2 1\n1 2\n')).toThrow(syntaxAt(2));
  });
});

describe('qubo', () => {
  test('a p line, comments, and values that count once', () => {
    const qubo = readQubo('c hello\np qubo 0 3 1 2\n1 1 -2.5\n0 1 4\n1 0 1\n');
    expect(qubo.size).toBe(3);
    expect(quboValue(qubo, [1, 1, 0])).toBe(2.5);
  });

  test('without a p line the greatest index gives the size', () => {
    expect(readQubo('0 4 1\n').size).toBe(5);
  });

  test.each([
    { title: 'nothing', text: '', line: 1 },
    { title: 'another problem', text: 'p cnf 3 2', line: 1 },
    { title: 'a late p line', text: '0 0 1\np qubo 0 1 1 0', line: 2 },
    { title: 'an index beyond the size', text: 'p qubo 0 2 1 0\n2 2 1', line: 2 },
    { title: 'other counts than announced', text: 'p qubo 0 2 1 1\n0 0 1', line: 2 },
    { title: 'a missing value', text: '0 1', line: 1 },
    { title: 'an infinite value', text: '0 1 Infinity', line: 1 },
  ])('$title is refused with its line', ({ text, line }) => {
    expect(() => readQubo(text)).toThrow(syntaxAt(line));
  });
});

describe('assignments', () => {
  const ONE = '2 3\n1 2 3\n4 5 6\n7 8 9\n1 1 1\n10 20\n';

  test('costs and weights agent by agent, wherever lines break', () => {
    const [problem] = readAssignments(ONE.replaceAll('\n', ' '));
    expect([...problem!.costs]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...problem!.weights]).toEqual([7, 8, 9, 1, 1, 1]);
    expect([...problem!.capacities]).toEqual([10, 20]);
  });

  test('a file may hold several problems after their number', () => {
    expect(readAssignments(`2\n${ONE}${ONE}`)).toHaveLength(2);
  });

  test.each([
    { title: 'nothing', text: '', line: 1 },
    { title: 'a word', text: '2 3\n1 2 three', line: 2 },
    { title: 'too few numbers', text: '2 3\n1 2 3\n', line: 2 },
    { title: 'too many numbers', text: `${ONE}7 7`, line: 7 },
    { title: 'no agents', text: '0 3\n1', line: 1 },
    { title: 'a fractional count', text: '1.5 3\n1', line: 1 },
    { title: 'a negative weight', text: '1 1\n5\n-1\n3', line: 3 },
    { title: 'a size that no file has', text: '1000000 1000000\n1', line: 2 },
  ])('$title is refused with its line', ({ text, line }) => {
    expect(() => readAssignments(text)).toThrow(syntaxAt(line));
  });
});
