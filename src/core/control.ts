/** What a task says of when it may start beside others, and where it would rather. */

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

/** Where it would rather run, of the agents that it may have. Core keeps it and does not read it. */
export interface TaskPlacement {
  /** Labels that the agent had best have. */
  readonly near?: Readonly<Record<string, string>>;
  /** Tasks of the namespace with the same text had best be on different agents. */
  readonly apart?: string;
  /** By label and its value, what an agent that has it costs for this task. */
  readonly costs?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface TaskControl {
  readonly concurrencyKey: string | null;
  readonly fairnessKey: string | null;
  readonly limits: readonly LimitUse[] | null;
  readonly dedupe: Dedupe | null;
  readonly estimate: Estimate | null;
  /** Absent for most. */
  readonly placement?: TaskPlacement;
}

/** The control of a new task; null for one that says nothing of it. */
export function controlOf(item: {
  readonly concurrencyKey?: string;
  readonly fairnessKey?: string;
  readonly limits?: readonly LimitUse[];
  readonly dedupe?: Dedupe;
  readonly estimate?: Estimate;
  readonly placement?: TaskPlacement;
}): TaskControl | null {
  const { concurrencyKey, dedupe, estimate, fairnessKey, limits, placement } = item;
  const isPlain =
    concurrencyKey === undefined &&
    fairnessKey === undefined &&
    limits === undefined &&
    dedupe === undefined &&
    estimate === undefined &&
    placement === undefined;
  if (isPlain) return null;
  return {
    concurrencyKey: concurrencyKey ?? null,
    fairnessKey: fairnessKey ?? null,
    limits: limits === undefined || limits.length === 0 ? null : limits,
    dedupe: dedupe ?? null,
    estimate: estimate ?? null,
    ...(placement === undefined ? {} : { placement }),
  };
}
