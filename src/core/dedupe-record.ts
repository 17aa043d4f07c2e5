/** Which task the submits of one key were made. */
import type { Dedupe } from './control.ts';
import type { TaskId } from './ids.ts';
import type { CoreRecord } from './record.ts';
import type { TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';

export interface DedupeRecord extends CoreRecord, DedupeFields {
  readonly table: 'dedupes';
}

interface DedupeFields {
  taskId: TaskId;
  /** When the first submit of the row came. */
  firstAt: number;
  /** Moment until which it is kept by itself, or 0: as long as its task is there. */
  until: number;
}

/** Mode, namespace and key: a key of one mode knows nothing of the same key in another. */
export function dedupeKey({ namespace }: TaskSpec, { key, mode }: Dedupe): string {
  return `${mode}\n${namespace}\n${key}`;
}

/** A task leaves core: nothing can be made one with it any more. */
export function forgetDedupe(state: CoreState, task: Task): void {
  const dedupe = task.extra?.control?.dedupe ?? null;
  if (dedupe === null || dedupe.mode === 'throttle') return;
  const record = state.records.dedupes.get(dedupeKey(task.profile.spec, dedupe));
  if (record?.taskId === task.id) state.records.dedupes.remove(record);
}

/** Keys remembered, at most. */
export const DEDUPE_KEYS_MAX = 1_000_000;

export function dedupeFields({ firstAt, taskId, until }: DedupeRecord): readonly unknown[] {
  return [taskId, firstAt, until];
}

export function readDedupe(fields: readonly unknown[]): DedupeFields {
  const [taskId, firstAt, until] = fields as [TaskId, number, number];
  return { taskId, firstAt, until };
}
