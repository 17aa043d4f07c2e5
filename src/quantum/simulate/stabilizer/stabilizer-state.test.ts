import { describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import type { GateOperation } from '../../circuit/operation.ts';
import { UNWATCHED } from '../../watch.ts';
import { PlainState } from '../testing/plain-state.ts';
import { CLIFFORD_NAMES, randomGate } from '../testing/random-circuit.ts';
import { transpose32 } from './bit-words.ts';
import { CliffordRecognizer } from './clifford-action.ts';
import { formatPauli, parsePauli, type PauliString } from './pauli-string.ts';
import { StabilizerState } from './stabilizer-state.ts';

const SEED = Number(process.env['SEED'] ?? 1);

function gate(name: GateOperation['name'], ...qubits: number[]): GateOperation {
  return { kind: 'gate', name, params: [], qubits, controls: [] };
}

/** ⟨ψ|P|ψ⟩ by definition. */
function plainExpectation(state: PlainState, { x, z, isNegative }: PauliString): number {
  const [xs, zs] = [x[0]!, z[0]!];
  let sum = 0;
  for (let c = 0; c < state.re.length; c++) {
    const r = c ^ xs;
    let turns = isNegative ? 2 : 0;
    for (let q = 0; q < state.qubits; q++) {
      if ((zs >> q) & (c >> q) & 1) turns += 2;
      if ((xs >> q) & (zs >> q) & 1) turns += 1;
    }
    const re = state.re[r]! * state.re[c]! + state.im[r]! * state.im[c]!;
    const im = state.re[r]! * state.im[c]! - state.im[r]! * state.re[c]!;
    sum += [re, -im, -re, im][turns & 3]!;
  }
  return sum;
}

/** All Pauli strings on one or two of `qubits` qubits. */
function* fewBody(qubits: number): Generator<PauliString> {
  const letters = ['X', 'Y', 'Z'];
  for (let a = 0; a < qubits; a++) {
    for (let b = 0; b <= a; b++) {
      for (let pair = 0; pair < 9; pair++) {
        const text = Array.from({ length: qubits }, () => 'I');
        text[b] = letters[pair % 3]!;
        text[a] = letters[Math.floor(pair / 3)]!;
        yield parsePauli(`-${text.join('')}`);
      }
    }
  }
}

test('a block of bits and its transpose have the same bits, mirrored', () => {
  const rng = Rng.fromSeed(SEED);
  const words = Uint32Array.from({ length: 40 }, () => rng.u32());
  const before = words.slice();
  transpose32(words, 4);
  for (let r = 0; r < 32; r++) {
    for (let c = 0; c < 32; c++) {
      expect((words[4 + c]! >>> r) & 1).toBe((before[4 + r]! >>> c) & 1);
    }
  }
});

describe('random Clifford circuits', () => {
  test.each([1, 2, 3, 5, 7])('%i qubits agree with the dense twin on 1- and 2-body Paulis', (n) => {
    const rng = Rng.fromSeed(SEED + n);
    for (let run = 0; run < 12; run++) {
      const operations = Array.from({ length: 60 }, (_, i) =>
        randomGate(
          n,
          rng,
          i % 2 === 0
            ? { names: CLIFFORD_NAMES }
            : {
                names: ['rx', 'ry', 'rz', 'p', 'u', 'rxx', 'ryy', 'rzz', 'rzx', 'h', 'cx'],
                quarter: true,
              },
        ),
      );
      const state = StabilizerState.create(n);
      const plain = new PlainState(n);
      state.applyAll(operations, UNWATCHED);
      plain.applyAll(operations, UNWATCHED);
      // Collapses in between must keep them equal.
      for (let q = 0; q < n; q += 2) {
        const one = plain.probabilityOfOne(q);
        expect(state.probabilityOfOne(q)).toBeCloseTo(one, 9);
        const outcome = rng.unit() < one ? 1 : 0;
        state.collapse(q, outcome);
        plain.collapse(q, outcome);
        const more = [randomGate(n, rng, { names: CLIFFORD_NAMES })];
        state.applyAll(more, UNWATCHED);
        plain.applyAll(more, UNWATCHED);
      }
      for (const pauli of fewBody(n)) {
        expect(state.expectation(pauli)).toBeCloseTo(plainExpectation(plain, pauli), 9);
      }
      for (const stabilizer of state.stabilizers()) {
        expect(plainExpectation(plain, stabilizer)).toBeCloseTo(1, 9);
      }
      const distribution = state.distribution([...Array(n).keys()], 2 ** n)!;
      let sum = 0;
      for (const [i, p] of distribution.probabilities.entries()) {
        expect(plain.probability(distribution.keys[i]!)).toBeCloseTo(p, 9);
        sum += p;
      }
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  test('undone, they return 100 qubits to |0…0⟩', () => {
    const rng = Rng.fromSeed(SEED);
    const names = ['h', 's', 'cx', 'cz', 'swap', 'x', 'y', 'z', 'id'] as const;
    const gates = Array.from({ length: 5000 }, () => randomGate(100, rng, { names }));
    const inverse = gates
      .toReversed()
      .map((g): GateOperation => (g.name === 's' ? { ...g, name: 'sdg' } : g));
    const state = StabilizerState.create(100);
    state.applyAll([...gates, ...inverse], UNWATCHED);
    for (let q = 0; q < 100; q++) expect(state.probabilityOfOne(q)).toBe(0);
    expect(formatPauli(state.stabilizers()[3]!)).toBe(`+${'I'.repeat(96)}ZIII`);
  });

  test('measured one by one or all at once, correlated outcomes keep their parities', () => {
    const rng = Rng.fromSeed(SEED);
    const n = 70;
    const state = StabilizerState.create(n);
    state.applyAll(
      [
        gate('h', 0),
        ...Array.from({ length: n - 1 }, (_, q) => gate('cx', q, q + 1)),
        gate('x', 5),
      ],
      UNWATCHED,
    );
    const all = (1n << BigInt(n)) - 1n;
    const outcomes = state.sample([...Array(n).keys()], 1000, rng);
    expect(new Set(outcomes.keys())).toEqual(new Set([32n, all ^ 32n]));
    const heads = outcomes.get(32n)!;
    expect(Math.abs(heads - 500)).toBeLessThan(80);
    state.collapse(69, 1);
    expect(state.probabilityOfOne(5)).toBe(0);
    expect(state.probabilityOfOne(0)).toBe(1);
  });
});

test('equal states have equal stabilizers however they were made', () => {
  const bell = StabilizerState.create(2);
  bell.applyAll([gate('h', 0), gate('cx', 0, 1)], UNWATCHED);
  const other = StabilizerState.create(2);
  other.applyAll([gate('h', 1), gate('cx', 1, 0), gate('z', 0), gate('z', 1)], UNWATCHED);
  expect(bell.stabilizers().map(formatPauli)).toEqual(['+XX', '+ZZ']);
  expect(other.stabilizers().map(formatPauli)).toEqual(['+XX', '+ZZ']);
});

test('a gate is Clifford up to an angle of 1e-9 and not beyond', () => {
  const recognizer = new CliffordRecognizer();
  const rz = (angle: number): GateOperation => ({ ...gate('rz', 0), params: [angle] });
  expect(recognizer.recognize(rz(Math.PI / 2 + 0.9e-9))).not.toBeNull();
  expect(recognizer.recognize(rz(Math.PI / 2 + 3e-9))).toBeNull();
  expect(recognizer.recognize(gate('t', 0))).toBeNull();
  expect(recognizer.recognize(gate('ccx', 0, 1, 2))).toBeNull();
  expect(recognizer.recognize({ ...gate('cp', 0, 1), params: [Math.PI] })).not.toBeNull();
  expect(recognizer.recognize({ ...gate('cp', 0, 1), params: [Math.PI / 2] })).toBeNull();
  const onZero = { ...gate('x', 0), controls: [{ qubit: 1, value: 0 }] } as const;
  expect(recognizer.recognize(onZero)).not.toBeNull();
  expect(() => StabilizerState.create(1).applyAll([gate('t', 0)], UNWATCHED)).toThrow(
    expect.objectContaining({ code: 'QUANTUM_NOT_CLIFFORD' }) as Error,
  );
});
