/**
 * Who runs what: the leader's soft mirror of core that proposes assignments; core only checks them.
 *
 * Owns: pools of agents, waiting lanes, strategies, credit.
 * Does not own: what is true (core), who is connected (runtime), time and chance (arguments, seed).
 *
 * One batch at a time: `place` runs before a batch is appended, its events come back after core applied it. Between the two
 * the mirror holds the proposals as if granted; events about agents, refusals and the next `place` set it right from core's record.
 */
import type { HeldGates } from './gates.ts';
import { invariant } from '../base/invariant.ts';
import { Rng } from '../base/rng.ts';
import {
  costOf,
  costOfTask,
  FAIRNESS_DEFAULT,
  isGated,
  type Agent,
  type AgentId,
  type FairnessSettings,
  type Gate,
  type Queue,
  type Task,
  type TaskId,
} from '../core/index.ts';
import { AgentMirror, type AgentSpeed } from './agent-mirror.ts';
import { isPicky } from './avoided.ts';
import { AgentTable } from './agent-table.ts';
import type { AgentSums } from './agent-tally.ts';
import { lineOfArrivals } from './line-of-arrivals.ts';
import type { BatchPlans } from './batch/batch-plans.ts';
import { groupOf, wishOf } from './batch/wish-cost.ts';
import { Wishes, type Offer, type Turn } from './batch/wishes.ts';
import { bornStatus, type BornStatus } from './born/born-status.ts';
import type { Interference } from './born/interference.ts';
import type { CorrelationReport } from './correlation/correlation-report.ts';
import { explain } from './explain.ts';
import type { Explanation, ShareView } from './explanation.ts';
import { FairShares, isShareBefore, type FairShare } from './fair-share.ts';
import { hasCopies, KeptApart, type Barred } from './kept-apart.ts';
import type { Lane } from './lane.ts';
import { laneKey } from './lane-key.ts';
import type { Arrival, Placement, PlaceRequest, SchedulerCounts } from './placement.ts';
import type { Pool } from './pool.ts';
import type { Pools } from './pools.ts';
import { forgetQueueMirror, queueMirror } from './queue-mirror.ts';
import { RunningShares } from './running-shares.ts';
import { SharesLent } from './shares-lent.ts';
import type { Choice } from './strategy.ts';
import { Waiting } from './waiting.ts';
import type { WaitingTask } from './waiting-line.ts';

export class Scheduler {
  readonly #table: AgentTable;
  readonly #shares: FairShares;
  readonly #waiting: Waiting;
  readonly #running: RunningShares;
  readonly #agents: AgentMirror;
  readonly #pools: Pools;
  readonly #choice: Choice;
  /** Queued tasks that wait for another agent than those that could take them now. They hold up nobody. */
  readonly #parked = new Set<Task>();
  /** Whether one share has all the work: then what the batch will change about shares does not matter. */
  #isAlone = true;
  readonly #lend = new SharesLent();
  readonly #apart: KeptApart;
  readonly #wishes: Wishes;
  #arrivalProfile: Arrival['profile'] | null = null;
  #arrivalPool: Pool | null = null;

