import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Expression } from '../circuit/classical.ts';
import type { Operation } from '../circuit/operation.ts';
import { plainRun } from '../simulate/testing/plain-run.ts';
import { optimizeCircuit, type CouplingMap, type Level } from './index.ts';
import { measuredCoupling } from './coupling.ts';
import { NO_LOOK } from './look.ts';
import { expectedOperations, route, type Routed } from './route.ts';
import { SWAP_GATES, writtenCircuit } from './routed-circuit.ts';
import type { RoutingStep } from './routing-step.ts';
import { qubitsOf } from './cost.ts';
import { randomDynamic } from './testing/random-dynamic.ts';
import { circuitOf, randomGates } from './testing/random-gates.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const gate = (name: 'x' | 'cx' | 'h', ...qubits: number[]): Operation & { kind: 'gate' } => ({
  kind: 'gate',
  name,
  params: [],
  qubits,
  controls: [],
});
const measure = (qubit: number, bit: number): Operation => ({ kind: 'measure', qubit, bit });
const bit = (at: number): Expression => ({ kind: 'bit', bit: at });
const when = (at: number, ...then: Operation[]): Operation & { kind: 'if' } => ({
  kind: 'if',
  condition: bit(at),
  then,
  otherwise: [],
});
const loop = (at: number, ...body: Operation[]): Operation & { kind: 'while' } => ({
  kind: 'while',
  condition: bit(at),
  body,
});

const LINE: CouplingMap = {
  qubits: 3,
  edges: [
    [0, 1],
    [1, 2],
  ],
};

function requireSame(found: Circuit, given: Circuit): void {
  const expected = plainRun(given);
  const actual = plainRun(found);
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    expect(actual.get(key) ?? 0, key).toBeCloseTo(expected.get(key) ?? 0, 7);
  }
}

function requireCoupled(operations: readonly Operation[], { edges }: CouplingMap): void {
  for (const operation of operations) {
    if (operation.kind === 'if') {
      requireCoupled([...operation.then, ...operation.otherwise], { qubits: 0, edges });
    } else if (operation.kind === 'while') {
      requireCoupled(operation.body, { qubits: 0, edges });
    } else if (operation.kind === 'gate' || operation.kind === 'unitary') {
      const [a, b] = qubitsOf(operation);
      if (b === undefined) continue;
      expect(edges.some((edge) => edge.includes(a ?? -1) && edge.includes(b))).toBe(true);
    }
  }
}

/** A tree over all qubits, and some edges more. */
function randomMap(qubits: number, rng: Rng): CouplingMap {
  const order = Array.from({ length: qubits }, (_, k) => k);
  for (let k = qubits - 1; k > 0; k--) {
    const other = rng.below(k + 1);
    [order[k], order[other]] = [order[other] ?? 0, order[k] ?? 0];
  }
  const edges: [number, number][] = [];
  for (let k = 1; k < qubits; k++) edges.push([order[k] ?? 0, order[rng.below(k)] ?? 0]);
  if (qubits > 2 && rng.below(3) === 0) edges.push([order[0] ?? 0, order[qubits - 1] ?? 0]);
  return { qubits, edges };
}

describe('a loop that is left from within', () => {
  const leaves: [string, Operation][] = [
    ['an if', when(0, measure(0, 1), when(1, { kind: 'break' }))],
    [
      'swaps of the branch itself',
      when(0, measure(0, 1), gate('cx', 0, 2), gate('cx', 0, 1), when(1, { kind: 'break' })),
    ],
    [
      'a loop of its own inside',
      when(0, loop(0, gate('cx', 0, 1), measure(0, 1), when(1, { kind: 'break' }), measure(2, 0))),
    ],
    ['the body itself', { kind: 'break' }],
    ['a second turn', when(0, measure(1, 0), gate('cx', 2, 0), { kind: 'continue' })],
  ];

  test.each(leaves)('by %s leaves its qubits where they were', (_, leave) => {
    const operations = [
      gate('x', 0),
      measure(0, 0),
      loop(0, gate('cx', 0, 2), leave, gate('cx', 1, 2), measure(1, 0)),
      ...[0, 1, 2].map((qubit) => measure(qubit, qubit + 2)),
    ];
    const given: Circuit = {
      ...circuitOf(3, operations),
      bits: 5,
      classicalRegisters: [{ name: 'c', start: 0, size: 5 }],
    };
    for (const level of [0, 1, 2, 3] as const) {
      const result = optimizeCircuit(given, { level, coupling: LINE });
      requireSame(result.circuit, given);
      requireCoupled(result.circuit.operations, LINE);
      expect(result.verified).toContain('layout');
      expect(result.defects).toEqual([]);
    }
  });
});

