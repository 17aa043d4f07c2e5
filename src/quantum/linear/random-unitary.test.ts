import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { trace } from './arithmetic.ts';
import { unitaryDeviation } from './deviation.ts';
import { complexGaussians, randomUnitary, uniform } from './random-unitary.ts';
import { PARAMETERS, seeds } from './testing/random-matrices.ts';

test('random unitaries are unitary and follow from the seed alone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), seeds, (n, seed) => {
      const unitary = randomUnitary(n, Rng.fromSeed(seed));
      expect(unitaryDeviation(unitary)).toBeLessThan(1e-13);
      expect(randomUnitary(n, Rng.fromSeed(seed))).toEqual(unitary);
    }),
    PARAMETERS,
  );
});

// Diaconis and Shahshahani (1994): E|Tr U^j|² = j for j ≤ n under the Haar measure, and E Tr U = 0.
test('moments of traces are those of the Haar measure', () => {
  const rng = Rng.fromSeed(11);
  const draws = 4_000;
  let mean = 0;
  let square = 0;
  let fourth = 0;
  for (let i = 0; i < draws; i++) {
    const [re, im] = trace(randomUnitary(3, rng));
    mean += re / draws;
    square += (re * re + im * im) / draws;
    fourth += (re * re + im * im) ** 2 / draws;
  }
  // Five standard deviations: |Tr U|² has mean 1 and variance 1, |Tr U|⁴ mean 2 and variance 20.
  expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(0.5 / draws));
  expect(Math.abs(square - 1)).toBeLessThan(5 / Math.sqrt(draws));
  expect(Math.abs(fourth - 2)).toBeLessThan(5 * Math.sqrt(20 / draws));
});

test('uniform numbers fill all 53 bits and stay below 1', () => {
  const rng = Rng.fromSeed(3);
  let low = 0;
  for (let i = 0; i < 1_000; i++) {
    const value = uniform(rng);
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
    if ((value * 2 ** 53) % 2 === 1) low++;
  }
  expect(low).toBeGreaterThan(400);
  expect(low).toBeLessThan(600);
});

test('Gaussians have mean 0 and variance 1 in both parts', () => {
  const length = 20_000;
  const { re, im } = complexGaussians(length, Rng.fromSeed(8));
  for (const part of [re, im]) {
    const mean = part.reduce((sum, value) => sum + value, 0) / length;
    const variance = part.reduce((sum, value) => sum + value * value, 0) / length;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(length));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / length));
  }
});
