import { createHash } from 'node:crypto';

/** Longest key LMDB takes with pages of 4 KiB. */
const KEY_BYTES_MAX = 1_978;
const HASH_BYTES = 32;

/** The key of an entry that is known by a whole number from 0 on. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(Math.floor(number / 0x1_0000_0000), 0);
  key.writeUInt32BE(number >>> 0, 4);
  return key;
}

/**
 * The key of an entry that is known by a name of any length.
 *
 * UTF-16 as it stands: UTF-8 would make all lone surrogates one.
 */
export function textKey(text: string): Buffer {
  const bytes = Buffer.from(`#${text}`, 'utf16le');
  if (bytes.length <= KEY_BYTES_MAX - HASH_BYTES) return bytes;
  const hash = createHash('sha256').update(bytes).digest();
  return Buffer.concat([bytes.subarray(0, KEY_BYTES_MAX - HASH_BYTES), hash]);
}
