/** How long attempts of each type run, learned as they end: enough to say what is too long. */

/** Buckets double every four: each is a fifth wider than the one before. */
const BUCKETS_PER_DOUBLING = 4;
/** Reaches to 2^30 ms, twelve days. */
const BUCKETS = 30 * BUCKETS_PER_DOUBLING + 1;
/** Past this many all counts are halved: what was long ago matters less and less. */
const COUNT_MAX = 4_096;
/** Types remembered, at most. */
export const TYPES_MAX = 1_000;

export interface StuckSettings {
  /** Part of the attempts that end in the predicted time. */
  readonly percentile: number;
  /** So many times the predicted time is too long. */
  readonly factor: number;
  /** Nothing shorter is too long, in milliseconds. */
  readonly floorMs: number;
  /** Attempts of a type that must have ended before anything is predicted. */
  readonly samplesMin: number;
}

interface Histogram {
  readonly counts: Uint16Array;
  total: number;
}

/** Histograms of run times by type. 242 bytes a type, and a few nanoseconds an attempt. */
export class RunTimes {
  readonly #types = new Map<string, Histogram>();

  get size(): number {
    return this.#types.size;
  }

  observe(type: string, runMs: number): void {
    const known = this.#types.get(type) ?? this.#add(type);
    const bucket = bucketOf(runMs);
    known.counts[bucket] = (known.counts[bucket] ?? 0) + 1;
    known.total += 1;
    if (known.total >= COUNT_MAX) halve(known);
  }

  /** The run time that the given part of the attempts stays within, up to a fifth too long; null for too few. */
  percentileMs(type: string, percentile: number, samplesMin: number): number | null {
    const known = this.#types.get(type);
    if (known === undefined || known.total < samplesMin) return null;
    const wanted = Math.ceil(known.total * percentile);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += known.counts[bucket] ?? 0;
      if (seen >= wanted) return upperMs(bucket);
    }
    return upperMs(BUCKETS - 1);
  }

  /** How long an attempt may show no progress before it counts as stuck; null where nothing is known. */
  boundMs(type: string, { factor, floorMs, percentile, samplesMin }: StuckSettings): number | null {
    const predictedMs = this.percentileMs(type, percentile, samplesMin);
    return predictedMs === null ? null : Math.max(floorMs, predictedMs * factor);
  }

  /** By type, oldest first: pairs of a bucket and its count, one after the other. */
  remember(): readonly (readonly [type: string, pairs: readonly number[]])[] {
    return [...this.#types].map(([type, { counts }]) => [
      type,
      [...counts].flatMap((count, bucket) => (count === 0 ? [] : [bucket, count])),
    ]);
  }

  /** Adds what {@link remember} told once; leaves out what is no such thing. */
  recall(known: unknown): void {
    for (const [type, pairs] of Array.isArray(known) ? (known as unknown[][]) : []) {
      if (typeof type !== 'string' || !Array.isArray(pairs)) continue;
      const histogram = this.#types.get(type) ?? this.#add(type);
      for (let at = 0; at + 1 < pairs.length; at += 2) {
        const [bucket, count] = [pairs[at] as number, pairs[at + 1] as number];
        const isCount = Number.isInteger(count) && count > 0 && count < COUNT_MAX;
        if (!isCount || histogram.counts[bucket] === undefined) continue;
        histogram.counts[bucket] += count;
        histogram.total += count;
      }
      while (histogram.total >= COUNT_MAX) halve(histogram);
    }
  }

  #add(type: string): Histogram {
    if (this.#types.size >= TYPES_MAX) {
      // The one that was added first: a type that is still in use comes back with its next attempt.
      const [oldest] = this.#types.keys();
      if (oldest !== undefined) this.#types.delete(oldest);
    }
    const histogram = { counts: new Uint16Array(BUCKETS), total: 0 };
    this.#types.set(type, histogram);
    return histogram;
  }
}

function bucketOf(runMs: number): number {
  if (runMs <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(runMs) * BUCKETS_PER_DOUBLING));
}

function upperMs(bucket: number): number {
  return 2 ** (bucket / BUCKETS_PER_DOUBLING);
}

function halve(histogram: Histogram): void {
  histogram.total = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const half = (histogram.counts[bucket] ?? 0) >> 1;
    histogram.counts[bucket] = half;
    histogram.total += half;
  }
}
