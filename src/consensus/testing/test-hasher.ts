import { HASH_BYTES, type Hasher } from '../raft/hasher.ts';

/** Four multiplicative hashes side by side: quick, good enough to tell test logs apart, no match for anybody's malice. */
export const testHasher: Hasher = {
  hash(parts) {
    let a = 0x811c9dc5;
    let b = 0x9e3779b9;
    let c = 0x85ebca6b;
    let d = 0xc2b2ae35;
    for (const part of parts) {
      for (const byte of part) {
        a = Math.imul(a ^ byte, 0x01000193);
        b = Math.imul(b ^ byte ^ (a >>> 15), 0x85ebca6b);
        c = Math.imul(c + byte + (b >>> 13), 0xc2b2ae35);
        d = Math.imul(d ^ (c >>> 16) ^ byte, 0x27d4eb2f);
      }
    }
    const hash = new Uint8Array(HASH_BYTES);
    [a, b, c, d].forEach((word, at) => {
      const mixed = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d);
      hash[at * 4] = mixed;
      hash[at * 4 + 1] = mixed >>> 8;
      hash[at * 4 + 2] = mixed >>> 16;
      hash[at * 4 + 3] = mixed >>> 24;
    });
    return hash;
  },
};

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
