/**
 * The agents as this process knows them: how each is reached, when it was last heard of, which of
 * its leases are on the way.
 *
 * Owns: links, presence. Does not own: who is registered and who holds what (core), who gets the
 * next task (scheduling).
 */
import { isOrchestratorError } from '../base/errors.ts';
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
import type { LeaseVerdicts } from './lease-verdicts.ts';
import { LeaseWatch } from './lease-watch.ts';
import { Presence } from './presence.ts';
import { Seats } from './seats.ts';
import { Sleepers } from './sleepers.ts';
import type { AgentReach } from './views.ts';

/** An agent that comes and goes may leave without a lease that was granted to it: that is `undelivered`. */
export interface AgentHubOptions extends LeaseVerdicts {
  readonly state: CoreState;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** Of the index of agents; one that others do not know. */
  readonly seed?: number;
  readonly waits: InputWaits;
  readonly payloadOf: (task: Task) => string;
  readonly parents: ParentResults;
  /** An attempt was heard of, or ended. */
  readonly supervisor: { heard(taskId: TaskId): void; ended(taskId: TaskId): void };
  /** An agent registered, or this process began to lead: one that is called gets the link that does it. */
  readonly present: (agent: Agent) => void;
}

/** After a pause of this process everybody was silent: their verdicts must not crowd out what they say next. */
const VERDICTS_MAX = 1_000;

export class AgentHub {
  readonly #options: AgentHubOptions;
  readonly #seats: Seats;
  readonly #presence: Presence;
  readonly #leases: LeaseWatch;
  readonly #sleepers: Sleepers;
  /** Agents found silent of which the log has not heard yet. */
  #verdicts = 0;
  readonly #dirty = new Set<AgentLink>();
  /** Before, another process knows the agents. */
  #isOpen = false;
  /** Leases whose parents' results are being read. */
  readonly #preparing = new Set<Task>();

