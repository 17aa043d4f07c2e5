/**
 * Long computations as generators that stop at safe points, and the driver that runs them without
 * holding up the event loop.
 *
 * The algorithms stay pure and synchronous: each `yield` says "here you may pause", at most
 * {@link WORK_PER_STEP} elementary operations after the one before. The driver alone knows time.
 */
import { setImmediate } from 'node:timers/promises';

/** How far a computation has come: `fraction` of 0..1, and what it does next. */
interface Progress {
  readonly fraction: number;
  readonly note: string;
}

/** A computation in steps; a step that yields a value reports its progress. */
export type Steps<Result> = Generator<Progress | undefined, Result, undefined>;

/** Elementary operations (characters, cells, comparisons) between two yields; well below 1 ms. */
export const WORK_PER_STEP = 4096;

/** Milliseconds of work after which the event loop gets its turn. */
const SLICE_MS = 3;

/** Progress is told in steps of a hundredth or more, so at most about a hundred times. */
const FRACTION_STEP_MIN = 0.01;

/** The clock and the way to let the event loop turn. */
export interface Pace {
  nowMs(): number;
  pause(): Promise<unknown>;
}

const EVENT_LOOP_PACE: Pace = { nowMs: () => performance.now(), pause: () => setImmediate() };

/** Who is told how far the work is, and who may stop it. */
export interface Watch {
  readonly signal: AbortSignal;
  progress(fraction: number, note?: string): void;
}

/**
 * Result of a computation, run in slices of about 3 ms with a turn of the event loop between them.
 *
 * Rejects with the signal's reason once it is aborted, at the next step.
 */
export async function drive<Result>(
  steps: Steps<Result>,
  watch: Watch,
  pace: Pace = EVENT_LOOP_PACE,
): Promise<Result> {
  let sliceStartMs = pace.nowMs();
  let fractionTold = -1;
  for (;;) {
    watch.signal.throwIfAborted();
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value !== undefined && step.value.fraction - fractionTold >= FRACTION_STEP_MIN) {
      fractionTold = step.value.fraction;
      watch.progress(fractionTold, step.value.note);
    }
    if (pace.nowMs() - sliceStartMs >= SLICE_MS) {
      await pace.pause();
      sliceStartMs = pace.nowMs();
    }
  }
}

/** Result of a computation, run in one go: for inputs known to be small. */
export function runToEnd<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
