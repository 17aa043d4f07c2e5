/** Ones in a 32-bit word. */
export function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Transposes 32 words at `at` as a 32 × 32 matrix of bits: bit c of word r becomes bit r of word c. */
export function transpose32(words: Uint32Array, at: number): void {
  // Hacker's Delight §7-3, mirrored so that bit 0 is the first column.
  let mask = 0x0000ffff;
  for (let width = 16; width !== 0; width >>>= 1, mask ^= mask << width) {
    for (let k = 0; k < 32; k = (k + width + 1) & ~width) {
      const t = ((words[at + k] >>> width) ^ words[at + k + width]) & mask;
      words[at + k] ^= t << width;
      words[at + k + width] ^= t;
    }
  }
}
