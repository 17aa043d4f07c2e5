import { createHash, hash } from 'node:crypto';
import { HASH_BYTES, type Hasher } from '../../consensus/index.ts';

/** Parts up to this size together are copied into one: cheaper than a hash object. */
const COPIED_BYTES_MAX = 16 * 1024;

/** The hash of every log: SHA-256, cut to `HASH_BYTES`. */
export const sha256Hasher: Hasher = {
  hash: (parts) => {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (bytes <= COPIED_BYTES_MAX)
      return cut(hash('sha256', Buffer.concat(parts, bytes), 'buffer'));
    const whole = createHash('sha256');
    for (const part of parts) whole.update(part);
    return cut(whole.digest());
  },
};

function cut(digest: Buffer): Uint8Array {
  return new Uint8Array(digest.subarray(0, HASH_BYTES));
}
