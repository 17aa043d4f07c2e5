import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Expression } from '../circuit/classical.ts';
import type { GateName } from '../circuit/gate-table.ts';
import type { Operation } from '../circuit/operation.ts';
import { amplitudeDamping, depolarizing } from '../states/noise-channels.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import type { NoiseModel } from './noise/noise-model.ts';
import type { Method, RunOptions } from './run/run-options.ts';
import { runCircuit, type RunResult } from './run-circuit.ts';
import { plainRun } from './testing/plain-run.ts';
import { CLIFFORD_NAMES, circuitOf, randomGate } from './testing/random-circuit.ts';
import { randomProgram } from './testing/random-program.ts';

const SEED = Number(process.env['SEED'] ?? 1);

const run = (circuit: Circuit, options: RunOptions = {}): RunResult =>
  runCircuit(circuit, { seed: SEED, ...options }, UNWATCHED);

function gate(name: GateName, qubits: number[], ...params: number[]): Operation {
  return { kind: 'gate', name, params, qubits, controls: [] };
}
const measure = (qubit: number, bit: number): Operation => ({ kind: 'measure', qubit, bit });
const bit = (index: number): Expression => ({ kind: 'bit', bit: index });
const literal = (value: bigint): Expression => ({ kind: 'literal', value });

function expectProbabilities(result: RunResult, expected: ReadonlyMap<string, number>): void {
  expect(result.probabilities).toBeDefined();
  const found = result.probabilities ?? {};
  for (const [key, p] of expected) expect(Math.abs((found[key] ?? 0) - p)).toBeLessThan(1e-10);
  expect(result.probabilityListed).toBeCloseTo(1, 9);
}

/** Every count within 5.5σ of its mean; outcomes that cannot be are not seen. */
function expectCounts(result: RunResult, expected: ReadonlyMap<string, number>): void {
  let sum = 0;
  for (const [key, count] of Object.entries(result.counts)) {
    expect(expected.get(key) ?? 0).toBeGreaterThan(1e-12);
    sum += count;
  }
  expect(sum).toBe(result.shots);
  for (const [key, p] of expected) {
    const spread = Math.sqrt(result.shots * p * Math.max(0, 1 - p));
    expect(Math.abs((result.counts[key] ?? 0) - result.shots * p)).toBeLessThan(5.5 * spread + 6);
  }
}

describe('every method gives the distribution of the definition', () => {
  const anyMethod: readonly Method[] = ['dense', 'sparse', 'mps', 'density'];
  test.each([...anyMethod, 'auto' as const])('%s, random programs', (method) => {
    const rng = Rng.fromSeed(SEED);
    for (let i = 0; i < 12; i++) {
      const circuit = randomProgram(
        { qubits: 1 + rng.below(4), bits: 1 + rng.below(3), operations: 16, dynamic: 0.35 },
        rng,
      );
      const expected = plainRun(circuit);
      expectProbabilities(
        run(circuit, { method, probabilities: true, branchesMax: 1e6 }),
        expected,
      );
      expectCounts(run(circuit, { method, shots: 3000 }), expected);
    }
  });

  test.each(['stabilizer', 'auto'] as const)('%s, random Clifford programs', (method) => {
    const rng = Rng.fromSeed(SEED);
    for (let i = 0; i < 30; i++) {
      const circuit = randomProgram(
        {
          qubits: 1 + rng.below(4),
          bits: 1 + rng.below(3),
          operations: 20,
          dynamic: 0.35,
          names: i % 2 === 0 ? CLIFFORD_NAMES : ['x', 'h', 'cx', 'rz', 'u', 'rxx'],
          quarter: true,
        },
        rng,
      );
      const expected = plainRun(circuit);
      expectProbabilities(
        run(circuit, { method, probabilities: true, branchesMax: 1e6 }),
        expected,
      );
      expectCounts(run(circuit, { method, shots: 3000 }), expected);
    }
  });

  test('with measurements before the end alone, Pauli frames take every shot', () => {
    const rng = Rng.fromSeed(SEED);
    for (let i = 0; i < 40; i++) {
      const random = randomProgram(
        { qubits: 3, bits: 3, operations: 25, dynamic: 0.3, names: CLIFFORD_NAMES },
        rng,
      );
      const operations = random.operations.flatMap((operation): Operation[] =>
        operation.kind !== 'if'
          ? [operation]
          : [{ ...operation, then: [gate('y', [1])], otherwise: [gate('x', [0]), gate('z', [2])] }],
      );
      const circuit = { ...random, operations };
      expectCounts(run(circuit, { shots: 5000 }), plainRun(circuit));
    }
  });
});

