/**
 * What measuring qubits of a stabilizer state gives: some outcomes are fair coins, and each other one is
 * a sum of coins and a constant. Found once by elimination on the pulled-back observables, which
 * commute; then every shot costs a few words.
 */
import type { Rng } from '../../../base/rng.ts';
import { throwIfCanceled, type Watch } from '../../watch.ts';
import type { Distribution } from '../exact-state.ts';
import type { OutcomeCounts } from '../outcome-counts.ts';
import { wordsFor } from '../packed-table.ts';
import { PauliRows } from './pauli-rows.ts';
import type { Tableau } from './tableau.ts';

/** Outcome k = constants[k] ⊕ the coins in its `masks`. */
export interface AffineOutcomes {
  readonly coins: number;
  readonly constants: Uint8Array;
  /** Coins of outcome k: the words from k × maskWords. */
  readonly masks: Uint32Array;
  readonly maskWords: number;
}

/** O(m²n/16) word operations for m qubits. */
export function affineOutcomes(
  tableau: Tableau,
  qubits: readonly number[],
  watch: Watch,
): AffineOutcomes {
  const maskWords = wordsFor(qubits.length);
  const masks = new Uint32Array(qubits.length * maskWords);
  const constants = new Uint8Array(qubits.length);
  const rows = new PauliRows(qubits.length, tableau.rows.words);
  const pivots: { readonly row: number; readonly column: number }[] = [];
  for (const [k, qubit] of qubits.entries()) {
    throwIfCanceled(watch);
    rows.take(k, tableau.rows, tableau.qubits + qubit);
    for (const [coin, { row, column }] of pivots.entries()) {
      if (rows.xBit(k, column) === 0) continue;
      rows.multiply(k, rows, row, 0);
      masks[k * maskWords + (coin >>> 5)] |= 1 << (coin & 31);
    }
    const column = rows.firstX(k);
    if (column < 0) {
      constants[k] = rows.signs[k];
      continue;
    }
    const coin = pivots.length;
    masks[k * maskWords + (coin >>> 5)] |= 1 << (coin & 31);
    pivots.push({ row: k, column });
  }
  return { coins: pivots.length, constants, masks, maskWords };
}

const BATCH_WORDS = 32;
const OUTCOMES_PER_LOOK = 2 ** 15;

/** The coins of an outcome. */
function coinsIn({ masks, maskWords }: AffineOutcomes, outcome: number): Uint32Array {
  const coins: number[] = [];
  for (let m = 0; m < maskWords; m++) {
    for (let rest = masks[outcome * maskWords + m]; rest !== 0; rest &= rest - 1) {
      coins.push(32 * m + 31 - Math.clz32(rest & -rest));
    }
  }
  return Uint32Array.from(coins);
}

function flip(target: Uint32Array, to: number, source: Uint32Array, from: number): void {
  for (let w = 0; w < BATCH_WORDS; w++) target[to + w] ^= source[from + w];
}

/** Draws shots into `counts`, whose bits are the outcomes. */
export function drawAffine(
  affine: AffineOutcomes,
  shots: number,
  { rng, counts, watch }: { rng: Rng; counts: OutcomeCounts; watch: Watch },
): void {
  const { coins, constants } = affine;
  const coinsOf = Array.from(constants, (_, k) => coinsIn(affine, k));
  const flips = new Uint32Array(coins * BATCH_WORDS);
  const columns = new Uint32Array(constants.length * BATCH_WORDS);
  for (let done = 0; done < shots; done += 32 * BATCH_WORDS) {
    throwIfCanceled(watch);
    for (let i = 0; i < flips.length; i++) flips[i] = rng.u32();
    for (let k = 0; k < constants.length; k++) {
      const start = k * BATCH_WORDS;
      columns.fill(constants[k] === 1 ? 0xffffffff : 0, start, start + BATCH_WORDS);
      for (const coin of coinsOf[k]) flip(columns, start, flips, coin * BATCH_WORDS);
    }
    counts.addColumns(columns, BATCH_WORDS, Math.min(32 * BATCH_WORDS, shots - done));
  }
}

/** All outcomes, each as likely as the others, in the order of a Gray code over the coins. */
export function affineDistribution(affine: AffineOutcomes, watch: Watch): Distribution {
  const { coins, constants, masks, maskWords } = affine;
  const words = wordsFor(constants.length);
  const count = 2 ** coins;
  const keys = new Uint32Array(count * words);
  const effects = new Uint32Array(coins * words);
  const current = new Uint32Array(words);
  for (let k = 0; k < constants.length; k++) {
    const bit = 1 << (k & 31);
    if (constants[k] === 1) current[k >>> 5] |= bit;
    for (let coin = 0; coin < coins; coin++) {
      const isIn = (masks[k * maskWords + (coin >>> 5)] >>> (coin & 31)) & 1;
      if (isIn === 1) effects[coin * words + (k >>> 5)] |= bit;
    }
  }
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      const coin = 31 - Math.clz32(i & -i);
      for (let w = 0; w < words; w++) current[w] ^= effects[coin * words + w];
    }
    keys.set(current, i * words);
    if (i % OUTCOMES_PER_LOOK === 0) throwIfCanceled(watch);
  }
  return { words, keys, probabilities: new Float64Array(count).fill(1 / count) };
}
