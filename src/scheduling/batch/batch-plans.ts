/**
 * Plans for tasks with wishes that wait: a window of each pool at a time, asked for and answered from outside.
 *
 * A question ({@link BatchPlans.nextWindow}) is plain numbers that a thread solves while work goes on; the
 * answer ({@link BatchPlans.take}) is followed only as far as its tasks still wait. A plan never keeps a slot
 * free and never lets fewer tasks go: it has two tasks with wishes that wait alike change places in their line.
 */
import { isGated, type Task } from '../../core/index.ts';
import type { AgentTable } from '../agent-table.ts';
import { isPicky } from '../avoided.ts';
import type { Pool } from '../pool.ts';
import { judgePlan, type Judgement } from './judge-plan.ts';
import type { Seats } from './seats.ts';
import { windowProblem, type WindowAgent, type WindowProblem } from './window-problem.ts';
import { WindowPlan } from './window-plan.ts';
import { groupOf, wishOf } from './wish-cost.ts';

/** Tasks and agents of a window, at most: what fits is built and judged in a few milliseconds. */
const TASKS_MAX = 128;
const AGENTS_MAX = 64;
/** Fewer tasks can change turns with nobody. */
const TASKS_MIN = 2;
/** A plan of which less is left makes room for the next one, and so does one older than this. */
const LEFT_SHARE_MIN = 0.75;
const AGE_MS_MAX = 10_000;
/** How often a task that was first in its line gives way; past that it goes next, plan or no plan. */
const PASSED_MAX = 8;

/** A question under way. */
export interface BatchWindow {
  readonly number: number;
  readonly problem: WindowProblem;
}

/** Tasks of a pool that wait, and what is planned for them. */
interface PoolPlan {
  /** In the order in which they came to wait, with how often each was passed over. */
  readonly waiting: Map<Task, number>;
  plan: WindowPlan | null;
  judgement: Judgement | null;
  /** Where the next window begins among the members. */
  firstMember: number;
  judgedAtMs: number;
}

interface Asked extends BatchWindow {
  readonly pool: Pool;
  readonly tasks: readonly Task[];
  readonly agentIds: readonly WindowAgent['id'][];
}

export class BatchPlans {
  readonly #table: AgentTable;
  readonly #seats: Seats;
  /** The pool whose turn is next comes first. */
  readonly #pools = new Map<Pool, PoolPlan>();
  readonly #poolOf = new Map<Task, Pool>();
  #asked: Asked | null = null;
  #numbers = 0;
  /** Tasks that went where a plan meant them, so far. */
  placed = 0;

  constructor(table: AgentTable, seats: Seats) {
    this.#table = table;
    this.#seats = seats;
  }

  /** Tasks that wait and may be planned for. */
  get waiting(): number {
    return this.#poolOf.size;
  }

