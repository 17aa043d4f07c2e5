/**
 * Who runs what: the leader's soft mirror of core that proposes assignments; core only checks them.
 *
 * Owns: pools of agents, waiting lanes, strategies, credit.
 * Does not own: what is true (core), who is connected (runtime), time and chance (arguments, seed).
 *
 * One batch at a time: `place` runs before a batch is appended, the events of the batch come back
 * after core applied it. Between the two the mirror holds the proposals as if they were granted;
 * every event about an agent, every refusal and the next `place` set it right from core's record.
 */
import { invariant } from '../base/invariant.ts';
import { Rng } from '../base/rng.ts';
import {
  slotsUsed,
  type Agent,
  type AgentId,
  type Queue,
  type StrategyName,
  type Task,
  type TaskId,
} from '../core/index.ts';
import { isPicky, otherMember } from './avoided.ts';
import { AgentTable } from './agent-table.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explanation.ts';
import { Latency } from './latency.ts';
import type { Arrival, Placement, PlaceRequest, SchedulerCounts } from './placement.ts';
import type { Pool } from './pool.ts';
import { Pools } from './pools.ts';
import type { Choice, Strategy } from './strategy.ts';
import { Waiting } from './waiting.ts';

export class Scheduler {
  readonly #table = new AgentTable();
  readonly #latency = new Latency();
  readonly #waiting = new Waiting();
  readonly #pools = new Pools(this.#table, this.#waiting, this.#latency);
  readonly #choice: Choice;
  /** Queued tasks that wait for another agent than those that could take them now. They hold up nobody. */
  readonly #parked = new Set<Task>();
  /** Agents whose mirror runs ahead of core because of the batch at hand. */
  #ahead: number[] = [];
  #availableCount = 0;
  /** Whether some strategy must hear of every change of load. */
  #hasStateful = false;

  constructor(options: { readonly seed: number }) {
    this.#choice = { key: '', rng: Rng.fromSeed(options.seed), nowMs: 0 };
  }

