import type { TaskList, TaskView } from '../contract/index.ts';
import type { HttpApi } from './http-api.ts';

export interface TaskSelection {
  /** A query such as `state:failed age>10m`; see `docs/search.md`. Default: all tasks. */
  readonly query?: string;
  /** Most tasks. Default: all there are. */
  readonly limit?: number;
}

const PAGE_ITEMS_MAX = 1_000;

/** Tasks, newest first, fetched a page at a time as they are taken. */
export async function* taskPages(
  http: HttpApi,
  { limit = Infinity, query }: TaskSelection,
): AsyncGenerator<TaskView, void> {
  let left = limit;
  let cursor: string | null = null;
  while (left > 0) {
    const wanted = new URLSearchParams({ limit: String(Math.min(left, PAGE_ITEMS_MAX)) });
    if (query !== undefined) wanted.set('q', query);
    if (cursor !== null) wanted.set('cursor', cursor);
    const page = (await http.call('GET', `/tasks?${wanted.toString()}`)) as TaskList;
    yield* page.items;
    left -= page.items.length;
    cursor = page.nextCursor;
    if (cursor === null) return;
  }
}
