import { Rng } from '../../src/base/rng.ts';
import type { Truth } from './policy.ts';

/**
 * The numbers under which a dispatcher knows the agents: in the order of the fleet, or in one of its own.
 *
 * Several dispatchers that begin with the same agent, and break ties by the same order, go in step and send all they
 * have to the same few. Those of a product would have heard of the agents in different orders.
 */
export class OwnOrder {
  /** Null for the order of the fleet. */
  readonly #agents: Int32Array | null = null;
  readonly #indices: Int32Array;

  /** @param seed - of an order of its own; null for that of the fleet */
  constructor(agents: number, seed: number | null) {
    this.#indices = new Int32Array(seed === null ? 0 : agents);
    if (seed === null) return;
    this.#agents = shuffled(agents, Rng.fromSeed(seed));
    for (const [index, agent] of this.#agents.entries()) this.#indices[agent] = index;
  }

  /** The agent behind the dispatcher's number. */
  agent(index: number): number {
    return this.#agents === null ? index : (this.#agents[index] as number);
  }

  /** The dispatcher's number of an agent; -1 for -1. */
  index(agent: number): number {
    return this.#agents === null ? agent : (this.#indices[agent] ?? -1);
  }

  /** What is true, by the dispatcher's numbers. */
  seen(truth: Truth): Truth {
    return {
      load: (index) => truth.load(this.agent(index)),
      speed: (index) => truth.speed(this.agent(index)),
      backlogMs: (index) => truth.backlogMs(this.agent(index)),
      isWell: (index) => truth.isWell(this.agent(index)),
    };
  }
}

function shuffled(count: number, rng: Rng): Int32Array {
  const values = Int32Array.from({ length: count }, (_, at) => at);
  for (let last = count - 1; last > 0; last--) {
    const other = rng.below(last + 1);
    [values[last], values[other]] = [values[other] as number, values[last] as number];
  }
  return values;
}
