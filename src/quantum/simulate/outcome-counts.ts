import { OrchestratorError } from '../../base/errors.ts';
import type { Distribution } from './exact-state.ts';
import type { Outcomes } from './simulated-state.ts';
import { PackedTable, wordsFor } from './packed-table.ts';
import { transpose32 } from './stabilizer/bit-words.ts';

/** How often each packed bitstring was seen, of which there may be at most `outcomesMax` different ones. */
export class OutcomeCounts {
  readonly bits: number;
  readonly table: PackedTable;
  readonly outcomesMax: number;
  counts: Float64Array = new Float64Array(16);

  constructor(bits: number, outcomesMax: number) {
    this.bits = bits;
    this.outcomesMax = outcomesMax;
    this.table = new PackedTable(wordsFor(bits));
  }

  get size(): number {
    return this.table.size;
  }

  /** @throws OrchestratorError QUANTUM_TOO_LARGE */
  add(source: Uint32Array, at: number, count: number): void {
    const index = this.table.add(source, at);
    if (index >= this.counts.length) {
      if (index >= this.outcomesMax) this.#refuse();
      const counts = new Float64Array(2 * this.counts.length);
      counts.set(this.counts);
      this.counts = counts;
    }
    this.counts[index] += count;
  }

  #refuse(): never {
    const { outcomesMax } = this;
    throw new OrchestratorError(
      'QUANTUM_TOO_LARGE',
      `different outcomes must be at most ${outcomesMax}, got more: ask for fewer shots or measure fewer qubits`,
      { outcomesMax, bytes: PackedTable.bytes(this.table.words, outcomesMax) },
    );
  }

  /**
   * Adds shots that lie column by column: word w of bit b is `columns[b × stride + w]`, shot s in its
   * bit s mod 32 of word s / 32.
   */
  addColumns(columns: Uint32Array, stride: number, shots: number): void {
    const { words } = this.table;
    const block = new Uint32Array(32);
    const rows = new Uint32Array(32 * words);
    for (let first = 0; first < shots; first += 32) {
      const column = first >>> 5;
      for (let word = 0; word < words; word++) {
        for (let bit = 0; bit < 32; bit++) {
          const b = 32 * word + bit;
          block[bit] = b < this.bits ? columns[b * stride + column] : 0;
        }
        transpose32(block, 0);
        for (let shot = 0; shot < 32; shot++) rows[shot * words + word] = block[shot];
      }
      const end = Math.min(32, shots - first);
      for (let shot = 0; shot < end; shot++) this.add(rows, shot * words, 1);
    }
  }

  /** The same counts by outcome, bit k of an outcome being bit k of the bitstring. */
  toOutcomes(): Outcomes {
    const outcomes = new Map<bigint, number>();
    const { keys, words } = this.table;
    for (let i = 0; i < this.size; i++)
      outcomes.set(unpack(keys, i * words, words), this.counts[i]);
    return outcomes;
  }
}

/** The packed bitstring at `keys[at …]` as an integer. */
export function unpack(keys: Uint32Array, at: number, words: number): bigint {
  if (words === 1) return BigInt(keys[at]);
  let hex = '0x';
  for (let w = words - 1; w >= 0; w--) hex += keys[at + w].toString(16).padStart(8, '0');
  return BigInt(hex);
}

/** Packs an integer into `target[at …]`. */
export function pack(value: bigint, target: Uint32Array, at: number, words: number): void {
  if (words === 1) {
    target[at] = Number(value);
    return;
  }
  const hex = value.toString(16).padStart(8 * words, '0');
  for (let w = 0; w < words; w++) {
    const end = hex.length - 8 * w;
    target[at + w] = Number.parseInt(hex.slice(end - 8, end), 16);
  }
}

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, value) =>
  value.toString(2).padStart(8, '0'),
);

/** The bitstring of `bits` places at `keys[at …]`, bit 0 rightmost. */
export function bitstring(keys: Uint32Array, at: number, bits: number): string {
  let text = '';
  for (let first = 0; first < bits; first += 8) {
    text = BYTES[(keys[at + (first >>> 5)] >>> (first & 31)) & 255] + text;
  }
  return text.slice(text.length - bits);
}

/** The distribution that a table of outcomes and weights is. */
export function distributionOf(table: PackedTable, weights: Float64Array): Distribution {
  const { words, size } = table;
  let sum = 0;
  for (let i = 0; i < size; i++) sum += weights[i];
  const probabilities = weights.slice(0, size);
  for (let i = 0; i < size; i++) probabilities[i] /= sum;
  return { words, keys: table.keys.slice(0, size * words), probabilities };
}
