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

/**
 * Fills `members` with draws among those that are available now, and reads what a choice will read of them.
 * Returns what it read, added up: it means nothing, but what nobody uses need not be read.
 */
export type DrawAll = (members: Int32Array, choice: Choice) => number;

export class DrawsAhead {
  readonly #pool: Pool;
  readonly #drawAll: DrawAll;
  readonly #members = new Int32Array(DRAWN_AHEAD);
  /** All that was only read to have it at hand, added up. */
  touched = 0;
  #left = 0;
  #drawnAt = 0;

  constructor(pool: Pool, drawAll: DrawAll) {
    this.#pool = pool;
    this.#drawAll = drawAll;
  }

  /** Whether a choice may use up draws: a decision, not a question, in a large pool. */
  serves(choice: Choice): boolean {
    return choice.isDecision === true && this.#pool.availableCount >= LARGE;
  }

  /** The next one drawn that is available. */
  next(choice: Choice): number {
    if (choice.nowMs - this.#drawnAt > AGE_MS_MAX) this.#left = 0;
    for (;;) {
      if (this.#left === 0) {
        this.touched += this.#drawAll(this.#members, choice);
        this.#left = DRAWN_AHEAD;
        this.#drawnAt = choice.nowMs;
      }
      this.#left -= 1;
      const member = this.#members[this.#left] as number;
      if (this.#pool.isAvailable(member)) return member;
    }
  }
}

/** Draws all alike. */
export function drawEvenly(pool: Pool, members: Int32Array, { rng }: Choice): void {
  const count = pool.availableCount;
  for (let at = 0; at < DRAWN_AHEAD; at++) members[at] = rng.below(count);
  for (let at = 0; at < DRAWN_AHEAD; at++) members[at] = pool.availableAt(members[at] as number);
}
