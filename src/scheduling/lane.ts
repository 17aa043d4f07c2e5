import type { StrategyName, Task } from '../core/index.ts';
import type { HeapItem } from './indexed-heap.ts';
import type { Pool } from './pool.ts';
import { WaitingLine, type WaitingTask } from './waiting-line.ts';

const PRIORITY_COUNT = 10;

/**
 * The tasks of one queue that wait for one pool: priority 9 first, then age.
 *
 * A lane per queue, because a paused queue must not hold up another one's tasks for the same agents.
 */
export class Lane implements HeapItem {
  heapSlot = -1;
  readonly pool: Pool;
  readonly queueName: string;
  paused: boolean;
  strategy: StrategyName;
  readonly #lines: (WaitingLine | undefined)[] = [];
  /** Bit p is set while tasks of priority p wait. */
  #priorities = 0;
  #size = 0;

  constructor(pool: Pool, queueName: string, paused: boolean, strategy: StrategyName) {
    this.pool = pool;
    this.queueName = queueName;
    this.paused = paused;
    this.strategy = strategy;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether the lane has a task that may start. */
  get isOpen(): boolean {
    return this.#size > 0 && !this.paused;
  }

  /** The task whose turn is next, or null. */
  get head(): WaitingTask | null {
    if (this.#priorities === 0) return null;
    return this.#lines[31 - Math.clz32(this.#priorities)]?.head ?? null;
  }

  push(waiting: WaitingTask): void {
    const { priority } = waiting;
    const line = (this.#lines[priority] ??= new WaitingLine());
    line.push(waiting);
    this.#priorities |= 1 << priority;
    this.#size += 1;
  }

  remove(waiting: WaitingTask): void {
    const { priority } = waiting;
    const line = this.#lines[priority] as WaitingLine;
    line.remove(waiting);
    if (line.size === 0) this.#priorities &= ~(1 << priority);
    this.#size -= 1;
  }

  /** When the longest waiting of the oldest tasks of each priority became ready; null when none waits. */
  get oldestReadyAt(): number | null {
    let oldest: number | null = null;
    for (const line of this.#lines) {
      const readyAt = line?.head?.task.stateAt ?? null;
      if (readyAt !== null && (oldest === null || readyAt < oldest)) oldest = readyAt;
    }
    return oldest;
  }

  /** Waiting tasks whose turn comes before that of `task`, which need not wait here itself. */
  countAhead(task: Task): number {
    const { priority } = task.profile.spec;
    let ahead = this.#lines[priority]?.countOlder(task) ?? 0;
    for (let above = priority + 1; above < PRIORITY_COUNT; above++) {
      ahead += this.#lines[above]?.size ?? 0;
    }
    return ahead;
  }
}

/** Whether the head of lane `a` comes before that of `b`; both have one. */
export function isLaneBefore(a: Lane, b: Lane): boolean {
  const { priority: priorityA, task: taskA } = a.head as WaitingTask;
  const { priority: priorityB, task: taskB } = b.head as WaitingTask;
  return priorityA > priorityB || (priorityA === priorityB && taskA.seq < taskB.seq);
}
