import type { StrategyName, Task } from '../core/index.ts';
import type { KeyNode } from './fair-nodes.ts';
import type { GateMirror } from './gate-mirror.ts';
import type { HeapItem } from './indexed-heap.ts';
import type { Pool } from './pool.ts';
import { turnOf, WaitingLine, type WaitingTask } from './waiting-line.ts';

/** What decides whose turn is first. */
type Turn = Pick<WaitingTask, 'turn' | 'priority'>;

const PRIORITY_COUNT = 10;

/**
 * The tasks of one queue that wait for one pool and pass the same gates: priority 9 first, then age.
 *
 * A lane per queue, because a paused queue must not hold up another one's tasks for the same agents;
 * one for each set of gates, because a closed gate must hold up nobody else. Most lanes of keys have
 * one task, which is kept without lines.
 */
export class Lane implements HeapItem {
  heapSlot = -1;
  readonly node: KeyNode;
  readonly queueName: string;
  /** Its place among the lanes of the pool. */
  readonly key: string;
  paused: boolean;
  strategy: StrategyName;
  /** The gate that is closed to its head, or null. */
  heldBy: GateMirror | null = null;
  /** The head that the gate was closed to. */
  heldHead: WaitingTask | null = null;
  #only: WaitingTask | null = null;
  #lines: (WaitingLine | undefined)[] | null = null;
  /** Bit p is set while tasks of priority p wait in lines. */
  #priorities = 0;
  #size = 0;

  constructor(
    node: KeyNode,
    names: { readonly queueName: string; readonly key: string },
    paused: boolean,
    strategy: StrategyName,
  ) {
    this.node = node;
    this.queueName = names.queueName;
    this.key = names.key;
    this.paused = paused;
    this.strategy = strategy;
  }

  get pool(): Pool {
    return this.node.namespace.pool;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether the lane has a task that may start, as far as is known. */
  get isOpen(): boolean {
    return this.#size > 0 && !this.paused && this.heldBy === null;
  }

  /** Whether it is worth keeping while it is empty: not those of keys, which come and go. */
  get isPlain(): boolean {
    return this.key === this.queueName;
  }

  /** The task whose turn is next, or null. */
  get head(): WaitingTask | null {
    if (this.#only !== null) return this.#only;
    if (this.#lines === null || this.#priorities === 0) return null;
    return this.#lines[31 - Math.clz32(this.#priorities)]?.head ?? null;
  }

  push(waiting: WaitingTask): void {
    this.#size += 1;
    if (this.#size === 1 && this.#lines === null) {
      this.#only = waiting;
      return;
    }
    if (this.#only !== null) {
      this.#line(this.#only).push(this.#only);
      this.#only = null;
    }
    this.#line(waiting).push(waiting);
  }

  remove(waiting: WaitingTask): void {
    this.#size -= 1;
    if (this.#only === waiting) {
      waiting.gone = true;
      this.#only = null;
      return;
    }
    const { priority } = waiting;
    const line = this.#lines?.[priority] as WaitingLine;
    line.remove(waiting);
    if (line.size === 0) this.#priorities &= ~(1 << priority);
  }

  /** When the longest waiting of the oldest tasks of each priority became ready; null when none waits. */
  get oldestReadyAt(): number | null {
    if (this.#only !== null) return this.#only.task.stateAt;
    let oldest: number | null = null;
    for (const line of this.#lines ?? []) {
      const readyAt = line?.head?.task.stateAt ?? null;
      if (readyAt !== null && (oldest === null || readyAt < oldest)) oldest = readyAt;
    }
    return oldest;
  }

  /** Waiting tasks whose turn comes before that of `task`, which need not wait here itself. */
  countAhead(task: Task): number {
    const { priority } = task.profile.spec;
    if (this.#only !== null) return isBefore(this.#only, { turn: turnOf(task), priority }) ? 1 : 0;
    let ahead = this.#lines?.[priority]?.countOlder(task) ?? 0;
    for (let above = priority + 1; above < PRIORITY_COUNT; above++) {
      ahead += this.#lines?.[above]?.size ?? 0;
    }
    return ahead;
  }

  #line({ priority }: WaitingTask): WaitingLine {
    this.#priorities |= 1 << priority;
    this.#lines ??= [];
    return (this.#lines[priority] ??= new WaitingLine());
  }
}

/** Whether the head of lane `a` comes before that of `b`; both have one. */
export function isLaneBefore(a: Lane, b: Lane): boolean {
  return isBefore(a.head as WaitingTask, b.head as WaitingTask);
}

function isBefore(a: Turn, b: Turn): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.turn < b.turn);
}
