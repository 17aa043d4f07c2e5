import { OrchestratorError } from '../../base/errors.ts';

const TWO_32 = 0x1_0000_0000;
const HIGH_WORD_MAX = 0x1f_ffff;

/** Refuses bytes that no writer of ours made. */
export function invalidBytes(message: string): OrchestratorError {
  return new OrchestratorError('RAFT_BYTES_INVALID', message);
}

/**
 * Reads what a {@link ByteWriter} wrote, without copying.
 *
 * @throws OrchestratorError `RAFT_BYTES_INVALID` at the first field that is cut short or out of range
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  integer(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at);
    if (high > HIGH_WORD_MAX) throw invalidBytes('a number must be below 2^53');
    return high * TWO_32 + this.#view.getUint32(at + 4);
  }

  boolean(): boolean {
    const value = this.u8();
    if (value > 1) throw invalidBytes(`a flag must be 0 or 1, got ${value}`);
    return value === 1;
  }

  /** A view of the next `count` bytes. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  bytes(): Uint8Array {
    return this.raw(this.u32());
  }

  ascii(): string {
    const count = this.u8();
    const at = this.#take(count);
    let text = '';
    for (let place = 0; place < count; place += 1)
      text += String.fromCharCode(this.#bytes[at + place] ?? 0);
    return text;
  }

  /** Everything must have been read: a longer value would be a second encoding of the same. */
  end(): void {
    if (this.remaining !== 0)
      throw invalidBytes(`a value must end where its bytes end, got ${this.remaining} more`);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at)
      throw invalidBytes(`${count} more bytes must follow, got ${this.#bytes.length - at}`);
    this.#at = at + count;
    return at;
  }
}
