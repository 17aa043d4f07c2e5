import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOrchestratorError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { GateName } from '../circuit/gate-table.ts';
import type { Operation } from '../circuit/operation.ts';
import { UNWATCHED } from '../watch.ts';
import { optimizeCircuit, type Level, type Metric, type OptimizeOptions } from './index.ts';
import { overlap, randomState, zeroState, applyOperation } from './statevector.ts';
import { circuitOf, randomGates } from './testing/random-gates.ts';
import { after, overlapOf, placed } from './testing/same-unitary.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const METRICS: readonly Metric[] = ['twoQubit', 'tCount', 'depth', 'gates', 'twoQubitDepth'];
const CLIFFORDS: readonly GateName[] = [
  'h',
  's',
  'sdg',
  'sx',
  'x',
  'y',
  'z',
  'cx',
  'cy',
  'cz',
  'swap',
  'iswap',
];

function gate(text: string): Operation {
  const [name, ...qubits] = text.split(' ');
  return {
    kind: 'gate',
    name: name as GateName,
    params: [],
    qubits: qubits.map(Number),
    controls: [],
  };
}

function gates(text: string): Operation[] {
  return text.split(', ').map(gate);
}

const measure = (qubit: number, bit = qubit): Operation => ({ kind: 'measure', qubit, bit });

const inputs = fc
  .record({
    seed: fc.integer(),
    qubits: fc.integer({ min: 2, max: 6 }),
    count: fc.integer({ min: 0, max: 45 }),
    level: fc.constantFrom<Level>(0, 1, 2),
    metric: fc.constantFrom(...METRICS),
    basis: fc.constantFrom(undefined, ['rz', 'sx', 'x', 'cz'], ['u', 'cx']),
  })
  .map(({ seed, qubits, count, level, metric, basis }) => ({
    circuit: circuitOf(
      qubits,
      randomGates({ qubits, gates: count, controlled: 0.1 }, Rng.fromSeed(seed)),
    ),
    options: { level, metric, ...(basis === undefined ? {} : { basis }) } satisfies OptimizeOptions,
  }));

describe('any circuit at any level', () => {
  test('keeps its unitary, is verified, and is never worse', () => {
    fc.assert(
      fc.property(inputs, ({ circuit, options }) => {
        const result = optimizeCircuit(circuit, options);
        expect(
          overlapOf(circuit.qubits, circuit.operations, result.circuit.operations),
        ).toBeCloseTo(1, 8);
        expect(result.defects).toEqual([]);
        expect(result.verified).not.toContain('not verified');
        expect(result.after[options.metric]).toBeLessThanOrEqual(result.before[options.metric]);
      }),
      { numRuns: 60 },
    );
  });

  test('is not made worse by a second run, and a fix point stays', () => {
    fc.assert(
      fc.property(inputs, ({ circuit, options }) => {
        let current = optimizeCircuit(circuit, options);
        for (let n = 0; n < 8; n++) {
          const next = optimizeCircuit(current.circuit, options);
          expect(next.after[options.metric]).toBeLessThanOrEqual(current.after[options.metric]);
          const isSame = next.verified === 'unchanged';
          current = next;
          if (isSame) break;
        }
        const again = optimizeCircuit(current.circuit, options);
        expect(again.circuit.operations).toEqual(current.circuit.operations);
      }),
      { numRuns: 15 },
    );
  });

  test('is made no worse by pairs of gates that undo each other', () => {
    fc.assert(
      fc.property(
        inputs,
        fc.nat(),
        fc.constantFrom('x', 'h', 'cx', 'cz', 'swap'),
        ({ circuit, options }, at, name) => {
          const inserted = gate(`${name} ${name.length > 1 ? '1 0' : '0'}`);
          const place = at % (circuit.operations.length + 1);
          const operations = circuit.operations.toSpliced(place, 0, inserted, inserted);
          const plain = optimizeCircuit(circuit, { ...options, level: 2 });
          const padded = optimizeCircuit({ ...circuit, operations }, { ...options, level: 2 });
          expect(padded.after.twoQubit).toBeLessThanOrEqual(plain.after.twoQubit);
        },
      ),
      { numRuns: 30 },
    );
  });
});

