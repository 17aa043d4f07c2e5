import type { TaskId, TaskState } from '../core/index.ts';
import { summaryOfTask, type FinishedSummary, type FinishedTask } from './finished-record.ts';
import { COMBO_BYTES, indexKey } from './history-index.ts';
import type { Combo, History } from './history.ts';
import type { StoredRecord } from './stored-record.ts';
import { TABLE, tableOf, type Table, type Tables } from './tables.ts';
import { findTaskKey, readTaskKey, TASK_KEY_BYTES } from './task-key.ts';

/** One value, or any of several. */
type OneOf = string | readonly string[];

/** Which tasks a listing shows; what is absent does not matter. */
export interface TaskFilter {
  readonly states?: readonly TaskState[];
  readonly queue?: OneOf;
  readonly type?: OneOf;
  readonly namespace?: OneOf;
}

/** Where and how long is looked for tasks. */
export interface ScanBounds {
  /** Only ids below this one. */
  readonly before?: TaskId;
  /** Only ids from this one up. */
  readonly from?: TaskId;
  /** Most items of the page. */
  readonly limit: number;
  /** Most tasks looked at. Default 10,000. */
  readonly scanMax?: number;
  /** Whether the time of this look is used up; asked now and then, and never before the first task. */
  readonly isSpent?: () => boolean;
}

export interface FinishedQuery extends TaskFilter, ScanBounds {
  /** Asked of what passes the filter. The task is good until it returns. */
  readonly accepts?: (task: FinishedSummary) => boolean;
}

/** Some items, newest id first, and how far they reach. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Everything from here up was looked at; null when nothing is left below. */
  readonly scannedTo: TaskId | null;
  /** Tasks looked at. */
  readonly scanned: number;
}
export type FinishedPage = Page<FinishedSummary>;

export const SCAN_MAX_DEFAULT = 10_000;
/** Ranges merged at most; with more the records themselves are walked. */
const RANGES_MAX = 64;
/** Keys fetched at once: few at first, for a page may want no more. */
const KEYS_AT_ONCE_MIN = 16;
const KEYS_AT_ONCE_MAX = 128;
/** Tasks looked at between two looks at the clock. */
const LOOKS_AT_ONCE = 8;
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
    const before = query.before === undefined ? KEY_MAX : findTaskKey(query.before);
    if (before === null || query.limit <= 0) return { items: [], scannedTo: null, scanned: 0 };
    return this.#merge(query, {
      stored: this.#ids(query, before),
      pending: this.#history.pendingBelow(query.before),
    });
  }

  #merge(
    query: FinishedQuery,
    { pending, stored }: { pending: Iterator<FinishedTask>; stored: Iterator<TaskId> },
  ): FinishedPage {
    const { accepts, from = '', limit } = query;
    const items: FinishedSummary[] = [];
    const pace = new ScanPace(query);
    const reader = this.#history.reader();
    let fromFile = nextOf(stored);
    let waiting = nextOf(pending);
    let last: TaskId | null = null;
    for (;;) {
      const id = larger(fromFile, waiting?.task.id);
      if (id === undefined || id < from) return { items, scannedTo: null, scanned: pace.scanned };
      if (items.length === limit || pace.isOver())
        return { items, scannedTo: last, scanned: pace.scanned };
      pace.scanned += 1;
      last = id;
      // What is on its way to the file may be there too already: the news of memory is as good.
      const found = waiting?.task.id === id ? waiting : null;
      if (fromFile === id) fromFile = nextOf(stored);
      if (found !== null) waiting = nextOf(pending);
      const task = found === null ? this.#open(reader, id) : summaryOfTask(found);
      if (task === null || !matches(query, task) || accepts?.(task) === false) continue;
      items.push(found === null ? reader.summary() : task);
    }
  }

  #open(reader: StoredRecord, id: TaskId): FinishedSummary | null {
    const record = this.#history.stored(id);
    return record === null ? null : reader.open(id, record);
  }

  /** Ids in the file that may match, newest first. */
  #ids(query: FinishedQuery, before: Buffer): Iterator<TaskId> {
    const { combos } = this.#history;
    const numbers = isAny(query) ? null : combos.search((combo) => comboMatches(query, combo));
    if (numbers === null || numbers.length >= RANGES_MAX) {
      return new KeyRange(this.#records, { start: before, end: KEY_MIN, idAt: 0 });
    }
    // Number 0 stands for all the kinds that found no room in the dictionary.
    const ranges = [0, ...numbers].map((combo) => {
      const range = {
        start: indexKey(combo, before.subarray(0, TASK_KEY_BYTES)),
        end: indexKey(combo, NO_TASK),
      };
      return new KeyRange(this.#index, { ...range, idAt: COMBO_BYTES });
    });
    return mergeRanges(ranges);
  }
}

/** How far a look at tasks may go on. */
export class ScanPace {
  readonly #scanMax: number;
  readonly #isSpent: (() => boolean) | undefined;
  scanned = 0;

  constructor({ isSpent, scanMax = SCAN_MAX_DEFAULT }: Pick<ScanBounds, 'isSpent' | 'scanMax'>) {
    this.#scanMax = scanMax;
    this.#isSpent = isSpent;
  }

  /** Whether no further task is to be looked at. */
  isOver(): boolean {
    if (this.scanned >= this.#scanMax) return true;
    if (this.#isSpent === undefined || this.scanned % LOOKS_AT_ONCE !== 0) return false;
    return this.scanned > 0 && this.#isSpent();
  }
}

const NO_TASK = Buffer.alloc(TASK_KEY_BYTES);

/** The ids of a range of keys, newest first, fetched some at a time; `start` itself is left out. */
class KeyRange implements Iterator<TaskId> {
  readonly #table: Table;
  readonly #end: Buffer;
  readonly #idAt: number;
  #keysAtOnce = KEYS_AT_ONCE_MIN;
  #start: Uint8Array;
  #keys: readonly Uint8Array[] = [];
  #at = 0;
  #exhausted = false;

  constructor(table: Table, range: { start: Buffer; end: Buffer; idAt: number }) {
    this.#table = table;
    this.#start = range.start;
    this.#end = range.end;
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
    this.#keysAtOnce = Math.min(2 * this.#keysAtOnce, KEYS_AT_ONCE_MAX);
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

function nextOf<Value>(iterator: Iterator<Value>): Value | undefined {
  const next = iterator.next();
  return next.done === true ? undefined : next.value;
}

function larger(a: TaskId | undefined, b: TaskId | undefined): TaskId | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

/** Whether a task passes the filter. */
export function matches(
  filter: TaskFilter,
  { spec, state }: { spec: { namespace: string; queue: string; type: string }; state: TaskState },
): boolean {
  return comboMatches(filter, [spec.namespace, spec.queue, spec.type, state]);
}

function comboMatches(filter: TaskFilter, [namespace, queue, type, state]: Combo): boolean {
  if (!isOneOf(namespace, filter.namespace)) return false;
  if (!isOneOf(queue, filter.queue)) return false;
  if (!isOneOf(type, filter.type)) return false;
  return filter.states === undefined || filter.states.includes(state);
}

function isOneOf(value: string, wanted: OneOf | undefined): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? wanted === value : wanted.includes(value);
}

function isAny({ namespace, queue, type, states }: TaskFilter): boolean {
  return (
    namespace === undefined && queue === undefined && type === undefined && states === undefined
  );
}
