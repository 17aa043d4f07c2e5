import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { circuitStats } from '../circuit/circuit-stats.ts';
import type { Operation } from '../circuit/operation.ts';
import { costOfCircuit } from './cost.ts';
import { circuitOf } from './testing/random-gates.ts';

describe('what a circuit costs', () => {
  const operation = (kind: number, rng: Rng): Operation => {
    const [a, b] = [rng.below(3), 3 + rng.below(2)];
    const gate = (on: number[]): Operation => ({
      kind: 'gate',
      name: on.length === 1 ? 't' : 'cx',
      params: [],
      qubits: on,
      controls: [],
    });
    switch (kind) {
      case 0:
        return { kind: 'measure', qubit: a, bit: rng.below(6) };
      case 1:
        return { kind: 'barrier', qubits: [a, b] };
      case 2:
        return { kind: 'reset', qubit: b };
      case 3:
        return gate([a]);
      default:
        return gate([a, b]);
    }
  };

  test('is what the statistics of circuits say', () => {
    const rng = Rng.fromSeed(11);
    for (let round = 0; round < 300; round++) {
      const operations = Array.from({ length: 12 }, () => operation(rng.below(6), rng));
      const circuit = { ...circuitOf(5, operations), bits: 6 };
      const { tCount, ...others } = costOfCircuit(circuit);
      const stats = circuitStats(circuit);
      expect({ ...others, tCount }).toEqual({ ...stats, tCount: stats.tCount });
    }
  });
});
