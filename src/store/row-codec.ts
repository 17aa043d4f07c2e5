/**
 * Rows as bytes: MessagePack, or JSON for the rare row that MessagePack would change.
 *
 * UTF-8 has no lone surrogates and the decoder renames a key `__proto__`; both can stand in what a
 * submitter sent, and a restored state must equal the lost one to the last bit. A row always is an
 * array, so its first byte tells the two apart: `[` never starts an array in MessagePack.
 */
import { Packr } from 'msgpackr';

const JSON_START = 0x5b;

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** The bytes of a row of JSON values. The result may share memory with nothing but itself. */
export function encodeRow(row: readonly unknown[]): Buffer {
  return isPlain(row) ? packr.pack(row) : Buffer.from(JSON.stringify(row));
}

export function decodeRow(bytes: Uint8Array): readonly unknown[] {
  return rowDecoder.decode(bytes, bytes.length);
}

/** As `lmdb` asks for it: `bytes` is longer than the value, which ends at `length`. */
export const rowDecoder: {
  encode: (row: readonly unknown[]) => Buffer;
  decode: (bytes: Uint8Array, length: number) => readonly unknown[];
} = {
  encode: encodeRow,
  decode: (bytes, length) => {
    if (bytes[0] !== JSON_START) return packr.unpack(bytes, length) as unknown[];
    return JSON.parse(Buffer.from(bytes.subarray(0, length)).toString()) as unknown[];
  },
};

/** Whether MessagePack gives the value back unchanged. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return !Object.is(value, -0);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) {
    for (const inner of value) if (!isPlain(inner)) return false;
    return true;
  }
  for (const key in value) {
    if (key === '__proto__' || !key.isWellFormed()) return false;
    if (!isPlain((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}