test('pairs of gates that undo each other vanish, at level 1 already', () => {
  const operations = gates('h 0, cx 0 1, cz 1 2, t 2, tdg 2, cz 1 2, cx 0 1, h 0');
  const { after: cost, circuit } = optimizeCircuit(circuitOf(3, operations), { level: 1 });
  expect(circuit.operations).toEqual([]);
  expect(cost).toEqual({ gates: 0, twoQubit: 0, depth: 0, twoQubitDepth: 0, tCount: 0 });
});

test.each([0, 1, 2] as const)('gates that do nothing vanish at level %i', (level) => {
  const idle: Operation = { ...gate('rzz 1 2'), params: [2 * Math.PI] } as Operation;
  for (const operations of [
    [gate('cx 3 2'), idle],
    [...gates('cz 1 0, cz 1 0, cx 3 2'), idle],
  ]) {
    const { circuit, after: cost, verified } = optimizeCircuit(circuitOf(4, operations), { level });
    expect(circuit.operations).toEqual([gate('cx 3 2')]);
    expect(cost.twoQubit).toBe(1);
    expect(verified).toBe('state-overlap');
  }
});

test.each([1e9, -1e15, 1e300])('angles of any size are taken for what they are: %d', (angle) => {
  const turns = gates('rz 0, rx 1, p 0, rzz 0 1, crz 1 2, cp 0 2, u 2').map(
    (operation): Operation => {
      if (operation.kind !== 'gate') return operation;
      return { ...operation, params: operation.name === 'u' ? [angle, angle, 0.3] : [angle] };
    },
  );
  const operations = turns.flatMap((turn) => [turn, ...gates('h 0, h 1, h 2')]);
  for (const level of [0, 1, 2] as const) {
    const { circuit, defects } = optimizeCircuit(circuitOf(3, operations), {
      level,
      basis: ['u', 'cx'],
    });
    expect(defects).toEqual([]);
    expect(overlapOf(3, operations, circuit.operations)).toBeCloseTo(1, 8);
  }
});

test('a Clifford circuit on 50 qubits is checked by its tableau, and then in blocks', () => {
  const operations = randomGates({ qubits: 50, gates: 400, names: CLIFFORDS }, Rng.fromSeed(3));
  const {
    before,
    after: cost,
    verified,
    defects,
  } = optimizeCircuit(circuitOf(50, operations), { level: 1 });
  expect(verified).toBe('state-overlap, tableau');
  expect(defects).toEqual([]);
  expect(cost.twoQubit).toBeLessThan(before.twoQubit);
});

test('circuits too large for states are improved as far as their rotations or blocks show it', () => {
  const names: GateName[] = ['rz', 'rx', 'h', 'cx', 'rzz', 'u'];
  const random = randomGates({ qubits: 25, gates: 300, names }, Rng.fromSeed(4));
  const operations = [...random, ...gates('cx 0 1, cx 0 1'), ...random];
  const {
    before,
    after: cost,
    verified,
  } = optimizeCircuit(circuitOf(25, operations), { level: 1 });
  expect(verified).toBe('pauli-rotations, state-overlap');
  expect(cost.twoQubit).toBeLessThan(before.twoQubit);
});

test('a Clifford circuit of many gates on few qubits becomes short', () => {
  const operations = randomGates({ qubits: 5, gates: 300, names: CLIFFORDS }, Rng.fromSeed(3));
  const { after: cost } = optimizeCircuit(circuitOf(5, operations));
  expect(cost.twoQubit).toBeLessThanOrEqual(14);
});

test('a Toffoli and its inverse on other controls leave T for what differs alone', () => {
  const operations = gates('ccx 0 1 3, ccx 0 1 3, ccx 0 1 2');
  const { after: cost } = optimizeCircuit(circuitOf(4, operations), { metric: 'tCount' });
  expect(cost.tCount).toBe(7);
});

