import { invariant } from '../base/invariant.ts';
import { OrchestratorError } from '../base/errors.ts';
import type { Task, TaskId } from '../core/index.ts';
import type { FinishedSummary } from './finished-record.ts';
import type { LiveIndex } from './live-index.ts';
import type { ScanBounds, TaskFilter } from './listing.ts';
import type { Store } from './store-port.ts';
import { findTaskKey, readTaskKey, TASK_KEY_BYTES } from './task-key.ts';

export interface TaskScan extends TaskFilter, ScanBounds {
  /** Where an earlier page ended. */
  readonly cursor?: string;
  /** Asked of what passes the filter. */
  readonly accepts?: {
    readonly live: (task: Task) => boolean;
    /** The task is good until it returns. */
    readonly finished: (task: FinishedSummary) => boolean;
  };
}

/** A task wherever it is. */
type ListedTask =
  | { readonly type: 'live'; readonly task: Task }
  | { readonly type: 'finished'; readonly task: FinishedSummary };

export interface TaskPage {
  readonly items: readonly ListedTask[];
  /** Asks for the next page; null after the last one. A page may be short and not the last. */
  readonly nextCursor: string | null;
  /** Tasks looked at; `scanMax` bounds the live and the finished ones each. */
  readonly scanned: number;
}

/**
 * Lists live and finished tasks together, newest id first.
 *
 * A walk through the pages shows each task that was there throughout once, whether or not it
 * finishes on the way: the cursor is an id, and no task changes its own.
 *
 * @throws OrchestratorError CURSOR_INVALID
 */
export function listTasks(live: LiveIndex, store: Store, query: TaskScan): TaskPage {
  const { accepts, before, cursor, ...rest } = query;
  const bounded = { ...rest, ...startOf(cursor, before) };
  const livePage = live.page(
    accepts === undefined ? bounded : { ...bounded, accepts: accepts.live },
  );
  // Below where the live ones end nothing can be shown yet: whoever walks on comes by there anyway.
  const from = highest(livePage.scannedTo, rest.from);
  const finishedPage = store.list({
    ...bounded,
    ...(from === undefined ? {} : { from }),
    ...(accepts === undefined ? {} : { accepts: accepts.finished }),
  });
  const scanned = livePage.scanned + finishedPage.scanned;
  const merged = merge(livePage.items, finishedPage.items);
  const reach = highest(livePage.scannedTo, finishedPage.scannedTo) ?? null;
  const seen = reach === null ? merged : merged.filter(({ task }) => task.id >= reach);
  const items = seen.slice(0, query.limit);
  const isCut = items.length < seen.length;
  return { items, nextCursor: cursorAt(isCut ? items.at(-1)?.task.id : reach), scanned };
}

/** Below the cursor and below the bound, as far as there are any. */
function startOf(
  cursor: string | undefined,
  before: TaskId | undefined,
): Pick<ScanBounds, 'before'> {
  const at = cursor === undefined ? before : decodeCursor(cursor);
  if (at === undefined) return {};
  return { before: before === undefined || at < before ? at : before };
}

function highest(a: TaskId | null, b: TaskId | null | undefined): TaskId | undefined {
  if (a === null || b === null || b === undefined) return a ?? b ?? undefined;
  return a > b ? a : b;
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

function cursorAt(id: TaskId | null | undefined): string | null {
  const key = id == null ? null : findTaskKey(id);
  return key === null ? null : key.toString('base64url');
}

function decodeCursor(cursor: string): TaskId {
  const key = Buffer.from(cursor, 'base64url');
  if (key.length !== TASK_KEY_BYTES || key.toString('base64url') !== cursor) {
    throw new OrchestratorError('CURSOR_INVALID', 'a cursor must come from an earlier page', {});
  }
  return readTaskKey(key, 0);
}
