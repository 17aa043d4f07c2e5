import { int32Column } from '../base/columns.ts';
import { invariant } from '../base/invariant.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import type { AgentTable } from './agent-table.ts';
import type { Pool } from './pool.ts';

/**
 * Which pools each agent is a member of: one linked list an agent, 16 bytes a link.
 *
 * Walked as `for (let link = links.first(agent); link >= 0; link = links.next(link))`, without a
 * generator, because it is on the path of every placement.
 */
export class Links {
  readonly #agents: AgentTable;
  readonly #pools: (Pool | null)[] = [];
  readonly #poolsUnused: number[] = [];
  #records: Int32Array = new Int32Array(64 * FIELDS);
  #used = 0;
  #unused = -1;
  #count = 0;

  constructor(agents: AgentTable) {
    this.#agents = agents;
  }

  get count(): number {
    return this.#count;
  }

  /** The agent's first link, or -1. */
  first(agent: number): number {
    return this.#agents.firstLink(agent);
  }

  /** The agent's link after this one, or -1. */
  next(link: number): number {
    return this.#records[link * FIELDS + NEXT] as number;
  }

  poolOf(link: number): Pool {
    return this.#pools[this.#records[link * FIELDS + POOL] as number] as Pool;
  }

  /** The number under which the pool knows the agent. */
  memberOf(link: number): number {
    return this.#records[link * FIELDS + MEMBER] as number;
  }

  /** Gives a new pool the number its links hold. */
  addPool(pool: Pool): void {
    pool.number = this.#poolsUnused.pop() ?? this.#pools.length;
    this.#pools[pool.number] = pool;
  }

  /** Forgets a pool that has no links any more. */
  removePool(pool: Pool): void {
    invariant(this.#pools[pool.number] === pool, 'a pool is removed once');
    this.#pools[pool.number] = null;
    this.#poolsUnused.push(pool.number);
  }

  add(agent: number, pool: Pool, member: number): void {
    let link = this.#unused;
    if (link >= 0) this.#unused = this.next(link);
    else link = this.#used++;
    const at = link * FIELDS;
    if (at >= this.#records.length) this.#grow();
    this.#records[at + POOL] = pool.number;
    this.#records[at + MEMBER] = member;
    this.#records[at + NEXT] = this.first(agent);
    this.#agents.setFirstLink(agent, link);
    this.#count += 1;
  }

  /** Whether the agent is a member of the pool. O(links of the agent). */
  has(agent: number, pool: Pool): boolean {
    for (let link = this.first(agent); link >= 0; link = this.next(link)) {
      if (this.poolOf(link) === pool) return true;
    }
    return false;
  }

  /** Removes the agent's link to the pool. O(links of the agent). */
  remove(agent: number, pool: Pool): void {
    let before = -1;
    let link = this.first(agent);
    while (link >= 0 && this.poolOf(link) !== pool) {
      before = link;
      link = this.next(link);
    }
    invariant(link >= 0, 'a removed link exists');
    if (before < 0) this.#agents.setFirstLink(agent, this.next(link));
    else this.#records[before * FIELDS + NEXT] = this.next(link);
    this.#release(link);
  }

  /** Removes all links of the agent. */
  clear(agent: number): void {
    let link = this.first(agent);
    while (link >= 0) {
      const next = this.next(link);
      this.#release(link);
      link = next;
    }
    this.#agents.setFirstLink(agent, -1);
  }

  #release(link: number): void {
    this.#records[link * FIELDS + NEXT] = this.#unused;
    this.#unused = link;
    this.#count -= 1;
  }

  #grow(): void {
    this.#records = grown(
      this.#records,
      int32Column(grownCapacity(this.#records.length / FIELDS) * FIELDS),
    );
  }
}

/** Fields of a record, padded so that none lies on two cache lines. */
const POOL = 0;
const MEMBER = 1;
const NEXT = 2;
const FIELDS = 4;
