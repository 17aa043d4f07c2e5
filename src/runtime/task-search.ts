/** Finds tasks by a query, a slice at a time, so that everything else goes on meanwhile. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OrchestratorError } from '../base/errors.ts';
import {
  compileQuery,
  indexHints,
  joinQueries,
  type TaskList,
  type TaskPredicate,
  type TaskQueryAst,
} from '../contract/index.ts';
import { listTasks, type LiveIndex, type Store, type TaskScan } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { TaskQuery } from './task-service.ts';
import { scanOf } from './query-scan.ts';
import { SearchedFinished, SearchedLive } from './searchable-tasks.ts';
import { finishedTaskView, liveTaskView } from './views.ts';

/** Longest stretch of one search in one turn of the event loop, in milliseconds. */
const SLICE_MS = 2;
/** Matches shown of one slice, at most: to show one takes some microseconds. */
const SLICE_ITEMS_MAX = 200;
/** Tasks that one call looks at, at most. */
export const SEARCH_SCAN_MAX = 200_000;
/** Time after which a call answers with what it has, in milliseconds. */
const SEARCH_MS_MAX = 1_000;
/** Searches under way at once, at most. They take turns: one slice of one of them a turn. */
const SEARCHES_MAX = 32;

/** What must hold beside the query, if anything, and where the page begins and ends. */
export interface SearchRequest extends TaskQuery {
  readonly query: TaskQueryAst;
}

export interface TaskSearchParts {
  readonly live: LiveIndex;
  readonly store: Store;
  readonly clock: Clock;
}

export class TaskSearch {
  readonly #parts: TaskSearchParts;
  /** Ends with the turn that was given away last. */
  #turn: Promise<void> = Promise.resolve();
  #count = 0;
  #isClosed = false;

  constructor(parts: TaskSearchParts) {
    this.#parts = parts;
  }

  /**
   * The newest tasks that match, live and finished, below the cursor.
   *
   * A call looks at {@link SEARCH_SCAN_MAX} tasks or for a second; then it answers with the few or none
   * that it found, and a cursor to go on from. Only a page without a cursor is the last.
   *
   * @throws OrchestratorError `CURSOR_INVALID`, `OVERLOADED`, `STOPPED`
   */
  async page(request: SearchRequest): Promise<TaskList> {
    if (this.#count >= SEARCHES_MAX) {
      const message = `at most ${SEARCHES_MAX} searches must be under way, got another`;
      throw new OrchestratorError('OVERLOADED', message);
    }
    this.#count += 1;
    try {
      return await this.#search(request);
    } finally {
      this.#count -= 1;
    }
  }

  /** Ends every search with `STOPPED`. */
  close(): void {
    this.#isClosed = true;
  }

  async #search({ cursor: start, limit, ...request }: SearchRequest): Promise<TaskList> {
    const { clock } = this.#parts;
    const nowMs = clock.now();
    const query = wholeQuery(request);
    const scan = scanOf(indexHints(query, { nowMs }));
    const matches = compileQuery(query, { nowMs });
    const endMs = clock.monotonicMs() + SEARCH_MS_MAX;
    const items: TaskList['items'] = [];
    let cursor = start ?? null;
    let scanned = 0;
    do {
      await this.#nextTurn();
      const bounds = { limit: limit - items.length, scanMax: SEARCH_SCAN_MAX - scanned };
      const slice = this.#slice(matches, {
        ...scan,
        ...bounds,
        ...(cursor === null ? {} : { cursor }),
      });
      items.push(...slice.items);
      cursor = slice.nextCursor;
      scanned += slice.scanned;
    } while (
      cursor !== null &&
      items.length < limit &&
      scanned < SEARCH_SCAN_MAX &&
      clock.monotonicMs() < endMs
    );
    return { items, nextCursor: cursor };
  }

  /** Shows what it finds at once: by the next slice it may be another task. */
  #slice(matches: TaskPredicate, scan: TaskScan): TaskList & { readonly scanned: number } {
    const { clock, live, store } = this.#parts;
    const endMs = clock.monotonicMs() + SLICE_MS;
    const { items, nextCursor, scanned } = listTasks(live, store, {
      ...scan,
      limit: Math.min(scan.limit, SLICE_ITEMS_MAX),
      isSpent: () => clock.monotonicMs() >= endMs,
      accepts: {
        live: (task) => matches(new SearchedLive(task)),
        finished: (task) => matches(new SearchedFinished(task)),
      },
    });
    const views = items.map((item) =>
      item.type === 'live' ? liveTaskView(item.task) : finishedTaskView(item.task),
    );
    return { items: views, nextCursor, scanned };
  }

  async #nextTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => nextTurn());
    await this.#turn;
    if (this.#isClosed) throw new OrchestratorError('STOPPED', 'the orchestrator must be running');
  }
}

/** The query and everything else that must hold. */
function wholeQuery(request: Omit<SearchRequest, 'limit' | 'cursor'>): TaskQueryAst {
  const { namespace, query, queue, states, type } = request;
  const given = Object.entries({ namespace, queue, state: states, type }) as [
    'namespace' | 'queue' | 'state' | 'type',
    string | readonly string[] | undefined,
  ][];
  const terms = given.flatMap(([field, wanted]): TaskQueryAst[] => {
    if (wanted === undefined) return [];
    const texts = typeof wanted === 'string' ? [wanted] : wanted;
    const values = texts.map((text) => ({ type: 'text', text }) as const);
    return [{ type: 'term', field, path: [], operator: ':', values }];
  });
  return joinQueries('and', [...terms, query]);
}
