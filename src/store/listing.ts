import type { TaskId, TaskState } from '../core/index.ts';
import { type FinishedSummary, type FinishedTask } from './finished-record.ts';
import { COMBO_BYTES, indexKey } from './history-index.ts';
import type { Combo, History } from './history.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { findTaskKey, readTaskKey, TASK_KEY_BYTES } from './task-key.ts';

/** Which tasks a listing shows; what is absent does not matter. */
export interface TaskFilter {
  readonly states?: readonly TaskState[];
  readonly queue?: string;
  readonly type?: string;
  readonly namespace?: string;
}

export interface FinishedQuery extends TaskFilter {
  /** Only ids below this one. */
  readonly before?: TaskId;
  /** Most items of the page. */
  readonly limit: number;
  /** Most records looked at. Default 10,000. */
  readonly scanMax?: number;
}

/** Some items, newest id first, and how far they reach. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Everything from here up was looked at; null when nothing is left below. */
  readonly scannedTo: TaskId | null;
}
export type FinishedPage = Page<FinishedSummary>;

export const SCAN_MAX_DEFAULT = 10_000;
/** Ranges merged at most; with more the records themselves are walked. */
const RANGES_MAX = 64;
const KEYS_AT_ONCE_MAX = 256;
/** Above every key of a task. */
const KEY_MAX = Buffer.alloc(TASK_KEY_BYTES + 1, 0xff);
const KEY_MIN = Buffer.of(0);

/** Lists finished tasks by way of one small index: a range of ids for each kind of task. */
export class FinishedListing {
  readonly #records: Table;
  readonly #index: Table;
  readonly #history: History;

  constructor(tables: Tables, history: History) {
    this.#records = tableOf(tables, TABLE.history);
    this.#index = tableOf(tables, TABLE.historyIndex);
    this.#history = history;
  }

  /** The newest matching records below `query.before`. O(limit) unless the filter must be tried on each. */
  page(query: FinishedQuery): FinishedPage {
    const scanMax = query.scanMax ?? SCAN_MAX_DEFAULT;
    const before = query.before === undefined ? KEY_MAX : findTaskKey(query.before);
    if (before === null || query.limit <= 0) return { items: [], scannedTo: null };
    const waiting = newest(this.#history.pending(), query);
    return this.#merge(this.#ids(query, before, Math.min(scanMax, query.limit + waiting.length)), {
      waiting,
      query,
      scanMax,
    });
  }

  #merge(
    stored: Iterator<TaskId | null>,
    { waiting, query, scanMax }: { waiting: TaskId[]; query: FinishedQuery; scanMax: number },
  ): FinishedPage {
    const items: FinishedSummary[] = [];
    let scanned = 0;
    let fromFile = nextOf(stored);
    let at = 0;
    let last: TaskId | null = null;
    for (;;) {
      const fromMemory = waiting[at];
      const id: TaskId | undefined = larger(fromFile, fromMemory);
      if (id === undefined) return { items, scannedTo: null };
      if (items.length === query.limit || scanned === scanMax) return { items, scannedTo: last };
      if (id === fromMemory) at += 1;
      if (id === fromFile) {
        scanned += 1;
        fromFile = nextOf(stored);
      }
      last = id;
      const summary = this.#history.findSummary(id);
      if (summary !== null && matches(query, summary)) items.push(summary);
    }
  }

  /** Ids in the file that may match, newest first. */
  #ids(query: FinishedQuery, before: Buffer, atOnce: number): Iterator<TaskId> {
    const keysAtOnce = Math.min(KEYS_AT_ONCE_MAX, atOnce + 1);
    const { combos } = this.#history;
    const numbers = isAny(query) ? null : combos.search((combo) => comboMatches(query, combo));
    if (numbers === null || numbers.length >= RANGES_MAX) {
      const range = { start: before, end: KEY_MIN };
      return new KeyRange(this.#records, { ...range, keysAtOnce, idAt: 0 });
    }
    // Number 0 stands for all the kinds that found no room in the dictionary.
    const ranges = [0, ...numbers].map((combo) => {
      const range = {
        start: indexKey(combo, before.subarray(0, TASK_KEY_BYTES)),
        end: indexKey(combo, NO_TASK),
      };
      return new KeyRange(this.#index, { ...range, keysAtOnce, idAt: COMBO_BYTES });
    });
    return mergeRanges(ranges);
  }
}

