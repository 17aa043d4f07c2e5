import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { optimizeCircuit, type CouplingMap, type OptimizeOptions } from './index.ts';
import { circuitOf, randomGates } from './testing/random-gates.ts';

/** A watch whose clock goes on by a millisecond with every look that passes take: they measure work. */
function workingWatch(): Watch & { readonly passedMs: () => number } {
  let ms = 0;
  const isCanceled = (): boolean => {
    ms++;
    return false;
  };
  return { ...UNWATCHED, nowMs: () => ms, isCanceled, passedMs: () => ms };
}

describe('a circuit of 160,000 gates', () => {
  const qubits = 8;
  const some = randomGates({ qubits, gates: 4000, names: ['cx', 'h', 't'] }, Rng.fromSeed(3));
  const operations = Array.from({ length: 40 }, () => some).flat();
  const circuit = circuitOf(qubits, operations);

  test('is improved as far as there is time, and ends within it but for what must be done', () => {
    const least = workingWatch();
    optimizeCircuit(circuit, { level: 2, timeMs: 0 }, least);
    const short = workingWatch();
    const little = optimizeCircuit(circuit, { level: 2, timeMs: 10_000 }, short);
    expect(short.passedMs()).toBeLessThan(10_000 + least.passedMs());
    expect(little.after.gates).toBeLessThan(little.before.gates);
  });

  test('stays as it is where there is no time, or nothing is asked for', () => {
    for (const options of [{ timeMs: 0 }, { level: 0 }] satisfies OptimizeOptions[]) {
      const found = optimizeCircuit(circuit, options, workingWatch());
      expect(found.after).toEqual(found.before);
      expect(found.verified).toBe('unchanged');
    }
  });

  test('is put in the basis where there is no time for more', () => {
    const basis = ['rz', 'sx', 'x', 'cz'];
    const found = optimizeCircuit(circuit, { timeMs: 0, basis }, workingWatch());
    const names = found.circuit.operations.map((one) => (one.kind === 'gate' ? one.name : ''));
    expect([...new Set(names)].toSorted()).toEqual(['cz', 'rz', 'sx', 'x']);
    expect(found.after).toEqual(found.before);
  });

  test('is routed within the time but for what must be done', () => {
    const edges = Array.from({ length: qubits - 1 }, (_, k): [number, number] => [k, k + 1]);
    const coupling: CouplingMap = { qubits, edges };
    const least = workingWatch();
    optimizeCircuit(circuit, { timeMs: 0, coupling }, least);
    const watch = workingWatch();
    const found = optimizeCircuit(circuit, { timeMs: 4000, coupling }, watch);
    expect(watch.passedMs()).toBeLessThan(4000 + 1.5 * least.passedMs());
    expect(found.verified).toContain('layout');
  });
});
