import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { compileQuery, parseQuery, type SearchableTask } from '../contract/index.ts';
import { anyQuery } from '../contract/query/testing/arbitrary-query.ts';
import type { AgentId, Task, TaskId, TaskState } from '../core/index.ts';
import { LiveIndex, openStore, type Store } from '../store/index.ts';
import { finishedOf, taskOf } from '../store/testing/finished-tasks.ts';
import { idOf } from '../store/testing/store-run.ts';
import { withDirectory } from '../store/testing/temporary.ts';
import { SearchedFinished, SearchedLive } from './searchable-tasks.ts';
import { TaskSearch } from './task-search.ts';
import { useSeed } from './testing/seed.ts';

useSeed();

/** The moment of `idOf(0)`. */
const EPOCH_MS = 0x0190_0000_0000;

/** Tasks beside a search over them, with a clock whose every reading is a little later. */
class Ground {
  readonly live = new LiveIndex();
  readonly store: Store;
  readonly search: TaskSearch;
  /** What the clock goes on by at each reading, in milliseconds. */
  tickMs = 0;
  #elapsedMs = 0;

  constructor(store: Store) {
    this.store = store;
    const clock = {
      now: () => EPOCH_MS + 1_000_000,
      monotonicMs: () => (this.#elapsedMs += this.tickMs),
      setTimer: () => () => undefined,
    };
    this.search = new TaskSearch({ live: this.live, store, clock });
  }

  add(task: Task): void {
    this.live.add(task);
  }

  finish(task: Task, state: TaskState = 'completed'): void {
    this.live.remove(task);
    this.store.finish(finishedOf(task, state, task.createdAt + 500));
  }

  async ids(text: string, limit = 1_000): Promise<string[]> {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const at: { readonly cursor?: string } = cursor === null ? {} : { cursor };
      const page = await this.search.page({ query: parseQuery(text), limit, ...at });
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }
}

async function withGround(body: (ground: Ground) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const store = await openStore({ directory, flushDelayMs: 60_000, history: { countMax: 1e9 } });
    await body(new Ground(store));
    await store.close();
  });
}

function task(n: number, type = 'email', fields: Partial<Task> = {}): Task {
  const at = EPOCH_MS + n;
  return Object.assign(taskOf(idOf(n), { type }), { createdAt: at, stateAt: at, ...fields });
}

