/** Finds the tasks of an operation among the live ones, newest first, some at a time. */
import { Fingerprint } from '../base/fingerprint.ts';
import { compileQuery, indexHints, parseQuery, type TaskPredicate } from '../contract/index.ts';
import {
  isLeased,
  type OperationAction,
  type OperationScope,
  type Task,
  type TaskId,
} from '../core/index.ts';
import type { LiveIndex, TaskScan } from '../store/index.ts';
import type { Clock } from './clock.ts';
import { scanOf } from './query-scan.ts';
import { SearchedLive } from './searchable-tasks.ts';

/** Longest stretch of one scan in one turn of the event loop, in milliseconds. */
const SLICE_MS = 2;
/** Tasks looked at in one turn, at most; the clock ends most turns before. */
const SLICE_SCAN_MAX = 10_000;

/** Hashes are below this: as many bits as a number can hold with its share of them exact. */
const HASH_END = 2 ** 52;

/** Some tasks of an operation, and how far down the ids that is: empty at the end. */
export interface ScanSlice {
  readonly tasks: readonly Task[];
  readonly to: string;
}

export interface ScanParts {
  readonly live: LiveIndex;
  readonly clock: Clock;
}

/** What of an operation decides which tasks are meant; ages count from `atMs`. */
export interface ScanTerms extends Omit<OperationScope, 'before' | 'itemsMax'> {
  readonly action: OperationAction;
  readonly atMs: number;
}

export class OperationScan {
  readonly #parts: ScanParts;
  readonly #terms: ScanTerms;
  readonly #matches: TaskPredicate;
  readonly #where: Partial<TaskScan>;

  /** @throws QueryInvalidError */
  constructor(parts: ScanParts, terms: ScanTerms) {
    const query = parseQuery(terms.query);
    const moment = { nowMs: terms.atMs };
    this.#parts = parts;
    this.#terms = terms;
    this.#matches = compileQuery(query, moment);
    this.#where = scanOf(indexHints(query, moment));
  }

  /** The next tasks below `before`, at most `limit`; maybe none although more follow. */
  slice(before: string, limit: number): ScanSlice {
    const { clock, live } = this.#parts;
    const endMs = clock.monotonicMs() + SLICE_MS;
    const bound = this.#where.before;
    const page = live.page({
      ...this.#where,
      before: (bound !== undefined && bound < before ? bound : before) as TaskId,
      limit,
      scanMax: SLICE_SCAN_MAX,
      isSpent: () => clock.monotonicMs() >= endMs,
      accepts: (task) => this.accepts(task),
    });
    return { tasks: page.items, to: page.scannedTo ?? '' };
  }

  /** Whether the operation means the task as it is now. */
  accepts(task: Task): boolean {
    const { action, group, hashMax, includePoison, seed } = this.#terms;
    if (!isFor(action, task)) return false;
    if (group !== null && task.extra?.failureGroup !== group) return false;
    if (isRevival(action) && !includePoison && task.reason === 'poison') return false;
    if (!this.#matches(new SearchedLive(task))) return false;
    return hashMax === null || sampleHash(seed, task.id) <= hashMax;
  }
}

function isFor(action: OperationAction, task: Task): boolean {
  if (action === 'cancel') return task.state !== 'failed';
  if (action === 'reprioritise') return task.state !== 'failed' && !isLeased(task);
  return task.state === 'failed';
}

function isRevival(action: OperationAction): boolean {
  return action === 'retry' || action === 'redrive';
}

/** A number in [0, 2^52) that depends on seed and id only. */
export function sampleHash(seed: number, id: string): number {
  const hash = new Fingerprint();
  hash.add(`${seed} ${id}`);
  return Number.parseInt(hash.text.slice(0, 13), 16);
}

/** The greatest hash of a share, 0..1, of all. */
export function hashMaxOf(share: number): number {
  return Math.ceil(share * HASH_END) - 1;
}

interface Drawn {
  readonly hash: number;
  readonly task: Task;
}

/** Draws a fixed number of tasks: those with the least hashes. Memory O(size). */
export class Sample {
  readonly #size: number;
  readonly #seed: number;
  #drawn: Drawn[] = [];
  #hashMax = HASH_END;

  constructor(size: number, seed: number) {
    this.#size = size;
    this.#seed = seed;
  }

  add(task: Task): void {
    const hash = sampleHash(this.#seed, task.id);
    if (hash > this.#hashMax) return;
    this.#drawn.push({ hash, task });
    if (this.#drawn.length >= 2 * this.#size + ROOM) this.#cut();
  }

  /** The tasks drawn, and the greatest hash among them; no task is below it that was not drawn. */
  end(): { readonly tasks: readonly Task[]; readonly hashMax: number } {
    this.#cut();
    const tasks = this.#drawn.map(({ task }) => task).sort((a, b) => (a.id < b.id ? 1 : -1));
    return { tasks, hashMax: this.#drawn.at(-1)?.hash ?? -1 };
  }

  #cut(): void {
    this.#drawn.sort((a, b) => a.hash - b.hash);
    this.#drawn.length = Math.min(this.#drawn.length, this.#size);
    if (this.#drawn.length === this.#size) this.#hashMax = this.#drawn.at(-1)?.hash ?? HASH_END;
  }
}

/** Tasks kept beyond twice the size of a sample, so that a small one is not sorted all the time. */
const ROOM = 1_024;
