import type { TaskId } from '../core/index.ts';
import type { FinishedTask } from './finished-record.ts';

/**
 * Goes through several runs of tasks as one, newest id first, from below `before` on.
 *
 * @param runs - each in the order of its ids; no id is in two of them
 */
export function* newestFirst(
  runs: readonly (readonly FinishedTask[])[],
  before: TaskId | undefined,
): Generator<FinishedTask, undefined> {
  const places = runs.map((run) => placeBelow(run, before));
  const heads = runs.map((run, at) => run[places[at] as number]);
  for (;;) {
    let newest = -1;
    for (let at = 0; at < heads.length; at++) {
      const head = heads[at];
      if (head === undefined) continue;
      if (newest < 0 || head.task.id > (heads[newest] as FinishedTask).task.id) newest = at;
    }
    if (newest < 0) return undefined;
    yield heads[newest] as FinishedTask;
    const next = (places[newest] as number) - 1;
    places[newest] = next;
    heads[newest] = runs[newest]?.[next];
  }
}

/** Place of the last task below `before`; -1 when there is none. */
function placeBelow(run: readonly FinishedTask[], before: TaskId | undefined): number {
  if (before === undefined) return run.length - 1;
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((run[middle] as FinishedTask).task.id < before) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
