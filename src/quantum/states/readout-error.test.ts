import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { applyChannel, completenessDeviation } from './channel.ts';
import { probabilitiesOf } from './measurement.ts';
import { confuse, readoutChannel, readoutError, readThrough } from './readout-error.ts';
import { anyState, bitsAt, PARAMETERS, seeds, someQubits } from './testing/random-states.ts';

/** Rows of positive numbers that add up to 1. */
function randomError(qubits: number, rng: Rng) {
  const size = 2 ** qubits;
  const rows = Array.from({ length: size }, () => {
    const row = Array.from({ length: size }, () => rng.unit());
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => value / sum);
  });
  return readoutError(rows);
}

describe('readout errors', () => {
  test('readings are distributed as the confusion matrix says, for any qubits', () => {
    fc.assert(
      fc.property(someQubits(4, 1, 2), seeds, ([count, qubits], seed) => {
        const rng = Rng.fromSeed(seed);
        const error = randomError(qubits.length, rng);
        const all = Array.from({ length: count }, (_, q) => q);
        const others = all.filter((q) => !qubits.includes(q));
        const truth = probabilitiesOf(anyState(count, seed), all);
        const wanted = truth.map((_, read) => {
          let sum = 0;
          for (const [actual, p] of truth.entries()) {
            if (bitsAt(actual, others) !== bitsAt(read, others)) continue;
            sum += p * error.probabilities[bitsAt(actual, qubits)][bitsAt(read, qubits)];
          }
          return sum;
        });
        const got = confuse(truth, error, qubits);
        for (const [k, value] of got.entries()) expect(value).toBeCloseTo(wanted[k], 12);
      }),
      PARAMETERS,
    );
  });

  test('as a channel it is complete and leaves the same distribution', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 }), seeds, (n, seed) => {
        const error = randomError(n, Rng.fromSeed(seed));
        const channel = readoutChannel(error);
        expect(completenessDeviation(channel.operators)).toBeLessThan(1e-12);
        const qubits = Array.from({ length: n }, (_, q) => q);
        const state = anyState(n, seed);
        const got = probabilitiesOf(applyChannel(state, channel, qubits), qubits);
        const wanted = confuse(probabilitiesOf(state, qubits), error, qubits);
        for (const [k, value] of got.entries()) expect(value).toBeCloseTo(wanted[k], 12);
      }),
      PARAMETERS,
    );
  });

  test('single readings come up as often as they are likely', () => {
    const error = readoutError([
      [0.9, 0.1],
      [0.3, 0.7],
    ]);
    const rng = Rng.fromSeed(4);
    const draws = 10_000;
    for (const [actual, p] of [0.1, 0.7].entries()) {
      let ones = 0;
      for (let i = 0; i < draws; i++) ones += readThrough(error, actual, rng);
      expect(Math.abs(ones - draws * p)).toBeLessThan(5 * Math.sqrt(draws * p * (1 - p)));
    }
  });

  test('what is no confusion matrix is refused', () => {
    const invalid = expect.objectContaining({ code: 'QUANTUM_PROBABILITY_INVALID' });
    expect(() =>
      readoutError([
        [0.9, 0.2],
        [0, 1],
      ]),
    ).toThrow(invalid);
    expect(() =>
      readoutError([
        [1.5, -0.5],
        [0, 1],
      ]),
    ).toThrow(invalid);
    expect(() =>
      readoutError([
        [Number.NaN, 1],
        [0, 1],
      ]),
    ).toThrow(invalid);
    const wrong = expect.objectContaining({ code: 'QUANTUM_DIMENSION_INVALID' });
    expect(() => readoutError([])).toThrow(wrong);
    expect(() => readoutError([[1, 0], [1]])).toThrow(wrong);
    expect(() => readoutError([[1]])).toThrow(wrong);
    const error = readoutError([
      [1, 0],
      [0, 1],
    ]);
    expect(() => confuse(Float64Array.of(1, 0, 0), error, [0])).toThrow(wrong);
    expect(() => confuse(Float64Array.of(1, 0), error, [0, 1])).toThrow(wrong);
    expect(() => confuse(Float64Array.of(1, 0), error, [1])).toThrow(
      expect.objectContaining({ code: 'QUANTUM_QUBITS_INVALID' }),
    );
  });
});