describe('any circuit with control flow', () => {
  const inputs = fc.record({
    seed: fc.nat(2 ** 31),
    level: fc.constantFrom<Level>(0, 0, 1, 1, 2, 2, 3),
    objective: fc.constantFrom('unitary', 'measurement'),
    spare: fc.nat(1),
    isClassical: fc.boolean(),
  });

  test('does on a machine what it did', () => {
    fc.assert(
      fc.property(inputs, ({ seed, level, objective, spare, isClassical }) => {
        const rng = Rng.fromSeed(seed);
        const given = randomDynamic({ qubits: 2 + rng.below(3), operations: 12, isClassical }, rng);
        const coupling = randomMap(given.qubits + spare, rng);
        const result = optimizeCircuit(given, { level, coupling, seed, objective });
        requireCoupled(result.circuit.operations, coupling);
        requireSame(result.circuit, given);
        expect(result.defects).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('does without a machine what it did', () => {
    fc.assert(
      fc.property(inputs, ({ seed, level, objective, isClassical }) => {
        const rng = Rng.fromSeed(seed);
        const given = randomDynamic({ qubits: 1 + rng.below(4), operations: 12, isClassical }, rng);
        const result = optimizeCircuit(given, { level, seed, objective });
        requireSame(result.circuit, given);
        expect(result.defects).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('on a machine of 144 qubits', () => {
  const side = 12;
  const grid = Array.from({ length: side * side }, (_, k): [number, number][] => [
    ...(k % side === side - 1 ? [] : [[k, k + 1] as [number, number]]),
    ...(k + side < side * side ? [[k, k + side] as [number, number]] : []),
  ]).flat();
  const coupling = measuredCoupling({ qubits: side * side, edges: grid });
  const operations = randomGates(
    { qubits: side * side, gates: 1000, names: ['cx'] },
    Rng.fromSeed(1),
  );
  /** Routes with a watch that is asked at most `looksMax` times before it says stop. */
  function routed(trials: number, looksMax: number): { found: Routed; looks: number } {
    let looks = 0;
    const leftMs = (): number => (++looks > looksMax ? 0 : 1);
    const found = route(side * side, operations, coupling, {
      rng: Rng.fromSeed(1),
      trials,
      leftMs,
      look: leftMs,
    });
    return { found, looks };
  }

  test('a trial looks at the watch often', () => {
    expect(routed(1, Infinity).looks).toBeGreaterThan(30);
  });

  test('the first trial is hurried to its end where time is up', () => {
    const { found, looks } = routed(40, 5);
    expect(looks).toBeLessThan(30);
    requireCoupled(found.operations, { qubits: side * side, edges: grid });
  });

  test('a trial ends where time is up, and the best so far is answered', () => {
    const first = routed(1, Infinity);
    const found = routed(40, first.looks + 5);
    expect(found.found).toEqual(first.found);
    expect(found.looks - first.looks).toBeLessThan(25);
  });
});

describe('a circuit of thousands of pairs', () => {
  const qubits = 60;
  const edges = Array.from({ length: qubits - 1 }, (_, k): [number, number] => [k, k + 1]);
  const line = measuredCoupling({ qubits, edges });
  const operations = randomGates({ qubits, gates: 3000, names: ['cx'] }, Rng.fromSeed(2));
  const options = { trials: 1, look: NO_LOOK } as const;
  const swapsOf = (found: Routed): number => (found.operations.length - operations.length) / 3;

  test('is routed in rounds where there is no time, with fewer swaps than gate by gate', () => {
    const rng = Rng.fromSeed(1);
    const found = route(qubits, operations, line, { ...options, rng, leftMs: () => 0 });
    requireCoupled(found.operations, { qubits, edges });
    const at = Array.from({ length: qubits }, (_, k) => k);
    let alone = 0;
    for (const operation of operations) {
      const [s = 0, t = 0] = qubitsOf(operation);
      for (; Math.abs(at.indexOf(s) - at.indexOf(t)) > 1; alone++) {
        const from = at.indexOf(s);
        const to = from + Math.sign(at.indexOf(t) - from);
        [at[from], at[to]] = [at[to] ?? 0, at[from] ?? 0];
      }
    }
    expect(swapsOf(found)).toBeLessThan(0.9 * alone);
  });

  test('is made better swap by swap where there is', () => {
    const leftMs = (): number => 1;
    const rounds = route(qubits, operations, line, {
      ...options,
      rng: Rng.fromSeed(1),
      leftMs: () => 0,
    });
    const found = route(qubits, operations, line, { ...options, rng: Rng.fromSeed(1), leftMs });
    requireCoupled(found.operations, { qubits, edges });
    expect(swapsOf(found)).toBeLessThan(swapsOf(rounds));
  });

  test('is refused where it becomes too many operations, without making them', () => {
    const limited = { ...options, rng: Rng.fromSeed(1), leftMs: () => 1, operationsMax: 10_000 };
    expect(() => route(qubits, operations, line, limited)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_ROUTING_TOO_LARGE' }),
    );
    const allowed = { ...limited, operationsMax: 1_000_000 };
    expect(route(qubits, operations, line, allowed).operations.length).toBeLessThan(1_000_000);
  });

  test('is expected to become about as many operations as it does', () => {
    const found = route(qubits, operations, line, {
      ...options,
      rng: Rng.fromSeed(1),
      leftMs: () => 0,
    });
    const ratio = expectedOperations(circuitOf(qubits, operations), line) / found.operations.length;
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});

test('a map of more qubits than can be measured is refused', () => {
  expect(() => measuredCoupling({ qubits: 1e9, edges: [] })).toThrow(
    expect.objectContaining({ code: 'QUANTUM_COUPLING_INVALID' }),
  );
});

describe('steps are refused that', () => {
  const there: RoutingStep = { kind: 'swap', qubits: [0, 1] };
  const far = gate('cx', 0, 2);
  const near = gate('cx', 0, 1);
  const flip = gate('x', 2);
  const leave = { kind: 'break' } as const;
  const branch = when(0, leave);
  const body = loop(0, near, branch);
  const plain = (source: Operation & { kind: 'gate' | 'break' }): RoutingStep => ({
    kind: 'plain',
    source,
  });
  const branchStep = (...then: RoutingStep[]): RoutingStep => ({
    kind: 'branching',
    source: branch,
    then,
    otherwise: [],
  });
  const loopStep = (...inner: RoutingStep[]): RoutingStep => ({
    kind: 'loop',
    source: body,
    body: inner,
  });
  const late = loop(0, branch, flip);

  test.each<[string, Operation[], RoutingStep[]]>([
    ['put a gate on qubits that are not coupled', [far], [plain(far)]],
    ['swap qubits that are not coupled', [], [{ kind: 'swap', qubits: [0, 2] }]],
    ['leave a gate out', [far], [there]],
    ['turn two gates round', [near, gate('x', 0)], [plain(gate('x', 0)), plain(near)]],
    ['do a gate twice', [near], [plain(near), plain(near)]],
    ['leave a swap in a body', [body], [loopStep(plain(near), branchStep(plain(leave)), there)]],
    [
      'leave a swap where the body is left',
      [body],
      [loopStep(plain(near), there, branchStep(plain(leave)), there)],
    ],
    [
      'move a gate before a way out',
      [late],
      [{ kind: 'loop', source: late, body: [plain(flip), branchStep(plain(leave))] }],
    ],
  ])('%s', (_, given, steps) => {
    const machine = { coupling: measuredCoupling(LINE), swapGates: SWAP_GATES };
    const write = (): unknown =>
      writtenCircuit(given, { steps, initialLayout: [0, 1, 2] }, machine, NO_LOOK);
    expect(write).toThrow();
  });

  test('and those are written that undo their swaps on every way', () => {
    const steps = [loopStep(plain(near), there, branchStep(there, plain(leave)), there)];
    const written = writtenCircuit(
      [body],
      { steps, initialLayout: [0, 1, 2] },
      { coupling: measuredCoupling(LINE), swapGates: SWAP_GATES },
      NO_LOOK,
    );
    expect(written.finalLayout).toEqual([0, 1, 2]);
  });
});
