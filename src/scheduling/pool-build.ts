import { meetsRequirement } from '../core/index.ts';
import type { Links } from './links.ts';
import type { Offer } from './offers.ts';
import type { Pool } from './pool.ts';

/**
 * A pool of a million agents takes longer to build than a task may wait: it is built in slices, and places
 * tasks with whom it has meanwhile.
 *
 * Agents that come or go find the pool at offers that were looked at, and are its members or not by
 * themselves; those of the other offers follow when it is their offer's turn. The agents of a large offer are
 * taken from the last to the first: who joins it meanwhile stands behind them, and is linked already.
 */
export class PoolBuild {
  readonly pool: Pool;
  readonly #links: Links;
  readonly #candidates: Iterator<Offer>;
  #offer: Offer | null = null;
  /** Agents of the offer before this position may be no members yet. */
  #left = 0;

  constructor(pool: Pool, links: Links, candidates: Iterable<Offer>) {
    this.pool = pool;
    this.#links = links;
    this.#candidates = candidates[Symbol.iterator]();
  }

  /** Goes on by about so many agents and offers, twice that at most; false when all are there. */
  step(max: number): boolean {
    for (let looks = 0; looks < max; looks++) {
      if (this.#offer !== null) {
        this.#take(this.#offer);
        continue;
      }
      const { done, value } = this.#candidates.next();
      if (done === true) return false;
      looks += this.#begin(value, max);
    }
    return true;
  }

  /** Turns to the next offer; one with no more agents than that is taken at once. Returns how many were. */
  #begin(offer: Offer, max: number): number {
    const { pool } = this;
    // One that is newer than the pool has it already, and its agents too.
    if (offer.pools.has(pool) || !meetsRequirement(offer, pool.requires)) return 0;
    offer.pools.add(pool);
    const { agents } = offer;
    if (agents.length > max) {
      this.#offer = offer;
      this.#left = agents.length;
      return 0;
    }
    for (let at = 0; at < agents.length; at++) {
      const agent = agents.at(at) as number;
      this.#links.add(agent, pool, pool.add(agent));
    }
    return agents.length;
  }

  #take(offer: Offer): void {
    // Some may have left meanwhile.
    this.#left = Math.min(this.#left, offer.agents.length) - 1;
    const agent = offer.agents.at(this.#left);
    if (agent === undefined) {
      this.#offer = null;
      return;
    }
    // Whoever left had its place taken by the last one, which may be linked.
    if (!this.#links.has(agent, this.pool)) {
      this.#links.add(agent, this.pool, this.pool.add(agent));
    }
  }
}
