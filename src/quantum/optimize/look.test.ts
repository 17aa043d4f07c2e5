import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { UNWATCHED } from '../watch.ts';
import { optimizeCircuit, type OptimizeOptions, type OptimizeResult } from './index.ts';
import { circuitOf, randomGates } from './testing/random-gates.ts';

describe('a run over thousands of gates', () => {
  const qubits = 12;
  const operations = randomGates({ qubits, gates: 2000 }, Rng.fromSeed(4));
  const circuit = circuitOf(qubits, operations);

  /** Optimises until the n-th look at the watch; how many followed, and what came out. */
  function canceledAt(
    n: number,
    options: OptimizeOptions,
  ): { readonly result: OptimizeResult | null; readonly looks: number } {
    let looks = 0;
    const watch = { ...UNWATCHED, isCanceled: () => ++looks >= n };
    try {
      const result = optimizeCircuit(circuit, options, watch);
      return { result, looks };
    } catch (error) {
      if ((error as { code?: string }).code !== 'QUANTUM_CANCELED') throw error;
      return { result: null, looks };
    }
  }

  test.each<OptimizeOptions>([
    { level: 1 },
    { level: 2, timeMs: Infinity },
    { level: 2, basis: ['rz', 'sx', 'cx'] },
    { level: 2, objective: 'measurement' },
    {
      level: 1,
      coupling: { qubits, edges: operations.slice(1, qubits).map((_, k) => [k, k + 1]) },
    },
  ])('ends soon after it was canceled, wherever that is: %j', (options) => {
    const all = canceledAt(600, options).looks;
    for (let n = 1; n < all; n = Math.ceil(n * 3)) {
      const { looks, result } = canceledAt(n, options);
      expect(looks - n, `canceled at look ${n}`).toBeLessThan(60);
      if (result !== null && options.coupling === undefined) {
        expect(result.after.twoQubit).toBeLessThanOrEqual(result.before.twoQubit);
      }
    }
  });
});
