import { invariant } from '../../base/invariant.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import type { Precision } from './kernels.ts';

/** The step's field that says where the next one is. */
const STEP_NEXT = 1;

/** Fills the part of a memory that holds a stage's steps and their data, from its beginning on. */
export class ProgramWriter {
  readonly precision: Precision;
  readonly #begin: number;
  readonly #end: number;
  readonly #words: Int32Array;
  readonly #single: Float32Array;
  readonly #double: Float64Array;
  #at: number;
  #steps: number[] = [];

  /** @param begin - a multiple of 16, like `end` */
  constructor(buffer: ArrayBufferLike, begin: number, end: number, precision: Precision) {
    this.precision = precision;
    this.#begin = begin;
    this.#end = end;
    this.#words = new Int32Array(buffer, 0, end / 4);
    this.#single = new Float32Array(buffer, 0, end / 4);
    this.#double = new Float64Array(buffer, 0, end / 8);
    this.#at = begin;
  }

  /** Places of the steps written since the last clear. */
  get steps(): readonly number[] {
    return this.#steps;
  }

  /** Bytes that can still be written. */
  get free(): number {
    return this.#end - this.#at;
  }

  clear(): void {
    this.#at = this.#begin;
    this.#steps = [];
  }

  /** Writes a step's fields, and links the one before to it. */
  step(fields: readonly number[]): void {
    const at = this.words(fields);
    const before = this.#steps.at(-1);
    if (before !== undefined) this.#words[before / 4 + STEP_NEXT] = at;
    this.#steps.push(at);
  }

  /** Writes 32-bit words; returns where they are. */
  words(values: readonly number[]): number {
    const at = this.#take(values.length * 4);
    this.#words.set(values, at / 4);
    return at;
  }

  /** Writes numbers in the precision of the amplitudes; returns where they are. */
  floats(values: ArrayLike<number>): number {
    if (this.precision === 'f64') {
      const at = this.#take(values.length * 8);
      this.#double.set(values, at / 8);
      return at;
    }
    const at = this.#take(values.length * 4);
    this.#single.set(values, at / 4);
    return at;
  }

  /** Writes what the kernel for large matrices reads; returns where it is. */
  matrix(offsets: readonly number[], { re, im }: ComplexMatrix): number {
    const header = Math.ceil((4 + offsets.length * 4) / 8) * 8;
    const at = this.#take(header + re.length * 16);
    this.#words[at / 4] = offsets.length;
    this.#words.set(offsets, at / 4 + 1);
    for (let k = 0, entry = (at + header) / 8; k < re.length; k++, entry += 2) {
      this.#double[entry] = re[k];
      this.#double[entry + 1] = im[k];
    }
    return at;
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at = Math.ceil((at + bytes) / 16) * 16;
    invariant(this.#at <= this.#end, 'a step fits into the memory set aside for it');
    return at;
  }
}
