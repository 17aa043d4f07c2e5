import { expect, test } from 'vitest';
import { UNWATCHED } from '../../watch.ts';
import type { Operation } from '../../circuit/operation.ts';
import { runCircuit } from '../run-circuit.ts';
import { circuitOf } from '../testing/random-circuit.ts';
import { applyNoise, readoutOf } from './apply-noise.ts';
import { parseNoiseModel } from './parse-noise-model.ts';
import { pauliMixture } from './pauli-mixture.ts';

const gate = (name: 'x' | 'h' | 'cx', ...qubits: number[]): Operation => ({
  kind: 'gate',
  name,
  params: [],
  qubits,
  controls: [],
});

test('rules apply to the gates and qubits that they name, in order', () => {
  const model = parseNoiseModel({
    gates: [
      { gates: 'all', channel: { type: 'bit-flip', probability: 0.1 } },
      {
        gates: ['cx'],
        qubits: [[1, 0]],
        channel: { type: 'depolarizing', probability: 0.2, qubits: 2 },
      },
    ],
    readout: [
      { zeroAsOne: 0.1, oneAsZero: 0 },
      { qubits: [1], zeroAsOne: 0.3, oneAsZero: 0.4 },
    ],
    idle: { type: 'amplitude-damping', gamma: 0.5 },
  });
  const names = (operations: readonly Operation[]): string[] =>
    applyNoise(operations, model).map((o) =>
      o.kind === 'channel' ? `${o.channel.name} ${o.qubits.join()}` : o.kind,
    );
  expect(names([gate('cx', 1, 0), gate('x', 2)])).toEqual([
    'gate',
    'bit flip 1',
    'bit flip 0',
    'depolarizing 1,0',
    'gate',
    'bit flip 2',
  ]);
  // Qubit 2 waits for two moments; qubit 1 is in the last of them.
  expect(
    names([gate('x', 2), gate('h', 0), gate('h', 0), gate('cx', 0, 1), gate('cx', 1, 2)]),
  ).toEqual([
    'gate',
    'bit flip 2',
    'gate',
    'bit flip 0',
    'gate',
    'bit flip 0',
    'gate',
    'bit flip 0',
    'bit flip 1',
    'amplitude damping 2',
    'amplitude damping 2',
    'gate',
    'bit flip 1',
    'bit flip 2',
  ]);
  expect(readoutOf(model)(0)).toEqual({ zeroAsOne: 0.1, oneAsZero: 0 });
  expect(readoutOf(model)(1)).toEqual({ zeroAsOne: 0.3, oneAsZero: 0.4 });
});

test('a decay after k gates leaves (1 − γ)^k in |1⟩', () => {
  const noise = parseNoiseModel({
    gates: [{ gates: ['id'], channel: { type: 'amplitude-damping', gamma: 0.1 } }],
  });
  const idle: Operation = { kind: 'gate', name: 'id', params: [], qubits: [0], controls: [] };
  const circuit = circuitOf(1, [gate('x', 0), idle, idle, idle]);
  const { probabilities, method } = runCircuit(circuit, { noise, probabilities: true }, UNWATCHED);
  expect(method).toBe('density');
  expect(probabilities!['1']).toBeCloseTo(0.9 ** 3, 12);
});

test('every type of channel is read', () => {
  const half = Math.SQRT1_2;
  for (const channel of [
    { type: 'phase-flip', probability: 0.1 },
    { type: 'bit-phase-flip', probability: 0.1 },
    { type: 'phase-damping', lambda: 0.1 },
    { type: 'thermal-relaxation', t1: 50, t2: 70, time: 1 },
    { type: 'pauli', probabilities: { XX: 0.1, IZ: 0.2 } },
    {
      type: 'kraus',
      operators: [
        [
          [half, 0],
          [0, half],
        ],
        [
          [0, [0, -half]],
          [[0, half], 0],
        ],
      ],
    },
  ]) {
    expect(parseNoiseModel({ gates: [{ gates: 'all', channel }] }).gates).toHaveLength(1);
  }
  const { channel } = parseNoiseModel({
    gates: [{ gates: 'all', channel: { type: 'pauli', probabilities: { XX: 0.1, IY: 0.2 } } }],
  }).gates[0]!;
  expect(
    pauliMixture(channel)!.map(({ x, z, probability }) => [x, z, probability.toFixed(9)]),
  ).toEqual([
    [3, 0, '0.100000000'],
    [1, 1, '0.200000000'],
  ]);
});

test.each<[unknown, string]>([
  [null, 'noise must be an object, got null'],
  [{ gate: [] }, 'every field of noise must be one of gates, readout, idle, got "gate"'],
  [{ gates: {} }, 'noise.gates must be a list, got {}'],
  [
    { gates: [{ gates: ['cnot'], channel: {} }] },
    'noise.gates[0].gates[0] must be the name of a gate, or unitary, got "cnot"',
  ],
  [
    { gates: [{ gates: 'all' }] },
    'noise.gates[0] must be an object with the field channel, got {"gates":"all"}',
  ],
  [{ idle: { type: 'gremlin' } }, 'noise.idle.type must be one of depolarizing, bit-flip'],
  [
    { idle: { type: 'bit-flip', probability: 1.5 } },
    'noise.idle.probability must be a number of 0 to 1, got 1.5',
  ],
  [
    { idle: { type: 'depolarizing', probability: 0.1, qubits: 2 } },
    'noise.idle must be a channel of one qubit',
  ],
  [
    { readout: [{ qubits: [-1], zeroAsOne: 0, oneAsZero: 0 }] },
    'noise.readout[0].qubits[0] must be a qubit, 0 or more, got -1',
  ],
  [
    {
      idle: {
        type: 'kraus',
        operators: [
          [
            [1, 0],
            [0, 1],
          ],
          [
            [0, 1],
            [1, 0],
          ],
        ],
      },
    },
    'noise.idle: ',
  ],
  [
    { idle: { type: 'kraus', operators: [[[1, 0], [0]]] } },
    'noise.idle.operators[0] must be a square matrix',
  ],
  [{ idle: { type: 'thermal-relaxation', t1: 1, t2: 3, time: 1 } }, 'noise.idle: '],
])('%j is refused by its path', (json, message) => {
  expect(() => parseNoiseModel(json)).toThrow(message);
});
