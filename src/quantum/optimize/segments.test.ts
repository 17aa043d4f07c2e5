import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import { componentsOf, segmentsOf } from './segments.ts';
import { randomGates } from './testing/random-gates.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const QUBITS = 5;

/** Gates with measurements, resets and barriers among them. */
function mixed(seed: number): Operation[] {
  const rng = Rng.fromSeed(seed);
  return randomGates({ qubits: QUBITS, gates: 40 }, rng).map((operation): Operation => {
    const qubit = rng.below(QUBITS);
    switch (rng.below(8)) {
      case 0:
        return { kind: 'measure', qubit, bit: rng.below(QUBITS) };
      case 1:
        return { kind: 'reset', qubit };
      case 2:
        return { kind: 'barrier', qubits: [qubit, (qubit + 1) % QUBITS] };
      default:
        return operation;
    }
  });
}

test('every qubit sees its operations in their order, and fixed ones keep theirs', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const operations = mixed(seed);
      const segments = segmentsOf(QUBITS, operations);
      const joined = segments.flatMap(({ unitary, fixed }) => [...unitary, ...fixed]);
      expect(joined).toHaveLength(operations.length);
      for (let qubit = 0; qubit < QUBITS; qubit++) {
        const onQubit = (operation: Operation): boolean => qubitsOf(operation).includes(qubit);
        expect(joined.filter(onQubit)).toEqual(operations.filter(onQubit));
      }
      const isFixed = ({ kind }: Operation): boolean => kind !== 'gate';
      expect(joined.filter(isFixed)).toEqual(operations.filter(isFixed));
    }),
    { numRuns: 200 },
  );
});

test('components share no qubit, and keep the order of their operations', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const operations = randomGates({ qubits: 12, gates: 8 }, Rng.fromSeed(seed));
      const components = componentsOf(12, operations);
      const seen = components.flatMap(({ qubits }) => qubits);
      expect(new Set(seen).size).toBe(seen.length);
      for (const { qubits, operations: own } of components) {
        const inside = operations.filter((operation) =>
          qubitsOf(operation).every((k) => qubits.includes(k)),
        );
        expect(own).toEqual(inside);
      }
    }),
    { numRuns: 100 },
  );
});
