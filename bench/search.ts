/**
 * What a search costs: a predicate a task, and queries over a full history while others want the event loop.
 *
 *   node bench/search.ts [--quick] [--directory DIR]
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { compileQuery, parseQuery, type SearchableTask } from '../src/contract/index.ts';
import { apply, createState, type CoreState, type TaskId } from '../src/core/index.ts';
import { systemClock } from '../src/runtime/index.ts';
import { SearchedLive } from '../src/runtime/searchable-tasks.ts';
import { TaskSearch } from '../src/runtime/task-search.ts';
import { LiveIndex, openStore, type Store } from '../src/store/index.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, directory: { type: 'string' } },
});
const COUNT = values.quick === true ? 100_000 : 1_000_000;
const BATCH = 1_000;
const TYPES = 10;
const START_MS = Date.now() - COUNT / 10;
const NEEDLE = COUNT / 4;

const QUERIES = [
  'type:task-3',
  'state:canceled',
  'id:NEEDLE',
  'metadata.customer=needle',
  'age>1d',
  'error~timeout or attempt>3',
  'type:task-3 metadata.customer=needle',
];
const SIMPLE = [
  'state:failed',
  'type:task-3',
  'type:task-*',
  'age>10m',
  'error~timeout',
  'metadata.customer=42',
  'state:queued type:task-3 age>10m error~timeout metadata.customer=42',
];

function idOf(number: number): TaskId {
  const time = (START_MS + Math.floor(number / 10)).toString(16).padStart(12, '0');
  const tail = number.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}` as TaskId;
}

function specOf(kind: number): object {
  const retry = { attemptsMax: 3, strategy: 'fixed', delayMs: 0, delayMsMax: 0, jitter: 0 };
  const requires = { capabilities: ['any'], labels: {} };
  const common = { namespace: 'default', queue: 'default', priority: 4, requires, timeouts: {} };
  return { ...common, type: `task-${kind}`, retry: { ...retry, nonRetryable: [] } };
}

/** Submits tasks `from` to `from + BATCH`, half of them with metadata. */
function submit(state: CoreState, from: number): TaskId[] {
  const tasks = Array.from({ length: BATCH }, (_, offset) => {
    const number = from + offset;
    const customer = number === NEEDLE ? 'needle' : number % 5_000;
    const metadata = number % 2 === 0 ? { metadata: { customer, region: 'eu-west' } } : {};
    return { id: idOf(number), spec: number % TYPES, payloadBytes: 2, ...metadata };
  });
  const specs = Array.from({ length: TYPES }, (_, kind) => specOf(kind)) as never;
  const at = START_MS + Math.floor(from / 10);
  apply(state, state.index + 1, { at, commands: [{ type: 'task.submit', specs, tasks }] });
  return tasks.map(({ id }) => id);
}

async function fillHistory(store: Store): Promise<void> {
  const state = createState(1);
  for (let from = 0; from < COUNT; from += BATCH) {
    const taskIds = submit(state, from);
    const cancel = { type: 'task.cancel', taskIds, reason: 'bench' } as const;
    const { events } = apply(state, state.index + 1, { at: state.nowMs, commands: [cancel] });
    for (const event of events) {
      if (event.type !== 'task.canceled') continue;
      // As completed as they need to be: it is the number of states that counts.
      if (event.task.seq % 100 !== 0) event.task.state = 'completed';
      store.finish({ task: event.task, result: '1', startedAt: 0, finishedAt: state.nowMs });
    }
    while (store.backlog.full) await sleep(1);
  }
  await store.flush();
}

const rows: Record<string, string | number>[] = [];

/** Processor time of this thread, in milliseconds: what others on the machine do is not in it. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

const share = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(2);

/** Walks through all pages of a query, beside a ticker that asks for every turn. */
async function walk(search: TaskSearch, text: string): Promise<void> {
  const query = parseQuery(text.replace('NEEDLE', idOf(NEEDLE)));
  const holds: number[] = [];
  const cpuHolds: number[] = [];
  let isOver = false;
  const ticker = (async (): Promise<void> => {
    while (!isOver) {
      const [before, cpuBefore] = [performance.now(), threadMs()];
      await nextTurn();
      holds.push(performance.now() - before);
      cpuHolds.push(threadMs() - cpuBefore);
    }
  })();
  const from = performance.now();
  const requestMs: number[] = [];
  let [cursor, found]: [string | null, number] = [null, 0];
  do {
    const before = performance.now();
    const at: { readonly cursor?: string } = cursor === null ? {} : { cursor };
    const page = await search.page({ query, limit: 100, ...at });
    requestMs.push(performance.now() - before);
    found += page.items.length;
    // Of many matches the first page says what a page costs.
    cursor = found >= 100 ? null : page.nextCursor;
  } while (cursor !== null);
  const totalMs = performance.now() - from;
  isOver = true;
  await ticker;
  holds.sort((a, b) => a - b);
  cpuHolds.sort((a, b) => a - b);
  rows.push({
    query: text,
    found,
    requests: requestMs.length,
    'in all, ms': totalMs.toFixed(1),
    'longest request': Math.max(...requestMs).toFixed(1),
    'loop held, 99 %': share(holds, 0.99),
    longest: share(holds, 1),
    'processor time, 99 %': share(cpuHolds, 0.99),
    'longest ': share(cpuHolds, 1),
  });
}

function benchPredicates(tasks: readonly SearchableTask[]): void {
  const costs = SIMPLE.map((text) => {
    const matches = compileQuery(parseQuery(text), { nowMs: Date.now() });
    let hits = 0;
    const round = (): void => {
      for (const task of tasks) if (matches(task)) hits += 1;
    };
    for (let warm = 0; warm < 200; warm++) round();
    const from = performance.now();
    for (let turn = 0; turn < 1_000; turn++) round();
    const ns = ((performance.now() - from) * 1e6) / (1_000 * tasks.length);
    return { query: text, 'a task, ns': ns.toFixed(0), hits: hits > 0 };
  });
  console.table(costs);
}

const directory = fs.mkdtempSync(path.join(values.directory ?? os.tmpdir(), 'search-bench-'));
try {
  const live = new LiveIndex();
  const state = createState(1);
  for (const id of submit(state, COUNT)) live.add(state.tasks.get(id) as never);
  benchPredicates([...state.tasks.values()].map((task) => new SearchedLive(task)));
  const store = await openStore({ directory, history: { countMax: 10 * COUNT } });
  await fillHistory(store);
  const search = new TaskSearch({ live, store, clock: systemClock });
  for (const text of QUERIES) await walk(search, text);
  for (let from = COUNT + BATCH; from < 2 * COUNT; from += BATCH) {
    for (const id of submit(state, from)) live.add(state.tasks.get(id) as never);
  }
  await walk(search, 'state:queued,failed metadata.customer=needle');
  await walk(search, 'metadata.customer=needle');
  const side = QUERIES.map((text) => walk(search, text));
  await Promise.all(side);
  console.log(
    `${COUNT} finished tasks; the last two and the seven at once beside ${COUNT} live ones`,
  );
  console.table(rows);
  await store.close();
} finally {
  fs.rmSync(directory, { recursive: true });
}
