import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { adjoint, add, multiply, scale, trace } from '../linear/arithmetic.ts';
import { identity, matrix, zeros, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { maxDistance } from '../linear/deviation.ts';
import { randomUnitary } from '../linear/random-unitary.ts';
import {
  applyChannel,
  channelFromChoi,
  choiMatrix,
  completenessDeviation,
  composeChannels,
  krausChannel,
  superoperator,
  tensorChannels,
} from './channel.ts';
import { asDensity, densityFromMatrix, tensorDensities, randomDensity } from './density-matrix.ts';
import type { Kraus } from './kraus.ts';
import {
  anyState,
  embedded,
  PARAMETERS,
  seeds,
  someQubits,
  stateDistance,
} from './testing/random-states.ts';

const ROUNDING = 1e-12;

/** Blocks of a Haar-random unitary on more qubits: every channel is such a one. */
function randomChannel(qubits: number, operators: number, rng: Rng): Kraus {
  const d = 2 ** qubits;
  const unitary = randomUnitary(d * operators, rng);
  const blocks = Array.from({ length: operators }, (_, k) => {
    const block = zeros(d);
    for (let r = 0; r < d; r++) {
      for (let c = 0; c < d; c++) {
        const at = (k * d + r) * d * operators + c;
        block.re[r * d + c] = unitary.re[at];
        block.im[r * d + c] = unitary.im[at];
      }
    }
    return block;
  });
  return krausChannel('random', blocks);
}

function appliedByDefinition(
  rho: ComplexMatrix,
  { operators }: Kraus,
  qubits: readonly number[],
): ComplexMatrix {
  const count = Math.log2(rho.rows);
  return operators
    .map((operator) => embedded(operator, qubits, count))
    .map((full) => multiply(multiply(full, rho), adjoint(full)))
    .reduce((sum, term) => add(sum, term));
}

describe('channels', () => {
  test('they map ρ to ΣKρK† on any qubits in any order, and states to states', () => {
    fc.assert(
      fc.property(
        someQubits(4),
        fc.integer({ min: 1, max: 5 }),
        seeds,
        ([n, qubits], count, seed) => {
          const channel = randomChannel(qubits.length, count, Rng.fromSeed(seed));
          const state = anyState(n, seed);
          const got = applyChannel(state, channel, qubits);
          const wanted = appliedByDefinition(asDensity(state).matrix, channel, qubits);
          expect(maxDistance(got.matrix, wanted)).toBeLessThan(ROUNDING);
          expect(() => densityFromMatrix(got.matrix)).not.toThrow();
        },
      ),
      PARAMETERS,
    );
  });

  test('a composition is one after the other, with no more operators than needed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 }), seeds, (n, seed) => {
        const rng = Rng.fromSeed(seed);
        const [first, second] = [randomChannel(n, 3, rng), randomChannel(n, 4, rng)];
        const both = composeChannels(first, second);
        const state = randomDensity(n, n, rng);
        const qubits = Array.from({ length: n }, (_, q) => q);
        const oneByOne = applyChannel(applyChannel(state, first, qubits), second, qubits);
        expect(stateDistance(applyChannel(state, both, qubits), oneByOne)).toBeLessThan(ROUNDING);
        expect(both.operators.length).toBeLessThanOrEqual(4 ** n);
        expect(completenessDeviation(both.operators)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('a tensor product acts on each factor', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rng = Rng.fromSeed(seed);
        const [high, low] = [randomChannel(1, 2, rng), randomChannel(2, 2, rng)];
        const [a, b] = [randomDensity(1, 1, rng), randomDensity(2, 1, rng)];
        const got = applyChannel(tensorDensities(a, b), tensorChannels(high, low), [0, 1, 2]);
        const wanted = tensorDensities(applyChannel(a, high, [0]), applyChannel(b, low, [0, 1]));
        expect(stateDistance(got, wanted)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('the Choi matrix holds the channel: it comes back with the fewest operators', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 6 }),
        seeds,
        (n, m, seed) => {
          const channel = randomChannel(n, m, Rng.fromSeed(seed));
          const back = channelFromChoi('back', choiMatrix(channel));
          expect(trace(choiMatrix(channel))[0]).toBeCloseTo(2 ** n, 12);
          expect(maxDistance(superoperator(back), superoperator(channel))).toBeLessThan(ROUNDING);
          expect(back.operators).toHaveLength(Math.min(m, 4 ** n));
        },
      ),
      PARAMETERS,
    );
  });

  test('channels of four qubits, applied operator by operator, agree with the definition', () => {
    const channel = randomChannel(4, 2, Rng.fromSeed(3));
    const state = randomDensity(5, 2, Rng.fromSeed(4));
    const qubits = [4, 0, 2, 3];
    const wanted = appliedByDefinition(state.matrix, channel, qubits);
    expect(maxDistance(applyChannel(state, channel, qubits).matrix, wanted)).toBeLessThan(ROUNDING);
  });

  test('operators that do not keep the trace are refused with the deviation', () => {
    const half = scale(identity(2), Math.SQRT1_2);
    expect(() => krausChannel('leaky', [half])).toThrow(
      expect.objectContaining({
        code: 'QUANTUM_NOT_CPTP',
        details: { property: 'trace', deviation: expect.closeTo(0.5, 12) },
      }),
    );
    expect(() => krausChannel('half', [half, half])).not.toThrow();
  });

  test('a map that is not completely positive, as the transpose, is refused with the deviation', () => {
    const swap = matrix([
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 1],
    ]);
    expect(() => channelFromChoi('transpose', swap)).toThrow(
      expect.objectContaining({
        code: 'QUANTUM_NOT_CPTP',
        details: { property: 'positive', deviation: expect.closeTo(1, 12) },
      }),
    );
    expect(() => channelFromChoi('half', scale(identity(4), 0.25))).toThrow(
      'channel half must keep the trace',
    );
    expect(() => channelFromChoi('nothing', zeros(4))).toThrow('got a deviation of 1');
  });

  test('operators of wrong shape, none at all and NaN are refused', () => {
    const wrong = expect.objectContaining({ code: 'QUANTUM_DIMENSION_INVALID' });
    expect(() => krausChannel('none', [])).toThrow(wrong);
    expect(() => krausChannel('three', [identity(3)])).toThrow(wrong);
    expect(() => krausChannel('wide', [zeros(2, 4)])).toThrow(wrong);
    expect(() => krausChannel('mixed', [identity(2), identity(4)])).toThrow(wrong);
    expect(() => krausChannel('large', [identity(64)])).toThrow(wrong);
    expect(() =>
      krausChannel('nan', [
        matrix([
          [Number.NaN, 0],
          [0, 1],
        ]),
      ]),
    ).toThrow(expect.objectContaining({ code: 'QUANTUM_NOT_FINITE' }));
    const channel = krausChannel('identity', [identity(2)]);
    expect(() => applyChannel(anyState(3, 1), channel, [0, 1])).toThrow(wrong);
    expect(() => applyChannel(anyState(3, 1), channel, [3])).toThrow(
      expect.objectContaining({ code: 'QUANTUM_QUBITS_INVALID' }),
    );
    expect(() => composeChannels(channel, krausChannel('two', [identity(4)]))).toThrow(wrong);
  });
});
