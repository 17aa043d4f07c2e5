/**
 * The agents as this process knows them: how each is reached, when it was last heard of, which of
 * its leases are on the way.
 *
 * Owns: links, presence. Does not own: who is registered and who holds what (core), who gets the
 * next task (scheduling).
 */
import { isOrchestratorError, type OrchestratorError } from '../base/errors.ts';
import {
  isLeased,
  type Agent,
  type AgentId,
  type CancelWish,
  type CoreState,
  type KeptAnswer,
  type Task,
  type TaskId,
} from '../core/index.ts';
import type { Scheduler } from '../scheduling/index.ts';
import { leaseOf, type AgentLink, type HeldLease, type LinkKind } from './agent-link.ts';
import type { Clock } from './clock.ts';
import type { InputWaits } from './input-waits.ts';
import type { ParentResults } from './parent-results.ts';
import { Presence, type Watched } from './presence.ts';

export interface AgentHubOptions {
  readonly state: CoreState;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly waits: InputWaits;
  readonly payloadOf: (task: Task) => string;
  readonly parents: ParentResults;
  /** An attempt was heard of, or ended. */
  readonly supervisor: { heard(taskId: TaskId): void; ended(taskId: TaskId): void };
  /** A lease cannot be handed over: its attempt must fail for good. */
  readonly unfit: (task: Task, fencingToken: number, error: OrchestratorError) => void;
  /** An agent fell silent for longer than it may. A rejection says that nothing came of it. */
  readonly agentSilent: (agentId: AgentId) => Promise<unknown>;
  /** An agent said nothing about a task for longer than the task allows; rejects as above. */
  readonly taskSilent: (task: Task, fencingToken: number) => Promise<unknown>;
}

interface Seat extends Watched {
  readonly agentId: AgentId;
  link: AgentLink | null;
  /** Granted while no link could take them. */
  undelivered: Set<Task>;
}

interface WatchedLease extends Watched {
  readonly task: Task;
  readonly fencingToken: number;
}

export class AgentHub {
  readonly #options: AgentHubOptions;
  readonly #seats = new Map<AgentId, Seat>();
  readonly #presence: Presence<Seat>;
  readonly #leases = new Map<TaskId, WatchedLease>();
  readonly #leasePresence: Presence<WatchedLease>;
  readonly #dirty = new Set<AgentLink>();
  /** Before, another process knows the agents. */
  #isOpen = false;
  /** Leases whose parents' results are being read. */
  readonly #preparing = new Set<Task>();

  constructor(options: AgentHubOptions) {
    this.#options = options;
    this.#presence = new Presence(options.clock, (seat) => this.#fellSilent(seat));
    this.#leasePresence = new Presence(options.clock, (lease) => this.#leaseFellSilent(lease));
  }

  /** How the agent takes tasks right now, or null. */
  linkKind(agentId: AgentId): LinkKind | null {
    return this.#seats.get(agentId)?.link?.kind ?? null;
  }

  /** Takes up watching every registered agent: each has one whole silence to report from now on. */
  open(): void {
    this.#isOpen = true;
    for (const agent of this.#options.state.agents.values()) {
      this.registered(agent);
      for (const task of agent.leases) {
        this.#seats.get(agent.id)?.undelivered.add(task);
        if (task.state === 'running') this.#watchLease(task);
      }
    }
  }

