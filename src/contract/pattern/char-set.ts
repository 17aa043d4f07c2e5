/** Sets of code points as sorted, disjoint ranges: enough to tell whether two may share a character. */

/** Pairs of first and last code point, ascending. */
export type CharSet = readonly (readonly [first: number, last: number])[];

const POINT_MAX = 0x10_ffff;

export const NONE: CharSet = [];
export const ALL: CharSet = [[0, POINT_MAX]];
export const DIGITS: CharSet = [[0x30, 0x39]];
export const WORDS: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
export const SPACES: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x16_80, 0x16_80],
  [0x20_00, 0x20_0a],
  [0x20_28, 0x20_29],
  [0x20_2f, 0x20_2f],
  [0x20_5f, 0x20_5f],
  [0x30_00, 0x30_00],
  [0xfe_ff, 0xfe_ff],
];
/** What `.` does not match. */
export const LINE_ENDS: CharSet = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x20_28, 0x20_29],
];
/** Halves of a code point may be written one after the other, and are one character then. */
export const SURROGATES: CharSet = [
  [0xd8_00, 0xdf_ff],
  [0x1_00_00, POINT_MAX],
];

export function union(...sets: readonly CharSet[]): CharSet {
  const ranges = sets.flat().sort(([a], [b]) => a - b);
  const joined: [number, number][] = [];
  for (const [first, last] of ranges) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

export function complement(set: CharSet): CharSet {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [first, last] of union(set)) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= POINT_MAX) rest.push([next, POINT_MAX]);
  return rest;
}

export function intersects(one: CharSet, other: CharSet): boolean {
  return one.some(([first, last]) => other.some(([from, to]) => first <= to && from <= last));
}
