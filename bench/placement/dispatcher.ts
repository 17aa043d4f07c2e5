/** One dispatcher: a pool and a table of the product, as it believes the agents to be, and a policy that chooses. */
import { Rng } from '../../src/base/rng.ts';
import { AgentTable } from '../../src/scheduling/agent-table.ts';
import { FailureCorrelation } from '../../src/scheduling/correlation/failure-correlation.ts';
import { steerClear, type Look } from '../../src/scheduling/correlation/steer-clear.ts';
import { Latency } from '../../src/scheduling/latency.ts';
import { Offers } from '../../src/scheduling/offers.ts';
import { Pool } from '../../src/scheduling/pool.ts';
import type { Choice } from '../../src/scheduling/strategy.ts';
import type { Agent } from '../../src/core/index.ts';
import { OwnOrder } from './own-order.ts';
import type { Chooser, Policy, Setting, Truth } from './policy.ts';
import { secondMember, type HedgeMode } from './second-agent.ts';

export interface DispatcherOptions {
  readonly policy: Policy;
  readonly setting: Setting;
  readonly truth: Truth;
  /** By agent; not changed, and shared among dispatchers. */
  readonly records: readonly Agent[];
  readonly seed: number;
  /** How hedges are placed; null where there are none. */
  readonly hedging: HedgeMode | null;
  /** Whether it knows the agents in an order of its own. */
  readonly ownOrder: boolean;
}

/** A retry that would go where it failed is drawn anew so often. */
const REDRAWS = 3;

export class Dispatcher {
  readonly #waiting: number[] = [];
  #waitingHead = 0;
  readonly #table = new AgentTable();
  readonly #latency: Latency;
  readonly #pool: Pool;
  readonly #chooser: Chooser;
  readonly #choice: Choice;
  readonly #order: OwnOrder;
  /** Null where nothing is made of failures but by the strategy. */
  readonly #correlation: FailureCorrelation | null;
  /** What hedges are placed by; for those that may go anywhere it never hears of a failure. */
  readonly #shared: FailureCorrelation | null;
  readonly #avoids: boolean;
  readonly #hedging: HedgeMode | null;

  constructor(options: DispatcherOptions) {
    const { hedging, policy, records, seed, setting } = options;
    this.#order = new OwnOrder(records.length, options.ownOrder ? -seed : null);
    const truth = options.ownOrder ? this.#order.seen(options.truth) : options.truth;
    this.#latency = new Latency(...(policy.latency ? [policy.latency(setting)] : []));
    const requires = { capabilities: ['work'], labels: {} };
    const latency = this.#latency;
    this.#pool = new Pool('work', requires, this.#table, { latency, interference: null });
    const rng = Rng.fromSeed(seed);
    // Acted on, as in the product: draws in large pools are made ahead.
    this.#choice = { key: '', rng, nowMs: 0, isDecision: true };
    const context = { pool: this.#pool, table: this.#table, latency, truth, rng };
    this.#chooser = policy.make(context, setting);
    const offers = new Offers(this.#table);
    const correlation = (isNeeded: boolean): FailureCorrelation | null =>
      isNeeded ? new FailureCorrelation(this.#table, offers) : null;
    this.#hedging = hedging;
    this.#avoids = policy.avoids === true;
    this.#correlation = correlation(this.#avoids || hedging === 'apart');
    this.#shared = hedging === 'apart' ? this.#correlation : correlation(hedging !== null);
    for (let agent = 0; agent < records.length; agent++) {
      const record = records[this.#order.agent(agent)] as Agent;
      this.#table.add(record);
      if (this.#correlation !== null) offers.join(agent, offers.intern(record.spec).offer);
      this.#table.setCredit(agent, Infinity);
      this.#table.setAvailable(agent, true);
      this.#latency.reset(agent);
      this.#pool.add(agent);
      this.#chooser.added(agent);
    }
  }

  get hasRoom(): boolean {
    return this.#pool.availableCount > 0;
  }

  /** Lets a task wait until somebody is available. */
  wait(task: number): void {
    this.#waiting.push(task);
  }

  /** Takes the task out that has waited longest. */
  nextWaiting(): number | undefined {
    const task = this.#waiting[this.#waitingHead];
    if (task === undefined) return undefined;
    this.#waitingHead += 1;
    if (this.#waitingHead < 1_024) return task;
    this.#waiting.splice(0, this.#waitingHead);
    this.#waitingHead = 0;
    return task;
  }

  /** The agent for a task, counted as sent; -1 while nobody is available. */
  send(nowMs: number, failedOn: number): number {
    if (this.#pool.availableCount === 0) return -1;
    this.#choice.nowMs = nowMs;
    const avoided = this.#order.index(failedOn);
    let index = this.#pick();
    for (let draw = 0; draw < REDRAWS && index === avoided; draw++) index = this.#pick();
    return this.#sendTo(index);
  }

  /** The agent for a second attempt beside that at `first`, counted as sent; -1 where there is none. */
  sendCopy(nowMs: number, first: number): number {
    const correlation = this.#shared;
    const mode = this.#hedging;
    if (correlation === null || mode === null || !this.hasRoom) return -1;
    this.#choice.nowMs = nowMs;
    const { id } = this.#table.agentAt(this.#order.index(first));
    const index = secondMember(id, mode, this.#look(correlation));
    return index < 0 ? -1 : this.#sendTo(index);
  }

  /** Another dispatcher's task went to the agent, or ended there; or an attempt was called off. */
  heard(agent: number, tasks: number): void {
    this.#count(this.#order.index(agent), tasks);
  }

  /** One of its own tasks ended. */
  ended(agent: number, runMs: number, ok: boolean, nowMs: number): void {
    const index = this.#order.index(agent);
    this.#count(index, -1);
    this.#latency.observe(index, runMs, ok, nowMs);
    this.#correlation?.ended(index, ok, nowMs);
    this.#chooser.observed?.(index, { runMs, ok, nowMs });
  }

  becameIdle(agent: number): void {
    this.#chooser.becameIdle?.(this.#order.index(agent));
  }

  setConnected(agent: number, isConnected: boolean, nowMs: number): void {
    const index = this.#order.index(agent);
    if (!isConnected) this.#correlation?.ended(index, false, nowMs);
    this.#table.setCredit(index, isConnected ? Infinity : 0);
    this.#refresh(index);
  }

  /** Adds where its tasks went in the distribution that they were drawn from; nothing where there is none. */
  addDispatches(bins: Float64Array): void {
    this.#chooser.addDispatches?.(bins);
  }

  #sendTo(index: number): number {
    this.#chooser.picked(index);
    this.#count(index, 1);
    return this.#order.agent(index);
  }

  #pick(): number {
    const picked = this.#chooser.pick(this.#choice);
    const correlation = this.#avoids ? this.#correlation : null;
    if (correlation === null || !correlation.hasSuspects) return picked;
    return steerClear(picked, this.#look(correlation));
  }

  #look(correlation: FailureCorrelation): Look {
    const [pool, table, strategy] = [this.#pool, this.#table, this.#chooser];
    return { pool, table, strategy, choice: this.#choice, correlation };
  }

  #count(agent: number, tasks: number): void {
    this.#table.setInFlight(agent, this.#table.inFlight(agent) + tasks);
    this.#refresh(agent);
  }

  #refresh(agent: number): void {
    const isAble = this.#table.isAble(agent);
    if (isAble !== this.#table.isAvailable(agent)) {
      this.#table.setAvailable(agent, isAble);
      this.#pool.refresh(agent);
    }
    this.#chooser.changed(agent);
  }
}
