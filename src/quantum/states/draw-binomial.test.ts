import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { drawBinomial, drawMultinomial } from './draw-binomial.ts';

const SEED = Number(process.env['SEED'] ?? 1);

test.each([
  [1, 0.3],
  [20, 0.02],
  [20, 0.97],
  [40, 0.5],
  [1000, 0.013],
  [1_000_000, 0.2],
  [1_000_000_000, 0.7],
  [1_000_000_000, 1e-9],
])('%i trials of probability %f have the mean and spread of a binomial', (trials, p) => {
  const rng = Rng.fromSeed(SEED);
  const draws = 20_000;
  let [sum, squares] = [0, 0];
  const mean = trials * p;
  const variance = mean * (1 - p);
  for (let i = 0; i < draws; i++) {
    const k = drawBinomial(trials, p, rng);
    expect(k >= 0 && k <= trials && Number.isInteger(k)).toBe(true);
    sum += k - mean;
    squares += (k - mean) ** 2;
  }
  expect(Math.abs(sum / draws)).toBeLessThan(5 * Math.sqrt(variance / draws));
  // The fourth central moment of a binomial is variance × (1 + 3·variance·(1 − 2/n) …) at most.
  const spread = Math.sqrt((variance * (1 + 2 * variance)) / draws);
  expect(Math.abs(squares / draws - variance)).toBeLessThan(6 * spread);
});

test('a small binomial has the exact frequencies', () => {
  const rng = Rng.fromSeed(SEED);
  const draws = 200_000;
  const seen = new Float64Array(31);
  for (let i = 0; i < draws; i++) seen[drawBinomial(30, 0.45, rng)] += 1;
  let mass = 0.55 ** 30;
  for (let k = 0; k <= 30; k++) {
    expect(Math.abs(seen[k]! - draws * mass)).toBeLessThan(5.5 * Math.sqrt(draws * mass) + 1);
    mass *= ((30 - k) / (k + 1)) * (0.45 / 0.55);
  }
});

test('a multinomial uses up all shots, on outcomes that have weight alone', () => {
  const rng = Rng.fromSeed(SEED);
  const counts = new Float64Array(4);
  drawMultinomial([0, 2, 0, 6], 1_000_000_000, rng, counts);
  expect(counts[0]! + counts[2]!).toBe(0);
  expect(counts[1]! + counts[3]!).toBe(1_000_000_000);
  expect(Math.abs(counts[1]! - 250_000_000)).toBeLessThan(5 * Math.sqrt(1e9 * 0.1875));
});
