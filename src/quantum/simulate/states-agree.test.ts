/** Every representation against the definition, on random circuits. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { GateOperation, UnitaryPart } from '../circuit/operation.ts';
import { randomUnitary } from '../linear/random-unitary.ts';
import { UNWATCHED } from '../watch.ts';
import { DensityState } from './density/density-state.ts';
import type { ExactState } from './exact-state.ts';
import { MatrixProductState } from './mps/matrix-product-state.ts';
import { SparseState } from './sparse/sparse-state.ts';
import { PlainState } from './testing/plain-state.ts';
import { distinct, randomGate } from './testing/random-circuit.ts';

const SEED = Number(process.env['SEED'] ?? 1);
/** 60 gates of rounding 2⁻⁵³ each, times the number of amplitudes. */
const TOLERANCE = 1e-11;

const makers: readonly (readonly [string, (qubits: number) => ExactState])[] = [
  ['sparse', (n) => SparseState.create(n)],
  ['mps', (n) => MatrixProductState.create(n)],
  [
    'mps in another order',
    (n) => MatrixProductState.create(n, { order: [...Array(n).keys()].toReversed() }),
  ],
  ['density', (n) => DensityState.create(n)],
];

function randomOperation(qubits: number, rng: Rng): UnitaryPart {
  const kind = rng.below(8);
  if (kind === 0) return { kind: 'global-phase', angle: rng.unit() };
  if (kind === 1) {
    const count = 1 + rng.below(Math.min(2, qubits));
    return {
      kind: 'unitary',
      matrix: randomUnitary(2 ** count, rng),
      qubits: distinct(count, qubits, rng),
      controls: [],
      label: 'u',
    };
  }
  const gate = randomGate(qubits, rng);
  if (kind > 2 || gate.qubits.length === qubits) return gate;
  const free = [...Array(qubits).keys()].filter((q) => !gate.qubits.includes(q));
  return {
    ...gate,
    controls: [{ qubit: free[rng.below(free.length)]!, value: rng.below(2) as 0 | 1 }],
  };
}

function expectSame(state: ExactState, plain: PlainState, qubits: readonly number[]): void {
  const expected = new Float64Array(2 ** qubits.length);
  for (let i = 0; i < plain.re.length; i++) {
    const outcome = qubits.reduce((sum, q, k) => sum | (((i >> q) & 1) << k), 0);
    expected[outcome]! += plain.probability(i);
  }
  const found = state.distribution(qubits, 2 ** qubits.length, UNWATCHED)!;
  const probabilities = new Float64Array(expected.length);
  for (const [i, p] of found.probabilities.entries()) probabilities[found.keys[i]!] = p;
  for (const [i, p] of expected.entries())
    expect(Math.abs(p - probabilities[i]!)).toBeLessThan(TOLERANCE);
}

describe.each(makers)('%s', (_, make) => {
  test.each([1, 2, 3, 5, 6])('%i qubits agree with the definition, collapses included', (n) => {
    const rng = Rng.fromSeed(SEED + n);
    for (let run = 0; run < 6; run++) {
      const state = make(n);
      const plain = new PlainState(n);
      for (let round = 0; round < 3; round++) {
        const operations = Array.from({ length: 20 }, () => randomOperation(n, rng));
        state.applyAll(operations, UNWATCHED);
        plain.applyAll(operations, UNWATCHED);
        const kept = state.copy(UNWATCHED);
        const qubit = rng.below(n);
        const one = plain.probabilityOfOne(qubit);
        expect(Math.abs(state.probabilityOfOne(qubit, UNWATCHED) - one)).toBeLessThan(TOLERANCE);
        expectSame(state, plain, distinct(1 + rng.below(n), n, rng));
        const outcome = rng.unit() < one ? 1 : 0;
        state.collapse(qubit, outcome, UNWATCHED);
        expectSame(kept, plain, [...Array(n).keys()]);
        plain.collapse(qubit, outcome);
        expectSame(state, plain, [...Array(n).keys()]);
      }
    }
  });

  test('shots follow the distribution', () => {
    const rng = Rng.fromSeed(SEED);
    const n = 5;
    const operations = Array.from({ length: 40 }, () => randomOperation(n, rng));
    const [state, plain] = [make(n), new PlainState(n)];
    state.applyAll(operations, UNWATCHED);
    plain.applyAll(operations, UNWATCHED);
    for (const shots of [200, 1_000_000]) {
      const outcomes = state.sample([4, 1, 0], shots, rng, UNWATCHED);
      const expected = new Float64Array(8);
      for (let i = 0; i < 32; i++) {
        expected[((i >> 4) & 1) | (((i >> 1) & 1) << 1) | ((i & 1) << 2)]! += plain.probability(i);
      }
      let sum = 0;
      for (const [outcome, count] of outcomes) {
        const p = expected[Number(outcome)]!;
        expect(Math.abs(count - shots * p)).toBeLessThan(5 * Math.sqrt(shots * p * (1 - p)) + 5);
        sum += count;
      }
      expect(sum).toBe(shots);
    }
  });
});

function ghz(n: number): GateOperation[] {
  const gate = (name: 'h' | 'cx', ...qubits: number[]): GateOperation => ({
    kind: 'gate',
    name,
    params: [],
    qubits,
    controls: [],
  });
  return [gate('h', 0), ...Array.from({ length: n - 1 }, (_, q) => gate('cx', q, q + 1))];
}

test('200 qubits in two basis states take two amplitudes, or bonds of two', () => {
  const rng = Rng.fromSeed(SEED);
  const sparse = SparseState.create(200);
  const mps = MatrixProductState.create(200);
  for (const state of [sparse, mps]) {
    state.applyAll(ghz(200), UNWATCHED);
    const outcomes = state.sample([0, 100, 199], 1000, rng);
    expect([...outcomes.keys()].toSorted()).toEqual([0n, 7n]);
    state.collapse(150, 1);
    expect(state.probabilityOfOne(3)).toBeCloseTo(1, 12);
  }
  expect(sparse.size).toBe(1);
  expect(mps.bond).toBe(1);
  expect(mps.truncationError()).toBeLessThan(1e-12);
});

test('a sparse state that grows too large says how many bytes it would need', () => {
  const gates = Array.from({ length: 30 }, (_, q): GateOperation => ({
    kind: 'gate',
    name: 'h',
    params: [],
    qubits: [q],
    controls: [],
  }));
  const state = SparseState.create(30, { bytesMax: 100_000 });
  expect(() => state.applyAll(gates, UNWATCHED)).toThrow(
    expect.objectContaining({
      code: 'QUANTUM_TOO_LARGE',
      details: expect.objectContaining({ qubits: 30 }) as object,
    }) as Error,
  );
});

test('a bond that is cut off is accounted for', () => {
  const rng = Rng.fromSeed(SEED);
  const n = 8;
  const operations = Array.from({ length: 120 }, () => randomGate(n, rng));
  const [state, plain] = [MatrixProductState.create(n, { bondMax: 6 }), new PlainState(n)];
  state.applyAll(operations, UNWATCHED);
  plain.applyAll(operations, UNWATCHED);
  expect(state.bond).toBeLessThanOrEqual(6);
  expect(state.truncationError()).toBeGreaterThan(0.01);
  expect(state.truncationError()).toBeLessThan(1);
});
