import { createHash, hash } from 'node:crypto';
import { HASH_BYTES, type Hasher } from '../../consensus/index.ts';

/** Parts up to this size together are copied into one: cheaper than a hash object. */
const COPIED_BYTES_MAX = 16 * 1024;
/** Where they are put together; read before the next hash begins. */
const together = Buffer.allocUnsafeSlow(COPIED_BYTES_MAX);

/** The hash of every log: SHA-256, cut to `HASH_BYTES`. */
export const sha256Hasher: Hasher = {
  hash: (parts) => {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (bytes <= COPIED_BYTES_MAX) return cut(hash('sha256', joined(parts, bytes), 'buffer'));
    const whole = createHash('sha256');
    for (const part of parts) whole.update(part);
    return cut(whole.digest());
  },
};

function joined(parts: readonly Uint8Array[], bytes: number): Buffer {
  let position = 0;
  for (const part of parts) {
    together.set(part, position);
    position += part.length;
  }
  return together.subarray(0, bytes);
}

/** Kept for every entry, so it holds on to nothing else. */
function cut(digest: Buffer): Uint8Array {
  const kept = new Uint8Array(HASH_BYTES);
  for (let at = 0; at < HASH_BYTES; at += 1) kept[at] = digest[at] ?? 0;
  return kept;
}