  /** Core knows the agent (again), perhaps with other terms. */
  registered(agent: Agent): void {
    if (!this.#isOpen) return;
    const known = this.#seats.get(agent.id);
    if (known?.silenceMsMax === agent.spec.heartbeatMs) return;
    const seat: Seat = {
      agentId: agent.id,
      silenceMsMax: agent.spec.heartbeatMs,
      lastSeenMs: this.#options.clock.monotonicMs(),
      link: known?.link ?? null,
      undelivered: known?.undelivered ?? new Set(),
    };
    if (known !== undefined) this.#presence.forget(known);
    this.#seats.set(agent.id, seat);
    // A lost one has a seat to come back to, but is given up already.
    if (agent.state !== 'lost') this.#watch(seat);
  }

  removed(agentId: AgentId): void {
    const seat = this.#seats.get(agentId);
    if (seat === undefined) return;
    this.#presence.forget(seat);
    this.#seats.delete(agentId);
    if (seat.link !== null) {
      seat.link.replaced(agentId);
      this.#dirty.add(seat.link);
    }
  }

  /** Hears of an agent. */
  seen(agentId: AgentId): void {
    const seat = this.#seats.get(agentId);
    if (seat === undefined) return;
    seat.lastSeenMs = this.#options.clock.monotonicMs();
    this.#watch(seat);
  }

  /** Hears of an attempt; also of its agent. False when that attempt is not the running one. */
  leaseSeen(taskId: TaskId, fencingToken: number): boolean {
    const task = this.#options.state.tasks.get(taskId);
    if (task?.agentId == null || task.fencingToken !== fencingToken) return false;
    this.seen(task.agentId);
    this.#seats.get(task.agentId)?.undelivered.delete(task);
    const lease = this.#leases.get(taskId);
    if (lease !== undefined) lease.lastSeenMs = this.#options.clock.monotonicMs();
    this.#options.supervisor.heard(taskId);
    return true;
  }

  /**
   * Serves an agent through `link` from now on, in place of any other.
   *
   * Leases that core granted it and that it does not hold are delivered (again); those it holds and
   * core does not know are revoked.
   */
  attach(agentId: AgentId, link: AgentLink, held: readonly HeldLease[]): void {
    const seat = this.#seats.get(agentId);
    const agent = this.#options.state.agents.get(agentId);
    if (seat === undefined || agent === undefined) return;
    if (seat.link !== null && seat.link !== link) seat.link.replaced(agentId);
    seat.link = link;
    this.#presence.forget(seat);
    this.seen(agentId);
    const tokens = new Map(held.map((lease) => [lease.taskId, lease.fencingToken]));
    for (const task of agent.leases) {
      if (tokens.get(task.id) === task.fencingToken) {
        seat.undelivered.delete(task);
        if (task.extra?.cancel != null) this.cancelRequested(task, agentId, task.extra.cancel);
      } else seat.undelivered.add(task);
    }
    for (const { taskId, fencingToken } of held) {
      const task = this.#options.state.tasks.get(taskId);
      if (task?.agentId === agentId && task.fencingToken === fencingToken) continue;
      link.revoke(agentId, taskId, fencingToken, 'fenced');
    }
    if (link.kind !== 'poll') {
      this.deliverWaiting(agentId, Number.MAX_SAFE_INTEGER);
      this.#options.scheduler.setCredit(agentId, Number.POSITIVE_INFINITY);
    }
    this.#dirty.add(link);
  }

  /**
   * Serves one request of a polling agent: at most `max` leases, those it may have missed first.
   *
   * After a restart of this process that is every lease it held: which of them reached the agent is
   * not known, so one it already works on may come again, with the same token.
   */
  poll(agentId: AgentId, link: AgentLink, max: number): void {
    const seat = this.#seats.get(agentId);
    if (seat === undefined) return;
    if (seat.link !== null && seat.link !== link) seat.link.replaced(agentId);
    seat.link = link;
    this.#presence.forget(seat);
    this.seen(agentId);
    const delivered = this.deliverWaiting(agentId, max);
    this.#options.scheduler.setCredit(agentId, max - delivered);
  }

  /** Stops serving the agent through `link`; the agent itself has its silence bound to come back. */
  detach(agentId: AgentId, link: AgentLink): void {
    const seat = this.#seats.get(agentId);
    if (seat === undefined || seat.link !== link) return;
    const isPresent = isAlwaysPresent(link);
    // Its whole silence begins with the last that came over this link.
    const heardMs = Math.min(link.lastHeardMs, this.#options.clock.monotonicMs());
    seat.lastSeenMs = Math.max(seat.lastSeenMs, heardMs);
    seat.link = null;
    if (isPresent) this.#watch(seat);
    this.#options.scheduler.setCredit(agentId, 0);
  }

  /** Hands over leases that were granted while no link was there; returns how many. */
  deliverWaiting(agentId: AgentId, max: number): number {
    const seat = this.#seats.get(agentId);
    if (seat === undefined || seat.link === null) return 0;
    let delivered = 0;
    for (const task of seat.undelivered) {
      if (delivered === max) break;
      seat.undelivered.delete(task);
      // What ended meanwhile still names its last agent.
      if (task.agentId !== agentId || !isLeased(task)) continue;
      if (this.#hand(seat, seat.link, task)) delivered += 1;
    }
    if (delivered > 0) this.#dirty.add(seat.link);
    return delivered;
  }

  /** A lease was granted: it leaves with the next {@link flush}. */
  granted(task: Task): void {
    // The same entry may have ended it: then the task may name the agent whose result it took.
    if (!isLeased(task)) return;
    const seat = this.#seats.get(task.agentId as AgentId);
    this.#watchLease(task);
    if (seat === undefined) return;
    if (seat.link === null) {
      seat.undelivered.add(task);
      return;
    }
    // It may wait there since an earlier attempt.
    seat.undelivered.delete(task);
    if (this.#hand(seat, seat.link, task)) this.#dirty.add(seat.link);
  }

  /** Hands a lease to a link, unless it must be made ready first or cannot be handed over at all. */
  #hand(seat: Seat, link: AgentLink, task: Task): boolean {
    const { parents, payloadOf, unfit } = this.#options;
    if (parents.isWide(task)) {
      if (!this.#preparing.has(task)) void this.#prepare(seat, task);
      return false;
    }
    try {
      link.lease(leaseOf(task, payloadOf(task), parents.textOf(task)));
      return true;
    } catch (error) {
      if (!isOrchestratorError(error)) throw error;
      unfit(task, task.fencingToken, error);
      return false;
    }
  }

  /** Reads the results of a task's many parents, then hands its lease over, or leaves it for the next poll. */
  async #prepare(seat: Seat, task: Task): Promise<void> {
    const { fencingToken } = task;
    this.#preparing.add(task);
    try {
      await this.#options.parents.makeReady(task);
    } catch (error) {
      if (!isOrchestratorError(error)) throw error;
      this.#options.unfit(task, fencingToken, error);
      return;
    } finally {
      this.#preparing.delete(task);
    }
    if (!isLeased(task) || task.fencingToken !== fencingToken) {
      this.#options.parents.forget(task.id);
      return;
    }
    seat.undelivered.add(task);
    if (seat.link === null || seat.link.kind === 'poll') return;
    this.deliverWaiting(seat.agentId, Number.MAX_SAFE_INTEGER);
    this.flush();
  }

  /** The attempt waits for an answer: it has no more to say meanwhile than that its agent is there. */
  asked(task: Task): void {
    this.#unwatchLease(task.id);
  }

  /** The attempt goes on: whoever runs it gets the answer. */
  answered(task: Task, agentId: AgentId, { answer, key }: KeptAnswer): void {
    // A later command of the same entry may have ended it.
    if (task.state === 'running' && task.agentId === agentId) this.#watchLease(task);
    this.#options.waits.wake(task.id);
    const seat = this.#seats.get(agentId);
    if (seat === undefined || seat.link === null) return;
    seat.link.answer({ taskId: task.id, fencingToken: task.fencingToken }, key, answer);
    this.#dirty.add(seat.link);
  }

  /** The attempt should end by itself: whoever runs it is told. */
  cancelRequested(task: Task, agentId: AgentId, { reason, until }: CancelWish): void {
    const seat = this.#seats.get(agentId);
    // A lease that is still to be delivered says so itself.
    if (task.agentId !== agentId || seat === undefined || seat.link === null) return;
    if (seat.undelivered.has(task)) return;
    seat.link.cancelRequested({ taskId: task.id, fencingToken: task.fencingToken }, reason, until);
    this.#dirty.add(seat.link);
  }

  /** A lease ended in the usual way. */
  ended(taskId: TaskId): void {
    this.#options.waits.wake(taskId);
    this.#options.supervisor.ended(taskId);
    this.#unwatchLease(taskId);
  }

  #unwatchLease(taskId: TaskId): void {
    if (this.#leases.size === 0) return;
    const lease = this.#leases.get(taskId);
    if (lease === undefined) return;
    this.#leases.delete(taskId);
    this.#leasePresence.forget(lease);
  }

  /** A lease was taken back: whoever runs the attempt is told. */
  revoked(task: Task, agentId: AgentId, fencingToken: number, reason: string): void {
    this.ended(task.id);
    const seat = this.#seats.get(agentId);
    if (seat === undefined || seat.undelivered.delete(task) || seat.link === null) return;
    seat.link.revoke(agentId, task.id, fencingToken, reason);
    this.#dirty.add(seat.link);
  }

  flush(): void {
    if (this.#dirty.size === 0) return;
    const links = [...this.#dirty];
    this.#dirty.clear();
    for (const link of links) link.flush();
  }

  close(): void {
    this.#presence.close();
    this.#leasePresence.close();
  }

  /** An agent whose link says that it is there needs no watching. */
  #watch(seat: Seat): void {
    if (seat.link === null || !isAlwaysPresent(seat.link)) this.#presence.watch(seat);
  }

  #watchLease(task: Task): void {
    if (!this.#isOpen) return;
    this.#unwatchLease(task.id);
    const { heartbeatMs } = task.profile.spec.timeouts;
    if (heartbeatMs === undefined || heartbeatMs === 0) return;
    const lease: WatchedLease = {
      task,
      fencingToken: task.fencingToken,
      silenceMsMax: heartbeatMs,
      lastSeenMs: this.#options.clock.monotonicMs(),
    };
    this.#leases.set(task.id, lease);
    this.#leasePresence.watch(lease);
  }

  #fellSilent(seat: Seat): void {
    const nowMs = this.#options.clock.monotonicMs();
    const heardMs = Math.min(nowMs, seat.link?.lastHeardMs ?? Number.NEGATIVE_INFINITY);
    if (nowMs - heardMs <= seat.silenceMsMax) {
      seat.lastSeenMs = heardMs;
      this.#watch(seat);
      return;
    }
    if (seat.link !== null) this.detach(seat.agentId, seat.link);
    // Where the verdict could not be kept, as on a full disk, it is given again after another silence.
    this.#options.agentSilent(seat.agentId).catch(() => this.seen(seat.agentId));
  }

  #leaseFellSilent(lease: WatchedLease): void {
    const { fencingToken, task } = lease;
    if (this.#leases.get(task.id) === lease) this.#leases.delete(task.id);
    this.#options.taskSilent(task, fencingToken).catch(() => {
      const isRunning = task.state === 'running' && task.fencingToken === fencingToken;
      if (isRunning) this.#watchLease(task);
    });
  }
}

function isAlwaysPresent(link: AgentLink): boolean {
  return link.lastHeardMs === Number.POSITIVE_INFINITY;
}
