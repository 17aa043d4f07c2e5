/** Which task the submits of one key were made. */
import type { CoreRecord } from './record.ts';
import type { TaskId } from './ids.ts';

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

/** Keys remembered, at most. */
export const DEDUPE_KEYS_MAX = 1_000_000;

export function dedupeFields({ firstAt, taskId, until }: DedupeRecord): readonly unknown[] {
  return [taskId, firstAt, until];
}

export function readDedupe(fields: readonly unknown[]): DedupeFields {
  const [taskId, firstAt, until] = fields as [TaskId, number, number];
  return { taskId, firstAt, until };
}
