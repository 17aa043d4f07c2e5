import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { circuit as build } from '../circuit/circuit-builder.ts';
import type { Control, UnitaryOperation } from '../circuit/operation.ts';
import { distance, unitaryOf } from '../circuit/testing/run-exactly.ts';
import { PARAMETERS, randomGates, seeds } from '../circuit/testing/random-circuit.ts';
import { productMatrix } from '../circuit/unitary-power.ts';
import { identity, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { randomUnitary } from '../linear/random-unitary.ts';
import { gatesOfUnitary } from './gates-of-unitary.ts';

const TOLERANCE = 1e-12;

function operation(
  matrix: ComplexMatrix,
  qubits: readonly number[],
  controls: readonly Control[] = [],
): UnitaryOperation {
  return { kind: 'unitary', matrix, qubits, controls, label: 'U' };
}

/** Largest deviation of the gates' product from the operation's matrix, phase included. */
function deviation(unitary: UnitaryOperation): number {
  const { qubits, controls } = unitary;
  const all = [...qubits, ...controls.map(({ qubit }) => qubit)];
  const expected = productMatrix([unitary], all);
  return distance(expected, productMatrix(gatesOfUnitary(unitary), all), false);
}

describe('a matrix as gates', () => {
  test.each([
    [1, 0],
    [2, 3],
    [3, 24],
    [4, 120],
    [5, 528],
  ])('any of %i qubits is what at most %i cx make, phase included', (n, most) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rng = Rng.fromSeed(seed);
        const unitary = operation(randomUnitary(2 ** n, rng), [7, 3, 5, 1, 2].slice(0, n));
        expect(deviation(unitary)).toBeLessThan(TOLERANCE);
        const gates = gatesOfUnitary(unitary);
        const names = gates.map((part) => (part.kind === 'gate' ? part.name : part.kind));
        expect(names.filter((name) => name === 'cx').length).toBeLessThanOrEqual(most);
        expect(new Set([...names, 'u', 'p', 'cx', 'global-phase']).size).toBe(4);
      }),
      { numRuns: [100, 100, 50, 20, 3][n - 1], ...PARAMETERS },
    );
  });

  test('products of named gates, which have much structure, are met as exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), fc.nat(8), seeds, (n, length, seed) => {
        const matrix = unitaryOf(randomGates(n, length, seed));
        expect(deviation(operation(matrix, [...Array(n).keys()]))).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 200, ...PARAMETERS },
    );
  });

  test('controls on 0 and 1 keep their phases', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));
    fc.assert(
      fc.property(shape, fc.boolean(), seeds, ([n, m], isPlain, seed) => {
        const rng = Rng.fromSeed(seed);
        const controls = Array.from({ length: m }, (_, k): Control => {
          return { qubit: 10 + k, value: rng.below(2) as 0 | 1 };
        });
        const matrix = isPlain ? unitaryOf(randomGates(n, 4, seed)) : randomUnitary(2 ** n, rng);
        const unitary = operation(matrix, [2, 0, 4].slice(0, n), controls);
        expect(deviation(unitary)).toBeLessThan(TOLERANCE);
        // Only phases are controlled, however many gates the matrix takes.
        const names = gatesOfUnitary(unitary).map((part) => part.kind === 'gate' && part.name);
        expect(['u', 'p', 'cx', 'x', 'rz', 'crz', 'cp']).toEqual(expect.arrayContaining(names));
      }),
      { numRuns: 100, ...PARAMETERS },
    );
  });

  test('the identity takes no gate', () => {
    for (const n of [1, 2, 3]) {
      expect(gatesOfUnitary(operation(identity(2 ** n), [...Array(n).keys()]))).toEqual([]);
    }
  });

  test('what acts on fewer qubits than it says takes few gates', () => {
    const matrix = unitaryOf(build(4).cx(0, 1).build());
    const gates = gatesOfUnitary(operation(matrix, [0, 1, 2, 3]));
    expect(gates.filter((part) => part.kind === 'gate' && part.name === 'cx').length).toBe(1);
  });
});
