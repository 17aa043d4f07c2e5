/**
 * Members of a large pool that were drawn before they are needed, a few dozen at once.
 *
 * A draw among a million agents reads memory at random, and each read waits for the one before it: about 150 ns
 * where independent reads take 15, since a processor has many of those under way together. Drawn together, the
 * reads of different draws overlap, and what the choice between them looks at lies in the cache when its turn
 * comes. Those that ceased to be available meanwhile are passed over; those that became so are drawn from
 * the next time on, which is why small pools draw each member when it is needed.
 */
import type { Pool } from '../pool.ts';
import type { Choice } from '../strategy.ts';

/** Drawn at once: with up to twelve cache lines each they fit into the first level. */
export const DRAWN_AHEAD = 32;
/** Available members from which on a pool is large. What they say of themselves fills the second level. */
const LARGE = 16_384;
/** What was drawn so long ago is drawn again. */
const AGE_MS_MAX = 1_000;

/** Members that were drawn, and the agents that they are. */
export class Draws {
  readonly members: Int32Array = new Int32Array(DRAWN_AHEAD);
  readonly agents: Int32Array = new Int32Array(DRAWN_AHEAD);
}

/**
 * Fills in draws among those that are available now, and reads what a choice will read of them.
 * Returns what it read, added up: it means nothing, but what nobody uses need not be read.
 */
export type DrawAll = (draws: Draws, choice: Choice) => number;

export class DrawsAhead {
  readonly #pool: Pool;
  readonly #drawAll: DrawAll;
  readonly #draws = new Draws();
  /** All that was only read to have it at hand, added up. */
  touched = 0;
  #left = 0;
  #drawnAt = 0;
  #departures = 0;

  constructor(pool: Pool, drawAll: DrawAll) {
    this.#pool = pool;
    this.#drawAll = drawAll;
  }

  /** Whether a choice may use up draws: a decision, not a question, in a large pool. */
  serves(choice: Choice): boolean {
    return choice.isDecision === true && this.#pool.availableCount >= LARGE;
  }

  /** The place of the next one drawn that is available: {@link memberAt} and {@link agentAt} say who it is. */
  next(choice: Choice): number {
    const pool = this.#pool;
    const isOld = choice.nowMs - this.#drawnAt > AGE_MS_MAX;
    // A number that was given back may name somebody else.
    if (isOld || pool.departures !== this.#departures) this.#left = 0;
    for (;;) {
      if (this.#left === 0) {
        this.touched += this.#drawAll(this.#draws, choice);
        this.#left = DRAWN_AHEAD;
        this.#drawnAt = choice.nowMs;
        this.#departures = pool.departures;
      }
      this.#left -= 1;
      if (pool.table.isAvailable(this.agentAt(this.#left))) return this.#left;
    }
  }

  /** The member that was drawn there. */
  memberAt(place: number): number {
    return this.#draws.members[place] as number;
  }

  /** Its agent. */
  agentAt(place: number): number {
    return this.#draws.agents[place] as number;
  }
}

/** Draws all alike. */
export function drawEvenly(pool: Pool, { agents, members }: Draws, { rng }: Choice): void {
  const count = pool.availableCount;
  for (let at = 0; at < DRAWN_AHEAD; at++) members[at] = rng.below(count);
  for (let at = 0; at < DRAWN_AHEAD; at++) {
    const position = members[at] as number;
    agents[at] = pool.availableAgentAt(position);
    members[at] = pool.availableAt(position);
  }
}
