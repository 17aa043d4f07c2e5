import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allSpins, isingProblems, pairLists, PROPERTY } from '../testing/problems.ts';
import {
  isingToMaxCut,
  isingToQubo,
  maxCutToIsing,
  maxCutToQubo,
  quboToIsing,
  spinsToBits,
} from './convert.ts';
import { isingEnergy, isingProblem } from './ising-problem.ts';
import { cutWeight, maxCutGraph } from './max-cut-graph.ts';
import { quboProblem, quboValue } from './qubo-problem.ts';

describe('conversions keep every value of every assignment, exactly', () => {
  test('QUBO to Ising and back', () => {
    fc.assert(
      fc.property(pairLists(7), fc.integer({ min: -99, max: 99 }), (list, offset) => {
        const linear = Array.from({ length: list.size }, (_, i) => ((i * 7) % 11) - 5);
        const qubo = quboProblem(linear, list, offset);
        const ising = quboToIsing(qubo);
        const back = isingToQubo(ising);
        for (const spins of allSpins(list.size)) {
          const bits = spinsToBits(spins);
          expect(isingEnergy(ising, spins)).toBe(quboValue(qubo, bits));
          expect(quboValue(back, bits)).toBe(quboValue(qubo, bits));
        }
      }),
      PROPERTY,
    );
  });

  test('max-cut to Ising and to QUBO: the energy is minus the weight', () => {
    fc.assert(
      fc.property(pairLists(7), (list) => {
        const graph = maxCutGraph(list.size, list);
        const ising = maxCutToIsing(graph);
        const qubo = maxCutToQubo(graph);
        for (const spins of allSpins(list.size)) {
          const bits = spinsToBits(spins);
          expect(isingEnergy(ising, spins) + cutWeight(graph, bits)).toBe(0);
          expect(quboValue(qubo, bits) + cutWeight(graph, bits)).toBe(0);
        }
      }),
      PROPERTY,
    );
  });

  test('Ising to max-cut: one more vertex stands for the fields', () => {
    fc.assert(
      fc.property(isingProblems(7), (ising) => {
        const { graph, offset } = isingToMaxCut(ising);
        for (const spins of allSpins(ising.size)) {
          const sides = [...spinsToBits(spins), 1];
          expect(offset - cutWeight(graph, sides)).toBe(isingEnergy(ising, spins));
        }
      }),
      PROPERTY,
    );
  });
});

describe('problems from pairs', () => {
  test('repeated pairs add up in either order, and vanish at zero', () => {
    const ising = isingProblem([0, 0, 0], {
      first: [0, 1, 2, 1],
      second: [1, 0, 1, 2],
      value: [2, 3, 4, -4],
    });
    expect([...ising.column]).toEqual([1, 0]);
    expect([...ising.coupling]).toEqual([5, 5]);
  });

  test.each([
    { title: 'an index out of range', first: [0], second: [3], value: [1] },
    { title: 'a negative index', first: [-1], second: [1], value: [1] },
    { title: 'a fractional index', first: [0.5], second: [1], value: [1] },
    { title: 'a variable with itself', first: [1], second: [1], value: [1] },
    { title: 'NaN', first: [0], second: [1], value: [Number.NaN] },
    { title: 'arrays of different lengths', first: [0, 1], second: [1], value: [1] },
  ])('$title is refused', ({ first, second, value }) => {
    expect(() => isingProblem([0, 0, 0], { first, second, value })).toThrow(
      expect.objectContaining({ code: 'QUANTUM_PROBLEM_INVALID' }),
    );
  });

  test('a problem without variables is refused', () => {
    expect(() => quboProblem([], { first: [], second: [], value: [] })).toThrow(
      expect.objectContaining({ code: 'QUANTUM_PROBLEM_INVALID' }),
    );
  });
});