  /** A task with wishes waits. One that passes gates, or is kept from some agents, is not planned for. */
  waits(task: Task, pool: Pool): void {
    if (this.#poolOf.has(task) || isGated(task) || isPicky(task)) return;
    let own = this.#pools.get(pool);
    if (own === undefined) {
      own = {
        waiting: new Map(),
        plan: null,
        judgement: null,
        firstMember: 0,
        judgedAtMs: -Infinity,
      };
      this.#pools.set(pool, own);
    }
    own.waiting.set(task, 0);
    this.#poolOf.set(task, pool);
  }

  /** A task waits no longer; one that is not known is ignored. */
  left(task: Task): void {
    const pool = this.#poolOf.get(task);
    if (pool === undefined) return;
    this.#poolOf.delete(task);
    const own = this.#pools.get(pool);
    own?.waiting.delete(task);
    own?.plan?.drop(task);
    if (own?.waiting.size === 0) this.#pools.delete(pool);
  }

  /** The plan that is followed for a pool, or null. */
  plan(pool: Pool, nowMs: number): WindowPlan | null {
    const plan = this.#pools.get(pool)?.plan ?? null;
    return plan === null || nowMs - plan.madeAtMs > AGE_MS_MAX ? null : plan;
  }

  /** What became of the last question about a pool, or null. */
  judgement(pool: Pool): Judgement | null {
    return this.#pools.get(pool)?.judgement ?? null;
  }

  /** Whether the first of its line may give way once more; counts it. */
  mayPass(head: Task, pool: Pool): boolean {
    const waiting = this.#pools.get(pool)?.waiting;
    const passed = waiting?.get(head);
    if (waiting === undefined || passed === undefined || passed >= PASSED_MAX) return false;
    waiting.set(head, passed + 1);
    return true;
  }

  /**
   * The next question, or null where none is worth asking now. One at a time: null, too, until the last one
   * was answered. O(pools with such tasks + tasks · agents of the window).
   */
  nextWindow(nowMs: number): BatchWindow | null {
    if (this.#asked !== null) return null;
    // A copy: a pool that was looked at goes to the end.
    for (const [pool, own] of Array.from(this.#pools)) {
      if (!this.#needsPlan(own, nowMs)) continue;
      const asked = this.#ask(pool, own);
      // Others have their turn first.
      this.#pools.delete(pool);
      this.#pools.set(pool, own);
      own.judgedAtMs = nowMs;
      if (asked === null) continue;
      this.#asked = asked;
      return { number: asked.number, problem: asked.problem };
    }
    return null;
  }

  /**
   * Answers the question: the agent of each task, or null where the solver has nothing. What is followed is
   * what {@link judgePlan} chooses; an answer to another question than the last is ignored.
   */
  take(number: number, found: ArrayLike<number> | null, nowMs: number): Judgement | null {
    const asked = this.#asked;
    if (asked?.number !== number) return null;
    this.#asked = null;
    const own = this.#pools.get(asked.pool);
    const judgement = judgePlan(asked.problem, found);
    if (own === undefined) return judgement;
    const { assignment } = judgement;
    const isWaiting = (task: Task): boolean => own.waiting.has(task);
    own.judgement = judgement;
    own.judgedAtMs = nowMs;
    own.plan =
      assignment === null
        ? null
        : new WindowPlan({ ...judgement, assignment }, asked, isWaiting, nowMs);
    return judgement;
  }

  #needsPlan({ judgedAtMs, plan, waiting }: PoolPlan, nowMs: number): boolean {
    if (waiting.size < TASKS_MIN) return false;
    if (nowMs - judgedAtMs > AGE_MS_MAX || nowMs < judgedAtMs) return true;
    if (plan !== null) return plan.left < plan.size * LEFT_SHARE_MIN;
    // Where there was nothing to plan or to follow, the same tasks need not be asked about at once.
    return nowMs - judgedAtMs > REJECTED_MS;
  }

  #ask(pool: Pool, own: PoolPlan): Asked | null {
    const agents = this.#agents(pool, own);
    if (agents.length < 2) return null;
    const tasks = [...take(own.waiting.keys(), TASKS_MAX)];
    const wanted = tasks.map((task) => {
      const wish = wishOf(task) ?? {};
      return { wish, group: groupOf(wish, task.profile.queue.name) };
    });
    const problem = windowProblem(wanted, agents, (group, id) => this.#seats.neighbours(group, id));
    this.#numbers += 1;
    const agentIds = agents.map(({ id }) => id);
    return { number: this.#numbers, problem, pool, tasks, agentIds };
  }

  /** Agents that take work, each window beginning where the last one ended. */
  #agents(pool: Pool, own: PoolPlan): WindowAgent[] {
    const agents: WindowAgent[] = [];
    const count = pool.numbersUsed;
    const looked = Math.min(count, AGENTS_MAX * 4);
    let member = own.firstMember;
    for (let i = 0; i < looked && agents.length < AGENTS_MAX; i++, member++) {
      if (member >= count) member = 0;
      const index = pool.agentOf(member);
      if (index < 0 || !this.#table.isServing(index)) continue;
      const { id, spec } = this.#table.agentAt(index);
      agents.push({ id, spec });
    }
    own.firstMember = count <= AGENTS_MAX ? 0 : member;
    return agents;
  }
}

/** How long it is left at a verdict that no plan is worth following. */
const REJECTED_MS = 1_000;

function* take<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let taken = 0;
  for (const item of items) {
    if (taken === count) return;
    taken += 1;
    yield item;
  }
}
