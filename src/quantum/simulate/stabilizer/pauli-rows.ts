import { ones } from './bit-words.ts';

/**
 * Rows of Pauli strings that multiply each other: each has its x words, then its z words.
 *
 * Rows are Hermitian: the bits of x and of z are both set for Y.
 */
export class PauliRows {
  readonly words: number;
  readonly bits: Uint32Array;
  /** One entry a row: 1 for a minus sign. */
  readonly signs: Uint8Array;

  constructor(rows: number, words: number) {
    this.words = words;
    this.bits = new Uint32Array(rows * 2 * words);
    this.signs = new Uint8Array(rows);
  }

  /** Copies a row from `source`, of the same width. */
  take(to: number, source: PauliRows, from: number): void {
    const width = 2 * this.words;
    this.bits.set(source.bits.subarray(from * width, (from + 1) * width), to * width);
    this.signs[to] = source.signs[from];
  }

  /** Sets a row to the identity. */
  clear(row: number): void {
    const width = 2 * this.words;
    this.bits.fill(0, row * width, (row + 1) * width);
    this.signs[row] = 0;
  }

  swap(a: number, b: number): void {
    const { bits, signs } = this;
    const width = 2 * this.words;
    const [ra, rb] = [a * width, b * width];
    for (let w = 0; w < width; w++) {
      const kept = bits[ra + w];
      bits[ra + w] = bits[rb + w];
      bits[rb + w] = kept;
    }
    const sign = signs[a];
    signs[a] = signs[b];
    signs[b] = sign;
  }

  /**
   * Multiplies row `to` by row `from` of `source` from the right, times i^turns; the product must be
   * Hermitian. Phases are counted in two bits per column at once, as Stim does.
   */
  multiply(to: number, source: PauliRows, from: number, turns: number): void {
    const { bits, words } = this;
    const other = source.bits;
    const left = to * 2 * words;
    const right = from * 2 * words;
    let low = 0;
    let high = 0;
    for (let w = 0; w < words; w++) {
      const x1 = bits[left + w];
      const z1 = bits[left + words + w];
      const x2 = other[right + w];
      const z2 = other[right + words + w];
      const x = x1 ^ x2;
      const z = z1 ^ z2;
      const x1z2 = x1 & z2;
      const anti = (x2 & z1) ^ x1z2;
      high ^= (low ^ x ^ z ^ x1z2) & anti;
      low ^= anti;
      bits[left + w] = x;
      bits[left + words + w] = z;
    }
    const phase = ones(low) + 2 * ones(high) + turns;
    this.signs[to] ^= source.signs[from] ^ ((phase >>> 1) & 1);
  }

  xBit(row: number, column: number): number {
    return (this.bits[row * 2 * this.words + (column >>> 5)] >>> (column & 31)) & 1;
  }

  zBit(row: number, column: number): number {
    return this.xBit(row, column + 32 * this.words);
  }

  /** First column with X or Y, or −1. */
  firstX(row: number): number {
    const start = row * 2 * this.words;
    for (let w = 0; w < this.words; w++) {
      const word = this.bits[start + w];
      if (word !== 0) return 32 * w + 31 - Math.clz32(word & -word);
    }
    return -1;
  }
}
