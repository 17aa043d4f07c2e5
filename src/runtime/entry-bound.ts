/** Of each kind of work an entry takes at least so much, if there is so much: some milliseconds of one turn. */
const ITEMS_MIN = 500;
/** … and at most: larger entries are not cheaper an item. */
const ITEMS_MAX = 2_000;
/** What must get through in each millisecond of a log that is slow: more than one core does. */
const ITEMS_A_MS = 100;
/** How many entries the log's latency is a mean of, roughly. */
const ENTRIES = 8;

/**
 * How much the next entry takes.
 *
 * A turn does all that its entry holds, and nobody else has the event loop meanwhile: so entries are short
 * where the log is quick. One entry at a time is on its way, so a slow log needs longer ones.
 */
export class EntryBound {
  #latencyMs = 0;

  /** Reports, tasks of ordinary submits, and assignments: each at most so many. */
  get items(): number {
    return Math.min(ITEMS_MAX, Math.max(ITEMS_MIN, Math.round(this.#latencyMs * ITEMS_A_MS)));
  }

  /** @param latencyMs - from handing an entry to the log until it was durable */
  observe(latencyMs: number): void {
    this.#latencyMs += (latencyMs - this.#latencyMs) / ENTRIES;
  }
}
