/**
 * Chooses agents for tasks that have wishes: the cheapest of those that are free, or as a plan has it.
 *
 * Owns: who of such tasks sits where, and the plans. The scheduler says what waits, goes and ends.
 */
import type { Rng } from '../../base/rng.ts';
import { isGated, type AgentId, type Task, type TaskPlacement } from '../../core/index.ts';
import type { AgentTable } from '../agent-table.ts';
import type { WishExplanation } from '../explanation.ts';
import type { Pool } from '../pool.ts';
import type { Pools } from '../pools.ts';
import { BatchPlans } from './batch-plans.ts';
import { Seats, type Chosen } from './seats.ts';
import type { Judgement } from './judge-plan.ts';
import { groupOf, wishCost, wishOf } from './wish-cost.ts';
import type { WindowPlan } from './window-plan.ts';

/** Available members that are compared, at most. */
const LOOKED_MAX = 64;

/** The member that a task is to go to, and how that was chosen. */
export interface ChosenMember extends Chosen {
  readonly member: number;
}

/** Who takes a slot. */
export interface Turn extends ChosenMember {
  readonly task: Task;
}

/** What a choice is made from. */
export interface Offer {
  readonly pool: Pool;
  /** The member that the strategy picked: it is taken where none is cheaper. */
  readonly picked: number;
  readonly rng: Rng;
  readonly nowMs: number;
}

export class Wishes {
  readonly seats: Seats = new Seats();
  /** Null where nothing is planned. */
  readonly plans: BatchPlans | null;
  readonly #table: AgentTable;
  readonly #pools: Pools;

  constructor(table: AgentTable, pools: Pools, isPlanning: boolean) {
    this.#table = table;
    this.#pools = pools;
    this.plans = isPlanning ? new BatchPlans(table, this.seats) : null;
  }

  /** The cheapest of the available members, as far as they are looked at. O(64 · labels of the wish). */
  cheapest(wish: TaskPlacement, group: string | null, { picked, pool, rng }: Offer): ChosenMember {
    const count = pool.availableCount;
    const start = count <= LOOKED_MAX ? 0 : Math.floor(rng.unit() * count);
    const looked = Math.min(count, LOOKED_MAX);
    let member = picked;
    let cost = this.#cost(wish, group, pool, picked);
    for (let i = 0; i < looked; i++) {
      const other = pool.availableAt((start + i) % count);
      const its = this.#cost(wish, group, pool, other);
      if (its < cost) [member, cost] = [other, its];
    }
    const reason = `it cost ${round(cost)} by the wishes of the task, the least of ${looked} available`;
    return { member, group, choosing: { by: 'greedy', reason, cost } };
  }

  /**
   * Who takes a slot now, `head` being first in the line: itself where the plan means it for an available
   * agent; else on its cheapest agent the task that the plan means for that, if it waits in the same lane, or itself.
   */
  turn(head: Task, offer: Offer): Turn {
    const { nowMs, pool } = offer;
    // A limit that its queue got while it waited knows who is first: there nobody changes places.
    const plan = isGated(head) ? null : (this.plans?.plan(pool, nowMs) ?? null);
    const planned = plan?.agentOf(head) ?? null;
    if (plan !== null && planned !== null) {
      const member = this.#availableMember(pool, planned);
      if (member >= 0) return this.#asPlanned(plan, { task: head, member }, pool);
    }
    const cheapest = this.cheapest(wishOf(head) ?? {}, groupOfTask(head), offer);
    const agentId = this.#agentId(pool, cheapest.member);
    const other = plan?.firstFor(agentId, head) ?? null;
    if (plan === null || other === null || this.plans?.mayPass(head, pool) !== true) {
      return { task: head, ...cheapest };
    }
    return this.#asPlanned(plan, { task: other, member: cheapest.member }, pool);
  }

  /** How the agent of a task with wishes was chosen, or what is planned for one that waits; null without wishes. */
  explain(task: Task, pool: Pool, nowMs: number): WishExplanation | null {
    if (wishOf(task) === null) return null;
    const choosing = this.seats.choosing(task.id);
    if (choosing !== null) return { ...choosing, agentId: task.agentId };
    const unplanned = { by: null, cost: null, agentId: null };
    if (task.state !== 'queued') {
      const reason =
        task.agentId === null ? `it is ${task.state}` : 'it was placed before this process led';
      return { ...unplanned, reason };
    }
    if (this.plans === null) return { ...unplanned, reason: 'no plan: planning is off' };
    const plan = this.plans.plan(pool, nowMs);
    const agentId = plan?.agentOf(task) ?? null;
    if (plan !== null && agentId !== null) {
      return {
        by: 'plan',
        cost: null,
        agentId,
        reason: `meant for ${agentId}, as ${sumsOf(plan)}`,
      };
    }
    return { ...unplanned, reason: whyNot(this.plans.judgement(pool)) };
  }

  #asPlanned(plan: WindowPlan, turn: Pick<Turn, 'task' | 'member'>, pool: Pool): Turn {
    const { task } = turn;
    if (this.plans !== null) this.plans.placed += 1;
    const group = groupOfTask(task);
    const cost = this.#cost(wishOf(task) ?? {}, group, pool, turn.member);
    const reason = `it cost ${round(cost)} by the wishes of the task, as ${sumsOf(plan)}`;
    return { ...turn, group, choosing: { by: 'plan', reason, cost } };
  }

  /** The agent's number in the pool where it can be given a task there now, else -1. O(pools of the agent). */
  #availableMember(pool: Pool, agentId: AgentId): number {
    const index = this.#table.indexOf(agentId);
    if (index < 0 || !this.#table.isAvailable(index)) return -1;
    const { links } = this.#pools;
    for (let link = links.first(index); link >= 0; link = links.next(link)) {
      if (links.poolOf(link) === pool) return links.memberOf(link);
    }
    return -1;
  }

  #cost(wish: TaskPlacement, group: string | null, pool: Pool, member: number): number {
    const { id, spec } = this.#table.agentAt(pool.agentOf(member));
    return wishCost(wish, spec, this.seats.neighbours(group, id));
  }

  #agentId(pool: Pool, member: number): AgentId {
    return this.#table.agentAt(pool.agentOf(member)).id;
  }
}

function groupOfTask(task: Task): string | null {
  const wish = wishOf(task);
  return wish === null ? null : groupOf(wish, task.profile.queue.name);
}

function sumsOf({ agents, judgement, size }: WindowPlan): string {
  const { cost, greedyCost, source } = judgement;
  const by = source === 'solver' ? 'the solver' : 'taking the cheapest in turn';
  return `a plan by ${by} of ${size} tasks on ${agents} agents has it: it costs ${round(cost)} in all, first come ${round(greedyCost)}`;
}

function whyNot(judgement: Judgement | null): string {
  if (judgement === null) return 'no plan: none was made yet, or too few tasks or agents are alike';
  const { assignment, greedyCost } = judgement;
  if (assignment !== null) return 'no plan: it was not among the first when the last one was made';
  return `no plan: none costs less than first come, which costs ${round(greedyCost)} in all`;
}

function round(cost: number): number {
  return Math.round(cost * 1_000) / 1_000;
}
