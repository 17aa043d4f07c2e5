/** Readout errors on outcomes that are known, bit by bit. */
import type { Rng } from '../../../base/rng.ts';
import { drawBinomial } from '../../states/draw-binomial.ts';
import type { Distribution } from '../exact-state.ts';
import type { ReadoutError } from '../noise/readout.ts';
import { distributionOf } from '../outcome-counts.ts';
import { PackedTable } from '../packed-table.ts';
import type { Outcomes } from '../simulated-state.ts';

/** The distribution of what is read, or null where it has more than `countMax` outcomes. */
export function misreadDistribution(
  distribution: Distribution,
  errors: readonly (ReadoutError | null)[],
  countMax: number,
): Distribution | null {
  let current = distribution;
  for (const [k, error] of errors.entries()) {
    if (error === null) continue;
    const { words, keys, probabilities } = current;
    const table = new PackedTable(words, 2 * probabilities.length);
    const weights = new Float64Array(2 * probabilities.length);
    const outcome = new Uint32Array(words);
    for (const [i, p] of probabilities.entries()) {
      for (let w = 0; w < words; w++) outcome[w] = keys[i * words + w];
      const isOne = ((outcome[k >>> 5] >>> (k & 31)) & 1) === 1;
      const wrong = isOne ? error.oneAsZero : error.zeroAsOne;
      if (wrong < 1) weights[table.add(outcome, 0)] += p * (1 - wrong);
      if (wrong <= 0) continue;
      outcome[k >>> 5] ^= 1 << (k & 31);
      weights[table.add(outcome, 0)] += p * wrong;
    }
    if (table.size > countMax) return null;
    current = distributionOf(table, weights);
  }
  return current;
}

/** What is read in place of each outcome, drawn. */
export function misreadOutcomes(
  outcomes: Outcomes,
  errors: readonly (ReadoutError | null)[],
  rng: Rng,
): Outcomes {
  let current = outcomes;
  for (const [k, error] of errors.entries()) {
    if (error === null) continue;
    const bit = 1n << BigInt(k);
    const next = new Map<bigint, number>();
    const add = (outcome: bigint, count: number): void => {
      if (count > 0) next.set(outcome, (next.get(outcome) ?? 0) + count);
    };
    for (const [outcome, count] of current) {
      const wrong = (outcome & bit) === 0n ? error.zeroAsOne : error.oneAsZero;
      const flipped = drawBinomial(count, wrong, rng);
      add(outcome, count - flipped);
      add(outcome ^ bit, flipped);
    }
    current = next;
  }
  return current;
}
