/**
 * The scheduler's mirror of core's agents: their records, their pools, what was learned of them, and which
 * of them run ahead of core because of the batch at hand.
 *
 * Owns: which agents are available. Does not own: tasks, and what the batch proposes for them.
 */
import { invariant } from '../base/invariant.ts';
import type { Agent, AgentId, StrategyName, Task } from '../core/index.ts';
import type { AgentTable } from './agent-table.ts';
import { otherMember } from './avoided.ts';
import type { Interference } from './born/interference.ts';
import { FailureCorrelation } from './correlation/failure-correlation.ts';
import { steerClear, type Look } from './correlation/steer-clear.ts';
import type { KeptApart } from './kept-apart.ts';
import { Latency } from './latency.ts';
import type { Pool } from './pool.ts';
import { Pools } from './pools.ts';
import type { Choice, Strategy } from './strategy.ts';
import type { Waiting } from './waiting.ts';

/** How long an agent took of late, as {@link Latency} keeps it, and when it was heard of. */
export type AgentSpeed = readonly [id: string, estimateMs: number, heardAt: number];

export interface AgentMirrorOptions {
  readonly table: AgentTable;
  readonly waiting: Waiting;
  readonly interference: Interference | null;
  /** Agents that a new pool, or a strategy new to it, takes in at once; defaults without it. */
  readonly buildSlice: number | undefined;
  /** Somebody else may take tasks now than before. */
  readonly othersAble: () => void;
}

export class AgentMirror {
  readonly pools: Pools;
  readonly correlation: FailureCorrelation;
  readonly #options: AgentMirrorOptions;
  readonly #table: AgentTable;
  readonly #latency = new Latency();
  /** Recalled speeds of agents that did not register yet. */
  readonly #recalled = new Map<string, AgentSpeed>();
  /** Agents whose mirror runs ahead of core because of the batch at hand. */
  #ahead: number[] = [];
  #availableCount = 0;
  /** Whether some strategy must hear of every change of load. */
  #hasStateful = false;
  /** Whether some strategy learns from how attempts end. */
  #hasLearning = false;