describe('noise', () => {
  const model: NoiseModel = {
    gates: [
      { gates: 'all', qubits: null, channel: amplitudeDamping(0.07) },
      { gates: new Set(['cx', 'cz']), qubits: null, channel: depolarizing(0.1, 2) },
    ],
    readout: [{ qubits: new Set([0, 1]), error: { zeroAsOne: 0.03, oneAsZero: 0.08 } }],
    idle: null,
  };
  const pauli: NoiseModel = {
    gates: [
      { gates: 'all', qubits: null, channel: depolarizing(0.05) },
      { gates: new Set(['cx', 'cz']), qubits: null, channel: depolarizing(0.1, 2) },
    ],
    readout: [{ qubits: null, error: { zeroAsOne: 0.02, oneAsZero: 0.05 } }],
    idle: depolarizing(0.02),
  };

  test('sampled by trajectories agrees with the density matrix within 5σ', () => {
    const rng = Rng.fromSeed(SEED);
    for (let i = 0; i < 5; i++) {
      const circuit = randomProgram(
        {
          qubits: 3,
          bits: 3,
          operations: 14,
          dynamic: 0.25,
          names: ['h', 'cx', 'ry', 't', 'cz', 'swap'],
        },
        rng,
      );
      const exact = run(circuit, {
        noise: model,
        method: 'density',
        probabilities: true,
        branchesMax: 1e6,
      });
      const expected = new Map(Object.entries(exact.probabilities!));
      for (const method of ['dense', 'sparse', 'mps'] as const) {
        expectCounts(run(circuit, { noise: model, method, shots: 4000 }), expected);
      }
      expectCounts(run(circuit, { noise: model, shots: 30_000 }), expected);
    }
  });

  test('of Pauli errors goes with frames, and agrees with the density matrix', () => {
    const rng = Rng.fromSeed(SEED);
    for (let i = 0; i < 6; i++) {
      const circuit = randomProgram(
        { qubits: 3, bits: 3, operations: 14, dynamic: 0.2, names: CLIFFORD_NAMES },
        rng,
      );
      const exact = run(circuit, {
        noise: pauli,
        method: 'density',
        probabilities: true,
        branchesMax: 1e6,
      });
      const expected = new Map(Object.entries(exact.probabilities!));
      const sampled = run(circuit, { noise: pauli, shots: 20_000 });
      expect(sampled.method).toBe('stabilizer');
      expectCounts(sampled, expected);
    }
  });

  test('readout errors turn readings around in every method', () => {
    const circuit = circuitOf(2, [gate('x', [0]), measure(0, 0), measure(1, 1)], 2);
    const noise: NoiseModel = {
      gates: [],
      idle: null,
      readout: [{ qubits: null, error: { zeroAsOne: 1, oneAsZero: 1 } }],
    };
    for (const method of ['dense', 'density', 'stabilizer', 'sparse', 'mps'] as const) {
      expect(run(circuit, { noise, method }).counts).toEqual({ '10': 1024 });
    }
  });
});

describe('parts', () => {
  test('that share nothing run apart, each by its own method, and idle qubits not at all', () => {
    const operations = [
      gate('h', [0]),
      gate('cx', [0, 40]),
      gate('ry', [7], 1),
      gate('t', [7]),
      gate('x', [49]),
      measure(0, 0),
      measure(40, 1),
      measure(7, 2),
      measure(49, 3),
      measure(20, 4),
    ];
    const result = run(circuitOf(50, operations, 5), { probabilities: true });
    expect(result.parts.map(({ qubits, method }) => [qubits, method])).toEqual([
      [[0, 40], 'stabilizer'],
      [[7], 'dense'],
      [[49], 'stabilizer'],
    ]);
    expect(result.reason).toContain('46 idle qubits left out');
    const one = Math.sin(0.5) ** 2;
    expectProbabilities(
      result,
      new Map([
        ['01000', (1 - one) / 2],
        ['01100', one / 2],
        ['01011', (1 - one) / 2],
        ['01111', one / 2],
      ]),
    );
    expectCounts(result, new Map(Object.entries(result.probabilities!)));
    const many = run(circuitOf(50, operations, 5), { shots: 1e9 });
    expectCounts(many, new Map(Object.entries(result.probabilities!)));
  });

  test('joined over classical bits stay together', () => {
    const operations: Operation[] = [
      gate('ry', [0], 1),
      measure(0, 0),
      { kind: 'if', condition: bit(0), then: [gate('x', [1])], otherwise: [] },
      gate('ry', [2], 2),
      measure(1, 1),
    ];
    const result = run(circuitOf(3, operations, 2), { probabilities: true });
    expect(result.parts.map(({ qubits }) => qubits)).toEqual([[0, 1], [2]]);
    const one = Math.sin(0.5) ** 2;
    expectProbabilities(
      result,
      new Map([
        ['00', 1 - one],
        ['11', one],
      ]),
    );
  });

  test('none at all leave every shot on zeros', () => {
    expect(run(circuitOf(3, [], 0)).counts).toEqual({ '000': 1024 });
    expect(run(circuitOf(0, [], 0)).counts).toEqual({ '': 1024 });
  });
});

