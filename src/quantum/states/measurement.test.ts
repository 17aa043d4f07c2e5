import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { add, addScaled, multiply, scale, trace } from '../linear/arithmetic.ts';
import { identity, matrix, zeros } from '../linear/complex-matrix.ts';
import { maxDistance } from '../linear/deviation.ts';
import { asDensity, maximallyMixed, pureDensity, type QuantumState } from './density-matrix.ts';
import { expectation } from './expectation.ts';
import {
  basisProbabilities,
  measure,
  measureInBasis,
  measurePauli,
  probabilitiesOf,
  project,
  projectPauli,
  sampleCounts,
  turnToBasis,
} from './measurement.ts';
import { parsePauli } from './pauli.ts';
import { basisState, bitstringState, randomState, stateFromAmplitudes } from './state-vector.ts';
import {
  anyState,
  bitsAt,
  embedded,
  PARAMETERS,
  seeds,
  someQubits,
  stateDistance,
} from './testing/random-states.ts';

const ROUNDING = 1e-12;
const impossible = expect.objectContaining({ code: 'QUANTUM_OUTCOME_IMPOSSIBLE' });

/** P·ρ·P / Tr(P·ρ) for a projector on all qubits. */
function projectedByDefinition(state: QuantumState, projector: ReturnType<typeof zeros>) {
  const product = multiply(multiply(projector, asDensity(state).matrix), projector);
  const [probability] = trace(product);
  return { probability, matrix: scale(product, 1 / probability) };
}

const letters = fc
  .array(fc.constantFrom('I', 'X', 'Y', 'Z'), { minLength: 1, maxLength: 4 })
  .map((list) => list.join(''));

const PAULIS = {
  X: matrix([
    [0, 1],
    [1, 0],
  ]),
  Y: matrix([
    [0, [0, -1]],
    [[0, 1], 0],
  ]),
  Z: matrix([
    [1, 0],
    [0, -1],
  ]),
};

function stringMatrix(text: string): ReturnType<typeof zeros> {
  return parsePauli(text, text.length).factors.reduce(
    (m, { qubit, pauli }) => multiply(m, embedded(PAULIS[pauli], [qubit], text.length)),
    identity(2 ** text.length),
  );
}

