/** Submits of one key that are made one: debounce, throttle, keep-last. */
import { copiesOf } from './copies.ts';
import { UNTRACKED } from './change-set.ts';
import type { NewTask } from './command.ts';
import type { Dedupe } from './control.ts';
import { dedupeKey, type DedupeRecord } from './dedupe-record.ts';
import type { TaskId } from './ids.ts';
import type { TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';

/** The task that a throttled submit would be a repeat of at `nowMs`, or null for one that makes a task. */
export function throttledBy(
  state: CoreState,
  spec: TaskSpec,
  dedupe: Dedupe,
  nowMs: number,
): TaskId | null {
  return dedupe.mode === 'throttle' ? throttleOf(state, dedupeKey(spec, dedupe), nowMs) : null;
}

/** Whose window is open under a throttling key at `nowMs`, or will be when a large submit that was accepted is made. */
export function throttleOf(state: CoreState, key: string, nowMs: number): TaskId | null {
  const { dedupes, stages } = state.records;
  const record = dedupes.get(key);
  if (record !== undefined && record.until > nowMs) return record.taskId;
  for (const { isCommitted, repeats, throttles } of stages.values()) {
    const taskId = isCommitted ? throttles.get(key) : undefined;
    if (taskId !== undefined && !repeats.has(taskId)) return taskId;
  }
  return null;
}

/**
 * Makes way for a task that is about to be made: an earlier one of its key that has not started is
 * canceled. Returns the task as it is to be made, its moment set where it is debounced.
 */
export function makeWay(step: Step, spec: TaskSpec, item: NewTask): NewTask {
  const { dedupe } = item;
  if (dedupe === undefined) return item;
  const { state } = step;
  const record = state.records.dedupes.get(dedupeKey(spec, dedupe));
  if (dedupe.mode === 'throttle') return item;
  const earlier = record === undefined ? null : unstarted(state, record.taskId);
  const firstAt = earlier === null ? state.nowMs : (record?.firstAt ?? state.nowMs);
  if (earlier !== null) step.cancel(step, earlier.id, 'superseded');
  remember(state, spec, { item, dedupe, firstAt, until: 0 });
  if (dedupe.mode === 'keep-last') return item;
  const { maxMs = Infinity, windowMs = 0 } = dedupe;
  return { ...item, runAt: Math.min(state.nowMs + windowMs, firstAt + maxMs) };
}

/** Notes a throttled task that was made. */
export function startWindow(state: CoreState, spec: TaskSpec, item: NewTask): void {
  const { dedupe } = item;
  if (dedupe?.mode !== 'throttle') return;
  const until = state.nowMs + (dedupe.windowMs ?? 0);
  remember(state, spec, { item, dedupe, firstAt: state.nowMs, until });
}

/** A task of that id that no attempt was made at. */
function unstarted(state: CoreState, id: TaskId): Task | null {
  const task = state.tasks.get(id);
  if (task === undefined || task.attempt > 0) return null;
  const waits = task.state === 'queued' || task.state === 'scheduled' || task.state === 'blocked';
  // The copies of a task are its attempts.
  const copies = copiesOf(task)?.ids ?? [];
  return waits && copies.every((copyId) => state.tasks.get(copyId)?.attempt === 0) ? task : null;
}

interface Row {
  readonly item: NewTask;
  readonly dedupe: Dedupe;
  readonly firstAt: number;
  readonly until: number;
}

function remember(state: CoreState, spec: TaskSpec, { dedupe, firstAt, item, until }: Row): void {
  const table = state.records.dedupes;
  const key = dedupeKey(spec, dedupe);
  const known = table.get(key);
  let record: DedupeRecord;
  if (known === undefined) {
    state.recordSeq += 1;
    const timed = { dueAt: 0, timerSlot: -1, ...UNTRACKED };
    const fields = { taskId: item.id, firstAt, until };
    record = { table: 'dedupes', key, seq: state.recordSeq, ...fields, ...timed };
    table.add(record);
  } else {
    record = known;
    table.touch(record);
    record.taskId = item.id;
    record.firstAt = firstAt;
    record.until = until;
  }
  state.alarms.arm(record, until);
}