const NO_TASK = Buffer.alloc(TASK_KEY_BYTES);

/** The ids of a range of keys, newest first, fetched some at a time; `start` itself is left out. */
class KeyRange implements Iterator<TaskId> {
  readonly #table: Table;
  readonly #end: Buffer;
  readonly #keysAtOnce: number;
  readonly #idAt: number;
  #start: Uint8Array;
  #keys: readonly Uint8Array[] = [];
  #at = 0;
  #exhausted = false;

  constructor(
    table: Table,
    range: { start: Buffer; end: Buffer; keysAtOnce: number; idAt: number },
  ) {
    this.#table = table;
    this.#start = range.start;
    this.#end = range.end;
    this.#keysAtOnce = range.keysAtOnce;
    this.#idAt = range.idAt;
  }

  next(): IteratorResult<TaskId, undefined> {
    if (this.#at === this.#keys.length && !this.#fetch()) return { done: true, value: undefined };
    const key = this.#keys[this.#at] as Uint8Array;
    this.#at += 1;
    return { done: false, value: readTaskKey(key, this.#idAt) };
  }

  #fetch(): boolean {
    if (this.#exhausted) return false;
    const range = { start: this.#start, end: this.#end, reverse: true, limit: this.#keysAtOnce };
    const keys = [...this.#table.getKeys(range)];
    this.#exhausted = keys.length < this.#keysAtOnce;
    const [first] = keys;
    const repeated = first !== undefined && Buffer.compare(first, this.#start) === 0;
    this.#keys = repeated ? keys.slice(1) : keys;
    this.#at = 0;
    this.#start = keys.at(-1) ?? this.#start;
    return this.#keys.length > 0;
  }
}

function* mergeRanges(ranges: readonly KeyRange[]): Generator<TaskId, undefined> {
  const heads = ranges.map((range) => nextOf(range));
  for (;;) {
    let newestAt = -1;
    for (let at = 0; at < heads.length; at++) {
      const head = heads[at];
      if (head !== undefined && (newestAt < 0 || head > (heads[newestAt] as TaskId))) newestAt = at;
    }
    if (newestAt < 0) return undefined;
    yield heads[newestAt] as TaskId;
    heads[newestAt] = nextOf(ranges[newestAt] as KeyRange);
  }
}

function nextOf(iterator: Iterator<TaskId | null>): TaskId | undefined {
  const next = iterator.next();
  return next.done === true ? undefined : (next.value ?? undefined);
}

function larger(a: TaskId | undefined, b: TaskId | undefined): TaskId | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

/** The ids of the newest `limit` records, and one more, below `before` that match. O(records · log limit). */
function newest(records: Iterable<FinishedTask>, query: FinishedQuery): TaskId[] {
  const ids: TaskId[] = [];
  for (const { task } of records) {
    if (query.before !== undefined && task.id >= query.before) continue;
    const oldest = ids.at(-1);
    if (ids.length > query.limit && oldest !== undefined && task.id < oldest) continue;
    if (!matches(query, { spec: task.profile.spec, state: task.state })) continue;
    let at = ids.length;
    while (at > 0 && (ids[at - 1] as TaskId) < task.id) at -= 1;
    ids.splice(at, 0, task.id);
    if (ids.length > query.limit + 1) ids.pop();
  }
  return ids;
}

/** Whether a task passes the filter. */
export function matches(
  filter: TaskFilter,
  { spec, state }: { spec: { namespace: string; queue: string; type: string }; state: TaskState },
): boolean {
  return comboMatches(filter, [spec.namespace, spec.queue, spec.type, state]);
}

function comboMatches(filter: TaskFilter, [namespace, queue, type, state]: Combo): boolean {
  if (filter.namespace !== undefined && filter.namespace !== namespace) return false;
  if (filter.queue !== undefined && filter.queue !== queue) return false;
  if (filter.type !== undefined && filter.type !== type) return false;
  return filter.states === undefined || filter.states.includes(state);
}

function isAny({ namespace, queue, type, states }: TaskFilter): boolean {
  return (
    namespace === undefined && queue === undefined && type === undefined && states === undefined
  );
}