describe('measurement of qubits', () => {
  test('probabilities follow Born’s rule for any qubits in any order, and add up to 1', () => {
    fc.assert(
      fc.property(someQubits(5, 0), seeds, ([count, qubits], seed) => {
        const state = anyState(count, seed);
        const wanted = new Float64Array(2 ** qubits.length);
        const { re, rows } = asDensity(state).matrix;
        for (let k = 0; k < rows; k++) wanted[bitsAt(k, qubits)] += re[k * rows + k];
        const got = probabilitiesOf(state, qubits);
        for (const [k, value] of got.entries()) expect(value).toBeCloseTo(wanted[k], 12);
        expect(got.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
      }),
      PARAMETERS,
    );
  });

  test('a projection is P·ρ·P / Tr(P·ρ), and projecting again changes nothing', () => {
    fc.assert(
      fc.property(someQubits(4), fc.nat(), seeds, ([count, qubits], which, seed) => {
        const state = anyState(count, seed);
        const outcome = which % 2 ** qubits.length;
        const projector = zeros(2 ** count);
        for (let k = 0; k < 2 ** count; k++) {
          if (bitsAt(k, qubits) === outcome) projector.re[k * 2 ** count + k] = 1;
        }
        const wanted = projectedByDefinition(state, projector);
        const got = project(state, qubits, outcome);
        expect(got.probability).toBeCloseTo(wanted.probability, 12);
        expect(maxDistance(asDensity(got.state).matrix, wanted.matrix)).toBeLessThan(1e-9);
        const again = project(got.state, qubits, outcome);
        expect(again.probability).toBeCloseTo(1, 12);
        expect(stateDistance(again.state, got.state)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('measuring draws with Born’s probabilities and leaves the state it read', () => {
    fc.assert(
      fc.property(someQubits(4), seeds, ([count, qubits], seed) => {
        const state = anyState(count, seed);
        const rng = Rng.fromSeed(seed);
        const first = measure(state, qubits, rng);
        expect(first.probability).toBeCloseTo(probabilitiesOf(state, qubits)[first.outcome], 13);
        expect(measure(first.state, qubits, rng).outcome).toBe(first.outcome);
        expect('matrix' in first.state).toBe('matrix' in state);
      }),
      PARAMETERS,
    );
  });

  test('one half of a Bell pair tells the other', () => {
    const bell = stateFromAmplitudes([1, 0, 0, 1], { normalise: true });
    const rng = Rng.fromSeed(2);
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const { outcome, state } = measure(bell, [0], rng);
      seen.add(outcome);
      expect(stateDistance(state, basisState(2, 3 * outcome))).toBeLessThan(1e-15);
    }
    expect(seen.size).toBe(2);
  });

  test('an outcome that cannot come up is refused', () => {
    expect(() => project(basisState(2), [0], 1)).toThrow(impossible);
    expect(() => project(basisState(2), [0], 2)).toThrow(impossible);
    expect(() => projectPauli(basisState(1), parsePauli('Z', 1), -1)).toThrow(impossible);
  });
});

describe('sampling', () => {
  test('bits of outcomes are those of the qubits asked for', () => {
    const counts = sampleCounts(bitstringState('0110'), [2, 3, 0], 10, { rng: Rng.fromSeed(1) });
    expect([...counts]).toEqual([[1, 10]]);
  });

  test('frequencies are within five standard deviations of the probabilities', () => {
    const shots = 100_000;
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const state = anyState(4, seed);
      const probabilities = probabilitiesOf(state, [3, 1, 0]);
      const counts = sampleCounts(state, [3, 1, 0], shots, { rng: Rng.fromSeed(seed) });
      for (const [k, p] of probabilities.entries()) {
        const deviation = Math.sqrt(shots * p * (1 - p));
        expect(Math.abs((counts.get(k) ?? 0) - shots * p)).toBeLessThan(5 * deviation + 1);
      }
    }
  });
});

describe('measurement in a Pauli basis', () => {
  test('a turned state reads each factor as its expectation value says', () => {
    fc.assert(
      fc.property(letters, seeds, (text, seed) => {
        const n = text.length;
        const state = anyState(n, seed);
        const basis = parsePauli(text, n);
        const turned = turnToBasis(state, basis);
        for (const { qubit, pauli } of basis.factors) {
          const [zero, one] = probabilitiesOf(turned, [qubit]);
          const mean = expectation(state, parsePauli({ [pauli]: [qubit] }, n));
          expect(zero - one).toBeCloseTo(mean, 12);
        }
        const parity = expectation(
          turned,
          parsePauli({ Z: basis.factors.map(({ qubit }) => qubit) }, n),
        );
        expect(parity).toBeCloseTo(expectation(state, basis), 12);
      }),
      PARAMETERS,
    );
  });

  test('after a measurement each factor has the value that was read', () => {
    fc.assert(
      fc.property(letters, seeds, (text, seed) => {
        const n = text.length;
        const basis = parsePauli(text, n);
        const { outcome, state } = measureInBasis(anyState(n, seed), basis, Rng.fromSeed(seed));
        for (const [k, { qubit, pauli }] of basis.factors.entries()) {
          const value = (outcome >> k) % 2 === 0 ? 1 : -1;
          expect(expectation(state, parsePauli({ [pauli]: [qubit] }, n))).toBeCloseTo(value, 9);
        }
      }),
      PARAMETERS,
    );
  });

  test('a string measured as a whole projects on (1 ± P)/2', () => {
    fc.assert(
      fc.property(letters, fc.constantFrom(1 as const, -1 as const), seeds, (text, value, seed) => {
        const state = anyState(text.length, seed);
        const string = parsePauli(text, text.length, 5);
        const half = scale(identity(2 ** text.length), 0.5);
        const projector = addScaled(stringMatrix(text), value / 2, half);
        const wanted = projectedByDefinition(state, projector);
        fc.pre(wanted.probability > 1e-9);
        const got = projectPauli(state, string, value);
        expect(got.probability).toBeCloseTo(wanted.probability, 12);
        expect(maxDistance(asDensity(got.state).matrix, wanted.matrix)).toBeLessThan(1e-9);
        const again = measurePauli(got.state, string, Rng.fromSeed(seed));
        expect(again.value).toBe(value);
        expect(stateDistance(again.state, got.state)).toBeLessThan(1e-9);
      }),
      PARAMETERS,
    );
  });

  test('measuring a parity keeps what it does not ask: a GHZ state survives ZZI', () => {
    const ghz = stateFromAmplitudes([1, 0, 0, 0, 0, 0, 0, 1], { normalise: true });
    const { value, probability, state } = measurePauli(ghz, parsePauli('ZZI', 3), Rng.fromSeed(1));
    expect(value).toBe(1);
    expect(probability).toBeCloseTo(1, 15);
    expect(stateDistance(state, ghz)).toBeLessThan(1e-15);
  });

  test('both values of a string come up as often as they are likely', () => {
    const state = randomState(2, Rng.fromSeed(12));
    const string = parsePauli('XY', 2);
    const rng = Rng.fromSeed(13);
    const draws = 4_000;
    let plus = 0;
    for (let i = 0; i < draws; i++) if (measurePauli(state, string, rng).value === 1) plus++;
    const p = (1 + expectation(state, string)) / 2;
    expect(Math.abs(plus - draws * p)).toBeLessThan(5 * Math.sqrt(draws * p * (1 - p)));
  });

  test('pure and mixed forms of a state give the same probabilities', () => {
    const state = randomState(3, Rng.fromSeed(3));
    const pure = basisProbabilities(state);
    const mixed = basisProbabilities(pureDensity(state));
    for (const [k, value] of pure.entries()) expect(mixed[k]).toBeCloseTo(value, 15);
    const sum = add(maximallyMixed(1).matrix, maximallyMixed(1).matrix);
    expect(maxDistance(sum, identity(2))).toBe(0);
  });
});
