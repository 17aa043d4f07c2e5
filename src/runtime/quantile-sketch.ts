/**
 * A streaming quantile of durations: DDSketch of Masson, Rim and Lee (2019), in whole milliseconds.
 *
 * Each value falls into a bin of a geometric row; a quantile is off by at most `ACCURACY` of itself. Two
 * sketches take turns, so that what was long ago is forgotten. At most 600 bins: about 10 KB.
 */
const ACCURACY = 0.02;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);
/** Bin of a hundred days, which stands for all beyond. */
const BIN_MAX: number = Math.ceil(Math.log(8_640_000_000) / LOG_GAMMA);

interface Sketch {
  readonly bins: Map<number, number>;
  count: number;
}

export class QuantileSketch {
  readonly #turnCount: number;
  #now: Sketch = emptySketch();
  #before: Sketch = emptySketch();

  /** @param turnCount - values after which the older half is forgotten */
  constructor(turnCount: number) {
    this.#turnCount = turnCount;
  }

  get count(): number {
    return this.#now.count + this.#before.count;
  }

  /** O(1). */
  add(valueMs: number): void {
    if (this.#now.count >= this.#turnCount) {
      this.#before = this.#now;
      this.#now = emptySketch();
    }
    const bin = binOf(valueMs);
    this.#now.bins.set(bin, (this.#now.bins.get(bin) ?? 0) + 1);
    this.#now.count += 1;
  }

  /** Pairs of a bin and its count: of the older half, and of the newer one. */
  remember(): readonly (readonly (readonly [bin: number, count: number])[])[] {
    return [this.#before, this.#now].map(({ bins }) => [...bins]);
  }

  /** Takes up what {@link remember} told once, in place of what it has; leaves out what is no such thing. */
  recall(known: unknown): void {
    const [before, now] = Array.isArray(known) ? (known as unknown[]) : [];
    this.#before = sketchOf(before);
    this.#now = sketchOf(now);
  }

  /** The value below which that share of the values are; 0 without any. O(bins · log bins). */
  quantile(share: number): number {
    const sums = new Map(this.#before.bins);
    for (const [bin, count] of this.#now.bins) sums.set(bin, (sums.get(bin) ?? 0) + count);
    const rank = share * (this.count - 1);
    let passed = 0;
    for (const [bin, count] of [...sums].toSorted(([a], [b]) => a - b)) {
      passed += count;
      if (passed > rank) return valueOf(bin);
    }
    return 0;
  }
}

function sketchOf(pairs: unknown): Sketch {
  const sketch = emptySketch();
  for (const pair of Array.isArray(pairs) ? (pairs as unknown[]) : []) {
    const [bin, count] = Array.isArray(pair) ? (pair as number[]) : [];
    if (!isWithin(bin, -1, BIN_MAX) || !isWithin(count, 1, Number.MAX_SAFE_INTEGER)) continue;
    sketch.bins.set(bin, count);
    sketch.count += count;
  }
  return sketch;
}

function isWithin(value: number | undefined, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function emptySketch(): Sketch {
  return { bins: new Map(), count: 0 };
}

/** Below a millisecond all is one. */
function binOf(valueMs: number): number {
  if (valueMs < 1) return -1;
  return Math.min(BIN_MAX, Math.ceil(Math.log(valueMs) / LOG_GAMMA));
}

function valueOf(bin: number): number {
  return bin < 0 ? 0 : (2 * GAMMA ** bin) / (GAMMA + 1);
}
