import { OrchestratorError } from '../base/errors.ts';

/**
 * What a long computation asks between its steps; the caller brings the clock and the will to stop.
 *
 * Computations look at it at least every few milliseconds of work.
 */
export interface Watch {
  /** Milliseconds since any fixed moment; only differences count. */
  readonly nowMs: () => number;
  /** True once the computation shall end: it throws `QUANTUM_CANCELED`, or returns its best if it has one. */
  readonly isCanceled: () => boolean;
  /** Takes a share of the work done, 0 … 1, as often as the computation likes. */
  readonly progress: (fraction: number) => void;
}

/** A watch that never stops anything, and whose time stands still. */
export const UNWATCHED: Watch = {
  nowMs: () => 0,
  isCanceled: () => false,
  progress: () => undefined,
};

/**
 * Goes through 0 … count − 1 in slices, and looks at the watch behind each.
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function inSlices(
  count: number,
  sliceMax: number,
  watch: Watch,
  work: (from: number, to: number) => void,
): void {
  for (let from = 0; from < count; from += sliceMax) {
    work(from, Math.min(count, from + sliceMax));
    throwIfCanceled(watch);
  }
}

/**
 * Ends a computation that has nothing to show yet, once its watch asks for it.
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function throwIfCanceled(watch: Watch): void {
  if (watch.isCanceled()) {
    throw new OrchestratorError('QUANTUM_CANCELED', 'the computation was canceled');
  }
}
