/**
 * How many different names are in a stream, in constant memory: HyperLogLog of Flajolet, Fusy, Gandouet and Meunier
 * (AofA 2007), with the estimator of Ertl (arXiv:1702.01284, algorithm 6), which needs no tables and is not biased
 * for small counts.
 *
 * 4,096 registers: 4 KiB, and a standard error of 1.04 / √4096 = 1.6 %. Hashes have 32 bits, which adds 0.1 % at
 * ten million names. Not for use against attackers, who could choose names that collide.
 */
import { hash32 } from './hash.ts';

const INDEX_BITS = 12;
const REGISTERS = 1 << INDEX_BITS;
/** Bits of a hash that are left for the rank. */
const RANK_BITS = 32 - INDEX_BITS;
const ALPHA = 0.5 / Math.LN2;

export class HyperLogLog {
  readonly #registers: Uint8Array = new Uint8Array(REGISTERS);

  /** O(length of the name). */
  add(name: string): void {
    const hash = hash32(name);
    const index = hash >>> RANK_BITS;
    // Zeros before the first one of the other bits, plus one.
    const rank = Math.clz32((hash << INDEX_BITS) | (1 << (INDEX_BITS - 1))) + 1;
    if (rank > (this.#registers[index] as number)) this.#registers[index] = rank;
  }

  /** Takes in what another one has seen. */
  merge(other: HyperLogLog): void {
    for (let index = 0; index < REGISTERS; index++) {
      const rank = other.#registers[index] as number;
      if (rank > (this.#registers[index] as number)) this.#registers[index] = rank;
    }
  }

  /** An estimate of how many different names were added. O(registers). */
  count(): number {
    const counts = new Int32Array(RANK_BITS + 2);
    for (const rank of this.#registers) counts[rank] = (counts[rank] as number) + 1;
    let sum = REGISTERS * tau(1 - (counts[RANK_BITS + 1] as number) / REGISTERS);
    for (let rank = RANK_BITS; rank >= 1; rank--) sum = 0.5 * (sum + (counts[rank] as number));
    sum += REGISTERS * sigma((counts[0] as number) / REGISTERS);
    return Math.round((ALPHA * REGISTERS * REGISTERS) / sum);
  }
}

/** x + Σ x^(2^k) · 2^(k−1) over k ≥ 1. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [x, y, sum] = [share, 1, share];
  for (let before = -1; before !== sum;) {
    before = sum;
    x *= x;
    sum += x * y;
    y += y;
  }
  return sum;
}

/** (1 − x − Σ (1 − x^(2^−k))² · 2^−k over k ≥ 1) / 3. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, sum] = [share, 1, 1 - share];
  for (let before = -1; before !== sum;) {
    before = sum;
    x = Math.sqrt(x);
    y *= 0.5;
    sum -= (1 - x) ** 2 * y;
  }
  return sum / 3;
}
