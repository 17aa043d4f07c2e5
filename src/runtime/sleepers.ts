import { capacityFor, grown, grownCapacity } from '../base/grown.ts';
import type { Agent, TaskId } from '../core/index.ts';
import type { Clock } from './clock.ts';
import type { Seats } from './seats.ts';
import { mayBeSilentUntil, wakesAt } from './sleep.ts';

export interface SleepersParts {
  readonly clock: Clock;
  readonly seats: Seats;
  readonly agentOf: (seat: number) => Agent | undefined;
}

/** Longest nap: a day, as the longest silence of other agents. */
const NAP_MS_MAX = 86_400_000;

/**
 * The agents that are not always there: which of them are asleep, as agreed, and how long each may be.
 *
 * Who sleeps is what core and the agents' links say this moment. Only how many do is kept: whoever changes what that
 * depends on has the agent looked at again.
 */
export class Sleepers {
  readonly #parts: SleepersParts;
  /** By seat, since when the nap lasts that is watched now, on the monotonic clock. */
  readonly #members = new Map<number, number>();
  /** By seat, whether it is among those counted. */
  #counted: Uint8Array = new Uint8Array(0);
  #asleepCount = 0;
  /** Their leases, by task: not every event of an end names the agent. */
  readonly #leases = new Map<TaskId, number>();

  constructor(parts: SleepersParts) {
    this.#parts = parts;
  }

  /** Agents that are asleep. O(1). */
  get asleepCount(): number {
    return this.#asleepCount;
  }

  has(seat: number): boolean {
    return this.#members.size > 0 && this.#members.has(seat);
  }

  /** The agent of a seat registered. O(its leases). */
  update(seat: number, { leases, spec }: Agent): void {
    if (spec.availability !== undefined) {
      this.#members.set(seat, this.#parts.clock.monotonicMs());
      for (const { id } of leases) this.#leases.set(id, seat);
    } else this.#members.delete(seat);
    this.look(seat);
  }

  delete(seat: number): void {
    this.#members.delete(seat);
    this.look(seat);
  }

  /** Something changed that its sleep depends on: its state, its leases, or what serves it. O(1). */
  look(seat: number): void {
    if (seat < 0) return;
    const isAsleep = this.isAsleep(seat);
    if (isAsleep === (this.#counted[seat] === 1)) return;
    if (seat >= this.#counted.length) {
      const length = grownCapacity(capacityFor(seat, 64));
      this.#counted = grown(this.#counted, new Uint8Array(length));
    }
    this.#counted[seat] = isAsleep ? 1 : 0;
    this.#asleepCount += isAsleep ? 1 : -1;
  }

  /** Its agent, if it is one of these, holds a lease. */
  granted(seat: number, taskId: TaskId): void {
    if (!this.has(seat)) return;
    this.#leases.set(taskId, seat);
    this.look(seat);
  }

  /** A lease ended, of whomever. */
  ended(taskId: TaskId): void {
    const seat = this.#leases.size === 0 ? undefined : this.#leases.get(taskId);
    if (seat === undefined) return;
    this.#leases.delete(taskId);
    this.look(seat);
  }

  /** Whether the agent is not there, as agreed: it is ready, holds nothing and does not ask. */
  isAsleep(seat: number): boolean {
    if (!this.has(seat)) return false;
    const agent = this.#parts.agentOf(seat);
    if (agent === undefined || agent.state !== 'ready' || agent.leases.size > 0) return false;
    return !this.#isConnected(seat);
  }

  /** When an agent that is asleep is expected, in milliseconds since 1970; null where that is not known. */
  wakesAt(seat: number): number | null {
    const { agentOf, seats } = this.#parts;
    const availability = this.isAsleep(seat) ? agentOf(seat)?.spec.availability : undefined;
    if (availability === undefined) return null;
    if (availability.kind === 'webhook') return seats.linkOf(seat)?.restsUntil ?? null;
    return wakesAt(availability, this.#heardAt(seat));
  }

  /**
   * Begins a nap: for how long the agent needs no look from now on, in milliseconds; infinity for ever. It may be
   * silent for a year, and that is no bound that anybody waits for in one go.
   */
  nap(seat: number, agent: Agent): number {
    const { clock, seats } = this.#parts;
    const nowMs = clock.monotonicMs();
    this.#members.set(seat, nowMs);
    const silenceMs = this.silenceMsMax(seat, agent);
    if (silenceMs === Number.POSITIVE_INFINITY) return silenceMs;
    const leftMs = silenceMs - (nowMs - seats.heardMs(seat, nowMs));
    return Math.max(0, Math.min(leftMs, NAP_MS_MAX));
  }

  /** Since when its nap lasts, on the monotonic clock. */
  napSinceMs(seat: number): number {
    return this.#members.get(seat) ?? 0;
  }

  /** How long an agent may be silent from when it was heard of last, in milliseconds; infinity for ever. */
  silenceMsMax(seat: number, { leases, spec }: Agent): number {
    // While it works or is connected it is watched as any other.
    if (spec.availability === undefined || leases.size > 0) return spec.heartbeatMs;
    if (this.#isConnected(seat)) return spec.heartbeatMs;
    const heardAt = this.#heardAt(seat);
    const sleepMs = mayBeSilentUntil(spec.availability, heardAt) - heardAt;
    // Whoever has only just handed in its last lease is not late yet.
    return Math.max(spec.heartbeatMs, sleepMs);
  }

  /** Whether it has been silent for longer than it may. */
  isLate(seat: number, agent: Agent): boolean {
    const { clock, seats } = this.#parts;
    const nowMs = clock.monotonicMs();
    return nowMs - seats.heardMs(seat, nowMs) > this.silenceMsMax(seat, agent);
  }

  /** Whether it is there; one that is called is not. */
  #isConnected(seat: number): boolean {
    const link = this.#parts.seats.linkOf(seat);
    return link !== null && link.kind !== 'webhook';
  }

  /** When the agent was heard of last, by the wall clock. */
  #heardAt(seat: number): number {
    const { clock, seats } = this.#parts;
    const nowMs = clock.monotonicMs();
    return clock.now() - (nowMs - seats.heardMs(seat, nowMs));
  }
}
