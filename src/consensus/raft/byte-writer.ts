import { invariant } from '../../base/invariant.ts';

const TWO_32 = 0x1_0000_0000;

/** Builds one binary value of fixed-width big-endian fields; every value has exactly one encoding. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written, as a view: the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written, after which the writer begins anew in the same buffer. */
  take(): Uint8Array {
    const copy = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return copy;
  }

  /** Forgets what was written, as after a value that could not be finished. */
  restart(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }

  /** A safe integer from 0, in eight bytes. */
  integer(value: number): void {
    invariant(
      Number.isSafeInteger(value) && value >= 0,
      () => `a number on the wire must be a safe integer from 0, got ${value}`,
    );
    const at = this.#reserve(8);
    this.#view.setUint32(at, Math.floor(value / TWO_32));
    this.#view.setUint32(at + 4, value % TWO_32);
  }

  boolean(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** Bytes whose number the reader knows. */
  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Bytes behind their number. */
  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /** ASCII of at most 255 characters, behind their number. */
  ascii(text: string): void {
    invariant(text.length <= 255, 'a text on the wire must have at most 255 characters');
    this.u8(text.length);
    for (let at = 0; at < text.length; at += 1) this.u8(text.charCodeAt(at));
  }

  /** May replace the buffer and its view: call it before either is looked at. */
  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