describe('what is not unitary', () => {
  test('stays in place, and nothing moves past it', () => {
    const operations = [
      ...gates('h 0, cx 0 1'),
      measure(0),
      ...gates('h 0, h 0, cx 0 1'),
      measure(1),
    ];
    const { circuit } = optimizeCircuit(circuitOf(2, operations), { basis: ['h', 'cx'] });
    expect(circuit.operations).toEqual([
      ...gates('h 0, cx 0 1'),
      measure(0),
      gate('cx 0 1'),
      measure(1),
    ]);
  });

  test('a barrier keeps gates that would cancel apart', () => {
    const barrier: Operation = { kind: 'barrier', qubits: [0] };
    const operations = [gate('h 0'), barrier, gate('h 0')];
    expect(optimizeCircuit(circuitOf(1, operations)).circuit.operations).toEqual(operations);
  });

  test('branches are optimised inside', () => {
    const branch = (then: readonly Operation[]): Operation => ({
      kind: 'if',
      condition: { kind: 'bit', bit: 0 },
      then,
      otherwise: [],
    });
    const operations = [measure(0), branch(gates('x 1, h 1, h 1'))];
    const { circuit } = optimizeCircuit(circuitOf(2, operations));
    expect(circuit.operations).toEqual([measure(0), branch([gate('x 1')])]);
  });

  test('nothing moves before an end that may come first', () => {
    const leave: Operation = {
      kind: 'if',
      condition: { kind: 'bit', bit: 0 },
      then: [{ kind: 'end' }],
      otherwise: [],
    };
    const operations = [gate('h 1'), measure(0), leave, ...gates('h 1, x 1')];
    const { circuit } = optimizeCircuit(circuitOf(2, operations));
    expect(circuit.operations.findIndex(({ kind }) => kind === 'if')).toBe(2);
  });
});

/** Distribution over the bits that a circuit without control flow writes. */
function distributionOf({ qubits, operations }: Circuit): Map<string, number> {
  const state = zeroState(qubits);
  const source = new Map<number, number>();
  for (const operation of operations) {
    applyOperation(state, operation);
    if (operation.kind === 'measure') source.set(operation.bit, operation.qubit);
  }
  const bits = [...source].toSorted(([a], [b]) => a - b);
  const result = new Map<string, number>();
  for (let i = 0; i < state.re.length; i++) {
    const key = bits.map(([, qubit]) => (i >> qubit) & 1).join('');
    const weight = (state.re[i] ?? 0) ** 2 + (state.im[i] ?? 0) ** 2;
    result.set(key, (result.get(key) ?? 0) + weight);
  }
  return result;
}

describe('with measurements as the objective', () => {
  test('what is measured stays', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), ({ circuit, options }, count) => {
        const measured = Array.from({ length: 1 + (count % circuit.qubits) }, (_, k) => measure(k));
        const whole = { ...circuit, operations: [...circuit.operations, ...measured] };
        const result = optimizeCircuit(whole, { ...options, objective: 'measurement' });
        expect(result.defects).toEqual([]);
        const found = distributionOf(result.circuit);
        for (const [key, value] of distributionOf(whole))
          expect(found.get(key)).toBeCloseTo(value, 8);
      }),
      { numRuns: 40 },
    );
  });

  test('phases before measurements, gates after them and controls in |0⟩ are left out', () => {
    const operations = [
      ...gates('cx 1 2, h 0, cz 0 1, t 0, swap 0 1'),
      measure(0),
      measure(1),
      ...gates('h 2, cx 2 3'),
    ];
    const result = optimizeCircuit(circuitOf(4, operations), { objective: 'measurement' });
    expect(result.circuit.operations.filter(({ kind }) => kind === 'gate')).toEqual([gate('h 0')]);
    expect(result.verified).toBe('distribution');
  });

  test('a qubit that is used again keeps its phase', () => {
    const operations = [...gates('h 0, t 0, h 0'), measure(0), ...gates('h 0'), measure(0, 1)];
    const result = optimizeCircuit(circuitOf(1, operations), { objective: 'measurement' });
    const found = result.circuit.operations.filter(({ kind }) => kind === 'gate');
    expect(found.length).toBeGreaterThan(1);
  });
});

