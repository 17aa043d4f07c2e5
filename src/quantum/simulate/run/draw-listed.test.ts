import { expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { errorOf } from '../../circuit/testing/error-of.ts';
import { UNWATCHED } from '../../watch.ts';
import { OutcomeCounts } from '../outcome-counts.ts';
import { drawListed } from './draw-listed.ts';

/** Bitstrings 0, 1, 2 … with rising probabilities, but for a hole as wide as some slices. */
function ramp(bits: number): { words: number; keys: Uint32Array; probabilities: Float64Array } {
  const size = 2 ** bits;
  const keys = Uint32Array.from({ length: size }, (_, k) => k);
  const isHole = (k: number): boolean => k > size / 4 && k < size / 2;
  const weights = Float64Array.from(keys, (k) => (isHole(k) ? 0 : k));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { words: 1, keys, probabilities: weights.map((weight) => weight / sum) };
}

test('shots of a long list fall as its probabilities say, and all of them fall', () => {
  const list = ramp(16);
  const shots = 1e9;
  const counts = new OutcomeCounts(16, 2 ** 16);
  drawListed(list, shots, { rng: Rng.fromSeed(1), counts, watch: UNWATCHED });
  const seen = counts.toOutcomes();
  let [sum, chiSquared, kinds] = [0, 0, 0];
  for (const [k, p] of list.probabilities.entries()) {
    const count = seen.get(BigInt(k)) ?? 0;
    sum += count;
    if (p === 0) expect(count).toBe(0);
    else {
      chiSquared += (count - shots * p) ** 2 / (shots * p);
      kinds += 1;
    }
  }
  expect(sum).toBe(shots);
  // Five standard deviations.
  expect(Math.abs(chiSquared - kinds)).toBeLessThan(5 * Math.sqrt(2 * kinds));
});

test('a canceled watch is seen after some of the list', () => {
  let looks = 0;
  const watch = { ...UNWATCHED, isCanceled: () => (looks += 1) > 3 };
  const drawing = { rng: Rng.fromSeed(1), counts: new OutcomeCounts(16, 2 ** 16), watch };
  expect(errorOf(() => drawListed(ramp(16), 1e6, drawing)).code).toBe('QUANTUM_CANCELED');
  expect(drawing.counts.size).toBeLessThan(2 ** 15);
});
