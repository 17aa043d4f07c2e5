import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { GATE_NAMES, gateSpec, type GateName } from '../circuit/gate-table.ts';
import type { Operation } from '../circuit/operation.ts';
import { Basis } from './basis.ts';
import { emit } from './emit.ts';
import { lower } from './lower.ts';
import { NO_LOOK } from './look.ts';
import { inverted, NetworkBuilder, rebuilt } from './network-builder.ts';
import { entanglers, type Network } from './network.ts';
import { synthesized } from './pauli-synthesis.ts';
import { peephole } from './peephole.ts';
import {
  costOf,
  improvePair,
  improvePairExactly,
  improvePiece,
  resynthesized,
  rotationCount,
  withSwapsMade,
} from './pieces.ts';
import { mergeRotations } from './rotation-form.ts';
import { mergeRuns } from './runs.ts';
import { randomGates } from './testing/random-gates.ts';
import { overlapOf, overlapWith } from './testing/same-unitary.ts';
import { sweepWindows } from './windows.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const CLIFFORD_T: readonly GateName[] = GATE_NAMES.filter(
  (name) => gateSpec(name).params === 0,
).filter((name) => name !== 'c3x' && name !== 'c4x' && !name.startsWith('cs'));

function networkOf(
  qubits: number,
  operations: readonly Operation[],
  reversed?: () => boolean,
): Network {
  const builder = new NetworkBuilder(qubits, reversed ?? null);
  for (const operation of operations) lower(builder, operation);
  return builder.build();
}

const circuits = fc
  .record({
    seed: fc.integer(),
    qubits: fc.integer({ min: 2, max: 6 }),
    gates: fc.integer({ min: 0, max: 50 }),
    isCliffordT: fc.boolean(),
  })
  .map(({ seed, qubits, gates, isCliffordT }) => {
    const options = isCliffordT
      ? { qubits, gates, names: CLIFFORD_T }
      : { qubits, gates, controlled: 0.15 };
    return { seed, qubits, operations: randomGates(options, Rng.fromSeed(seed)) };
  });

const never = (): boolean => false;
const whole = { isDue: never, look: NO_LOOK, keepsRotations: false };
const exact = { priority: 'rotations', ...whole } as const;
const pairwise = { priority: 'entanglers', ...whole } as const;
const synthesis = { discount: 0.8, frameWeight: 0.3 };

/** Passes, and whether each may raise what it does not look at. */
const PASSES: Readonly<Record<string, (network: Network, rng: Rng) => Network>> = {
  rebuilt: (network) => rebuilt(network),
  'inverted twice': (network) => inverted(inverted(network)),
  'merging into the earlier rotation': (network) => mergeRotations(network, 'earlier'),
  'merging into the later rotation': (network) => mergeRotations(network, 'later'),
  'merging runs': (network) => mergeRuns(network),
  'making swaps': (network) => withSwapsMade(network),
  synthesis: (network, rng) => synthesized(network, { ...synthesis, rng }),
  'synthesis without chance': (network) => synthesized(network, { ...synthesis, rng: null }),
  resynthesis: (network) =>
    resynthesized(network, { priority: 'entanglers', variants: 4, rng: null, sideways: 0 }),
  'windows of three': (network, rng) =>
    sweepWindows(network, {
      width: 3,
      span: 100,
      rng,
      isDue: never,
      improve: (piece) =>
        improvePiece(piece, { priority: 'entanglers', variants: 2, rng, sideways: 0.5 }),
    }),
  'windows of pairs': (network) =>
    sweepWindows(network, { width: 2, span: 100, rng: null, isDue: never, improve: improvePair }),
  'windows of pairs, exactly': (network) =>
    sweepWindows(network, {
      width: 2,
      span: 100,
      rng: null,
      isDue: never,
      improve: improvePairExactly,
    }),
  peephole: (network) => peephole(network, pairwise),
  'peephole for T': (network) => peephole(network, exact),
};

describe.each(Object.entries(PASSES))('%s', (_, pass) => {
  test('keeps the unitary up to a phase', () => {
    fc.assert(
      fc.property(circuits, ({ seed, qubits, operations }) => {
        const network = pass(networkOf(qubits, operations), Rng.fromSeed(seed));
        expect(overlapWith(network, operations)).toBeCloseTo(1, 9);
      }),
      { numRuns: 40 },
    );
  });
});

