/** Changes of many tasks at once, and dead letters, over HTTP. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Static } from 'typebox';
import type {
  BulkAnswer,
  DeadLetterView,
  DryRunView,
  FailureGroupBody,
  FailureGroupList,
  FailureGroupView,
  OperationBody,
  OperationItemList,
  OperationList,
  OperationView,
  RedriveBody,
  TaskList,
  TaskView,
} from '../contract/index.ts';
import type { HttpApi } from './http-api.ts';
import { readLines } from './read-lines.ts';

/** What became of one task of an operation. */
export type OperationItem = OperationItemList['items'][number];

/** Time between two looks at an operation that is waited for, in milliseconds. */
const LOOK_MS = 200;
const PAGE_ITEMS_MAX = 1_000;

/** Bulk operations: `client.operations`. */
export class Operations {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  /**
   * Starts an operation on all tasks that the query means; it goes on by itself.
   *
   * @throws OrchestratorError `QUERY_INVALID`, `INVALID_REQUEST`, `OPERATION_LIMIT`
   */
  async start(operation: Omit<OperationBody, 'dryRun'>): Promise<OperationView> {
    return (await this.#http.call('POST', '/operations', operation)) as OperationView;
  }

  /** How many tasks it would be, and the newest of them. Nothing changes. */
  async dryRun(operation: Omit<OperationBody, 'dryRun'>): Promise<DryRunView> {
    const body: OperationBody = { ...operation, dryRun: true };
    return (await this.#http.call('POST', '/operations', body)) as DryRunView;
  }

  /** @throws OrchestratorError `OPERATION_NOT_FOUND` */
  async get(id: string): Promise<OperationView> {
    return (await this.#http.call('GET', pathOf(id))) as OperationView;
  }

  /** Those under way and the newest that ended, newest first. */
  async list(): Promise<readonly OperationView[]> {
    return ((await this.#http.call('GET', '/operations')) as OperationList).items;
  }

  /** @throws OrchestratorError `OPERATION_NOT_FOUND`, `OPERATION_ENDED` */
  async abort(
    id: string,
    who: { readonly by?: string; readonly reason?: string } = {},
  ): Promise<OperationView> {
    return (await this.#http.call('POST', `${pathOf(id)}/abort`, who)) as OperationView;
  }

  /** What became of each task, newest first, fetched a page at a time as they are taken. */
  async *items(id: string): AsyncGenerator<OperationItem, void> {
    let cursor: string | null = null;
    do {
      const wanted = new URLSearchParams({ limit: String(PAGE_ITEMS_MAX) });
      if (cursor !== null) wanted.set('cursor', cursor);
      const path = `${pathOf(id)}/items?${wanted.toString()}`;
      const page = (await this.#http.call('GET', path)) as OperationItemList;
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** Resolves when the operation has ended, in whatever way. */
  async wait(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<OperationView> {
    for (;;) {
      const operation = await this.get(id);
      if (operation.state !== 'running') return operation;
      await pause(LOOK_MS, undefined, options);
    }
  }
}

/** Tasks that failed for good: `client.deadLetters`. */
export class DeadLetters {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  /** Newest first, without payloads, fetched a page at a time as they are taken. */
  async *list(
    filter: { readonly queue?: string; readonly type?: string } = {},
  ): AsyncGenerator<TaskView, void> {
    let cursor: string | null = null;
    do {
      const wanted = new URLSearchParams({ limit: String(PAGE_ITEMS_MAX), ...filter });
      if (cursor !== null) wanted.set('cursor', cursor);
      const path = `/dead-letters?${wanted.toString()}`;
      const page = (await this.#http.call('GET', path)) as TaskList;
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** Lets some go to the history; says how many of the ids were dead letters. */
  purge(ids: readonly string[]): Promise<Static<typeof BulkAnswer>> {
    return this.#http.call('POST', '/dead-letters/purge', { ids }) as Promise<
      Static<typeof BulkAnswer>
    >;
  }

  /** @throws OrchestratorError `DEAD_LETTER_NOT_FOUND` */
  async get(id: string): Promise<DeadLetterView> {
    const path = `/dead-letters/${encodeURIComponent(id)}`;
    return (await this.#http.call('GET', path)) as DeadLetterView;
  }

  /**
   * Queues one again, changed as asked.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, `TASK_NOT_FAILED`, `PAYLOAD_TOO_LARGE`, `QUEUE_FULL`
   */
  async redrive(id: string, how: RedriveBody = {}): Promise<TaskView> {
    const path = `/dead-letters/${encodeURIComponent(id)}/redrive`;
    return (await this.#http.call('POST', path, how)) as TaskView;
  }

  /** Those that failed alike, counted together, at most 1,000; the largest first. */
  async groups(
    filter: { readonly state?: FailureGroupView['state']; readonly sort?: 'live' | 'lastAt' } = {},
  ): Promise<FailureGroupList> {
    const wanted = new URLSearchParams({ limit: String(PAGE_ITEMS_MAX), ...filter });
    const path = `/dead-letters/groups?${wanted.toString()}`;
    return (await this.#http.call('GET', path)) as FailureGroupList;
  }

  /** Says that a group is open, resolved or ignored. */
  async setGroup(key: string, change: FailureGroupBody): Promise<FailureGroupView> {
    const path = `/dead-letters/groups/${encodeURIComponent(key)}`;
    return (await this.#http.call('POST', path, change)) as FailureGroupView;
  }

  /**
   * Those that the query means, all by default, with their payloads, newest first, as they are taken.
   *
   * @throws OrchestratorError `QUERY_INVALID`
   */
  async *export(query?: string): AsyncGenerator<TaskView, void> {
    const q = query === undefined ? '' : `?${new URLSearchParams({ q: query }).toString()}`;
    const stream = await this.#http.bytes(`/api/v1/dead-letters/export${q}`);
    for await (const line of readLines(stream)) yield JSON.parse(line) as TaskView;
  }
}

function pathOf(id: string): string {
  return `/operations/${encodeURIComponent(id)}`;
}
