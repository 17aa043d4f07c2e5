import type { Latency } from '../latency.ts';
import type { Pool } from '../pool.ts';
import type { Choice, Strategy } from '../strategy.ts';
import { DrawsAhead, drawEvenly, type Draws } from './draws-ahead.ts';

/**
 * Of two available agents drawn at random, the one that should be done first.
 *
 * cost = (estimate + 1 ms) · (in flight + 1), after Finagle's peak EWMA balancer; see
 * `latency.ts`. The millisecond keeps load in play among agents too fast to measure. O(1).
 */
export class LatencyAware implements Strategy {
  readonly name = 'latency-aware';
  readonly stateful = false;
  readonly #pool: Pool;
  readonly #latency: Latency;
  readonly #ahead: DrawsAhead;

  constructor(pool: Pool, latency: Latency) {
    this.#pool = pool;
    this.#latency = latency;
    this.#ahead = new DrawsAhead(pool, (draws, choice) => this.#drawAll(draws, choice));
  }

  pick(choice: Choice): number {
    const pool = this.#pool;
    const { nowMs, rng } = choice;
    if (this.#ahead.serves(choice)) return this.#pickAhead(choice);
    const count = pool.availableCount;
    if (count === 1) return pool.availableAt(0);
    const first = rng.below(count);
    const other = rng.below(count - 1);
    const second = other < first ? other : other + 1;
    const [a, b] = [pool.availableAgentAt(first), pool.availableAgentAt(second)];
    return pool.availableAt(this.#cost(b, nowMs) < this.#cost(a, nowMs) ? second : first);
  }

  reason(member: number, { nowMs }: Choice): string {
    const agent = this.#pool.agentOf(member);
    const estimateMs = Math.round(this.#latency.estimateMs(agent, nowMs));
    const inFlight = this.#pool.table.inFlight(agent);
    const { availableCount } = this.#pool;
    const facts = `about ${estimateMs} ms a task, ${inFlight} in flight`;
    if (availableCount === 1) return `the only available agent (${facts})`;
    return `the sooner done of two drawn at random from ${availableCount} available (${facts})`;
  }

  added(): void {}
  removed(): void {}
  changed(): void {}
  picked(): void {}

  #pickAhead(choice: Choice): number {
    const ahead = this.#ahead;
    const first = ahead.next(choice);
    const [member, agent] = [ahead.memberAt(first), ahead.agentAt(first)];
    let second = ahead.next(choice);
    while (ahead.agentAt(second) === agent) second = ahead.next(choice);
    const cost = this.#cost(ahead.agentAt(second), choice.nowMs);
    return cost < this.#cost(agent, choice.nowMs) ? ahead.memberAt(second) : member;
  }

  #drawAll(draws: Draws, choice: Choice): number {
    const { table } = this.#pool;
    drawEvenly(this.#pool, draws, choice);
    let touched = 0;
    for (const agent of draws.agents) touched += table.touch(agent) + this.#latency.touch(agent);
    return touched;
  }

  #cost(agent: number, nowMs: number): number {
    const inFlight = this.#pool.table.inFlight(agent);
    return (this.#latency.estimateMs(agent, nowMs) + 1) * (inFlight + 1);
  }
}
