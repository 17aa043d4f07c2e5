import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { maxDistance } from '../linear/deviation.ts';
import { applyChannel, completenessDeviation, superoperator } from './channel.ts';
import {
  maximallyMixed,
  pureDensity,
  randomDensity,
  type DensityMatrix,
} from './density-matrix.ts';
import { blochVector } from './measures/correlation.ts';
import {
  amplitudeDamping,
  bitFlip,
  bitPhaseFlip,
  depolarizing,
  generalizedAmplitudeDamping,
  pauliChannel,
  phaseDamping,
  phaseFlip,
  thermalRelaxation,
} from './noise-channels.ts';
import { basisState } from './state-vector.ts';
import { PARAMETERS, seeds, stateDistance } from './testing/random-states.ts';

const ROUNDING = 1e-12;
const probabilities = fc.double({ min: 0, max: 1, noNaN: true });
const times = fc.double({ min: 0, max: 1e6, noNaN: true });
const lifetimes = fc.double({ min: 1e-3, max: 1e6, noNaN: true });

/** Population of |1⟩ and the coherence ⟨0|ρ|1⟩. */
function parts({ matrix }: DensityMatrix): { excited: number; re: number; im: number } {
  return { excited: matrix.re[3], re: matrix.re[1], im: matrix.im[1] };
}

const oneQubit = fc.oneof(
  probabilities.map((p) => depolarizing(p)),
  probabilities.map(bitFlip),
  probabilities.map(phaseFlip),
  probabilities.map(bitPhaseFlip),
  probabilities.map(amplitudeDamping),
  probabilities.map(phaseDamping),
  fc.tuple(probabilities, probabilities).map(([g, p]) => generalizedAmplitudeDamping(g, p)),
  fc
    .tuple(lifetimes, fc.double({ min: 1e-3, max: 2, noNaN: true }), times, probabilities)
    .map(([t1, ratio, time, excitedPopulation]) =>
      thermalRelaxation({ t1, t2: t1 * ratio, time, excitedPopulation }),
    ),
);

