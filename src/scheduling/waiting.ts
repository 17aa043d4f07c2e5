import { invariant } from '../base/invariant.ts';
import { isGated, type Gate, type Queue, type Task } from '../core/index.ts';
import { KeyNode, NamespaceNode } from './fair-nodes.ts';
import { FairOrder, place } from './fair-order.ts';
import type { FairShare, FairShares } from './fair-share.ts';
import { Gates } from './gates.ts';
import { Lane } from './lane.ts';
import { laneKey } from './lane-key.ts';
import type { Pool } from './pool.ts';
import type { QueueMirror } from './queue-mirror.ts';
import type { WaitingTask } from './waiting-line.ts';

/**
 * All waiting tasks, and which of them could be given work right now.
 *
 * The next task to place is the best of the best: {@link FairOrder} over pools, namespaces and their
 * fairness keys, over heaps of lanes, over lines by priority. A lane whose head meets a closed gate is held by
 * that gate and in no heap. Every change costs O(log n).
 */
export class Waiting {
  readonly gates: Gates;
  readonly #shares: FairShares;
  #size = 0;
  readonly #lanesByQueue = new Map<string, Set<Lane>>();
  #laneCount = 0;
  #laneCountMax = LANES_SWEPT_MIN;
  readonly #order: FairOrder;

  constructor(shares: FairShares, order: FairOrder = new FairOrder()) {
    this.#shares = shares;
    this.#order = order;
    this.gates = new Gates((lane) => this.#settle(lane));
  }

  get size(): number {
    return this.#size;
  }

  get laneCount(): number {
    return this.#laneCount;
  }

  /**
   * The lane whose head is the best of all that could start now, as far as the batch at hand lets
   * its gates. Lanes that meet a closed gate are put aside on the way.
   */
  next(): Lane | undefined {
    for (;;) {
      const lane = this.#order.first;
      if (lane === undefined) return undefined;
      const { task } = lane.head as WaitingTask;
      if (!isGated(task) || !this.gates.holdIfClosed(lane)) return lane;
    }
  }

  /** Whether a task waits. Its place hangs on the task itself, which spares a map of a million ids. */
  has(task: Task): boolean {
    return task.waiting !== null;
  }

  /** Puts a task in its lane; the same task again changes nothing. */
  add(task: Task, pool: Pool): void {
    if (task.waiting !== null) return;
    const lane = this.#lane(pool, task);
    const { priority } = task.profile.spec;
    const place = { gone: false, heldSinceMs: 0, heapSlot: -1 };
    const waiting: WaitingTask = { task, lane, priority, turn: task.seq, ...place };
    task.waiting = waiting;
    this.#size += 1;
    lane.push(waiting);
    this.gates.grew(lane, 1);
    lane.node.share.joined();
    lane.node.namespace.share.joined();
    this.#headChanged(lane);
  }

  /** Takes a task out, wherever it stands in its lane; one that does not wait changes nothing. */
  remove(task: Task): void {
    if (task.waiting !== null) this.#takeOut(task.waiting as WaitingTask);
  }

  /** Lets two tasks of one lane and priority change places; nobody else's turn changes. O(1). */
  exchange(one: Task, other: Task): void {
    const [a, b] = [one.waiting, other.waiting] as (WaitingTask | null)[];
    invariant(a != null && b != null && a.lane === b.lane, 'tasks that change places wait alike');
    invariant(a.priority === b.priority, 'tasks that change places have one priority');
    [a.task, b.task] = [other, one];
    [one.waiting, other.waiting] = [b, a];
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
      this.gates.letGo(lane);
      this.#settle(lane);
      if (lane.paused && lane.head !== null) this.gates.passOn(lane, lane.head.task);
    }
  }