  constructor(options: AgentMirrorOptions) {
    const { buildSlice, interference, table, waiting } = options;
    this.#options = options;
    this.#table = table;
    const shared = { latency: this.#latency, interference, takenAtOnce: buildSlice };
    this.pools = new Pools(table, waiting, shared, buildSlice);
    this.correlation = new FailureCorrelation(table, this.pools.offers);
  }

  /** Ready, with a free slot and credit. */
  get availableCount(): number {
    return this.#availableCount;
  }

  /** Takes over an agent that registered or changed. O(its pools). */
  changed(agent: Agent): void {
    const known = this.#table.indexOf(agent.id);
    const index = known < 0 ? this.#table.add(agent) : known;
    if (known < 0) {
      this.#latency.reset(index);
      if (this.#recalled.size > 0) this.#recall(agent.id, index);
      this.correlation.forget(index);
      this.pools.attach(index, agent.spec);
    } else {
      this.pools.move(index, agent.spec);
      const wasLost = this.#table.isLost(index);
      const wasReady = this.#table.isReady(index);
      this.#table.update(index, agent);
      if (wasReady !== this.#table.isReady(index)) this.#countReady(index, wasReady ? -1 : 1);
      this.correlation.changed(index, agent, wasLost);
    }
    this.#refresh(index);
    this.#options.othersAble();
  }

  /** Forgets an agent and its credit. O(its pools). */
  removed(agent: Agent): void {
    const index = this.#table.indexOf(agent.id);
    if (index < 0) return;
    this.#table.setCredit(index, 0);
    this.#refresh(index);
    this.pools.detach(index);
    this.correlation.forget(index);
    this.#table.remove(index);
    this.#options.othersAble();
  }

  setCredit(agentId: AgentId, credit: number): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    this.#table.setCredit(index, credit);
    this.#refresh(index);
  }

  /** Learns from an attempt that ended: how long it ran and whether it completed. */
  observe(agentId: AgentId, runMs: number, ok: boolean, nowMs: number): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    this.#latency.observe(index, runMs, ok, nowMs);
    this.correlation.ended(index, ok, nowMs);
    if (!this.#hasLearning) return;
    const outcome = { runMs, ok, nowMs };
    const { links } = this.pools;
    for (let link = links.first(index); link >= 0; link = links.next(link)) {
      links.poolOf(link).strategies.observed(links.memberOf(link), outcome);
    }
  }

  get meanRunMs(): number {
    return this.#latency.meanMs;
  }

  /** One look at each agent: how fast it is, or null where that is as expected. */
  *speeds(nowMs: number): Generator<AgentSpeed | null> {
    for (const index of this.#table.indices()) {
      const known = this.#latency.known(index, nowMs);
      yield known === null ? null : [this.#table.agentAt(index).id, ...known];
    }
  }

  /** Takes over what an earlier mirror knew; of agents that are not here, once they come. O(speeds). */
  recallSpeeds(meanMs: number, speeds: Iterable<AgentSpeed | null>): void {
    this.#latency.recallMean(meanMs);
    for (const speed of speeds) {
      if (speed === null) continue;
      const [id, estimateMs, heardAt] = speed;
      const index = this.#table.indexOf(id as AgentId);
      if (index < 0) this.#recalled.set(id, speed);
      else this.#latency.recall(index, estimateMs, heardAt);
    }
  }

  #recall(id: AgentId, index: number): void {
    const speed = this.#recalled.get(id);
    if (speed === undefined) return;
    this.#recalled.delete(id);
    this.#latency.recall(index, speed[1], speed[2]);
  }

  /** The pool's strategy of that name; from its first use it hears what it must. */
  strategy(pool: Pool, name: StrategyName): Strategy {
    const { strategies } = pool;
    const strategy = strategies.get(name);
    if (strategies.isStateful) this.#hasStateful = true;
    if (strategies.isJoining) this.pools.joining(pool);
    if (strategy.observed !== undefined) this.#hasLearning = true;
    return strategy;
  }

  /** The member that should get a task, whoever it is; none of a domain that fails as a whole, if it can be. */
  pick(pool: Pool, strategyName: StrategyName, choice: Choice): number {
    const member = this.strategy(pool, strategyName).pick(choice);
    invariant(pool.isAvailable(member), () => `${strategyName} picks an available agent`);
    if (!this.correlation.hasSuspects) return member;
    return steerClear(member, this.#look(pool, strategyName, choice));
  }

  /** The one instead of `member` that should get this task; -1 where it must wait for another one. */
  other(pool: Pool, member: number, picky: Task, by: { choice: Choice; apart: KeptApart }): number {
    const look = this.#look(pool, picky.profile.queue.settings.strategy, by.choice);
    return otherMember(picky, member, { ...look, apart: by.apart.of(picky) });
  }

  /** Holds a proposal as if it were granted. */
  assign(pool: Pool, strategyName: StrategyName, member: number): AgentId {
    const table = this.#table;
    this.strategy(pool, strategyName).picked(member);
    const index = pool.agentOf(member);
    table.setInFlight(index, table.inFlight(index) + 1);
    table.lendCredit(index);
    this.#runAhead(index);
    this.#refresh(index);
    return table.agentAt(index).id;
  }

  /** Counts a slot as free that the batch will free. */
  expectFree(agentId: AgentId): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    // Whether what ends is a probe of its breaker, core will say: until then nothing more goes there.
    const freed = this.#table.isHeldBack(index) ? 0 : 1;
    this.#table.setInFlight(index, Math.max(0, this.#table.inFlight(index) - freed));
    this.#runAhead(index);
    this.#refresh(index);
  }

  /** Takes an agent with an open breaker over again once the batch is applied. */
  lookAgain(agentId: AgentId): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0 || !this.#table.isHeldBack(index)) return;
    this.#runAhead(index);
  }

  /** Takes the tasks in flight over from core's record. */
  resync(agentId: AgentId): void {
    const index = this.#table.indexOf(agentId);
    if (index >= 0) this.#catchUp(index);
  }

  /** Takes back a proposal that core refused. */
  refused(agentId: AgentId): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    this.#table.returnCredit(index);
    this.#catchUp(index);
  }

  /** Drops what was expected of the last batch. O(its assignments). */
  batchApplied(): void {
    const ahead = this.#ahead;
    this.#ahead = [];
    for (const index of ahead) {
      this.#table.spendCredit(index);
      if (this.#table.isAhead(index)) this.#catchUp(index);
    }
  }

  #look(pool: Pool, strategyName: StrategyName, choice: Choice): Look {
    const strategy = this.strategy(pool, strategyName);
    return { pool, table: this.#table, strategy, choice, correlation: this.correlation };
  }

  #runAhead(index: number): void {
    this.#table.setAhead(index, true);
    this.#ahead.push(index);
  }

  #catchUp(index: number): void {
    this.#table.setAhead(index, false);
    this.#table.catchUp(index);
    this.#refresh(index);
  }

  #countReady(index: number, by: 1 | -1): void {
    const { links } = this.pools;
    for (let link = links.first(index); link >= 0; link = links.next(link)) {
      links.poolOf(link).countReady(by);
    }
  }

  /** Tells the pools of the agent what changed about it. O(1) where only its load did. */
  #refresh(index: number): void {
    const table = this.#table;
    const able = table.isAble(index);
    const flipped = able !== table.isAvailable(index);
    if (flipped) {
      table.setAvailable(index, able);
      this.#availableCount += able ? 1 : -1;
      if (able) this.#options.othersAble();
    } else if (!this.#hasStateful) {
      return;
    }
    const { links } = this.pools;
    for (let link = links.first(index); link >= 0; link = links.next(link)) {
      const pool = links.poolOf(link);
      pool.refresh(links.memberOf(link));
      if (flipped) this.#options.waiting.poolChanged(pool);
    }
  }
}