describe('noise channels', () => {
  test('each is complete: ΣK†K = I', () => {
    fc.assert(
      fc.property(oneQubit, (channel) => {
        expect(completenessDeviation(channel.operators)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('depolarizing leaves (1 − p)·ρ + p·I/2^n, with I/2^n its fixed point', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), probabilities, seeds, (n, p, seed) => {
        const channel = depolarizing(p, n);
        expect(completenessDeviation(channel.operators)).toBeLessThan(ROUNDING);
        const qubits = Array.from({ length: n }, (_, q) => q);
        const rho = randomDensity(n, n, Rng.fromSeed(seed));
        const got = applyChannel(rho, channel, qubits).matrix;
        const size = 2 ** n;
        for (let i = 0; i < size * size; i++) {
          const mixed = i % (size + 1) === 0 ? p / size : 0;
          expect(got.re[i]).toBeCloseTo((1 - p) * rho.matrix.re[i] + mixed, 12);
          expect(got.im[i]).toBeCloseTo((1 - p) * rho.matrix.im[i], 12);
        }
        const fixed = maximallyMixed(n);
        expect(stateDistance(applyChannel(fixed, channel, qubits), fixed)).toBeLessThan(ROUNDING);
      }),
      { ...PARAMETERS, numRuns: 40 },
    );
  });

  test('depolarizing reaches beyond 1 up to where the identity no longer occurs', () => {
    expect(depolarizing(4 / 3).operators).toHaveLength(3);
    expect(depolarizing(16 / 15, 2).operators).toHaveLength(15);
    expect(() => depolarizing(1.34)).toThrow('depolarizing probability must be from 0 to 1.33');
  });

  test('k rounds of amplitude damping leave (1 − γ)^k of the population and half the exponent of the coherence', () => {
    fc.assert(
      fc.property(probabilities, fc.nat({ max: 12 }), seeds, (gamma, k, seed) => {
        const start = randomDensity(1, 1, Rng.fromSeed(seed));
        let rho = start;
        for (let i = 0; i < k; i++) rho = applyChannel(rho, amplitudeDamping(gamma), [0]);
        const [before, after] = [parts(start), parts(rho)];
        expect(after.excited).toBeCloseTo(before.excited * (1 - gamma) ** k, 12);
        expect(after.re).toBeCloseTo(before.re * (1 - gamma) ** (k / 2), 12);
        expect(after.im).toBeCloseTo(before.im * (1 - gamma) ** (k / 2), 12);
      }),
      PARAMETERS,
    );
  });

  test('generalized amplitude damping keeps the thermal state', () => {
    fc.assert(
      fc.property(probabilities, probabilities, (gamma, population) => {
        const thermal = pauliChannel({ X: population });
        const rho = applyChannel(basisState(1), thermal, [0]);
        const after = applyChannel(rho, generalizedAmplitudeDamping(gamma, population), [0]);
        expect(stateDistance(after, rho)).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test('phase damping by λ is a phase flip with probability (1 − √(1 − λ))/2', () => {
    fc.assert(
      fc.property(probabilities, (lambda) => {
        const flip = phaseFlip((1 - Math.sqrt(1 - lambda)) / 2);
        const distance = maxDistance(superoperator(phaseDamping(lambda)), superoperator(flip));
        expect(distance).toBeLessThan(ROUNDING);
      }),
      PARAMETERS,
    );
  });

  test.each([
    { name: 'bit flip', channel: bitFlip(0.25), kept: [1, 0.5, 0.5] },
    { name: 'phase flip', channel: phaseFlip(0.25), kept: [0.5, 0.5, 1] },
    { name: 'bit-phase flip', channel: bitPhaseFlip(0.25), kept: [0.5, 1, 0.5] },
  ])('a $name shrinks the Bloch vector but along its own axis', ({ channel, kept }) => {
    const rho = randomDensity(1, 1, Rng.fromSeed(3));
    const before = blochVector(rho, 0);
    const after = blochVector(applyChannel(rho, channel, [0]), 0);
    for (const [k, share] of kept.entries()) expect(after[k]).toBeCloseTo(share * before[k], 14);
  });

  test('thermal relaxation moves populations by e^(−t/t1) and the coherence by e^(−t/t2)', () => {
    fc.assert(
      fc.property(
        lifetimes,
        fc.double({ min: 1e-3, max: 2, noNaN: true }),
        times,
        fc.tuple(probabilities, seeds),
        (t1, ratio, time, [excitedPopulation, seed]) => {
          const t2 = t1 * ratio;
          const start = randomDensity(1, 1, Rng.fromSeed(seed));
          const channel = thermalRelaxation({ t1, t2, time, excitedPopulation });
          const [before, after] = [parts(start), parts(applyChannel(start, channel, [0]))];
          const kept = Math.exp(-time / t1);
          const wanted = excitedPopulation + (before.excited - excitedPopulation) * kept;
          expect(after.excited).toBeCloseTo(wanted, 10);
          expect(after.re).toBeCloseTo(before.re * Math.exp(-time / t2), 10);
          expect(after.im).toBeCloseTo(before.im * Math.exp(-time / t2), 10);
        },
      ),
      PARAMETERS,
    );
  });

  test('thermal relaxation without dephasing of its own is amplitude damping', () => {
    const relaxation = thermalRelaxation({ t1: 50, t2: 100, time: 7 });
    const damping = amplitudeDamping(1 - Math.exp(-7 / 50));
    expect(maxDistance(superoperator(relaxation), superoperator(damping))).toBeLessThan(ROUNDING);
    const infinite = Number.POSITIVE_INFINITY;
    const dephasing = thermalRelaxation({ t1: infinite, t2: 10, time: 3 });
    const wanted = phaseDamping(1 - Math.exp(-6 / 10));
    expect(maxDistance(superoperator(dephasing), superoperator(wanted))).toBeLessThan(ROUNDING);
    expect(thermalRelaxation({ t1: 1, t2: 1, time: 0 }).operators).toHaveLength(1);
  });

  test('a Pauli channel of two qubits has its rightmost letter on qubit 0', () => {
    const rho = applyChannel(basisState(2), pauliChannel({ IX: 0.25, XI: 0.5 }), [0, 1]);
    const diagonal = [0, 1, 2, 3].map((k) => rho.matrix.re[k * 5]);
    for (const [k, wanted] of [0.25, 0.25, 0.5, 0].entries()) {
      expect(diagonal[k]).toBeCloseTo(wanted, 14);
    }
    expect(pauliChannel({ I: 1 }).operators).toHaveLength(1);
    expect(stateDistance(applyChannel(basisState(1), bitFlip(1), [0]), basisState(1, 1))).toBe(0);
    expect(pureDensity(basisState(1)).qubits).toBe(1);
  });

  test('parameters outside their ranges, NaN among them, are refused by name', () => {
    const invalid = expect.objectContaining({ code: 'QUANTUM_PARAMETER_INVALID' });
    expect(() => amplitudeDamping(1.5)).toThrow('γ must be from 0 to 1, got 1.5');
    const wrong = [
      () => amplitudeDamping(Number.NaN),
      () => bitFlip(-0.1),
      () => phaseDamping(2),
      () => depolarizing(0.1, 6),
      () => depolarizing(0.1, 0),
      () => generalizedAmplitudeDamping(0.1, -1),
      () => pauliChannel({ X: 0.7, Z: 0.7 }),
      () => thermalRelaxation({ t1: 1, t2: 2.1, time: 1 }),
      () => thermalRelaxation({ t1: 0, t2: 0, time: 1 }),
      () => thermalRelaxation({ t1: 1, t2: 1, time: -1 }),
      () => thermalRelaxation({ t1: 1, t2: 1, time: Number.POSITIVE_INFINITY }),
      () => thermalRelaxation({ t1: Number.NaN, t2: 1, time: 1 }),
    ];
    for (const make of wrong) expect(make).toThrow(invalid);
    for (const labels of [{ X: 0.1, XX: 0.1 }, { Q: 0.1 }, { XXXXXX: 0.1 }, { constructor: 0.1 }]) {
      expect(() => pauliChannel(labels as Record<string, number>)).toThrow(
        expect.objectContaining({ code: 'QUANTUM_PAULI_INVALID' }),
      );
    }
    // What remains of identities that are given must add up to 1 as well.
    expect(() => pauliChannel({ I: 0.5, X: 0.25 })).toThrow(
      expect.objectContaining({ code: 'QUANTUM_NOT_CPTP' }),
    );
  });
});
