/** Calls counted over a sliding window: ten buckets on a fixed grid of time, the oldest replaced. */

/** Buckets of a window. */
export const WINDOW_BUCKETS = 10;

export interface CallCounts {
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
}

export interface CallWindow {
  /** Length of one bucket, in milliseconds. */
  readonly bucketMs: number;
  /** Ordinal of the newest bucket: the moment it began, divided by its length. */
  newest: number;
  /** By ordinal modulo their number. */
  readonly calls: number[];
  readonly failed: number[];
  readonly slow: number[];
}

export function createWindow(windowMs: number): CallWindow {
  const empty = (): number[] => new Array<number>(WINDOW_BUCKETS).fill(0);
  return {
    bucketMs: bucketMsOf(windowMs),
    newest: 0,
    calls: empty(),
    failed: empty(),
    slow: empty(),
  };
}

export function bucketMsOf(windowMs: number): number {
  return Math.max(1, Math.ceil(windowMs / WINDOW_BUCKETS));
}

/** Counts one call. Time never goes back. */
export function addCall(
  window: CallWindow,
  nowMs: number,
  call: { readonly isFailed: boolean; readonly isSlow: boolean },
): void {
  moveTo(window, Math.floor(nowMs / window.bucketMs));
  const at = window.newest % WINDOW_BUCKETS;
  window.calls[at] = (window.calls[at] ?? 0) + 1;
  if (call.isFailed) window.failed[at] = (window.failed[at] ?? 0) + 1;
  if (call.isSlow) window.slow[at] = (window.slow[at] ?? 0) + 1;
}

/** What happened in the last ten buckets, that of `nowMs` included. Changes nothing. */
export function countsAt(window: CallWindow, nowMs: number): CallCounts {
  const oldest = Math.floor(nowMs / window.bucketMs) - WINDOW_BUCKETS + 1;
  let [calls, failed, slow] = [0, 0, 0];
  for (let ordinal = Math.max(0, oldest); ordinal <= window.newest; ordinal++) {
    // A window that nothing was counted in yet begins at 0.
    if (ordinal <= window.newest - WINDOW_BUCKETS) continue;
    const at = ordinal % WINDOW_BUCKETS;
    calls += window.calls[at] ?? 0;
    failed += window.failed[at] ?? 0;
    slow += window.slow[at] ?? 0;
  }
  return { calls, failed, slow };
}

function moveTo(window: CallWindow, ordinal: number): void {
  const steps = Math.min(WINDOW_BUCKETS, ordinal - window.newest);
  for (let step = 0; step < steps; step++) {
    const at = (ordinal - step) % WINDOW_BUCKETS;
    window.calls[at] = 0;
    window.failed[at] = 0;
    window.slow[at] = 0;
  }
  window.newest = Math.max(window.newest, ordinal);
}
