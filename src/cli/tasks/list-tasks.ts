import type { TaskList, TaskView } from '../../contract/index.ts';
import { queryOf, type ServerApi } from '../server-api.ts';

/** What the server takes to list tasks by. */
export type ListOptions = Readonly<Record<string, string | number | undefined>> & {
  /** Most tasks of the page. */
  readonly limit: number;
  readonly cursor?: string;
};

/**
 * A whole page of tasks: the server looks at a bounded number of them for one answer, so that it is
 * asked on until the page is full or nothing is left.
 */
export async function listTasks(api: ServerApi, options: ListOptions): Promise<TaskList> {
  const items: TaskView[] = [];
  let cursor: string | null = options.cursor ?? null;
  do {
    const query = queryOf({
      ...options,
      limit: options.limit - items.length,
      cursor: cursor ?? undefined,
    });
    const page: TaskList = await api.get<TaskList>(`/tasks${query}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < options.limit);
  return { items, nextCursor: cursor };
}
