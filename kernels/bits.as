// Puts the bits of `item` into the places where `mask` has 0, lowest first.
export function spreadBits(item: u32, mask: u32): u32 {
  let result = item;
  for (let rest = mask; rest != 0; rest &= rest - 1) {
    const below = (rest & (0 - rest)) - 1;
    result = (result & below) | ((result & ~below) << 1);
  }
  return result;
}

// The next place after `i` where the bits of `mask` are 0: they are set, so that the carry runs over them.
@inline
export function nextOffset(i: u32, mask: u32, increment: u32): u32 {
  return ((i | mask) + increment) & ~mask;
}

export const VECTOR_BYTES: u32 = 16;

// The offset of a step's vector number `from`.
@inline
export function firstOffset(from: u32, skip: u32): u32 {
  return spreadBits(from, skip >> 4) << 4;
}

// True if vectors come in pairs of neighbours, which one turn of a loop can take together.
@inline
export function isPaired(from: u32, count: u32, skip: u32): bool {
  return ((from | count) & 1) == 0 && (skip & VECTOR_BYTES) == 0;
}