describe('a search', () => {
  test('finds live tasks, those on their way to the file and those in it, newest first', async () => {
    await withGround(async (ground) => {
      const tasks = Array.from({ length: 30 }, (_, n) =>
        task(n + 1, n % 2 === 0 ? 'email' : 'post'),
      );
      for (const each of tasks) ground.add(each);
      for (const each of tasks.slice(0, 10)) ground.finish(each);
      await ground.store.flush();
      for (const each of tasks.slice(10, 20)) ground.finish(each);
      const emails = tasks
        .filter(({ profile }) => profile.spec.type === 'email')
        .map(({ id }) => id);
      expect(await ground.ids('type:em*')).toEqual(emails.toReversed());
      expect(await ground.ids('type:em*', 4)).toEqual(emails.toReversed());
      expect(await ground.ids('type:em* state:completed')).toHaveLength(10);
      expect(await ground.ids('type~ail -state:completed')).toHaveLength(5);
    });
  });

  test('that runs out of time goes on from its cursor, and shows the one match in ten thousand once', async () => {
    await withGround(async (ground) => {
      for (let n = 1; n <= 10_000; n++)
        ground.add(task(n, 'email', n === 137 ? { reason: 'rare' } : {}));
      ground.tickMs = 1;
      const first = await ground.search.page({ query: parseQuery('reason:rare'), limit: 10 });
      expect(first).toMatchObject({ items: [] });
      expect(first.nextCursor).not.toBeNull();
      expect(await ground.ids('reason:rare')).toEqual([idOf(137)]);
    });
  });

  test('looks at so many tasks and no more in one call', async () => {
    await withGround(async (ground) => {
      const one = task(1);
      const page = vi.spyOn(ground.live, 'page').mockImplementation(({ scanMax = 0 }) => ({
        items: [],
        scannedTo: one.id,
        scanned: Math.min(scanMax, 30_000),
      }));
      const { nextCursor } = await ground.search.page({ query: parseQuery('type:a'), limit: 10 });
      expect(nextCursor).not.toBeNull();
      const scanned = page.mock.results.map(({ value }) => (value as { scanned: number }).scanned);
      expect(scanned.reduce((sum, each) => sum + each)).toBe(200_000);
    });
  });

  test('lets others have their turn between its slices, and searches take turns', async () => {
    await withGround(async (ground) => {
      for (let n = 1; n <= 1_000; n++) ground.add(task(n));
      ground.tickMs = 1;
      const slices: number[] = [];
      let turn = 0;
      let isOver = false;
      const count = (): void => {
        turn += 1;
        if (!isOver) setImmediate(count);
      };
      count();
      const page = ground.live.page.bind(ground.live);
      vi.spyOn(ground.live, 'page').mockImplementation((query) => {
        slices.push(turn);
        return page(query);
      });
      await Promise.all([ground.ids('reason:none'), ground.ids('reason:none')]);
      isOver = true;
      expect(slices.length).toBeGreaterThan(20);
      expect(new Set(slices).size).toBe(slices.length);
    });
  });

  test('looks only where ids, ages and states let it find something', async () => {
    await withGround(async (ground) => {
      const MINUTES_20 = 1_200_000;
      for (let n = 1; n <= 500; n++) ground.add(task(n * MINUTES_20));
      const page = vi.spyOn(ground.live, 'page');
      const scannedBy = async (text: string): Promise<number> => {
        page.mockClear();
        await ground.ids(text);
        const results = page.mock.results.map(({ value }) => value as { scanned: number });
        return results.reduce((sum, { scanned }) => sum + scanned, 0);
      };
      expect(await scannedBy('type:email')).toBe(500);
      const at = new Date(EPOCH_MS + 7 * MINUTES_20).toISOString();
      expect(await scannedBy(`created:${at}`)).toBe(1);
      expect(await ground.ids(`created:${at}`)).toEqual([idOf(7 * MINUTES_20)]);
      expect(await scannedBy(`id:${idOf(9 * MINUTES_20)}`)).toBe(1);
      expect(await ground.ids(`id:${idOf(9 * MINUTES_20)}`)).toHaveLength(1);
      expect(await scannedBy('id:nothing')).toBe(0);
      expect(await scannedBy('state:completed')).toBe(0);
      expect(await scannedBy('state:queued age>1000d')).toBe(0);
    });
  });

  test('beyond the thirty-second at once is refused', async () => {
    await withGround(async (ground) => {
      const all = Array.from({ length: 33 }, () => ground.ids('type:a'));
      await expect(all[32]).rejects.toMatchObject({ code: 'OVERLOADED' });
      expect(await Promise.all(all.slice(0, 32))).toEqual(all.slice(0, 32).map(() => []));
      expect(await ground.ids('type:a')).toEqual([]);
    });
  });

  test('that a stop meets ends', async () => {
    await withGround(async (ground) => {
      const found = ground.ids('type:a');
      ground.search.close();
      await expect(found).rejects.toMatchObject({ code: 'STOPPED' });
    });
  });
});

