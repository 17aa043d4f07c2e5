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
