import { int32Column } from './columns.ts';
import { grown } from './grown.ts';

/** A list of 32-bit integers that grows and shrinks at its end: 4 to 6 bytes each, where an array takes 8 to 12. */
export class NumberList {
  #values: Int32Array = new Int32Array(4);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The number at a position, or undefined past the end. */
  at(position: number): number | undefined {
    return position < this.#length ? this.#values[position] : undefined;
  }

  set(position: number, value: number): void {
    this.#values[position] = value;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const room = int32Column(Math.ceil((this.#length * 3) / 2));
      this.#values = grown(this.#values, room);
    }
    this.#values[this.#length++] = value;
  }

  /** Takes off the last number; undefined where there is none. */
  pop(): number | undefined {
    return this.#length === 0 ? undefined : this.#values[--this.#length];
  }
}