  /** Forgets an empty queue. O(its lanes). */
  queueRemoved({ gate, name }: Queue): void {
    for (const lane of this.#lanesByQueue.get(name) ?? [])
      if (lane.size === 0) this.#dropLane(lane);
    if (gate !== null) this.gates.removed(gate.gate);
  }

  /** Something about a gate changed for the better, perhaps. */
  gateChanged(gate: Gate): void {
    this.gates.wake(gate);
  }

  /** Must be told after a pool's first available member came or its last one went. */
  poolChanged(pool: Pool): void {
    this.#order.poolChanged(pool);
  }

  /** Forgets the lanes of a pool in which nothing waits. */
  dropPool(pool: Pool): void {
    for (const lane of pool.lanes.values()) this.#dropLane(lane);
  }

  #takeOut(waiting: WaitingTask): void {
    const { lane, task } = waiting;
    task.waiting = null;
    this.#size -= 1;
    lane.remove(waiting);
    this.gates.grew(lane, -1);
    this.#headChanged(lane);
    if (isGated(task)) this.gates.passOn(lane, task);
    const { node } = lane;
    if (lane.size === 0 && !lane.isPlain) this.#dropLane(lane);
    node.share.left();
    node.namespace.share.left();
  }

  #headChanged(lane: Lane): void {
    if (lane.heldBy !== null) {
      if (lane.head === lane.heldHead) return;
      this.gates.letGo(lane);
    }
    this.#settle(lane);
  }

  /** Brings the heaps up to date after a lane's head changed, or whether it may start. */
  #settle(lane: Lane): void {
    if (place(lane.node.open, lane, lane.isOpen)) this.#order.keyChanged(lane.node);
  }

  #lane(pool: Pool, task: Task): Lane {
    const { queue } = task.profile;
    const fairnessKey = task.extra?.control?.fairnessKey ?? null;
    const { gates, profile } = task;
    const key = laneKey({ queueName: queue.name, fairnessKey, gates, profile });
    const known = pool.lanes.get(key);
    if (known !== undefined) return known;
    if (this.#laneCount >= this.#laneCountMax) this.#sweepLanes();
    const namespace = (queue.mirror as QueueMirror).namespace;
    const node = this.#node(pool, namespace, fairnessKey);
    const names = { queueName: queue.name, key };
    const lane = new Lane(node, names, queue.paused || queue.held, queue.settings.strategy);
    node.laneCount += 1;
    pool.lanes.set(key, lane);
    const ofQueue = this.#lanesByQueue.get(queue.name);
    if (ofQueue === undefined) this.#lanesByQueue.set(queue.name, new Set([lane]));
    else ofQueue.add(lane);
    this.#laneCount += 1;
    return lane;
  }

  #node(pool: Pool, share: FairShare, fairnessKey: string | null): KeyNode {
    let namespace = pool.namespaces.get(share.name);
    if (namespace === undefined) {
      namespace = new NamespaceNode(pool, share, this.#order);
      this.#order.joined(namespace);
      pool.namespaces.set(share.name, namespace);
    }
    const name = fairnessKey ?? '';
    const known = namespace.byKey.get(name);
    if (known !== undefined) return known;
    const node = new KeyNode(namespace, this.#shares.key(share, fairnessKey), this.#order);
    this.#order.joined(node);
    namespace.byKey.set(name, node);
    return node;
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
    const { node, pool } = lane;
    pool.lanes.delete(lane.key);
    const ofQueue = this.#lanesByQueue.get(lane.queueName);
    ofQueue?.delete(lane);
    if (ofQueue?.size === 0) this.#lanesByQueue.delete(lane.queueName);
    this.#laneCount -= 1;
    node.laneCount -= 1;
    if (node.laneCount === 0) this.#dropNode(node);
  }

  #dropNode(node: KeyNode): void {
    const { namespace, share } = node;
    namespace.byKey.delete(share.name);
    this.#order.left(node);
    share.group.rest(share);
    if (namespace.byKey.size > 0) return;
    namespace.pool.namespaces.delete(namespace.share.name);
    this.#order.left(namespace);
  }
}

/** Empty lanes are kept until there are this many lanes: most are used again. */
const LANES_SWEPT_MIN = 4_096;
