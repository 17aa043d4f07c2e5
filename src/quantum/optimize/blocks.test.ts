import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Operation } from '../circuit/operation.ts';
import { UNWATCHED } from '../watch.ts';
import { blocksOf } from './blocks.ts';
import { qubitsOf } from './cost.ts';
import { optimizeCircuit, type OptimizeOptions } from './index.ts';
import { circuitOf, randomGates } from './testing/random-gates.ts';
import { overlapOf } from './testing/same-unitary.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

test('blocks hold every operation once, stay small, and one after the other keep the order on each qubit', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 4, max: 12 }),
      fc.integer({ min: 2, max: 7 }),
      (seed, qubits, width) => {
        const operations = randomGates({ qubits, gates: 80 }, Rng.fromSeed(seed));
        const blocks = blocksOf(operations, width);
        const joined = blocks.flatMap((block) => block.operations);
        expect(joined).toHaveLength(operations.length);
        const onQubit = (list: readonly Operation[], qubit: number): Operation[] =>
          list.filter((operation) => qubitsOf(operation).includes(qubit));
        for (let qubit = 0; qubit < qubits; qubit++) {
          expect(onQubit(joined, qubit)).toEqual(onQubit(operations, qubit));
        }
        for (const block of blocks) {
          const touched = new Set(block.operations.flatMap(qubitsOf));
          expect(block.qubits).toEqual([...touched].toSorted((a, b) => a - b));
          expect(block.qubits.length <= width || block.operations.length === 1).toBe(true);
        }
      },
    ),
  );
});

describe('a circuit whose states there is no time to compare', () => {
  const qubits = 11;
  const given = randomGates({ qubits, gates: 300, controlled: 0.05 }, Rng.fromSeed(5));
  const circuit = circuitOf(qubits, [...given, ...given.slice(0, 100)]);
  /** Comparing states of 11 qubits would take more than all of it. */
  const timeMs = 5;

  test.each<OptimizeOptions>([
    { level: 0, basis: ['rz', 'sx', 'cz'] },
    { level: 1 },
    { level: 2, basis: ['rz', 'sx', 'cx'], objective: 'measurement' },
    { level: 2, metric: 'depth' },
  ])('is improved and checked in blocks: %j', (options) => {
    const result = optimizeCircuit(circuit, { ...options, timeMs });
    expect(result.verified).toBe('state-overlap');
    expect(result.passes).toEqual([{ pass: 'blocks', components: 1 }]);
    const { metric = 'twoQubit' } = options;
    expect(result.after[metric]).toBeLessThanOrEqual(result.before[metric]);
    expect(result.after.gates).toBeLessThan(result.before.gates + (options.level === 0 ? 1 : 0));
    const { operations } = result.circuit;
    expect(overlapOf(qubits, circuit.operations, operations)).toBeCloseTo(1, 8);
  });

  test.each<OptimizeOptions>([
    { level: 2 },
    { level: 2, basis: ['rz', 'sx', 'cx'] },
    { level: 3, objective: 'measurement' },
  ])('is checked in blocks also once all time is up: %j', (options) => {
    let looks = 0;
    const watch = { ...UNWATCHED, nowMs: () => looks++ };
    const result = optimizeCircuit(circuit, { ...options, timeMs }, watch);
    expect(result.verified).toMatch(/^(state-overlap|unchanged)$/);
    const { operations } = result.circuit;
    expect(overlapOf(qubits, circuit.operations, operations)).toBeCloseTo(1, 8);
    const names = operations.map((operation) => (operation.kind === 'gate' ? operation.name : ''));
    for (const name of names) expect(options.basis ?? names).toContain(name);
  });
});
