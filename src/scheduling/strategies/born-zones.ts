/**
 * Draws a zone by Born's rule, and then an agent of it: the hierarchical form of `born`.
 *
 * `born+zones` takes what it draws; `born+zones+p2c` draws twice and takes the less loaded, then the cheaper,
 * then the first. How an attempt ends turns the state of the zones and that in the agent's zone, so what a
 * zone has in common is learned from all its agents; see `born/zone-states.ts`. O(log₁₆ n); 66 bytes a member.
 */
import type { Rng } from '../../base/rng.ts';
import { zoneOf } from '../../core/index.ts';
import { capacityFor } from '../../base/grown.ts';
import type { LearnedMeasures } from '../born/state-measures.ts';
import { DispatchRecord } from '../born/dispatch-record.ts';
import { ZoneStates, ZoneSearches } from '../born/zone-states.ts';
import type { Pool } from '../pool.ts';
import type { Choice, Outcome, Strategy } from '../strategy.ts';
import { COHERENCE_MS, EXPLORATION } from './born.ts';
import { DRAWN_AHEAD, DrawsAhead, type Draws } from './draws-ahead.ts';
import { isLessLoaded } from './less-loaded.ts';

/** As `born` records: of so many dispatches one. */
const RECORDED_EVERY = 7;
const TWO_32 = 0x1_0000_0000;

export class BornZones implements Strategy {
  readonly name: 'born+zones' | 'born+zones+p2c';
  readonly stateful = true;
  readonly #pool: Pool;
  readonly #states: ZoneStates;
  readonly #record = new DispatchRecord();
  readonly #ahead: DrawsAhead;
  readonly #searches = new ZoneSearches(DRAWN_AHEAD);
  #heardAt = -1;
  #lambda = 1 - EXPLORATION;
  #picks = 0;

  constructor(name: 'born+zones' | 'born+zones+p2c', pool: Pool) {
    this.name = name;
    this.#pool = pool;
    const capacity = capacityFor(pool.numbersUsed, 8);
    this.#states = new ZoneStates(capacity);
    this.#ahead = new DrawsAhead(pool, (draws, choice) => this.#drawAll(draws, choice));
  }

  added(member: number): void {
    const agent = this.#pool.table.agentAt(this.#pool.agentOf(member));
    this.#states.add(member, zoneOf(agent), this.#priorOf(member));
    this.changed(member);
  }

  removed(member: number): void {
    this.#states.remove(member);
  }

  changed(member: number): void {
    this.#states.change(member, this.#priorOf(member), this.#pool.isAvailable(member));
  }

  pick(choice: Choice): number {
    const silenceMs = this.#heardAt < 0 ? 0 : Math.max(0, choice.nowMs - this.#heardAt);
    this.#lambda = (1 - EXPLORATION) * Math.exp(-silenceMs / COHERENCE_MS);
    if (this.#ahead.serves(choice)) return this.#pickAhead(choice);
    const first = this.#draw(choice.rng);
    if (this.name === 'born+zones') return first;
    const second = this.#draw(choice.rng);
    const [a, b] = [this.#pool.agentOf(first), this.#pool.agentOf(second)];
    return isLessLoaded(this.#pool.table, b, a) ? second : first;
  }

  picked(member: number): void {
    this.#states.note(member, this.#states.odds(member, this.#lambda));
    this.#picks += 1;
    if (this.name !== 'born+zones' || this.#picks % RECORDED_EVERY !== 0) return;
    const before = this.#states.chanceBefore(member, this.#lambda);
    this.#record.count(before, this.#states.chance(member, this.#lambda));
  }

  /** Turns the states; what other strategies or pools gave the agent teaches nothing here. */
  observed(member: number, { runMs, ok, nowMs }: Outcome): void {
    const odds = this.#states.noted(member);
    if (odds === null) return;
    this.#heardAt = Math.max(this.#heardAt, nowMs);
    this.#states.learn(member, odds, runMs, ok);
  }

  reason(member: number): string {
    const percent = (100 * this.#states.chance(member, this.#lambda)).toPrecision(3);
    const zone = zoneOf(this.#pool.table.agentAt(this.#pool.agentOf(member)));
    const where = zone === null ? 'those without a zone' : `zone ${zone}`;
    const facts = `drawn with probability ${percent} %, of ${where} among ${this.#states.size}`;
    return this.name === 'born+zones' ? facts : `the less loaded of two draws: ${facts}`;
  }

  /** What its state is like now; null while nobody is available. */
  measures(membersMax?: number): LearnedMeasures | null {
    return this.#states.measures(membersMax);
  }

  /** Adds what was dispatched to the counts of other pools; nothing under `born+zones+p2c`. */
  addDispatches(bins: Float64Array): void {
    this.#record.addTo(bins);
  }

  #draw(rng: Rng): number {
    const isBorn = rng.unit() < this.#lambda;
    return this.#states.draw(isBorn, pointOf(rng), pointOf(rng));
  }

  #pickAhead(choice: Choice): number {
    const ahead = this.#ahead;
    const first = ahead.next(choice);
    const member = ahead.memberAt(first);
    if (this.name === 'born+zones') return member;
    const agent = ahead.agentAt(first);
    const second = ahead.next(choice);
    const isSecond = isLessLoaded(this.#pool.table, ahead.agentAt(second), agent);
    return isSecond ? ahead.memberAt(second) : member;
  }

  #drawAll({ agents, members }: Draws, { rng }: Choice): number {
    const searches = this.#searches;
    const states = this.#states;
    const pool = this.#pool;
    for (let at = 0; at < members.length; at++)
      states.begin(rng.unit() < this.#lambda, [pointOf(rng), pointOf(rng)], searches, at);
    let touched = searches.run();
    for (let at = 0; at < members.length; at++) members[at] = states.drawn(searches, at);
    for (let at = 0; at < members.length; at++) {
      const member = members[at] as number;
      agents[at] = pool.agentOf(member);
      touched += states.touch(searches, at, member);
    }
    for (const agent of agents) touched += pool.table.touch(agent);
    return touched;
  }

  #priorOf(member: number): number {
    const { table } = this.#pool;
    const agent = this.#pool.agentOf(member);
    return table.slots(agent) * table.weight(agent);
  }
}

/** 53 bits: of a million agents the rare ones need more than 32. */
function pointOf(rng: Rng): number {
  return (rng.u32() + (rng.u32() >>> 11) / 0x20_0000) / TWO_32;
}