describe('a task', () => {
  const failure = {
    attempt: 1,
    agentId: 'a7' as AgentId,
    startedAt: EPOCH_MS + 100,
    endedAt: EPOCH_MS + 300,
    error: { code: 'RUN_TIMEOUT', message: 'ran too long' },
  };
  const retried = (n: number): Task =>
    task(n, 'email', { failures: [failure], attempt: 1, metadata: { customer: 42 } });

  test('that waits for its next attempt is found by its last', () => {
    const seen = new SearchedLive(retried(1));
    const finds = (text: string): boolean =>
      compileQuery(parseQuery(text), { nowMs: EPOCH_MS })(seen);
    expect(finds('error:RUN_TIMEOUT agent:a7 duration:200ms attempts:1 metadata.customer:42')).toBe(
      true,
    );
  });

  test('that runs is found by how long it has', () => {
    const running = task(1, 'email', {
      state: 'running',
      agentId: 'a9' as AgentId,
      stateAt: EPOCH_MS + 50,
      failures: [failure],
    });
    const finds = (text: string): boolean =>
      compileQuery(parseQuery(text), { nowMs: EPOCH_MS + 80 })(new SearchedLive(running));
    expect(finds('duration:30ms agent:a9')).toBe(true);
  });

  test('that was canceled after a failure ran as long as that attempt', () => {
    const { startedAt, endedAt } = new SearchedFinished({
      ...FINISHED,
      failures: [failure],
      startedAt: 0,
    });
    expect(endedAt - startedAt).toBe(200);
    const completed = new SearchedFinished({
      ...FINISHED,
      failures: [failure],
      startedAt: EPOCH_MS + 900,
    });
    expect(completed.endedAt - completed.startedAt).toBe(1_100);
    expect(new SearchedFinished({ ...FINISHED, startedAt: 0 }).startedAt).toBe(0);
  });

  test('is the same to every query while it waits for the file and in it', async () => {
    await withGround(async ({ store }) => {
      const tasks = [
        retried(1),
        task(2, 'post', {
          reason: 'canceled',
          affinityKey: 'k',
          agentId: 'a1' as AgentId,
          deadlineAt: EPOCH_MS,
        }),
      ];
      const look = (): unknown[] => {
        const seen: unknown[] = [];
        store.list({
          limit: 9,
          accepts: (each) => seen.push(fieldsOf(new SearchedFinished(each))) > 0,
        });
        return seen;
      };
      for (const each of tasks) store.finish(finishedOf(each, 'canceled', EPOCH_MS + 2_000));
      const pending = look();
      await store.flush();
      expect(look()).toEqual(pending);
      expect(pending).toHaveLength(2);
    });
  });

  test('is found by a query whether or not an index helps', async () => {
    await withGround(async (ground) => {
      for (let n = 1; n <= 20; n++)
        ground.add(task(n, n % 3 === 0 ? 'ab' : 'abab', { reason: 'a' }));
      const all = ground.live.page({ limit: 99 }).items;
      const property = fc.asyncProperty(anyQuery, async (query) => {
        const matches = compileQuery(query, { nowMs: EPOCH_MS + 1_000_000 });
        const expected = all.filter((each) => matches(new SearchedLive(each))).map(({ id }) => id);
        const page = await ground.search.page({ query, limit: 99 });
        expect(page.items.map(({ id }) => id as TaskId)).toEqual(expected);
      });
      await fc.assert(property, { numRuns: 300 });
    });
  });
});

const FINISHED = {
  id: idOf(1),
  spec: taskOf(idOf(1)).profile.spec,
  state: 'canceled',
  reason: null,
  payloadBytes: 1,
  createdAt: EPOCH_MS,
  startedAt: 0,
  finishedAt: EPOCH_MS + 2_000,
  affinityKey: null,
  idempotencyKey: null,
  deadlineAt: 0,
  metadata: null,
  attempt: 1,
  fencingToken: 1,
  agentId: null,
  failures: [],
  error: null,
  extra: null,
} as const;

const FIELDS = [
  'agentId',
  'affinityKey',
  'attempt',
  'capabilities',
  'createdAt',
  'deadlineAt',
  'endedAt',
  'error',
  'id',
  'idempotencyKey',
  'labels',
  'metadata',
  'namespace',
  'payloadBytes',
  'priority',
  'queue',
  'reason',
  'runAt',
  'startedAt',
  'state',
  'stateAt',
  'type',
] as const satisfies readonly (keyof SearchableTask)[];

function fieldsOf(seen: SearchableTask): unknown {
  return Object.fromEntries(FIELDS.map((name) => [name, seen[name]]));
}
