import type { Gate, GateAhead } from './gate.ts';
import type { CoreState } from './state.ts';
import { isLeased, type Task } from './task.ts';

/** Tasks looked at for one to name in a description. */
const NAMED_FROM_MAX = 100;

/**
 * The tasks of one namespace that share a `concurrencyKey`: each is held to its own limit.
 *
 * Derived: made with the first live task of the key and forgotten with the last.
 */
export class KeyGate implements Gate {
  readonly key: string;
  readonly mapKey: string;
  readonly splitsLanes = true;
  /** Attempts that hold it. */
  running = 0;
  /** Live tasks that are neither dead letters nor copies: a copy is no task more. */
  live = 0;
  mirror: object | null = null;
  /** All live tasks in order of submission; one is kept without a set, because most keys have one. */
  #tasks: Task | Set<Task> | null = null;

  constructor(mapKey: string, concurrencyKey: string) {
    this.mapKey = mapKey;
    this.key = `key ${concurrencyKey}`;
  }

  get isUsed(): boolean {
    return this.#tasks !== null;
  }

  passableAt(nowMs: number, _units: number, limit = 1, ahead: GateAhead | null = null): number {
    const running = this.running + (ahead === null ? 0 : ahead.starts - ahead.ends);
    return running < limit ? nowMs : Infinity;
  }

  describe(_nowMs: number, _units?: number, limit = 1): string {
    const running = this.#aRunningTask();
    const name = running === null ? '' : ` (task ${running.id})`;
    return `${this.running} of ${limit} running${name}`;
  }

  take(): void {
    this.running += 1;
  }

  giveBack(): void {
    this.running -= 1;
  }

  join(task: Task): void {
    if (isCounted(task)) this.live += 1;
    if (this.#tasks === null) this.#tasks = task;
    else if (this.#tasks instanceof Set) this.#tasks.add(task);
    else this.#tasks = new Set([this.#tasks, task]);
  }

  /** Lets a task go; forgets the gate with its last. */
  leave(state: CoreState, task: Task): void {
    if (isCounted(task)) this.live -= 1;
    if (this.#tasks instanceof Set) {
      this.#tasks.delete(task);
      if (this.#tasks.size > 0) return;
    }
    this.#tasks = null;
    state.keyGates.delete(this.mapKey);
  }

  /** The task submitted first of those that count as live. O(others before it). */
  oldestLive(): Task | null {
    for (const task of this.tasks()) if (isCounted(task)) return task;
    return null;
  }

  tasks(): Iterable<Task> {
    if (this.#tasks === null) return [];
    return this.#tasks instanceof Set ? this.#tasks : [this.#tasks];
  }

  #aRunningTask(): Task | null {
    let looked = 0;
    for (const task of this.tasks()) {
      if (isLeased(task)) return task;
      if (++looked >= NAMED_FROM_MAX) return null;
    }
    return null;
  }
}

function isCounted({ extra, state }: Task): boolean {
  return state !== 'failed' && extra?.copyOf == null;
}