describe('on a machine', () => {
  const line = (qubits: number): OptimizeOptions => ({
    coupling: { qubits, edges: Array.from({ length: qubits - 1 }, (_, k) => [k, k + 1] as const) },
  });

  test('gates act on coupled qubits, and the layouts tell which is which', () => {
    fc.assert(
      fc.property(inputs, ({ circuit, options }) => {
        const machine = circuit.qubits + 1;
        const result = optimizeCircuit(circuit, { ...options, ...line(machine) });
        for (const operation of result.circuit.operations) {
          if (operation.kind !== 'gate' || operation.qubits.length !== 2) continue;
          expect(Math.abs((operation.qubits[0] ?? 0) - (operation.qubits[1] ?? 0))).toBe(1);
        }
        const start = randomState(circuit.qubits, Rng.fromSeed(5));
        const expected = placed(
          after(start, circuit.operations),
          result.finalLayout ?? [],
          machine,
        );
        const found = after(
          placed(start, result.initialLayout ?? [], machine),
          result.circuit.operations,
        );
        expect(overlap(expected, found)).toBeCloseTo(1, 8);
        expect(result.verified).toContain('layout');
      }),
      { numRuns: 30 },
    );
  });

  test('a branch whose gates need swaps takes them back', () => {
    const branch: Operation = {
      kind: 'if',
      condition: { kind: 'bit', bit: 0 },
      then: gates('cx 0 2'),
      otherwise: [],
    };
    const operations = [...gates('h 0, cx 0 1, cx 1 2'), measure(0), branch, gate('cx 0 1')];
    const { circuit } = optimizeCircuit(circuitOf(3, operations), line(3));
    const found = circuit.operations.find(({ kind }) => kind === 'if');
    expect(found?.kind === 'if' && found.then.length).toBeGreaterThan(1);
  });

  test.each([
    [{ qubits: 2, edges: [[0, 0]] }, 'QUANTUM_COUPLING_INVALID'],
    [{ qubits: 3, edges: [[0, 1]] }, 'QUANTUM_COUPLING_INVALID'],
    [{ qubits: 2, edges: [[0, 1]] }, 'QUANTUM_ROUTING_UNSUPPORTED'],
  ] as const)('a map that cannot do is refused: %j', (coupling, code) => {
    expect(codeOf(() => optimizeCircuit(circuitOf(3, gates('cx 0 2')), { coupling }))).toBe(code);
  });
});

function codeOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!isOrchestratorError(error)) throw error;
    return error.code;
  }
}

test.each([
  [['h', 'cx'], 't 0', 'QUANTUM_BASIS_UNREACHABLE'],
  [['u'], 'cx 0 1', 'QUANTUM_BASIS_UNREACHABLE'],
  [['t', 'cx'], 'h 0', 'QUANTUM_BASIS_UNREACHABLE'],
  [['u', 'frobnicate'], 'h 0', 'QUANTUM_BASIS_UNKNOWN_GATE'],
])('the basis %j is refused for %s', (basis, text, code) => {
  expect(codeOf(() => optimizeCircuit(circuitOf(2, gates(text)), { basis }))).toBe(code);
});

test('a canceled run answers what it has, and throws where it has nothing', () => {
  const operations = randomGates({ qubits: 5, gates: 200 }, Rng.fromSeed(2));
  const circuit = circuitOf(5, operations);
  for (const looksMin of [20, 200]) {
    let looks = 0;
    const watch = { ...UNWATCHED, isCanceled: () => ++looks > looksMin };
    const result = optimizeCircuit(circuit, { level: 3 }, watch);
    expect(overlapOf(5, operations, result.circuit.operations)).toBeCloseTo(1, 8);
  }
  const canceled = { ...UNWATCHED, isCanceled: () => true };
  expect(codeOf(() => optimizeCircuit(circuit, { level: 3 }, canceled))).toBe('QUANTUM_CANCELED');
});