  /** Takes over an agent that registered or changed. O(its pools); a new agent has no credit. */
  agentChanged(agent: Agent): void {
    const known = this.#table.indexOf(agent.id);
    const index = known < 0 ? this.#table.add(agent) : known;
    if (known < 0) {
      this.#latency.reset(index);
      this.#pools.attach(index, agent.spec);
    } else {
      if (this.#table.specs[index] !== agent.spec) this.#pools.move(index, agent.spec);
      this.#table.update(index, agent);
    }
    this.#refresh(index);
    if (this.#parked.size > 0) this.#unpark();
  }

  /** Forgets an agent and its credit. O(its pools). */
  agentRemoved(agent: Agent): void {
    const index = this.#table.indexOf(agent.id);
    if (index < 0) return;
    this.#table.setCredit(index, 0);
    this.#refresh(index);
    this.#pools.detach(index);
    this.#table.remove(index);
    if (this.#parked.size > 0) this.#unpark();
  }

  /**
   * Says how many further leases may be handed to the agent now: infinity for a push connection, 0
   * for one that is gone or does not ask, else what it asked for. Each proposal takes one off.
   *
   * An agent that is not known is ignored: give credit after `agentChanged`.
   */
  setCredit(agentId: AgentId, credit: number): void {
    invariant(credit >= 0, () => `credit must be at least 0, got ${credit}`);
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    this.#table.setCredit(index, credit);
    this.#refresh(index);
  }

  /**
   * Lets a task wait for an agent. One that waits already is left where it is, and one that is not
   * `queued` any more (a later event of the same batch moved it on) is ignored.
   */
  taskWaiting(task: Task): void {
    if (task.state !== 'queued') return;
    const { signature, spec } = task.profile;
    this.#waiting.add(task, this.#pools.ensure(signature, spec.requires));
  }

  /** Lets a task wait no longer; one that does not wait is ignored. O(1) amortised. */
  taskLeft(task: Task): void {
    this.#waiting.remove(task);
    if (this.#parked.size > 0) this.#parked.delete(task);
  }

  leaseGranted(agent: Agent): void {
    this.#resync(agent.id);
  }

  leaseEnded(agent: Agent): void {
    this.#resync(agent.id);
  }

  queueChanged(queue: Queue): void {
    this.#waiting.queueChanged(queue);
  }

  /**
   * Proposes assignments for the batch at hand.
   *
   * Waiting tasks go first, the best over all pools with an available agent (priority, then age);
   * freed slots count as available. Arrivals come after, by priority, then in their order; one never
   * overtakes a waiting task of its pool and queue. O(log n) an assignment at most.
   */
  place(request: PlaceRequest): Placement {
    this.batchApplied();
    this.#choice.nowMs = request.nowMs;
    for (const id of request.freed) this.#expectFree(id);
    const placement: Placement = { taskIds: [], agentIds: [] };
    while (placement.taskIds.length < request.assignmentsMax) {
      const pool = this.#waiting.next;
      if (pool === undefined) break;
      const { task, lane } = this.#waiting.take(pool);
      this.#choice.key = task.affinityKey ?? task.id;
      const agentId = this.#assign(pool, lane.strategy, isPicky(task) ? task : null);
      if (agentId === null) {
        this.#parked.add(task);
        continue;
      }
      placement.agentIds.push(agentId);
      placement.taskIds.push(task.id);
    }
    this.#placeArrivals(request, placement);
    return placement;
  }

  /**
   * Drops what was expected of the last batch, now that its events were fed: a completion that core
   * refused has no event, and its slot would pass for free. The next `place` does it too; call it
   * where `hasWork`, `counts` and `explain` must be exact before. O(assignments of the batch).
   */
  batchApplied(): void {
    const ahead = this.#ahead;
    this.#ahead = [];
    for (const index of ahead) {
      this.#table.spendCredit(index);
      if (this.#table.isAhead(index)) this.#catchUp(index);
    }
  }

  /** Takes back a proposal that core refused; its task comes back through `taskWaiting`. */
  refused(_taskId: TaskId, agentId: AgentId): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    this.#table.returnCredit(index);
    this.#resync(agentId);
  }

  /** Learns from an attempt that ended: how long it ran and whether it completed. */
  observe(agentId: AgentId, runMs: number, ok: boolean, nowMs: number): void {
    const index = this.#table.indexOf(agentId);
    if (index >= 0) this.#latency.observe(index, runMs, ok, nowMs);
  }

  /** Whether `place` would propose something even without commands. */
  hasWork(): boolean {
    return this.#waiting.next !== undefined;
  }

  /**
   * Why a task is where it is, and what the strategy would do with it now. Changes no later choice.
   *
   * O(members of its pool); builds the pool where no task has asked for it yet.
   */
  explain(task: Task, nowMs: number): Explanation {
    const { queue, signature, spec } = task.profile;
    const pool = this.#pools.ensure(signature, spec.requires);
    const strategy = this.#strategy(pool, queue.settings.strategy);
    const { rng } = this.#choice;
    const { offers } = this.#pools;
    return explain(task, { pool, strategy, table: this.#table, offers, rng, nowMs });
  }

  /** When the oldest task of a queue that may start became ready, or null. O(its pools). */
  oldestReadyAt(queueName: string): number | null {
    return this.#waiting.oldestReadyAt(queueName);
  }

  /** Throws where the parts of the scheduler disagree. O(agents · pools); for tests. */
  checkInvariants(): void {
    this.#pools.checkInvariants();
  }

  counts(): SchedulerCounts {
    return {
      agents: this.#table.size,
      availableAgents: this.#availableCount,
      pools: this.#pools.size,
      lanes: this.#waiting.laneCount,
      waiting: this.#waiting.size + this.#parked.size,
    };
  }

  #placeArrivals({ arrivals, assignmentsMax }: PlaceRequest, placement: Placement): void {
    let profile: Arrival['profile'] | null = null;
    let pool: Pool | null = null;
    for (const arrival of byPriority(arrivals)) {
      if (placement.taskIds.length >= assignmentsMax) return;
      if (pool === null || profile !== arrival.profile) {
        profile = arrival.profile;
        pool = this.#pools.ensure(profile.signature, profile.requires);
      }
      if (profile.paused || pool.availableCount === 0) continue;
      if ((pool.lanes.get(profile.queueName)?.size ?? 0) > 0) continue;
      this.#choice.key = arrival.affinityKey ?? arrival.id;
      placement.agentIds.push(this.#assign(pool, profile.strategy, null) as AgentId);
      placement.taskIds.push(arrival.id);
    }
  }

  /**
   * Lets tasks wait again that must not go to the agents they failed on: somebody else may be there now,
   * or nobody else any more. O(such tasks), when an agent changes or becomes available.
   */
  #unpark(): void {
    const tasks = [...this.#parked];
    this.#parked.clear();
    for (const task of tasks) this.taskWaiting(task);
  }

  #strategy(pool: Pool, name: StrategyName): Strategy {
    const strategy = pool.strategy(name);
    if (strategy.stateful) this.#hasStateful = true;
    return strategy;
  }

  /** Null where the task must wait for an agent that is none of those it failed on. */
  #assign(pool: Pool, strategyName: StrategyName, picky: Task | null): AgentId | null {
    const table = this.#table;
    const strategy = this.#strategy(pool, strategyName);
    let member = strategy.pick(this.#choice);
    if (picky !== null) {
      member = otherMember(picky, member, { pool, table, rng: this.#choice.rng });
      if (member < 0) return null;
    }
    invariant(pool.isAvailable(member), () => `${strategyName} picks an available agent`);
    strategy.picked(member);
    const index = pool.agentOf(member);
    table.setInFlight(index, table.inFlight(index) + 1);
    table.lendCredit(index);
    this.#table.setAhead(index, true);
    this.#ahead.push(index);
    this.#refresh(index);
    return table.agentAt(index).id;
  }

  #expectFree(agentId: AgentId): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    this.#table.setInFlight(index, Math.max(0, this.#table.inFlight(index) - 1));
    this.#table.setAhead(index, true);
    this.#ahead.push(index);
    this.#refresh(index);
  }

  #resync(agentId: AgentId): void {
    const index = this.#table.indexOf(agentId);
    if (index < 0) return;
    this.#catchUp(index);
  }

  /** Takes the tasks in flight over from core's record. */
  #catchUp(index: number): void {
    this.#table.setAhead(index, false);
    this.#table.setInFlight(index, slotsUsed(this.#table.agentAt(index)));
    this.#refresh(index);
  }

  /** Tells the pools of the agent what changed about it. O(1) where only its load did. */
  #refresh(index: number): void {
    const table = this.#table;
    const able = table.isAble(index);
    const flipped = able !== table.isAvailable(index);
    if (flipped) {
      table.setAvailable(index, able);
      this.#availableCount += able ? 1 : -1;
      if (able && this.#parked.size > 0) this.#unpark();
    } else if (!this.#hasStateful) {
      return;
    }
    const { links } = this.#pools;
    for (let link = links.first(index); link >= 0; link = links.next(link)) {
      const pool = links.poolOf(link);
      pool.refresh(links.memberOf(link));
      if (flipped) this.#waiting.poolChanged(pool);
    }
  }
}

/** Arrivals by priority, then in their order; the same list where all are alike. */
function byPriority(arrivals: readonly Arrival[]): readonly Arrival[] {
  const priority = arrivals[0]?.profile.priority;
  if (arrivals.every((arrival) => arrival.profile.priority === priority)) return arrivals;
  return arrivals.toSorted((a, b) => b.profile.priority - a.profile.priority);
}
