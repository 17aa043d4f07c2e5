import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { kronecker, multiply, trace } from '../linear/arithmetic.ts';
import { identity, matrix, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { applyOperator } from './apply-unitary.ts';
import { asDensity } from './density-matrix.ts';
import { expectation } from './expectation.ts';
import { formatPauli, parsePauli, parsePauliSum, type PauliSum } from './pauli.ts';
import { blochVector } from './measures/correlation.ts';
import { basisState, innerProduct, randomState, stateFromAmplitudes } from './state-vector.ts';
import { anyState, PARAMETERS, seeds } from './testing/random-states.ts';

const ROUNDING = 1e-12;

const LETTERS: Readonly<Record<string, ComplexMatrix>> = {
  I: identity(2),
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

function matrixOf(letters: string): ComplexMatrix {
  return Array.from(letters).reduce((m, letter) => kronecker(m, LETTERS[letter]), identity(1));
}

const strings = (qubits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom('I', 'X', 'Y', 'Z'), { minLength: qubits, maxLength: qubits })
    .map((letters) => letters.join(''));

/** A number of qubits and weighted strings, few or many of which flip the same qubits. */
const sums = fc.integer({ min: 1, max: 4 }).chain((qubits) =>
  fc
    .array(fc.record({ pauli: strings(qubits), coefficient: fc.integer({ min: -3, max: 3 }) }), {
      maxLength: 40,
    })
    .map((terms) => ({ qubits, terms })),
);

describe('Pauli strings', () => {
  test('letters have qubit 0 rightmost, and the sparse form is the same', () => {
    const term = parsePauli('XIZY', 4, 2);
    expect(term).toEqual({
      coefficient: 2,
      factors: [
        { qubit: 0, pauli: 'Y' },
        { qubit: 1, pauli: 'Z' },
        { qubit: 3, pauli: 'X' },
      ],
    });
    expect(parsePauli({ X: [3], Z: [1], Y: [0] }, 4, 2)).toEqual(term);
    expect(formatPauli(term, 4)).toBe('XIZY');
    expect(parsePauli({}, 3).factors).toEqual([]);
  });

  test('what is no Pauli string of the qubits is refused', () => {
    const invalid = expect.objectContaining({ code: 'QUANTUM_PAULI_INVALID' });
    expect(() => parsePauli('XX', 3)).toThrow('a Pauli string must have 3 letters');
    expect(() => parsePauli('XQ', 2)).toThrow(invalid);
    expect(() => parsePauli('xz', 2)).toThrow(invalid);
    expect(() => parsePauli('X', 1, Number.NaN)).toThrow(invalid);
    expect(() => parsePauli({ W: [0] } as never, 1)).toThrow(invalid);
    expect(() => parsePauli({ X: 3 } as never, 4)).toThrow(invalid);
    expect(() => parsePauli(null as never, 4)).toThrow(invalid);
    const outside = expect.objectContaining({ code: 'QUANTUM_QUBITS_INVALID' });
    expect(() => parsePauli({ X: [4] }, 4)).toThrow(outside);
    expect(() => parsePauli({ X: [1], Z: [1] }, 4)).toThrow(outside);
    expect(() => expectation(basisState(2), parsePauli('ZII', 3))).toThrow(outside);
  });
});

describe('expectation values', () => {
  test('they are traces with the matrices of the strings', () => {
    fc.assert(
      fc.property(sums, seeds, ({ qubits, terms }, seed) => {
        const state = anyState(qubits, seed);
        const wanted = terms.reduce((sum, { pauli, coefficient }) => {
          const [re, im] = trace(multiply(matrixOf(pauli), asDensity(state).matrix));
          expect(Math.abs(im)).toBeLessThan(ROUNDING);
          return sum + coefficient * re;
        }, 0);
        const got = expectation(state, parsePauliSum(terms, qubits));
        expect(Math.abs(got - wanted)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('they are overlaps with what the matrices make of the state, on more qubits than a block', () => {
    const state = randomState(13, Rng.fromSeed(8));
    fc.assert(
      fc.property(strings(13), (text) => {
        const { factors } = parsePauli(text, 13);
        const image = factors.reduce(
          (image, { qubit, pauli }) => applyOperator(image, LETTERS[pauli], [qubit]),
          state,
        );
        const [wanted] = innerProduct(state, image);
        expect(Math.abs(expectation(state, parsePauli(text, 13)) - wanted)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('one string at a time gives what all at once give, on more qubits than a block', () => {
    const state = randomState(13, Rng.fromSeed(7));
    fc.assert(
      fc.property(fc.array(strings(13), { minLength: 1, maxLength: 5 }), (letters) => {
        // Each string with every Z pattern on its lowest qubits: groups that are transformed.
        const many: PauliSum = letters.flatMap((text) => [
          parsePauli(text, 13, 0.5),
          parsePauli(text.replaceAll('I', 'Z'), 13, -2),
          parsePauli(text.replace('I', 'Z'), 13, 3),
          parsePauli(text.replace('Z', 'I'), 13),
          parsePauli(text.replace('X', 'Y').replace('I', 'Z'), 13),
        ]);
        const apart = many.reduce((sum, term) => sum + expectation(state, term), 0);
        expect(Math.abs(expectation(state, many) - apart)).toBeLessThan(ROUNDING);
      }),
      { ...PARAMETERS, numRuns: 20 },
    );
  });

  test('signs of Y are those of its matrix', () => {
    const plusI = stateFromAmplitudes([1, [0, 1]], { normalise: true });
    expect(expectation(plusI, parsePauli('Y', 1))).toBeCloseTo(1, 15);
    expect(blochVector(plusI, 0)[1]).toBeCloseTo(1, 15);
  });

  test('a Bloch vector has the expectation values of X, Y and Z', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 3 }), seeds, (n, which, seed) => {
        const state = anyState(n, seed);
        const qubit = which % n;
        const vector = blochVector(state, qubit);
        const wanted = (['X', 'Y', 'Z'] as const).map((pauli) =>
          expectation(state, parsePauli({ [pauli]: [qubit] }, n)),
        );
        for (const [k, value] of vector.entries()) expect(value).toBeCloseTo(wanted[k], 12);
        expect(Math.hypot(...vector)).toBeLessThan(1 + ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('the empty sum is 0, and the identity is 1', () => {
    const state = randomState(3, Rng.fromSeed(2));
    expect(expectation(state, [])).toBe(0);
    expect(expectation(state, parsePauli('III', 3))).toBeCloseTo(1, 14);
  });
});