  constructor(options: AgentHubOptions) {
    this.#options = options;
    const { clock, taskSilent } = options;
    this.#seats = new Seats(options.seed ?? 0);
    this.#presence = new Presence({
      clock,
      heardMs: (seat) =>
        this.#sleepers.has(seat)
          ? this.#sleepers.napSinceMs(seat)
          : this.#seats.heardMs(seat, clock.monotonicMs()),
      silent: (seat) => this.#fellSilent(seat),
      isBusy: () => this.#verdicts >= VERDICTS_MAX,
    });
    this.#leases = new LeaseWatch(clock, taskSilent);
    const agentOf = (seat: number): Agent | undefined => this.#agentOf(seat);
    this.#sleepers = new Sleepers({ clock, seats: this.#seats, agentOf });
  }

  /** How the agent takes tasks right now, or null. */
  linkKind(agentId: AgentId): LinkKind | null {
    const seat = this.#seats.find(agentId);
    return seat < 0 ? null : (this.#seats.linkOf(seat)?.kind ?? null);
  }

  /** How the agent is reached right now. */
  reach(agentId: AgentId): AgentReach {
    const seat = this.#seats.find(agentId);
    if (seat < 0) return { connection: null, isAsleep: false, wakesAt: null };
    const isAsleep = this.#sleepers.isAsleep(seat);
    const expectedAt = isAsleep ? this.#sleepers.wakesAt(seat) : null;
    return { connection: this.#seats.linkOf(seat)?.kind ?? null, isAsleep, wakesAt: expectedAt };
  }

  /** When an agent that is asleep is expected, in milliseconds since 1970; null where that is not known. */
  wakesAt(agentId: AgentId): number | null {
    const seat = this.#seats.find(agentId);
    return seat < 0 ? null : this.#sleepers.wakesAt(seat);
  }

  /** Agents that are not there, as agreed. O(1). */
  get asleepCount(): number {
    return this.#sleepers.asleepCount;
  }

  /** Takes up watching every registered agent: each has one whole silence to report from now on. */
  open(): void {
    this.#isOpen = true;
    this.#seats.reserve(this.#options.state.agents.size);
    for (const agent of this.#options.state.agents.values()) {
      const seat = this.#seat(agent);
      for (const task of agent.leases) {
        this.#seats.keep(seat, task);
        if (task.state === 'running') this.#leases.watch(task);
      }
      this.#options.present(agent);
    }
  }

  /** Core knows the agent (again), perhaps with other terms. */
  registered(agent: Agent): void {
    if (!this.#isOpen) return;
    this.#seat(agent);
    this.#options.present(agent);
  }

  /** Core has the agent in another state. */
  changed({ id }: Agent): void {
    this.#sleepers.look(this.#seats.find(id));
  }

  /** Gives an agent a seat if it has none, and watches it by its terms. */
  #seat(agent: Agent): number {
    const nowMs = this.#options.clock.monotonicMs();
    const { availability, heartbeatMs } = agent.spec;
    let seat = this.#seats.find(agent.id);
    const isSame = seat >= 0 && this.#presence.silenceMsMax(seat) === heartbeatMs;
    if (isSame && availability === undefined && !this.#sleepers.has(seat)) return seat;
    if (seat < 0) seat = this.#seats.add(agent.id, nowMs);
    this.#sleepers.update(seat, agent);
    this.#seats.see(seat, nowMs);
    this.#presence.forget(seat);
    // A lost one has a seat to come back to, but is given up already.
    if (agent.state !== 'lost') this.#watch(seat, agent);
    return seat;
  }

  removed(agentId: AgentId): void {
    const seat = this.#seats.find(agentId);
    if (seat < 0) return;
    this.#presence.forget(seat);
    const link = this.#seats.linkOf(seat);
    this.#sleepers.delete(seat);
    this.#seats.remove(seat);
    if (link !== null) {
      link.replaced(agentId);
      this.#dirty.add(link);
    }
  }

  /** Hears of an agent. */
  seen(agentId: AgentId): void {
    const seat = this.#seats.find(agentId);
    if (seat >= 0) this.#see(seat);
  }

  /** Hears of an agent, if `link` serves it; says whether it does. */
  heardOver(link: AgentLink, agentId: AgentId): boolean {
    const seat = this.#seats.find(agentId);
    if (seat < 0 || this.#seats.linkOf(seat) !== link) return false;
    this.#see(seat);
    return true;
  }

  /** Hears of an attempt; also of its agent. False when that attempt is not the running one. */
  leaseSeen(taskId: TaskId, fencingToken: number): boolean {
    const task = this.#options.state.tasks.get(taskId);
    if (task?.agentId == null || task.fencingToken !== fencingToken) return false;
    const seat = this.#seats.find(task.agentId);
    if (seat >= 0) {
      this.#see(seat);
      this.#seats.drop(seat, task);
    }
    this.#leases.seen(taskId);
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
    const seat = this.#seats.find(agentId);
    const agent = this.#options.state.agents.get(agentId);
    if (seat < 0 || agent === undefined) return;
    this.#serve(seat, link);
    const tokens = new Map(held.map((lease) => [lease.taskId, lease.fencingToken]));
    for (const task of agent.leases) {
      if (tokens.get(task.id) === task.fencingToken) {
        this.#seats.drop(seat, task);
        if (task.extra?.cancel != null) this.cancelRequested(task, agentId, task.extra.cancel);
      } else this.#seats.keep(seat, task);
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
    const seat = this.#seats.find(agentId);
    if (seat < 0) return;
    this.#serve(seat, link);
    const delivered = this.deliverWaiting(agentId, max);
    this.#options.scheduler.setCredit(agentId, max - delivered);
  }

  /** Stops serving the agent through `link`; the agent itself has its silence bound to come back. */
  detach(agentId: AgentId, link: AgentLink): void {
    const seat = this.#seats.find(agentId);
    if (seat < 0 || this.#seats.linkOf(seat) !== link) return;
    // Its whole silence begins with the last that came over this link.
    this.#seats.see(seat, this.#seats.heardMs(seat, this.#options.clock.monotonicMs()));
    this.#seats.setLink(seat, null);
    this.#sleepers.look(seat);
    if (this.#sleepers.has(seat)) this.#watchAnew(seat);
    else if (isAlwaysPresent(link)) this.#watch(seat);
    this.#options.scheduler.setCredit(agentId, 0);
  }

  /** Says how many further leases may be handed over through `link`, where it serves the agent. */
  setCredit(agentId: AgentId, link: AgentLink, credit: number): void {
    if (this.#linkOf(agentId) === link) this.#options.scheduler.setCredit(agentId, credit);
  }

  /** Watches an attempt by its agent's silence bound, where the task has none of its own. */
  watchLease({ agentId, fencingToken, taskId }: HeldLease & { readonly agentId: AgentId }): void {
    const task = this.#options.state.tasks.get(taskId);
    if (task?.fencingToken !== fencingToken || task.state !== 'running') return;
    const agentMs = this.#options.state.agents.get(agentId)?.spec.heartbeatMs;
    this.#leases.watch(task, task.profile.spec.timeouts.heartbeatMs ?? agentMs);
  }

  /** Hands over leases that were granted while no link was there; returns how many. */
  deliverWaiting(agentId: AgentId, max: number): number {
    const seat = this.#seats.find(agentId);
    const link = seat < 0 ? null : this.#seats.linkOf(seat);
    if (link === null) return 0;
    let delivered = 0;
    for (const task of this.#seats.undelivered(seat)) {
      if (delivered === max) break;
      this.#seats.drop(seat, task);
      // What ended meanwhile still names its last agent.
      if (task.agentId !== agentId || !isLeased(task)) continue;
      if (this.#hand(link, task)) delivered += 1;
    }
    if (delivered > 0) this.#dirty.add(link);
    return delivered;
  }

  /** A lease was granted: it leaves with the next {@link flush}. */
  granted(task: Task): void {
    // The same entry may have ended it: then the task may name the agent whose result it took.
    if (!isLeased(task)) return;
    const seat = this.#seats.find(task.agentId as AgentId);
    this.#leases.watch(task);
    if (seat < 0) return;
    this.#sleepers.granted(seat, task.id);
    const link = this.#seats.linkOf(seat);
    if (link === null) {
      // Who sleeps may come back in days: others can do it meanwhile.
      if (this.#sleepers.has(seat)) this.#options.undelivered(task, task.fencingToken);
      else this.#seats.keep(seat, task);
      return;
    }
    // It may wait there since an earlier attempt.
    this.#seats.drop(seat, task);
    if (this.#hand(link, task)) this.#dirty.add(link);
  }

  /** Hands a lease to a link, unless it must be made ready first or cannot be handed over at all. */
  #hand(link: AgentLink, task: Task): boolean {
    const { parents, payloadOf, unfit } = this.#options;
    if (parents.isWide(task)) {
      if (!this.#preparing.has(task)) void this.#prepare(task);
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
  async #prepare(task: Task): Promise<void> {
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
    const agentId = task.agentId as AgentId;
    const seat = this.#seats.find(agentId);
    if (seat < 0) return;
    this.#seats.keep(seat, task);
    const link = this.#seats.linkOf(seat);
    if (link === null || link.kind === 'poll') return;
    this.deliverWaiting(agentId, Number.MAX_SAFE_INTEGER);
    this.flush();
  }

  /** The attempt waits for an answer: it has no more to say meanwhile than that its agent is there. */
  asked(task: Task): void {
    this.#leases.unwatch(task.id);
  }

  /** The attempt goes on: whoever runs it gets the answer. */
  answered(task: Task, agentId: AgentId, { answer, key }: KeptAnswer): void {
    // A later command of the same entry may have ended it.
    if (task.state === 'running' && task.agentId === agentId) this.#leases.watch(task);
    this.#options.waits.wake(task.id);
    const link = this.#linkOf(agentId);
    if (link === null) return;
    link.answer({ taskId: task.id, fencingToken: task.fencingToken }, key, answer);
    this.#dirty.add(link);
  }

  /** The attempt should end by itself: whoever runs it is told. */
  cancelRequested(task: Task, agentId: AgentId, { reason, until }: CancelWish): void {
    const link = this.#linkOf(agentId);
    if (task.agentId !== agentId || link === null) return;
    // A lease that is still to be delivered says so itself.
    if (this.#seats.isUndelivered(this.#seats.find(agentId), task)) return;
    link.cancelRequested({ taskId: task.id, fencingToken: task.fencingToken }, reason, until);
    this.#dirty.add(link);
  }

  /** A lease ended in the usual way. */
  ended(taskId: TaskId): void {
    this.#options.waits.wake(taskId);
    this.#options.supervisor.ended(taskId);
    this.#leases.unwatch(taskId);
    this.#sleepers.ended(taskId);
  }

  /** A lease was taken back: whoever runs the attempt is told. */
  revoked(task: Task, agentId: AgentId, fencingToken: number, reason: string): void {
    this.ended(task.id);
    const seat = this.#seats.find(agentId);
    if (seat < 0 || this.#seats.drop(seat, task)) return;
    const link = this.#seats.linkOf(seat);
    if (link === null) return;
    link.revoke(agentId, task.id, fencingToken, reason);
    this.#dirty.add(link);
  }

  flush(): void {
    if (this.#dirty.size === 0) return;
    const links = [...this.#dirty];
    this.#dirty.clear();
    for (const link of links) link.flush();
  }

  close(): void {
    this.#presence.close();
    this.#leases.close();
  }

  #linkOf(agentId: AgentId): AgentLink | null {
    const seat = this.#seats.find(agentId);
    return seat < 0 ? null : this.#seats.linkOf(seat);
  }

  /** Serves the agent of a seat through `link` from now on. */
  #serve(seat: number, link: AgentLink): void {
    const before = this.#seats.linkOf(seat);
    if (before !== null && before !== link) before.replaced(this.#seats.idOf(seat));
    this.#seats.setLink(seat, link);
    this.#sleepers.look(seat);
    this.#presence.forget(seat);
    this.#see(seat);
  }

  #see(seat: number): void {
    this.#seats.see(seat, this.#options.clock.monotonicMs());
    // How long one that sleeps may be silent depends on when it was heard of.
    if (this.#sleepers.has(seat)) this.#watchAnew(seat);
    else this.#watch(seat);
  }

  #watchAnew(seat: number): void {
    this.#presence.forget(seat);
    this.#watch(seat);
  }

  /** An agent whose link says that it is there needs no watching. */
  #watch(seat: number, known: Agent | null = null): void {
    if (this.#presence.isWatched(seat)) return;
    const link = this.#seats.linkOf(seat);
    if (link !== null && isAlwaysPresent(link)) return;
    const agent = known ?? this.#agentOf(seat);
    if (agent === undefined) return;
    const silenceMs = this.#sleepers.has(seat)
      ? this.#sleepers.nap(seat, agent)
      : agent.spec.heartbeatMs;
    if (silenceMs !== Number.POSITIVE_INFINITY) this.#presence.watch(seat, silenceMs);
  }

  #agentOf(seat: number): Agent | undefined {
    return this.#options.state.agents.get(this.#seats.idOf(seat));
  }

  #fellSilent(seat: number): void {
    const agentId = this.#seats.idOf(seat);
    const agent = this.#agentOf(seat);
    if (agent !== undefined && this.#sleepers.has(seat) && !this.#sleepers.isLate(seat, agent)) {
      // It was looked at too early: it worked until now, or the clock was set.
      this.#watch(seat, agent);
      return;
    }
    const link = this.#seats.linkOf(seat);
    if (link !== null && this.#sleepers.has(seat) && agent?.leases.size === 0) {
      // It went without a word, which it may: from its last one on it sleeps.
      this.detach(agentId, link);
      return;
    }
    if (link !== null) this.detach(agentId, link);
    // Where the verdict could not be kept, as on a full disk, it is given again after another silence.
    this.#verdicts += 1;
    this.#options
      .agentSilent(agentId)
      .catch(() => this.seen(agentId))
      .finally(() => (this.#verdicts -= 1));
  }
}

function isAlwaysPresent(link: AgentLink): boolean {
  return link.lastHeardMs === Number.POSITIVE_INFINITY;
}
