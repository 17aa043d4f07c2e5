/** Outcomes of a whole circuit from those of its parts, which are independent. */
import type { Rng } from '../../../base/rng.ts';
import { drawListed, type Drawing } from './draw-listed.ts';
import { sortedInSlices } from '../../sorted-in-slices.ts';
import { inSlices, throwIfCanceled, type Watch } from '../../watch.ts';
import type { Distribution } from '../exact-state.ts';
import type { OutcomeCounts } from '../outcome-counts.ts';
import { wordsFor } from '../packed-table.ts';
import { SHOTS_LISTED_MIN, type PartRun } from './part-run.ts';

/** Most outcomes of a joint distribution from which shots are drawn at once. */
const JOINT_MAX = 2 ** 20;
const ROWS_BETWEEN_LOOKS = 1 << 14;

/** Outcomes over a part's bits, put in their places among all bits. */
function placed(
  keys: Uint32Array,
  count: number,
  bits: readonly number[],
  words: number,
): Uint32Array {
  const from = wordsFor(bits.length);
  const result = new Uint32Array(count * words);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < bits.length; k++) {
      const value = (keys[i * from + (k >>> 5)] >>> (k & 31)) & 1;
      result[i * words + (bits[k] >>> 5)] |= value << (bits[k] & 31);
    }
  }
  return result;
}

/** Indices of the `count` largest probabilities, the largest first. */
function largest(probabilities: Float64Array, count: number, watch: Watch): readonly number[] {
  const byProbability = (a: number, b: number): number =>
    probabilities[b] - probabilities[a] || a - b;
  let kept: number[] = [];
  let least = -1;
  inSlices(probabilities.length, ROWS_BETWEEN_LOOKS, watch, (from, to) => {
    for (let i = from; i < to; i++) if (probabilities[i] > least) kept.push(i);
    if (kept.length < 2 * count + ROWS_BETWEEN_LOOKS) return;
    kept = sortedInSlices(kept, byProbability, watch).slice(0, count);
    least = probabilities[kept[count - 1]];
  });
  return sortedInSlices(kept, byProbability, watch).slice(0, count);
}

function cutDown(
  { words, keys, probabilities }: Distribution,
  count: number,
  watch: Watch,
): Distribution {
  const kept = largest(probabilities, count, watch);
  const keptKeys = new Uint32Array(kept.length * words);
  for (const [to, from] of kept.entries()) {
    keptKeys.set(keys.subarray(from * words, (from + 1) * words), to * words);
  }
  return { words, keys: keptKeys, probabilities: Float64Array.from(kept, (i) => probabilities[i]) };
}

/**
 * The largest probabilities of the joint distribution over all bits, in descending order, or null where a
 * part's distribution is unknown. What is largest in the whole is largest in every part, so that no more
 * than `top` outcomes of each are looked at.
 */
export function joinDistributions(
  runs: readonly PartRun[],
  bits: number,
  top: number,
  watch: Watch,
): Distribution | null {
  const words = wordsFor(bits);
  let joint: Distribution = {
    words,
    keys: new Uint32Array(words),
    probabilities: Float64Array.of(1),
  };
  for (const run of runs) {
    if (run.distribution === null) return null;
    throwIfCanceled(watch);
    const next = cutDown(run.distribution, top, watch);
    const keys = placed(next.keys, next.probabilities.length, run.bits, words);
    joint = cutDown(product(joint, { ...next, words, keys }, top), top, watch);
  }
  return joint;
}

/**
 * The products that can be among the `top` largest of two descending distributions: of a pair (r, c), at
 * least (r + 1)(c + 1) − 1 others are as large.
 */
function product(a: Distribution, b: Distribution, top: number): Distribution {
  const { words } = a;
  const pairs: number[] = [];
  const columns = b.probabilities.length;
  for (let r = 0; r < a.probabilities.length; r++) {
    const end = Math.min(columns, Math.floor(top / (r + 1)));
    for (let c = 0; c < end; c++) pairs.push(r * columns + c);
  }
  const keys = new Uint32Array(pairs.length * words);
  const probabilities = new Float64Array(pairs.length);
  for (const [at, pair] of pairs.entries()) {
    const [r, c] = [Math.floor(pair / columns), pair % columns];
    probabilities[at] = a.probabilities[r] * b.probabilities[c];
    for (let w = 0; w < words; w++) {
      keys[at * words + w] = a.keys[r * words + w] | b.keys[c * words + w];
    }
  }
  return { words, keys, probabilities };
}

/** Number of joint outcomes, Infinity where a part's are unknown. */
function jointSize(runs: readonly PartRun[]): number {
  return runs.reduce(
    (size, { distribution }) => size * (distribution?.probabilities.length ?? Infinity),
    1,
  );
}

/** Draws shots of all parts together into counts over all bits. */
export function drawJoint(runs: readonly PartRun[], shots: number, drawing: Drawing): void {
  const isListed = shots > SHOTS_LISTED_MIN && jointSize(runs) <= JOINT_MAX;
  if (isListed && drawJoined(runs, shots, drawing)) return;
  const { counts, watch, rng } = drawing;
  const words = wordsFor(counts.bits);
  if (runs.length === 0) {
    counts.add(new Uint32Array(words), 0, shots);
    return;
  }
  if (runs.length === 1) {
    const [run] = runs;
    const drawn = run.draw(shots, rng);
    const keys = placed(drawn.table.keys, drawn.size, run.bits, words);
    inSlices(drawn.size, ROWS_BETWEEN_LOOKS, watch, (from, to) => {
      for (let i = from; i < to; i++) counts.add(keys, i * words, drawn.counts[i]);
    });
    return;
  }
  for (let done = 0; done < shots; done += SHOTS_LISTED_MIN) {
    throwIfCanceled(watch);
    drawBatch(runs, Math.min(SHOTS_LISTED_MIN, shots - done), drawing);
    watch.progress(Math.min(1, (done + SHOTS_LISTED_MIN) / shots));
  }
}

/** Draws from the joint distribution; false where there is none. */
function drawJoined(runs: readonly PartRun[], shots: number, drawing: Drawing): boolean {
  const { counts, watch } = drawing;
  const joint = joinDistributions(runs, counts.bits, JOINT_MAX, watch);
  if (joint === null) return false;
  drawListed(joint, shots, drawing);
  return true;
}

/** Every part's outcomes in an order of their own, side by side. */
function drawBatch(runs: readonly PartRun[], shots: number, { rng, counts, watch }: Drawing): void {
  const words = wordsFor(counts.bits);
  const rows = new Uint32Array(shots * words);
  for (const run of runs) {
    const drawn = run.draw(shots, rng);
    const keys = placed(drawn.table.keys, drawn.size, run.bits, words);
    const order = shuffled(drawn, shots, rng);
    for (let shot = 0; shot < shots; shot++) {
      if (shot % ROWS_BETWEEN_LOOKS === 0) throwIfCanceled(watch);
      const from = order[shot] * words;
      for (let w = 0; w < words; w++) rows[shot * words + w] |= keys[from + w];
    }
  }
  for (let shot = 0; shot < shots; shot++) counts.add(rows, shot * words, 1);
}

/** The index of each shot's outcome, in random order. */
function shuffled(drawn: OutcomeCounts, shots: number, rng: Rng): Uint32Array {
  const order = new Uint32Array(shots);
  let at = 0;
  for (let i = 0; i < drawn.size; i++) {
    order.fill(i, at, at + drawn.counts[i]);
    at += drawn.counts[i];
  }
  for (let i = shots - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}
