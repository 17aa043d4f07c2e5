import { meetsRequirement, type AgentId, type AgentSpec, type Requirement } from '../core/index.ts';
import type { AgentTable } from './agent-table.ts';
import { checkPools } from './invariants.ts';
import { Links } from './links.ts';
import { Offers, requiredFeatures, type Offer } from './offers.ts';
import { Pool } from './pool.ts';
import { PoolBuild } from './pool-build.ts';
import type { Shared } from './strategies/create-strategy.ts';
import type { Waiting } from './waiting.ts';

/** Pools past this number are swept of those that nobody asked for lately. */
const POOLS_KEPT = 1_024;
/** So are pools that hold more links than this, or than `LINKS_PER_AGENT` an agent. */
const LINKS_KEPT = 1_000_000;
const LINKS_PER_AGENT = 8;
/** Agents that a new pool takes in at once: 1 to 3 ms of work. */
const BUILD_SLICE = 8_192;

/**
 * The pools by requirement signature, kept up to date as agents come, change and go.
 *
 * A pool is built when the first task asks for it, O(agents with the rarest feature required), in slices:
 * those after the first are made by {@link buildOn}. An
 * agent that comes or goes costs O(pools it is a member of), plus O(pools that require one of its
 * features) if nobody offered the same before.
 */
export class Pools {
  readonly offers: Offers;
  readonly links: Links;
  readonly #table: AgentTable;
  readonly #waiting: Waiting;
  readonly #shared: Shared;
  readonly #pools = new Map<string, Pool>();
  /** Of pools that some of their agents are still missing from. */
  readonly #builds = new Set<PoolBuild>();
  /** Whose strategies do not know all their members yet. */
  readonly #joins = new Set<Pool>();
  readonly #slice: number;
  /** Pools for one agent, by its id, which need not be known. They are at no offer. */
  readonly #pinned = new Map<string, Set<Pool>>();
  /** Pools to be built before it is worth looking for idle ones again. */
  #sweepsIn = 0;
  /** Other pools by the first feature they require, or by the empty text where they require none. */
  readonly #byAnchor = new Map<string, Set<Pool>>();

  constructor(table: AgentTable, waiting: Waiting, shared: Shared, slice: number = BUILD_SLICE) {
    this.#slice = slice;
    this.#table = table;
    this.#waiting = waiting;
    this.#shared = shared;
    this.offers = new Offers(table);
    this.links = new Links(table);
  }

  get size(): number {
    return this.#pools.size;
  }

  /** All pools there are. */
  all(): MapIterator<Pool> {
    return this.#pools.values();
  }

