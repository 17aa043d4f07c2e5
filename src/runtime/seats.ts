/**
 * The places of agents: who serves each, when it was heard of last, and what it still has to be handed.
 *
 * A million agents are a million seats, so these are columns under a dense number; 25 to 31 bytes a seat
 * with its index, and nothing for one that waits for nothing.
 */
import { float64Column } from '../base/columns.ts';
import { ChunkedList } from '../base/chunked-list.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import { IdIndex } from '../base/id-index.ts';
import { invariant } from '../base/invariant.ts';
import { NumberList } from '../base/number-list.ts';
import type { AgentId, Task } from '../core/index.ts';
import type { AgentLink } from './agent-link.ts';

const CAPACITY_MIN = 64;

export class Seats {
  readonly #ids = new ChunkedList<AgentId | null>();
  readonly #links = new ChunkedList<AgentLink | null>();
  #seenMs: Float64Array = new Float64Array(CAPACITY_MIN);
  readonly #index: IdIndex<AgentId>;
  readonly #unused = new NumberList();
  /** Leases granted while no link could take them, of the few seats that have any. */
  readonly #undelivered = new Map<number, Set<Task>>();

  /** @param seed - of the index, see `IdIndex` */
  constructor(seed: number) {
    this.#index = new IdIndex((seat) => this.idOf(seat), seed);
  }

  get size(): number {
    return this.#index.size;
  }

  /** Makes room for so many agents in one step. */
  reserve(count: number): void {
    this.#index.reserve(count);
  }

  /** The seat of an agent, or -1. */
  find(id: AgentId): number {
    return this.#index.find(id);
  }

  /** Gives an agent a seat, seen just now, without a link. */
  add(id: AgentId, nowMs: number): number {
    const seat = this.#unused.pop() ?? this.#ids.length;
    if (seat >= this.#seenMs.length) {
      this.#seenMs = grown(this.#seenMs, float64Column(grownCapacity(this.#seenMs.length)));
    }
    if (seat === this.#ids.length) {
      this.#ids.push(id);
      this.#links.push(null);
    } else this.#ids.set(seat, id);
    this.#seenMs[seat] = nowMs;
    this.#index.add(id, seat);
    return seat;
  }

  remove(seat: number): void {
    this.#index.remove(this.idOf(seat));
    this.#undelivered.delete(seat);
    this.#ids.set(seat, null);
    this.#links.set(seat, null);
    this.#unused.push(seat);
  }

  idOf(seat: number): AgentId {
    const id = this.#ids.at(seat);
    invariant(id !== undefined && id !== null, 'a seat in use has an agent');
    return id;
  }

  /** What serves it now, or null. */
  linkOf(seat: number): AgentLink | null {
    return this.#links.at(seat) ?? null;
  }

  setLink(seat: number, link: AgentLink | null): void {
    this.#links.set(seat, link);
  }

  /** When it was heard of by itself, on the monotonic clock. */
  seenMs(seat: number): number {
    return this.#seenMs[seat] as number;
  }

  see(seat: number, nowMs: number): void {
    this.#seenMs[seat] = nowMs;
  }

  /** When it was heard of, by itself or over a link that speaks for all its agents. */
  heardMs(seat: number, nowMs: number): number {
    const seenMs = this.seenMs(seat);
    const link = this.linkOf(seat);
    return link === null ? seenMs : Math.max(seenMs, Math.min(nowMs, link.lastHeardMs));
  }

  /** What is still to be handed over, in the order it was granted. */
  undelivered(seat: number): Iterable<Task> {
    return this.#undelivered.get(seat) ?? NONE;
  }

  isUndelivered(seat: number, task: Task): boolean {
    return this.#undelivered.get(seat)?.has(task) === true;
  }

  keep(seat: number, task: Task): void {
    const tasks = this.#undelivered.get(seat);
    if (tasks === undefined) this.#undelivered.set(seat, new Set([task]));
    else tasks.add(task);
  }

  /** False where it was not kept. */
  drop(seat: number, task: Task): boolean {
    if (this.#undelivered.size === 0) return false;
    const tasks = this.#undelivered.get(seat);
    if (tasks?.delete(task) !== true) return false;
    if (tasks.size === 0) this.#undelivered.delete(seat);
    return true;
  }
}

const NONE: readonly Task[] = [];
