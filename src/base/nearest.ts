/** Candidates that are compared; past it the rest is not looked at. */
const CANDIDATES_MAX = 10_000;
/** Text that is compared of each. */
const COMPARED_MAX = 128;
/** Edits, as a share of the longer text, past which two texts have nothing to do with each other. */
const DISTANCE_SHARE_MAX = 0.5;

/** The candidate most like `text`, or null where none is like it. O(candidates · length²), bounded. */
export function nearest(text: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Infinity;
  let compared = 0;
  for (const candidate of candidates) {
    compared += 1;
    if (compared > CANDIDATES_MAX) break;
    const longer = Math.max(text.length, candidate.length);
    // The difference in length is a lower bound that spares most comparisons.
    if (Math.abs(text.length - candidate.length) >= bestDistance) continue;
    const distance = editDistance(text, candidate);
    if (distance >= bestDistance || distance > longer * DISTANCE_SHARE_MAX) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Insertions, removals and replacements of UTF-16 units that turn `a` into `b` (Levenshtein, 1966). */
export function editDistance(a: string, b: string): number {
  const source = a.slice(0, COMPARED_MAX);
  const target = b.slice(0, COMPARED_MAX);
  let above = Array.from({ length: target.length + 1 }, (_, at) => at);
  for (let row = 1; row <= source.length; row++) {
    const current = [row];
    for (let column = 1; column <= target.length; column++) {
      const same = source[row - 1] === target[column - 1] ? 0 : 1;
      const replaced = (above[column - 1] as number) + same;
      const removed = (above[column] as number) + 1;
      const inserted = (current[column - 1] as number) + 1;
      current.push(Math.min(replaced, removed, inserted));
    }
    above = current;
  }
  return above[target.length] as number;
}
