import type { Watch } from '../../../quantum/watch.ts';

/** Least time between two reports of progress, in milliseconds. */
const PROGRESS_EVERY_MS = 100;
/** Least growth of the share done that is reported. */
const PROGRESS_STEP_MIN = 0.001;

/** Why a job shall end. */
export type JobStop = 'canceled' | 'time';

/** The watch of one job: ends it by a shared flag or by the clock. */
export class JobWatch implements Watch {
  readonly nowMs = (): number => performance.now();
  readonly isCanceled = (): boolean => this.stopped !== null;
  readonly progress = (fraction: number): void => this.#report(fraction);
  readonly #cancel: Int32Array;
  readonly #endMs: number;
  readonly #tell: (fraction: number) => void;
  #toldAtMs = performance.now();
  #told = 0;

  /** `timeMs` from now the job ends; `tell` hears of progress ten times a second at most. */
  constructor(cancel: Int32Array, timeMs: number, tell: (fraction: number) => void) {
    this.#cancel = cancel;
    this.#endMs = performance.now() + timeMs;
    this.#tell = tell;
  }

  /** Why the job shall end, or null. */
  get stopped(): JobStop | null {
    if (Atomics.load(this.#cancel, 0) !== 0) return 'canceled';
    return performance.now() >= this.#endMs ? 'time' : null;
  }

  #report(fraction: number): void {
    if (!(fraction >= this.#told + PROGRESS_STEP_MIN)) return;
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < PROGRESS_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    this.#told = Math.min(1, fraction);
    this.#tell(this.#told);
  }
}