test.each(GATE_NAMES)(
  '%s is lowered to what its matrix says, with and without controls',
  (name) => {
    for (let seed = 0; seed < 8; seed++) {
      const rng = Rng.fromSeed(seed);
      const controlled = seed < 2 ? 0 : 1;
      const operations = randomGates({ qubits: 7, gates: 1, names: [name], controlled }, rng);
      const reversed = seed % 2 === 1 ? () => rng.below(2) === 0 : undefined;
      expect(overlapWith(networkOf(7, operations, reversed), operations)).toBeCloseTo(1, 10);
    }
  },
);

test('an x under nine controls is what its matrix says', () => {
  const controls = Array.from({ length: 9 }, (_, k) => ({ qubit: k + 1, value: 1 as const }));
  const operation: Operation = { kind: 'gate', name: 'x', params: [], qubits: [0], controls };
  const network = networkOf(10, [operation]);
  expect(overlapWith(network, [operation])).toBeCloseTo(1, 9);
  // Spread over all parities it would take 1022.
  expect(entanglers(network)).toBeLessThan(800);
});

test.each([
  [['rz', 'sx', 'x', 'cz']],
  [['u', 'cx']],
  [['h', 'p', 'cx']],
  [['rx', 'rz', 'rzz']],
  [['ry', 'rz', 'crx']],
  [['rx', 'ry', 'ryy']],
  [['rz', 'sxdg', 'rzx']],
  [['u', 'rxx', 'cy']],
])('a circuit in the basis %j has no other gates, and the same unitary', (basis) => {
  fc.assert(
    fc.property(circuits, ({ qubits, operations }) => {
      const network = withSwapsMade(networkOf(qubits, operations));
      for (const turns of ['merged', 'apart'] as const) {
        const emitted = emit(network, new Basis(basis), turns);
        expect(overlapOf(qubits, operations, emitted)).toBeCloseTo(1, 9);
        for (const { name } of emitted) expect(basis).toContain(name);
      }
    }),
    { numRuns: 25 },
  );
});

test('Clifford and T circuits stay in h, s, t and cx, with as many t as rotations', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const operations = randomGates(
        { qubits: 4, gates: 40, names: CLIFFORD_T },
        Rng.fromSeed(seed),
      );
      const network = withSwapsMade(networkOf(4, operations));
      const emitted = emit(network, new Basis(['h', 's', 't', 'cx']));
      expect(overlapOf(4, operations, emitted)).toBeCloseTo(1, 9);
      expect(emitted.filter(({ name }) => name === 't')).toHaveLength(rotationCount(network));
    }),
    { numRuns: 40 },
  );
});

test('merging never raises the number of rotations, and finds those that stand far apart', () => {
  fc.assert(
    fc.property(circuits, ({ qubits, operations }) => {
      const network = networkOf(qubits, operations);
      expect(rotationCount(mergeRotations(network))).toBeLessThanOrEqual(rotationCount(network));
    }),
    { numRuns: 40 },
  );
  const [cx, t]: Operation[] = [
    { kind: 'gate', name: 'cx', params: [], qubits: [0, 1], controls: [] },
    { kind: 'gate', name: 't', params: [], qubits: [1], controls: [] },
  ];
  const far = networkOf(3, [cx!, t!, cx!, { ...t!, qubits: [0] } as Operation, cx!, t!, cx!]);
  expect(rotationCount(mergeRotations(far))).toBe(1);
});

test.each([
  ['x on the target between two cx goes through', ['cx 0 1', 'x 1', 'cx 0 1'], 0],
  ['two cx with one control and different targets commute', ['cx 0 1', 'cx 0 2', 'cx 0 1'], 1],
  ['cx and cy on one control become cz', ['cx 0 1', 'cy 0 1'], 1],
  ['three cx in turns are renamed wires', ['swap 0 1'], 0],
])('%s', (_, list, count) => {
  const operations = list.map((text): Operation => {
    const [name, ...qubits] = text.split(' ');
    return {
      kind: 'gate',
      name: name as GateName,
      params: [],
      qubits: qubits.map(Number),
      controls: [],
    };
  });
  expect(entanglers(networkOf(3, operations))).toBe(count);
});

test('any two-qubit circuit takes three entanglers at most', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const operations = randomGates({ qubits: 2, gates: 30 }, Rng.fromSeed(seed));
      const network = peephole(networkOf(2, operations), pairwise);
      expect(entanglers(withSwapsMade(network))).toBeLessThanOrEqual(6);
      expect(entanglers(network)).toBeLessThanOrEqual(3);
      expect(costOf(network, 'entanglers')).toBeLessThanOrEqual(
        costOf(networkOf(2, operations), 'entanglers'),
      );
    }),
    { numRuns: 40 },
  );
});