describe('control flow', () => {
  test('repeats until it succeeds, with exact probabilities', () => {
    const variables = [
      { name: 'tries', type: { kind: 'int', width: 8, isSigned: false }, initial: 0n },
    ] as const;
    const tries: Expression = { kind: 'variable', variable: 0 };
    const operations: Operation[] = [
      {
        kind: 'while',
        condition: { kind: 'literal', value: true },
        body: [
          {
            kind: 'assign',
            variable: 0,
            value: { kind: 'binary', operator: '+', left: tries, right: literal(1n) },
          },
          { kind: 'reset', qubit: 0 },
          gate('h', [0]),
          measure(0, 0),
          {
            kind: 'if',
            condition: bit(0),
            then: [{ kind: 'break' }],
            otherwise: [{ kind: 'continue' }],
          },
          { kind: 'end' },
        ],
      },
      { kind: 'store', bits: [1, 2, 3], value: tries },
      gate('h', [1]),
      measure(1, 4),
    ];
    const circuit = { ...circuitOf(2, operations, 5), variables };
    const result = run(circuit, { probabilities: true });
    for (let n = 1; n <= 6; n++) {
      const p = result.probabilities![`0${n.toString(2).padStart(3, '0')}1`]!;
      // Eight more tries store the same three bits.
      expect(p).toBeCloseTo((2 ** -n / 2) * (1 / (1 - 2 ** -8)), 9);
    }
    expectCounts(result, new Map(Object.entries(result.probabilities!)));
  });

  test('that never ends is stopped after so many operations', () => {
    const operations: Operation[] = [
      { kind: 'while', condition: { kind: 'literal', value: true }, body: [gate('x', [0])] },
      measure(0, 0),
    ];
    expect(() => run(circuitOf(1, operations, 1), { stepsMax: 1000 })).toThrow(
      expect.objectContaining({ code: 'QUANTUM_STEPS_EXCEEDED' }) as Error,
    );
    expect(() =>
      run(circuitOf(0, [{ kind: 'while', condition: literal(1n), body: [] }]), { stepsMax: 1000 }),
    ).toThrow(expect.objectContaining({ code: 'QUANTUM_STEPS_EXCEEDED' }) as Error);
  });

  test('an end skips what follows in its branch alone', () => {
    const operations: Operation[] = [
      gate('h', [0]),
      measure(0, 0),
      { kind: 'if', condition: bit(0), then: [{ kind: 'end' }], otherwise: [] },
      gate('x', [1]),
      measure(1, 1),
    ];
    expectProbabilities(
      run(circuitOf(2, operations, 2), { probabilities: true }),
      new Map([
        ['01', 0.5],
        ['10', 0.5],
      ]),
    );
  });
});

test('a mirror circuit returns to zeros', () => {
  const rng = Rng.fromSeed(SEED);
  const gates = Array.from({ length: 80 }, () =>
    randomGate(5, rng, {
      names: [
        'h',
        'x',
        'y',
        'z',
        'cx',
        'cz',
        'swap',
        'ccx',
        'rx',
        'ry',
        'rz',
        'p',
        'crx',
        'rxx',
        'cswap',
      ],
    }),
  );
  const back = gates.toReversed().map((g) => ({ ...g, params: g.params.map((angle) => -angle) }));
  for (const method of ['dense', 'density', 'sparse', 'mps'] as const) {
    const result = run(circuitOf(5, [...gates, ...back]), { method, probabilities: true });
    expect(result.probabilities!['00000']).toBeCloseTo(1, 10);
  }
});

test('a billion shots take no longer than a few, and as little memory', () => {
  const circuit = circuitOf(4, [
    gate('h', [0]),
    gate('cx', [0, 1]),
    gate('ry', [2], 0.3),
    gate('crx', [2, 3], 1),
  ]);
  const result = run(circuit, { shots: 1e9, probabilities: true });
  expectCounts(result, new Map(Object.entries(result.probabilities!)));
});

