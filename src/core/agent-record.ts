/**
 * An agent in little memory: of a million most stand as they registered and have nothing to do.
 *
 * What agents have in common that registered in one go is one object for all of them, and so is what an idle one
 * has. Both are replaced when an agent changes, and nobody sees that: reads and writes are those of {@link Agent}.
 */
import { NO_LEASES, type Agent, type AgentState } from './agent.ts';
import type { Breaker } from './breaker.ts';
import type { Tracked } from './change-set.ts';
import type { AgentId } from './ids.ts';
import type { AgentSpec } from './spec.ts';
import type { Task } from './task.ts';
import type { Trust } from './trust.ts';

/** How agents stand that registered, or changed, together. */
interface Standing {
  readonly incarnation: string;
  readonly registeredAt: number;
  readonly state: AgentState;
  readonly stateAt: number;
}

/** One that is shared, and by whom it was made. */
interface Shared extends Standing {
  readonly from: Standings;
}

/** What an agent has to do with tasks. */
interface Business {
  leases: Set<Task>;
  waiting: number;
  breaker: Breaker | null;
  trust: Trust | null;
}

const IDLE: Business = Object.freeze({
  leases: NO_LEASES,
  waiting: 0,
  breaker: null,
  trust: null,
});

/** Agents that change together do so one after the other: a few standings are enough to find the same again. */
const RECENT_MAX = 4;

/** Makes equal standings of agents that are made or changed one after the other one object. */
export class Standings {
  readonly #recent: Shared[] = [];
  #next = 0;

  share(wanted: Standing): Shared {
    for (const one of this.#recent) if (isSame(one, wanted)) return one;
    const { incarnation, registeredAt, state, stateAt } = wanted;
    const made = { incarnation, registeredAt, state, stateAt, from: this };
    this.#recent[this.#next] = made;
    this.#next = (this.#next + 1) % RECENT_MAX;
    return made;
  }
}

export class AgentRecord implements Agent {
  readonly id: AgentId;
  spec: AgentSpec;
  changeEpoch: number;
  isStored: boolean;
  #standing: Shared;
  #business: Business = IDLE;

  constructor(standings: Standings, of: Standing & Tracked & Pick<Agent, 'id' | 'spec'>) {
    this.id = of.id;
    this.spec = of.spec;
    this.changeEpoch = of.changeEpoch;
    this.isStored = of.isStored;
    this.#standing = standings.share(of);
  }

  get incarnation(): string {
    return this.#standing.incarnation;
  }

  set incarnation(incarnation: string) {
    this.#stand({ incarnation });
  }

  get registeredAt(): number {
    return this.#standing.registeredAt;
  }

  get state(): AgentState {
    return this.#standing.state;
  }

  set state(state: AgentState) {
    this.#stand({ state });
  }

  get stateAt(): number {
    return this.#standing.stateAt;
  }

  set stateAt(stateAt: number) {
    this.#stand({ stateAt });
  }

  get leases(): Set<Task> {
    return this.#business.leases;
  }

  set leases(leases: Set<Task>) {
    this.#own().leases = leases;
    this.#rest();
  }

  get waiting(): number {
    return this.#business.waiting;
  }

  set waiting(waiting: number) {
    if (waiting === this.waiting) return;
    this.#own().waiting = waiting;
    this.#rest();
  }

  get breaker(): Breaker | null {
    return this.#business.breaker;
  }

  set breaker(breaker: Breaker | null) {
    if (breaker === this.breaker) return;
    this.#own().breaker = breaker;
    this.#rest();
  }

  get trust(): Trust | null {
    return this.#business.trust;
  }

  set trust(trust: Trust | null) {
    if (trust === this.trust) return;
    this.#own().trust = trust;
    this.#rest();
  }

  #stand(change: Partial<Standing>): void {
    this.#standing = this.#standing.from.share({ ...this.#standing, ...change });
  }

  #own(): Business {
    if (this.#business === IDLE) this.#business = { ...IDLE };
    return this.#business;
  }

  /** Gives back what only says that there is nothing. */
  #rest(): void {
    const { breaker, leases, trust, waiting } = this.#business;
    if (leases === NO_LEASES && waiting === 0 && breaker === null && trust === null)
      this.#business = IDLE;
  }
}

function isSame(a: Standing, b: Standing): boolean {
  return (
    a.stateAt === b.stateAt &&
    a.registeredAt === b.registeredAt &&
    a.state === b.state &&
    a.incarnation === b.incarnation
  );
}
