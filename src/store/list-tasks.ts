import { invariant } from '../base/invariant.ts';
import { OrchestratorError } from '../base/errors.ts';
import type { Task, TaskId } from '../core/index.ts';
import type { FinishedSummary } from './finished-record.ts';
import type { LiveIndex } from './live-index.ts';
import type { Page, TaskFilter } from './listing.ts';
import type { Store } from './store.ts';
import { findTaskKey, readTaskKey, TASK_KEY_BYTES } from './task-key.ts';

export interface TaskQuery extends TaskFilter {
  /** Where an earlier page ended. */
  readonly cursor?: string;
  /** Most items of the page. */
  readonly limit: number;
  /** Most tasks looked at, of the live and of the finished ones each. Default 10,000. */
  readonly scanMax?: number;
}

/** A task wherever it is. */
type ListedTask =
  | { readonly type: 'live'; readonly task: Task }
  | { readonly type: 'finished'; readonly task: FinishedSummary };

export interface TaskPage {
  readonly items: readonly ListedTask[];
  /** Asks for the next page; null after the last one. A page may be short and not the last. */
  readonly nextCursor: string | null;
}

/**
 * Lists live and finished tasks together, newest id first.
 *
 * A walk through the pages shows each task that was there throughout once, whether or not it
 * finishes on the way: the cursor is an id, and no task changes its own.
 *
 * @throws OrchestratorError CURSOR_INVALID
 */
export function listTasks(live: LiveIndex, store: Store, query: TaskQuery): TaskPage {
  const { cursor, ...rest } = query;
  const bounded = cursor === undefined ? rest : { ...rest, before: decodeCursor(cursor) };
  const livePage = live.page(bounded);
  const finishedPage = store.list(bounded);
  const merged = merge(livePage.items, finishedPage.items);
  const reach = reachOf(livePage, finishedPage);
  const seen = reach === null ? merged : merged.filter(({ task }) => task.id >= reach);
  const items = seen.slice(0, query.limit);
  if (items.length < seen.length) return { items, nextCursor: cursorAt(items.at(-1)?.task.id) };
  return { items, nextCursor: reach === null ? null : cursorAt(reach) };
}

/** Down to where both pages know everything; null when that is to the end. */
function reachOf(a: Page<unknown>, b: Page<unknown>): TaskId | null {
  if (a.scannedTo === null || b.scannedTo === null) return a.scannedTo ?? b.scannedTo;
  return a.scannedTo > b.scannedTo ? a.scannedTo : b.scannedTo;
}

function merge(live: readonly Task[], finished: readonly FinishedSummary[]): ListedTask[] {
  const items: ListedTask[] = [];
  let liveAt = 0;
  for (const task of finished) {
    for (let next = live[liveAt]; next !== undefined && next.id >= task.id; next = live[liveAt]) {
      liveAt += 1;
      // A replay may not yet have come to where the task finishes: its record is the newer news.
      if (next.id !== task.id) items.push({ type: 'live', task: next });
    }
    items.push({ type: 'finished', task });
  }
  for (const task of live.slice(liveAt)) items.push({ type: 'live', task });
  return items;
}

/** The cursor of a page that begins with this task. */
export function cursorBefore(id: TaskId): string {
  const key = findTaskKey(id);
  invariant(key !== null, 'a task id is a UUID');
  // The next key: nothing is between the two.
  for (let at = TASK_KEY_BYTES - 1; at >= 0; at--) {
    const byte = ((key[at] as number) + 1) & 0xff;
    key[at] = byte;
    if (byte !== 0) break;
  }
  return key.toString('base64url');
}

function cursorAt(id: TaskId | undefined): string | null {
  const key = id === undefined ? null : findTaskKey(id);
  return key === null ? null : key.toString('base64url');
}

function decodeCursor(cursor: string): TaskId {
  const key = Buffer.from(cursor, 'base64url');
  if (key.length !== TASK_KEY_BYTES || key.toString('base64url') !== cursor) {
    throw new OrchestratorError('CURSOR_INVALID', 'a cursor must come from an earlier page', {});
  }
  return readTaskKey(key, 0);
}
