/** How long decisions take: a sample of them, by the clock, less what reading it twice takes. */
import { meanOf } from './estimates.ts';

/** Of so many one is taken: a prime, lest it beat with draws that are made ahead. */
const TAKEN_EVERY = 61;
/** Of the sample so many of a thousand are left out, the longest: then somebody else had the processor. */
const LEFT_OUT = 2;
const CLOCK_READS = 1_001;

/** Nanoseconds; NaN without a sample. */
export interface Means {
  /** For a choice, and to count it. */
  readonly choose: number;
  /** To take in what became of an attempt. */
  readonly hear: number;
}

export class Stopwatch {
  readonly #chosenMs: number[] = [];
  readonly #heardMs: number[] = [];
  #asked = 0;

  /** The moment if this one is taken, or 0. */
  start(): number {
    this.#asked += 1;
    return this.#asked % TAKEN_EVERY === 0 ? performance.now() : 0;
  }

  /** A choice is made and counted. */
  chosen(fromMs: number): void {
    this.#chosenMs.push(performance.now() - fromMs);
  }

  /** What became of an attempt is taken in. */
  heard(fromMs: number): void {
    this.#heardMs.push(performance.now() - fromMs);
  }

  means(): Means {
    return { choose: nanoseconds(this.#chosenMs), hear: nanoseconds(this.#heardMs) };
  }
}

/** The mean without the longest, which are not the policy's. */
export function trimmedMean(values: readonly number[]): number {
  const count = values.length - Math.ceil((values.length * LEFT_OUT) / 1_000);
  return meanOf(values.toSorted((a, b) => a - b).slice(0, Math.max(1, count)));
}

function nanoseconds(samplesMs: readonly number[]): number {
  return samplesMs.length === 0 ? Number.NaN : 1e6 * (trimmedMean(samplesMs) - clockMs());
}

let clockReadMs: number | null = null;

function clockMs(): number {
  clockReadMs ??= trimmedMean(
    Array.from({ length: CLOCK_READS }, () => {
      const fromMs = performance.now();
      return performance.now() - fromMs;
    }),
  );
  return clockReadMs;
}
