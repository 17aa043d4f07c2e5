import type { TaskList, TaskView } from '../../contract/index.ts';
import { queryOf, type ServerApi } from '../server-api.ts';

export interface DeadLetterFilter {
  readonly queue?: string;
  readonly type?: string;
}

const PAGE_ITEMS = 1000;

/**
 * Every dead letter that matches, newest first, a page at a time.
 *
 * Goes from newer ids to older: one that was brought back and fails again meanwhile keeps its id and
 * does not come a second time.
 */
export async function* deadLetterPages(
  api: ServerApi,
  filter: DeadLetterFilter,
): AsyncGenerator<readonly TaskView[]> {
  let cursor: string | undefined;
  do {
    const query = queryOf({ ...filter, limit: PAGE_ITEMS, cursor });
    const page = await api.get<TaskList>(`/dead-letters${query}`);
    if (page.items.length > 0) yield page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