  /** Throws where pools, links and agents disagree; for tests. */
  checkInvariants(): void {
    const unfinished = new Set([...this.#builds].map(({ pool }) => pool));
    checkPools([...this.#pools.values()], this.#table, { links: this.links, unfinished });
  }

  /** Whether some pool lacks agents, or some strategy members, that {@link buildOn} would add. */
  get isBuilding(): boolean {
    return this.#builds.size > 0 || this.#joins.size > 0;
  }

  /** A strategy of the pool is to hear of its members in slices. */
  joining(pool: Pool): void {
    this.#joins.add(pool);
  }

  /** Adds a slice of the missing agents to one of the pools, and of the members to one of the strategies. */
  buildOn(): void {
    this.#joinOn();
    const [build] = this.#builds;
    if (build === undefined) return;
    this.#builds.delete(build);
    // Last in line, lest one large pool keep others waiting.
    if (this.#step(build)) this.#builds.add(build);
  }

  /** Adds all missing agents to a pool, and its strategies hear of all. O(its agents · log of those). */
  finish(pool: Pool): void {
    for (const build of this.#builds) {
      if (build.pool !== pool) continue;
      while (this.#step(build));
      this.#builds.delete(build);
    }
    pool.strategies.finish();
  }

  #joinOn(): void {
    const [pool] = this.#joins;
    if (pool === undefined) return;
    this.#joins.delete(pool);
    pool.strategies.joinOn();
    if (pool.strategies.isJoining) this.#joins.add(pool);
  }

  #step(build: PoolBuild): boolean {
    const wasAvailable = build.pool.availableCount > 0;
    const isUnfinished = build.step(this.#slice);
    if (!wasAvailable) this.#waiting.poolChanged(build.pool);
    return isUnfinished;
  }

  /** The pool of a requirement, built if need be. */
  ensure(signature: string, requires: Requirement): Pool {
    const known = this.#pools.get(signature);
    if (known !== undefined) {
      known.used = true;
      return known;
    }
    this.#sweep();
    return this.#build(signature, requires);
  }

  /** Makes the agent a member of the pools whose requirement its spec meets. */
  attach(agent: number, spec: AgentSpec): void {
    const { offer, isNew } = this.offers.intern(spec);
    if (isNew) this.#matchPools(offer);
    this.offers.join(agent, offer);
    for (const pool of offer.pools) this.#join(agent, pool);
    if (this.#pinned.size === 0) return;
    for (const pool of this.#pinned.get(this.#table.agentAt(agent).id) ?? []) {
      if (meetsRequirement(spec, pool.requires)) this.#join(agent, pool);
    }
  }

  #join(agent: number, pool: Pool): void {
    this.links.add(agent, pool, pool.add(agent));
    this.#waiting.poolChanged(pool);
  }

  /** Moves the agent to the pools of a new spec; stays where the new one offers the same. */
  move(agent: number, spec: AgentSpec): void {
    if (this.offers.isOf(this.offers.of(agent), spec)) return;
    this.detach(agent);
    this.attach(agent, spec);
  }

  /** Takes the agent out of all its pools. */
  detach(agent: number): void {
    const { links } = this;
    for (let link = links.first(agent); link >= 0; link = links.next(link)) {
      const pool = links.poolOf(link);
      pool.remove(links.memberOf(link));
      this.#waiting.poolChanged(pool);
    }
    links.clear(agent);
    this.offers.leave(agent);
  }

  #build(signature: string, requires: Requirement): Pool {
    const pool = new Pool(signature, requires, this.#table, this.#shared);
    this.links.addPool(pool);
    this.#pools.set(signature, pool);
    if (requires.agent !== undefined) {
      this.#pin(pool, requires.agent);
      return pool;
    }
    const anchor = anchorOf(requires);
    const anchored = this.#byAnchor.get(anchor);
    if (anchored === undefined) this.#byAnchor.set(anchor, new Set([pool]));
    else anchored.add(pool);
    const build = new PoolBuild(pool, this.links, this.offers.candidates(requires));
    if (this.#step(build)) this.#builds.add(build);
    return pool;
  }

  /** O(1): who is in the pool needs no look at others. */
  #pin(pool: Pool, agentId: string): void {
    const pinned = this.#pinned.get(agentId);
    if (pinned === undefined) this.#pinned.set(agentId, new Set([pool]));
    else pinned.add(pool);
    const agent = this.#table.indexOf(agentId as AgentId);
    if (agent < 0) return;
    if (meetsRequirement(this.#table.agentAt(agent).spec, pool.requires)) this.#join(agent, pool);
  }

  #matchPools(offer: Offer): void {
    for (const anchor of [ANY, ...offer.features]) {
      for (const pool of this.#byAnchor.get(anchor) ?? []) {
        if (meetsRequirement(offer, pool.requires)) offer.pools.add(pool);
      }
    }
  }

  /**
   * Drops idle pools while there are too many: first those not asked for since the last sweep. Where nearly all are
   * waited for, it is tried again after some more: O(1) a new pool.
   */
  #sweep(): void {
    if (!this.#isCrowded()) return;
    this.#sweepsIn -= 1;
    if (this.#sweepsIn > 0) return;
    let [busy, idle] = [0, 0];
    for (const pool of this.#pools.values()) {
      if (pool.isWaitedFor) {
        busy += 1;
        continue;
      }
      idle += 1;
      if (pool.used) pool.used = false;
      else this.#drop(pool);
      if (!this.#isCrowded()) return;
    }
    this.#sweepsIn = Math.floor(busy / (4 * (idle + 1)));
  }

  #isCrowded(): boolean {
    const linksKept = Math.max(LINKS_KEPT, LINKS_PER_AGENT * this.#table.size);
    return this.#pools.size >= POOLS_KEPT || this.links.count > linksKept;
  }

  #drop(pool: Pool): void {
    this.#waiting.dropPool(pool);
    this.#joins.delete(pool);
    for (const build of this.#builds) if (build.pool === pool) this.#builds.delete(build);
    for (let member = 0; member < pool.numbersUsed; member++) {
      const agent = pool.agentOf(member);
      if (agent < 0) continue;
      this.offers.of(agent)?.pools.delete(pool);
      this.links.remove(agent, pool);
    }
    this.links.removePool(pool);
    this.#pools.delete(pool.signature);
    const { agent } = pool.requires;
    if (agent !== undefined) {
      const pinned = this.#pinned.get(agent);
      pinned?.delete(pool);
      if (pinned?.size === 0) this.#pinned.delete(agent);
      return;
    }
    const anchor = anchorOf(pool.requires);
    const anchored = this.#byAnchor.get(anchor);
    anchored?.delete(pool);
    if (anchored?.size === 0) this.#byAnchor.delete(anchor);
  }
}

const ANY = '';

function anchorOf(requires: Requirement): string {
  return requiredFeatures(requires)[0] ?? ANY;
}