  /**
   * @param options.barred - agents that a copy must not go to; without it there are none
   * @param options.buildSlice - agents that a new pool, or a strategy new to it, takes in at once
   * @param options.interference - lets amplitudes of the Born strategies interfere; off without it
   * @param options.plans - lets waiting tasks with wishes be planned for; see {@link Scheduler.plans}
   */
  constructor(options: {
    readonly seed: number;
    readonly fairness?: FairnessSettings;
    readonly barred?: Barred;
    readonly interference?: Interference;
    readonly buildSlice?: number;
    readonly plans?: boolean;
  }) {
    this.#table = new AgentTable(options.seed);
    this.#apart = new KeptApart(this.#table, options.barred ?? (() => null));
    this.#shares = new FairShares(options.fairness ?? FAIRNESS_DEFAULT);
    this.#waiting = new Waiting(this.#shares);
    this.#running = new RunningShares(this.#shares, this.#waiting.gates);
    this.#agents = new AgentMirror({
      table: this.#table,
      waiting: this.#waiting,
      interference: options.interference ?? null,
      buildSlice: options.buildSlice,
      othersAble: () => this.#unpark(),
    });
    this.#pools = this.#agents.pools;
    this.#wishes = new Wishes(this.#table, this.#pools, options.plans === true);
    this.#choice = { key: '', rng: Rng.fromSeed(options.seed), nowMs: 0, isDecision: true };
  }

  /** Makes room for so many agents in one step. */
  reserveAgents(count: number): void {
    this.#table.reserve(count);
  }

  /** Plans for waiting tasks with wishes, to be solved outside; null where they are off. */
  get plans(): BatchPlans | null {
    return this.#wishes.plans;
  }

  /** Takes over an agent that registered or changed. O(its pools); a new agent has no credit. */
  agentChanged(agent: Agent): void {
    this.#agents.changed(agent);
  }

  /** Forgets an agent and its credit. O(its pools). */
  agentRemoved(agent: Agent): void {
    this.#agents.removed(agent);
  }

  /**
   * Says how many further leases may be handed to the agent now: infinity for a push connection, 0
   * for one that is gone or does not ask, else what it asked for. Each proposal takes one off.
   *
   * An agent that is not known is ignored: give credit after `agentChanged`.
   */
  setCredit(agentId: AgentId, credit: number): void {
    invariant(credit >= 0, () => `credit must be at least 0, got ${credit}`);
    this.#agents.setCredit(agentId, credit);
  }

  /**
   * Lets a task wait for an agent. One that waits already is left where it is, and one that is not
   * `queued` any more (a later event of the same batch moved it on) is ignored.
   */
  taskWaiting(task: Task): void {
    queueMirror(this.#shares, task.profile.queue);
    this.#count(task);
    if (task.state !== 'queued') return;
    const { signature, spec } = task.profile;
    const pool = this.#pools.ensure(signature, spec.requires);
    this.#waiting.add(task, pool);
    if (wishOf(task) !== null) this.#wishes.plans?.waits(task, pool);
  }

  /** Lets a task wait no longer; one that does not wait is ignored. O(1) amortised. */
  taskLeft(task: Task): void {
    this.#count(task);
    this.#removeWaiting(task);
    if (this.#parked.size > 0) this.#parked.delete(task);
  }

  /** A task got an agent; where another process proposed that, it waits here no more. */
  leaseGranted(agent: Agent, task: Task): void {
    if (task.waiting !== null) this.#removeWaiting(task);
    this.#count(task);
    this.#agents.resync(agent.id);
  }

  /** @param agent - null for one that is not registered any more */
  leaseEnded(agent: Agent | null, task: Task): void {
    this.#count(task);
    // Others of its copies may go where it was.
    if (hasCopies(task)) this.#unpark();
    if (agent !== null) this.#agents.resync(agent.id);
  }

  queueChanged(queue: Queue): void {
    queueMirror(this.#shares, queue);
    this.#waiting.queueChanged(queue);
  }

  /** Forgets an empty queue: its lanes, its gate, and its namespace's share with the last one of that. */
  queueRemoved(queue: Queue): void {
    this.#waiting.queueRemoved(queue);
    forgetQueueMirror(this.#shares, queue);
  }

  /** Something else than the attempts that pass it changed about a gate. O(keys that it holds up). */
  gateChanged(gate: Gate): void {
    this.#waiting.gates.wake(gate);
  }

  /** Tasks pass it no more. O(lanes that it holds). */
  gateRemoved(gate: Gate): void {
    this.#waiting.gates.removed(gate);
  }

  /** Takes over weights and costs; what runs keeps the cost it started with. */
  fairnessChanged(settings: FairnessSettings): void {
    this.#shares.change(settings);
  }

  /**
   * Proposes assignments for the batch at hand.
   *
   * Namespaces are served by what runs of theirs: the one with the least, by weight, goes first; in
   * it priority, then the fairness key with the least, then age decide, over all pools with an
   * available agent; freed slots count as available. Of one namespace waiting tasks go before arrivals,
   * and no arrival overtakes a waiting task of its lane. What a closed gate holds is passed over.
   * O(log n) an assignment at most.
   */
  place(request: PlaceRequest): Placement {
    this.batchApplied();
    this.#pools.buildOn();
    this.#choice.nowMs = request.nowMs;
    this.#waiting.gates.nowMs = request.nowMs;
    for (const id of request.freed) this.#agents.expectFree(id);
    const placement: Placement = { taskIds: [], agentIds: [] };
    const line =
      request.arrivals.length === 0 ? null : lineOfArrivals(request.arrivals, this.#shares);
    this.#isAlone = this.#shares.isAlone;
    for (const task of request.ended) this.#expectEnd(task);
    this.#waiting.gates.openDue();
    this.#arrivalProfile = null;
    if (request.arrivals.length > 1) this.#foresee(request.arrivals);
    while (placement.taskIds.length < request.assignmentsMax) {
      const lane = this.#waiting.next();
      const arrival = line?.head;
      if (line != null && arrival !== undefined && isArrivalFirst(line.share, lane)) {
        this.#placeArrival(arrival, line.share, placement);
        line.drop();
      } else if (lane !== undefined) {
        const share = this.#placeWaiting(lane, placement);
        if (share !== null) line?.changed(share);
      } else break;
    }
    return placement;
  }

  /**
   * Drops what was expected of the last batch, now that its events were fed: a completion that core
   * refused has no event, and its slot would pass for free. The next `place` does it too; call it
   * where `hasWork`, `counts` and `explain` must be exact before. O(assignments of the batch).
   */
  batchApplied(): void {
    this.#agents.batchApplied();
    this.#lend.settle();
    this.#apart.settle();
    this.#wishes.seats.settle();
    this.#running.batchApplied();
  }

  /** Takes back a proposal that core refused; its task comes back through `taskWaiting`. */
  refused(taskId: TaskId, agentId: AgentId): void {
    this.#lend.refused(taskId);
    this.#wishes.seats.leave(taskId);
    this.#agents.refused(agentId);
  }

  /** Learns from an attempt that ended: how long it ran and whether it completed. */
  observe(agentId: AgentId, runMs: number, ok: boolean, nowMs: number): void {
    this.#agents.observe(agentId, runMs, ok, nowMs);
  }

  /** Mean run of completed attempts of all agents, in milliseconds; 0 before the first. */
  get meanRunMs(): number {
    return this.#agents.meanRunMs;
  }

  /** How long each agent takes, or null where that is about the mean: one look at each, so that one can stop between. */
  speeds(nowMs: number): Iterable<AgentSpeed | null> {
    return this.#agents.speeds(nowMs);
  }

  /** Takes over what an earlier scheduler learned; what this one knows of an agent itself stays. */
  recallSpeeds(meanMs: number, speeds: Iterable<AgentSpeed | null>): void {
    this.#agents.recallSpeeds(meanMs, speeds);
  }

  /** Whether `place` would propose something even without commands, at `nowMs` or as of the last batch. */
  hasWork(nowMs?: number): boolean {
    const { gates } = this.#waiting;
    if (nowMs !== undefined && nowMs > gates.nowMs) {
      gates.nowMs = nowMs;
      gates.openDue();
    }
    return this.isUnfinished || this.#waiting.next() !== undefined;
  }

  /** Whether `place` has more to do than it did, whatever it proposed: a pool is built in slices. */
  get isUnfinished(): boolean {
    return this.#pools.isBuilding;
  }

  /** The next moment at which a gate may let something pass by itself, or null. */
  nextOpenAt(): number | null {
    return this.#waiting.gates.nextOpenAt;
  }

  /** What runs and waits of each namespace. */
  shares(): ShareView[] {
    return [...this.#shares.group.shares()].map((share) => ({
      name: share.name,
      weight: share.weight,
      running: share.running,
      cost: share.occupancy,
      waiting: share.waiting,
    }));
  }

  /**
   * Why a task is where it is, and what the strategy would do with it now. Changes no later choice.
   *
   * O(members of its pool); builds the pool where no task has asked for it yet.
   *
   * @param wakesAt - when an agent that is asleep is expected; null where that is not known
   */
  explain(
    task: Task,
    nowMs: number,
    wakesAt: (agentId: AgentId) => number | null = () => null,
  ): Explanation {
    const { queue, signature, spec } = task.profile;
    const pool = this.#pools.ensure(signature, spec.requires);
    this.#agents.strategy(pool, queue.settings.strategy);
    this.#pools.finish(pool);
    const strategy = this.#agents.strategy(pool, queue.settings.strategy);
    const { rng } = this.#choice;
    const { offers } = this.#pools;
    const shares = this.#shares;
    const apart = this.#apart.of(task);
    const [table, wishes] = [this.#table, this.#wishes];
    const { correlation } = this.#agents;
    const learned = { strategy, apart, correlation, wakesAt };
    return explain(task, { pool, table, offers, rng, nowMs, shares, wishes, ...learned });
  }

  /** What the Born strategies' states are like. O(pools + their available agents). */
  bornStatus(): BornStatus {
    return bornStatus(this.#pools.all());
  }

  /** What was learned of agents that fail together, in steps; its pairs are about one agent, or any for null. */
  correlations(nowMs: number, about: AgentId | null): Generator<void, CorrelationReport> {
    return this.#agents.correlation.report(nowMs, about);
  }

  /** When the oldest task of a queue that may start became ready, or null. O(its pools). */
  oldestReadyAt(queueName: string): number | null {
    return this.#waiting.oldestReadyAt(queueName);
  }

  /** Throws where the parts of the scheduler disagree. O(agents · pools); for tests. */
  checkInvariants(): void {
    this.#pools.checkInvariants();
  }

  /** Gates that hold tasks back, and how many, by kind. */
  heldGates(): readonly HeldGates[] {
    return this.#waiting.gates.held();
  }

  /** How many agents stand how, and their slots. O(1). */
  agentSums(): AgentSums {
    return this.#table.sums();
  }

  counts(): SchedulerCounts {
    return {
      agents: this.#table.size,
      availableAgents: this.#agents.availableCount,
      pools: this.#pools.size,
      lanes: this.#waiting.laneCount,
      waiting: this.#waiting.size + this.#parked.size,
    };
  }

  #placeArrival(arrival: Arrival, share: FairShare, placement: Placement): void {
    const { control, id, profile } = arrival;
    if (this.#arrivalProfile !== profile || this.#arrivalPool === null) {
      this.#arrivalProfile = profile;
      this.#arrivalPool = this.#pools.ensure(profile.signature, profile.requires);
    }
    const pool = this.#arrivalPool;
    if (profile.paused || pool.availableCount === 0) return;
    if (!this.#mayEnter(arrival, pool)) return;
    this.#choice.key = arrival.affinityKey ?? id;
    if (!this.#isAlone) {
      this.#lend.start(share, costOf(control?.estimate ?? null, this.#shares.settings), id);
    }
    const picked = this.#agents.pick(pool, profile.strategy, this.#choice);
    const wish = control?.placement;
    const wished =
      wish === undefined
        ? null
        : this.#wishes.cheapest(wish, groupOf(wish, profile.queueName), this.#offer(pool, picked));
    const agentId = this.#agents.assign(pool, profile.strategy, wished?.member ?? picked);
    if (wished !== null) this.#wishes.seats.propose(id, agentId, wished);
    placement.agentIds.push(agentId);
    placement.taskIds.push(id);
  }

  /** Tells the strategy of the first arrival what keys come, if it wants to know. */
  #foresee(arrivals: readonly Arrival[]): void {
    const { profile } = arrivals[0] as Arrival;
    if (profile.strategy !== 'consistent-hash') return;
    const pool = this.#pools.ensure(profile.signature, profile.requires);
    const own = arrivals.filter((arrival) => arrival.profile === profile);
    const keys = own.map(({ affinityKey, id }) => affinityKey ?? id);
    this.#agents.strategy(pool, profile.strategy).foresee?.(keys);
  }

  /** Whether nothing of its lane waits and its gates are open; counts it as passing them then. */
  #mayEnter({ control, gates: own, profile }: Arrival, pool: Pool): boolean {
    const { gates, queueGate, queueName } = profile;
    if (control === null && gates === null && queueGate === null) {
      return (pool.lanes.get(queueName)?.size ?? 0) === 0;
    }
    const gated = { gates: own, profile: { gates, queue: { gate: queueGate } } };
    const key = laneKey({ ...gated, queueName, fairnessKey: control?.fairnessKey ?? null });
    if ((pool.lanes.get(key)?.size ?? 0) > 0) return false;
    if (!isGated(gated)) return true;
    if (!this.#waiting.gates.isOpen(gated)) return false;
    this.#waiting.gates.expectStart(gated);
    return true;
  }

  /**
   * Places the best task of the lane, whose pool has an available agent; returns whose it is. Null where the
   * task must wait for an agent that is none of those it failed on: it is set aside, and holds up nobody.
   */
  #placeWaiting(lane: Lane, placement: Placement): FairShare | null {
    const { pool } = lane;
    const { share } = lane.node;
    const { task: head } = lane.head as WaitingTask;
    let task = head;
    this.#choice.key = task.affinityKey ?? task.id;
    const by = { choice: this.#choice, apart: this.#apart };
    let member = this.#agents.pick(pool, lane.strategy, this.#choice);
    let wished: Turn | null = null;
    if (isPicky(task)) member = this.#agents.other(pool, member, task, by);
    else if (wishOf(task) !== null) {
      wished = this.#wishes.turn(task, this.#offer(pool, member));
      ({ member, task } = wished);
      if (task !== head) this.#waiting.exchange(head, task);
    }
    if (member < 0) {
      this.#removeWaiting(task);
      this.#parked.add(task);
      return null;
    }
    // Before it is taken out: a share with nothing to do may be forgotten.
    if (!this.#isAlone) {
      this.#lend.start(share, costOfTask(task, this.#shares.settings), task.id);
    }
    if (isGated(task)) this.#waiting.gates.expectStart(task);
    this.#removeWaiting(task);
    const agentId = this.#agents.assign(pool, lane.strategy, member);
    if (wished !== null) this.#wishes.seats.propose(task.id, agentId, wished);
    this.#apart.propose(task, agentId);
    placement.agentIds.push(agentId);
    placement.taskIds.push(task.id);
    return share;
  }

  #offer(pool: Pool, picked: number): Offer {
    const { nowMs, rng } = this.#choice;
    return { pool, picked, rng, nowMs };
  }

  #removeWaiting(task: Task): void {
    this.#waiting.remove(task);
    if (wishOf(task) !== null) this.#wishes.plans?.left(task);
  }

  #count(task: Task): void {
    if (wishOf(task) !== null) this.#wishes.seats.sync(task);
    this.#running.count(task);
  }

  #expectEnd(task: Task): void {
    this.#wishes.seats.expectEnd(task);
    // One that waits for input frees no slot, but may be the probe that others wait for.
    if (task.state === 'input_required' && task.agentId !== null)
      this.#agents.lookAgain(task.agentId);
    this.#running.expectEnd(task, this.#isAlone);
  }

  /**
   * Lets tasks wait again that must not go to the agents they failed on: somebody else may be there now,
   * or nobody else any more. O(such tasks), when an agent changes or becomes available.
   */
  #unpark(): void {
    if (this.#parked.size === 0) return;
    const tasks = [...this.#parked];
    this.#parked.clear();
    for (const task of tasks) this.taskWaiting(task);
  }
}

/** Whether an arrival is tried before the best waiting task: that of its own namespace goes first. */
function isArrivalFirst(share: FairShare, lane: Lane | undefined): boolean {
  const waiting = lane?.node.namespace.share;
  if (waiting === undefined) return true;
  const namespace = share.parent ?? share;
  return namespace !== waiting && isShareBefore(namespace, waiting);
}
