/**
 * Signals of different kinds on one scale: below 1 all is well, from 1 it is too much, from 2 far too much.
 *
 * Pressures of one interval are kept, because only what stands for the whole of it counts: a burst that a
 * queue takes and hands on is what queues are for (Nichols and Jacobson, "Controlling Queue Delay", 2012).
 */
import type { AdmissionSettings } from './admission-options.ts';

/** What is measured, once a step. */
export interface AdmissionSample {
  /**
   * Least delay from a submit's proposal to its being applied since the last sample; where none was
   * applied, how long the oldest one waits by now; 0 when none waits. Milliseconds.
   */
  readonly delayMs: number;
  /** How late the event loop came to take this sample, in milliseconds. */
  readonly lagMs: number;
  /** Tasks of submits applied since the last sample. */
  readonly applied: number;
  /** Tasks of submits that wait to be applied. */
  readonly waiting: number;
  /** Tasks that ended since the last sample. */
  readonly finished: number;
  /** Tasks that wait for an agent. */
  readonly queued: number;
  /** Changes that wait for the log, as a share of the most that may. */
  readonly backlogShare: number;
  /** Memory in use, as a share of what there is; the worse of heap and process. */
  readonly memoryShare: number;
  /** Finished records that wait for the store, as a share of its bound; may exceed 1. */
  readonly storeShare: number;
  /** Free space for the log, in bytes; infinite where it is not known. */
  readonly diskFreeBytes: number;
  /** Size of the file system it is on, in bytes. */
  readonly diskBytes: number;
}

export const CAUSES = ['delay', 'lag', 'backlog', 'memory', 'store', 'disk'] as const;
export type AdmissionCause = (typeof CAUSES)[number];
export type Pressures = Readonly<Record<AdmissionCause, number>>;

/** A delay this many times the target is far too much. */
const DELAY_FACTOR = 10;
const GIB = 1024 ** 3;

/** The sample on the common scale. */
export function pressuresOf(sample: AdmissionSample, settings: AdmissionSettings): Pressures {
  const { delayTargetMs, memoryShareMax } = settings;
  const far = delayTargetMs * DELAY_FACTOR;
  return {
    delay: between(sample.delayMs, delayTargetMs, far),
    lag: between(sample.lagMs, delayTargetMs, far),
    backlog: between(sample.backlogShare, 0.5, 0.9),
    memory: between(sample.memoryShare, (memoryShareMax * 5) / 6, memoryShareMax),
    store: between(sample.storeShare, 1, 2),
    disk: diskPressure(sample),
  };
}

/** Linear: 0 at nothing, 1 at `high`, 2 at `severe`. */
function between(value: number, high: number, severe: number): number {
  return value < high ? value / high : 1 + (value - high) / (severe - high);
}

/** Completions need the log too: what is left of the disk is kept for them. */
function diskPressure({ diskBytes, diskFreeBytes }: AdmissionSample): number {
  const low = Math.min(GIB, diskBytes * 0.05);
  const least = Math.min(GIB / 4, diskBytes * 0.01);
  if (diskFreeBytes >= low) return low / Math.max(diskFreeBytes, 1);
  return 1 + (low - diskFreeBytes) / (low - least);
}

/** The least that each pressure was in the last interval. */
export class PressureWindow {
  readonly #windowMs: number;
  #samples: { readonly atMs: number; readonly pressures: Pressures }[] = [];
  /** Since when there are samples without a gap. */
  #sinceMs = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Forgets everything: what comes next is not connected with what was. */
  clear(): void {
    this.#samples = [];
  }

  add(pressures: Pressures, atMs: number): void {
    if (this.#samples.length === 0) this.#sinceMs = atMs;
    this.#samples.push({ atMs, pressures });
    const from = atMs - this.#windowMs;
    this.#samples = this.#samples.filter((sample) => sample.atMs >= from);
  }

  /** The worst of what stood for the whole interval; a pressure of 0 until there is a whole one. */
  standing(nowMs: number): { readonly cause: AdmissionCause; readonly pressure: number } {
    const isWhole = this.#samples.length > 0 && nowMs - this.#sinceMs >= this.#windowMs;
    let worst: { cause: AdmissionCause; pressure: number } = { cause: 'delay', pressure: 0 };
    if (!isWhole) return worst;
    for (const cause of CAUSES) {
      const pressure = this.least(cause);
      if (pressure > worst.pressure) worst = { cause, pressure };
    }
    return worst;
  }

  /** The least of one pressure among the samples kept. */
  least(cause: AdmissionCause): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { pressures } of this.#samples) least = Math.min(least, pressures[cause]);
    return least === Number.POSITIVE_INFINITY ? 0 : least;
  }
}
