import { invariant } from '../base/invariant.ts';
import type { Queue, Task } from '../core/index.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { Lane } from './lane.ts';
import { isPoolBefore, type Pool } from './pool.ts';
import type { WaitingTask } from './waiting-line.ts';

/**
 * All waiting tasks: lanes by pool and queue, and which pools could be given work right now.
 *
 * The next task to place is the best of the best: a heap of pools with an available agent, over
 * heaps of their lanes, over lines by priority. Every change costs O(log pools + log lanes).
 */
export class Waiting {
  #size = 0;
  readonly #lanesByQueue = new Map<string, Set<Lane>>();
  readonly #placeable = new IndexedHeap<Pool>(isPoolBefore);
  #laneCount = 0;
  #laneCountMax = LANES_SWEPT_MIN;

  get size(): number {
    return this.#size;
  }

  get laneCount(): number {
    return this.#laneCount;
  }

  /** The pool whose best waiting task is the best of all that could start now. */
  get next(): Pool | undefined {
    return this.#placeable.top;
  }

  /** Whether a task waits. Its place hangs on the task itself, which spares a map of a million ids. */
  has(task: Task): boolean {
    return task.waiting !== null;
  }

  /** Puts a task in its lane; the same task again changes nothing. */
  add(task: Task, pool: Pool): void {
    if (task.waiting !== null) return;
    const lane = this.#lane(pool, task.profile.queue);
    const waiting: WaitingTask = { task, lane, gone: false, heapSlot: -1 };
    task.waiting = waiting;
    this.#size += 1;
    lane.push(waiting);
    this.#settle(lane);
  }

  /** Takes a task out, wherever it stands in its lane; one that does not wait changes nothing. */
  remove(task: Task): void {
    if (task.waiting !== null) this.#takeOut(task.waiting as WaitingTask);
  }

  /** Takes the best task of the pool's open lanes out. */
  take(pool: Pool): WaitingTask {
    const waiting = pool.openLanes.top?.head;
    invariant(waiting !== undefined && waiting !== null, 'an open lane has a waiting task');
    this.#takeOut(waiting);
    return waiting;
  }

  /** When the oldest task of the queue that may start became ready; null when none waits. */
  oldestReadyAt(queueName: string): number | null {
    let oldest: number | null = null;
    for (const lane of this.#lanesByQueue.get(queueName) ?? []) {
      const readyAt = lane.paused ? null : lane.oldestReadyAt;
      if (readyAt !== null && (oldest === null || readyAt < oldest)) oldest = readyAt;
    }
    return oldest;
  }

  /** Takes over what an operator set for a queue. O(lanes of the queue). */
  queueChanged(queue: Queue): void {
    for (const lane of this.#lanesByQueue.get(queue.name) ?? []) {
      lane.paused = queue.paused || queue.held;
      lane.strategy = queue.settings.strategy;
      this.#settle(lane);
    }
  }

  /** Must be told after a pool's first available member came or its last one went. */
  poolChanged(pool: Pool): void {
    if (pool.isPlaceable) {
      if (pool.heapSlot < 0) this.#placeable.push(pool);
      else this.#placeable.moved(pool);
    } else if (pool.heapSlot >= 0) {
      this.#placeable.remove(pool);
    }
  }

  /** Forgets the lanes of a pool in which nothing waits. */
  dropPool(pool: Pool): void {
    for (const lane of pool.lanes.values()) this.#dropLane(lane);
  }

  #takeOut(waiting: WaitingTask): void {
    waiting.task.waiting = null;
    this.#size -= 1;
    waiting.lane.remove(waiting);
    this.#settle(waiting.lane);
  }

  /** Brings the heaps up to date after a lane's head or pause changed. */
  #settle(lane: Lane): void {
    const { openLanes } = lane.pool;
    if (lane.isOpen) {
      if (lane.heapSlot < 0) openLanes.push(lane);
      else openLanes.moved(lane);
    } else if (lane.heapSlot >= 0) {
      openLanes.remove(lane);
    }
    this.poolChanged(lane.pool);
  }

  #lane(pool: Pool, queue: Queue): Lane {
    const known = pool.lanes.get(queue.name);
    if (known !== undefined) return known;
    if (this.#laneCount >= this.#laneCountMax) this.#sweepLanes();
    const lane = new Lane(pool, queue.name, queue.paused || queue.held, queue.settings.strategy);
    pool.lanes.set(queue.name, lane);
    const ofQueue = this.#lanesByQueue.get(queue.name);
    if (ofQueue === undefined) this.#lanesByQueue.set(queue.name, new Set([lane]));
    else ofQueue.add(lane);
    this.#laneCount += 1;
    return lane;
  }

  /** Drops empty lanes, and comes back once their number has doubled: O(1) a new lane. */
  #sweepLanes(): void {
    for (const lanes of this.#lanesByQueue.values()) {
      for (const lane of lanes) if (lane.size === 0) this.#dropLane(lane);
    }
    this.#laneCountMax = Math.max(LANES_SWEPT_MIN, this.#laneCount * 2);
  }

  #dropLane(lane: Lane): void {
    invariant(lane.size === 0, 'a dropped lane is empty');
    lane.pool.lanes.delete(lane.queueName);
    const ofQueue = this.#lanesByQueue.get(lane.queueName);
    ofQueue?.delete(lane);
    if (ofQueue?.size === 0) this.#lanesByQueue.delete(lane.queueName);
    this.#laneCount -= 1;
  }
}

/** Empty lanes are kept until there are this many lanes: most are used again. */
const LANES_SWEPT_MIN = 4_096;
