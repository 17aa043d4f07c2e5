/** What a task says of when it may start beside others. */

/** A named limit that a task passes. */
export interface LimitUse {
  readonly name: string;
  /** Tasks with different keys have a limit each; absent for the one that all share. */
  readonly key?: string;
  /** Units that each attempt takes; 1 when absent. */
  readonly units?: number;
}

/** Submits of one key that are made one. */
export interface Dedupe {
  readonly key: string;
  /**
   * `debounce`: the last of several runs, `windowMs` after it came. `throttle`: the first runs, further
   * ones within `windowMs` are repeats of it. `keep-last`: one waits at most, a newer replaces it.
   */
  readonly mode: 'debounce' | 'throttle' | 'keep-last';
  /** In milliseconds; not used by `keep-last`. */
  readonly windowMs?: number;
  /** Longest that a debounced task is put off after the first of its row, in milliseconds. */
  readonly maxMs?: number;
}

/** What one attempt is declared to cost. */
export interface Estimate {
  readonly tokens?: number;
  readonly costUsd?: number;
}

export interface TaskControl {
  readonly concurrencyKey: string | null;
  readonly fairnessKey: string | null;
  readonly limits: readonly LimitUse[] | null;
  readonly dedupe: Dedupe | null;
  readonly estimate: Estimate | null;
}

/** The control of a new task; null for one that says nothing of it. */
export function controlOf(item: {
  readonly concurrencyKey?: string;
  readonly fairnessKey?: string;
  readonly limits?: readonly LimitUse[];
  readonly dedupe?: Dedupe;
  readonly estimate?: Estimate;
}): TaskControl | null {
  const { concurrencyKey, dedupe, estimate, fairnessKey, limits } = item;
  const isPlain =
    concurrencyKey === undefined &&
    fairnessKey === undefined &&
    limits === undefined &&
    dedupe === undefined &&
    estimate === undefined;
  if (isPlain) return null;
  return {
    concurrencyKey: concurrencyKey ?? null,
    fairnessKey: fairnessKey ?? null,
    limits: limits === undefined || limits.length === 0 ? null : limits,
    dedupe: dedupe ?? null,
    estimate: estimate ?? null,
  };
}
