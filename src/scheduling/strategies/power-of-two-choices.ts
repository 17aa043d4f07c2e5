import type { Pool } from '../pool.ts';
import type { Choice, Strategy } from '../strategy.ts';
import { DrawsAhead, drawEvenly, type Draws } from './draws-ahead.ts';
import { isLessLoaded } from './less-loaded.ts';

/**
 * Of two available agents drawn at random, the one with the smaller share of its slots taken.
 *
 * Ties go to the cheaper, then to chance. O(1), no state; the fullest of n agents is ahead of the
 * mean by O(log log n) instead of O(log n) (Mitzenmacher, IEEE TPDS 12(10), 2001).
 */
export class PowerOfTwoChoices implements Strategy {
  readonly name = 'power-of-two-choices';
  readonly stateful = false;
  readonly #pool: Pool;
  readonly #ahead: DrawsAhead;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#ahead = new DrawsAhead(pool, (draws, choice) => this.#drawAll(draws, choice));
  }

  pick(choice: Choice): number {
    const pool = this.#pool;
    const { rng } = choice;
    if (this.#ahead.serves(choice)) return this.#pickAhead(choice);
    const count = pool.availableCount;
    if (count === 1) return pool.availableAt(0);
    const first = rng.below(count);
    const other = rng.below(count - 1);
    // Skips the first draw, so that the two differ and all pairs are equally likely.
    const second = other < first ? other : other + 1;
    const [a, b] = [pool.availableAgentAt(first), pool.availableAgentAt(second)];
    return pool.availableAt(isLessLoaded(pool.table, b, a) ? second : first);
  }

  added(): void {}
  removed(): void {}
  changed(): void {}
  picked(): void {}

  reason(member: number): string {
    const { table, availableCount } = this.#pool;
    const agent = this.#pool.agentOf(member);
    const taken = `${table.inFlight(agent)} of ${table.slots(agent)} slots taken`;
    if (availableCount === 1) return `the only available agent (${taken})`;
    return `the less loaded of two drawn at random from ${availableCount} available (${taken})`;
  }

  #pickAhead(choice: Choice): number {
    const ahead = this.#ahead;
    const first = ahead.next(choice);
    const [member, agent] = [ahead.memberAt(first), ahead.agentAt(first)];
    let second = ahead.next(choice);
    while (ahead.agentAt(second) === agent) second = ahead.next(choice);
    const isSecond = isLessLoaded(this.#pool.table, ahead.agentAt(second), agent);
    return isSecond ? ahead.memberAt(second) : member;
  }

  #drawAll(draws: Draws, choice: Choice): number {
    const { table } = this.#pool;
    drawEvenly(this.#pool, draws, choice);
    let touched = 0;
    for (const agent of draws.agents) touched += table.touch(agent);
    return touched;
  }
}
