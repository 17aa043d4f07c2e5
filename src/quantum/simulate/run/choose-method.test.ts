import { describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import type { Circuit } from '../../circuit/circuit.ts';
import type { GateName } from '../../circuit/gate-table.ts';
import type { Operation } from '../../circuit/operation.ts';
import { amplitudeDamping } from '../../states/noise-channels.ts';
import { UNWATCHED } from '../../watch.ts';
import type { NoiseModel } from '../noise/noise-model.ts';
import { runCircuit, type RunResult } from '../run-circuit.ts';
import { circuitOf, randomGate } from '../testing/random-circuit.ts';
import { chooseMethod } from './choose-method.ts';
import type { Method, RunOptions } from './run-options.ts';

const SEED = Number(process.env['SEED'] ?? 1);

const run = (circuit: Circuit, options: RunOptions = {}): RunResult =>
  runCircuit(circuit, { seed: SEED, ...options }, UNWATCHED);

function gate(name: GateName, qubits: number[], ...params: number[]): Operation {
  return { kind: 'gate', name, params, qubits, controls: [] };
}

describe('choice of method', () => {
  const layer = (name: GateName, n: number): Operation[] =>
    Array.from({ length: n }, (_, q) => gate(name, [q]));

  test.each<[string, Circuit, Method]>([
    [
      'Clifford gates',
      circuitOf(500, [
        ...layer('h', 500),
        ...Array.from({ length: 499 }, (_, q) => gate('cx', [q, q + 1])),
      ]),
      'stabilizer',
    ],
    [
      'few amplitudes',
      circuitOf(60, [
        gate('h', [0]),
        gate('t', [0]),
        ...Array.from({ length: 59 }, (_, q) => gate('cx', [q, q + 1])),
        gate('ccx', [0, 1, 2]),
      ]),
      'sparse',
    ],
    [
      'little entanglement',
      circuitOf(60, [
        ...layer('h', 60),
        ...layer('t', 60),
        ...Array.from({ length: 59 }, (_, q) => gate('cz', [q, q + 1])),
        ...layer('h', 60),
      ]),
      'mps',
    ],
    [
      'anything else',
      circuitOf(
        14,
        Array.from({ length: 300 }, (_, i) =>
          randomGate(14, Rng.fromSeed(i), { names: ['h', 't', 'cx'] }),
        ),
      ),
      'dense',
    ],
  ])('%s', (_, circuit, method) => {
    expect(chooseMethod(circuit).method).toBe(method);
    const result = run(circuit, { shots: 10 });
    expect(result.method).toBe(method);
    expect(result.truncationError ?? 0).toBeLessThan(1e-10);
  });

  test('noise takes a density matrix where it is small', () => {
    const noise: NoiseModel = {
      gates: [{ gates: 'all', qubits: null, channel: amplitudeDamping(0.1) }],
      readout: [],
      idle: null,
    };
    const chain = (n: number): Circuit =>
      circuitOf(n, [
        gate('h', [0]),
        ...Array.from({ length: n - 1 }, (_, q) => gate('cx', [q, q + 1])),
      ]);
    expect(chooseMethod(chain(5), { noise }).method).toBe('density');
    expect(chooseMethod(chain(20), { noise, bondMax: 1 }).method).toBe('dense');
  });

  test('what fits nowhere is refused with the bytes needed before anything is allocated', () => {
    const rng = Rng.fromSeed(SEED);
    const circuit = circuitOf(
      48,
      Array.from({ length: 3000 }, () => randomGate(48, rng, { names: ['h', 't', 'cx'] })),
    );
    expect(() => run(circuit)).toThrow(
      expect.objectContaining({
        code: 'QUANTUM_TOO_LARGE',
        message: expect.stringMatching(
          /hold 27 qubits, got 48 qubits that need 4503599627370496 bytes; methods that may do: sparse, mps/,
        ) as string,
      }) as Error,
    );
    for (const [method, count] of [
      ['density', 14],
      ['dense', 28],
    ] as const) {
      expect(() =>
        run(
          circuitOf(
            count,
            layer('t', count).concat(
              Array.from({ length: count - 1 }, (_, q) => gate('cx', [q, q + 1])),
            ),
          ),
          { method },
        ),
      ).toThrow(expect.objectContaining({ code: 'QUANTUM_TOO_LARGE' }) as Error);
    }
  });
});