test('amplitudes come by reference when asked for', () => {
  const { statevector, counts } = run(circuitOf(3, [gate('h', [2]), measure(2, 0)], 1), {
    statevector: true,
  });
  expect([...statevector!.re].map((x) => x.toFixed(6))).toEqual([
    '0.707107',
    '0.000000',
    '0.000000',
    '0.000000',
    '0.707107',
    '0.000000',
    '0.000000',
    '0.000000',
  ]);
  expect(Object.keys(counts).toSorted()).toEqual(['0', '1']);
  expect(() =>
    run(circuitOf(1, [measure(0, 0), gate('h', [0]), measure(0, 0)], 1), { statevector: true }),
  ).toThrow(expect.objectContaining({ code: 'QUANTUM_STATEVECTOR_UNAVAILABLE' }) as Error);
});

test('the bit order is said in words, first register rightmost', () => {
  const circuit = {
    ...circuitOf(2, [measure(0, 0)], 4),
    classicalRegisters: [
      { name: 'a', start: 0, size: 1 },
      { name: 'b', start: 1, size: 3 },
    ],
  };
  expect(run(circuit).bitOrder).toBe('b[2]…b[0] a[0]: a[0] is rightmost');
  expect(run(circuitOf(2, [gate('x', [0])])).counts).toEqual({ '01': 1024 });
});

test('a run that is canceled ends with a code', () => {
  let looks = 0;
  const watch: Watch = { ...UNWATCHED, isCanceled: () => ++looks > 20 };
  const rng = Rng.fromSeed(SEED);
  const circuit = circuitOf(
    10,
    Array.from({ length: 2000 }, () => randomGate(10, rng)),
  );
  for (const method of ['dense', 'sparse', 'mps', 'density'] as const) {
    looks = 0;
    expect(() => runCircuit(circuit, { method, bondMax: 8 }, watch)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_CANCELED' }) as Error,
    );
  }
});

test('a stabilizer run is canceled while it draws as well', () => {
  const rng = Rng.fromSeed(SEED);
  const gates = Array.from({ length: 300 }, () => randomGate(40, rng, { names: ['h', 's', 'cx'] }));
  for (const operations of [gates, [...gates, measure(0, 0), gate('h', [0]), measure(0, 1)]]) {
    let looks = 0;
    const watch: Watch = { ...UNWATCHED, isCanceled: () => ++looks > 50 };
    expect(() =>
      runCircuit(circuitOf(40, operations, 2), { shots: 1_000_000, method: 'stabilizer' }, watch),
    ).toThrow(expect.objectContaining({ code: 'QUANTUM_CANCELED' }) as Error);
  }
});

test('where no second state fits, shots run one by one', () => {
  const circuit = circuitOf(
    13,
    [
      ...Array.from({ length: 12 }, (_, q) => gate('cx', [q, q + 1])),
      gate('h', [0]),
      gate('t', [0]),
      gate('h', [0]),
      measure(0, 0),
      { kind: 'if', condition: bit(0), then: [gate('x', [1])], otherwise: [] },
      measure(1, 1),
      measure(12, 2),
    ],
    3,
  );
  const p = Math.sin(Math.PI / 8) ** 2;
  const result = run(circuit, { method: 'dense', bytesMax: 2 ** 17, shots: 300 });
  expectCounts(
    result,
    new Map([
      ['000', 1 - p],
      ['011', p],
    ]),
  );
  expect(
    run(circuit, { method: 'dense', bytesMax: 2 ** 17, probabilities: true }).probabilities,
  ).toBeUndefined();
});

test('hundreds of parts are joined for their likeliest outcomes alone', () => {
  const n = 200;
  const operations = Array.from({ length: n }, (_, q) => gate('ry', [q], 0.5));
  const result = run(circuitOf(n, operations), { probabilities: true, top: 300, shots: 100 });
  const one = Math.sin(0.25) ** 2;
  const sorted = Object.values(result.probabilities!).toSorted((a, b) => b - a);
  expect(sorted).toHaveLength(300);
  expect(sorted[0]! / (1 - one) ** n).toBeCloseTo(1, 9);
  expect(sorted[n]! / ((1 - one) ** (n - 1) * one)).toBeCloseTo(1, 9);
  expect(sorted[n + 1]! / ((1 - one) ** (n - 2) * one ** 2)).toBeCloseTo(1, 9);
});

test('options out of bounds are refused', () => {
  for (const options of [
    { shots: -1 },
    { shots: 1.5 },
    { top: 0 },
    { method: 'magic' as Method },
    { bytesMax: Number.NaN },
  ]) {
    expect(() => run(circuitOf(1, []), options)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_OPTIONS_INVALID' }) as Error,
    );
  }
});
