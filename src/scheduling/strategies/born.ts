/**
 * Draws an agent with the probability |cᵢ|² of a state that turns towards those that serve well.
 *
 * `born` takes what it draws; `born+p2c` draws twice and takes the less loaded, then the cheaper, then the
 * first. A draw is from E_λ(ρ) = λρ + (1−λ)σ: σ is the prior √(slots · weight), λ = (1−ε)·e^(−Δt/T₂)
 * falls with the time since the pool last heard how an attempt ended. How attempts end rotates the state;
 * see `born/feedback.ts`. O(log₁₆ n); 58 bytes a member.
 */
import type { Rng } from '../../base/rng.ts';
import { capacityFor } from '../../base/grown.ts';
import { BornState, FLOOR_SHARE } from '../born/born-state.ts';
import { byChance, isUnheard, wanderOf } from '../born/chance.ts';
import { DispatchRecord } from '../born/dispatch-record.ts';
import type { Interference } from '../born/interference.ts';
import { InterferingMasses } from '../born/interfering-masses.ts';
import { Searches } from '../born/searches.ts';
import type { LearnedMeasures } from '../born/state-measures.ts';
import { SumTree } from '../born/sum-tree.ts';
import { angleOf, RATE, TEMPERATURE, Yardstick, type BornTuning } from '../born/feedback.ts';
import type { Pool } from '../pool.ts';
import type { Choice, Outcome, Strategy } from '../strategy.ts';
import { DRAWN_AHEAD, DrawsAhead, type Draws } from './draws-ahead.ts';
import { isLessLoaded } from './less-loaded.ts';

/** Share of draws from the prior at all times. */
export const EXPLORATION = 0.05;
/** The settings that are shipped; bench/PLACEMENT.md compares others. */
export const BORN_TUNING: BornTuning = {
  rate: RATE,
  temperature: TEMPERATURE,
  exploration: EXPLORATION,
  floorShare: FLOOR_SHARE,
};
/** Silence after which what was learned counts for 1/e. */
export const COHERENCE_MS = 600_000;
/** Of so many dispatches one is recorded, for it costs as much as the draw; a prime, lest it beat with batches. */
const RECORDED_EVERY = 7;
const TWO_32 = 0x1_0000_0000;

export class Born implements Strategy {
  readonly name: 'born' | 'born+p2c';
  readonly stateful = true;
  readonly #pool: Pool;
  readonly #state: BornState;
  readonly #interference: Interference | null;
  readonly #tuning: BornTuning;
  readonly #yardstick = new Yardstick();
  readonly #record = new DispatchRecord();
  readonly #ahead: DrawsAhead;
  readonly #searches = new Searches(DRAWN_AHEAD);
  #heardAt = -1;
  #lambda: number;
  #picks = 0;

  constructor(
    name: 'born' | 'born+p2c',
    pool: Pool,
    interference: Interference | null,
    tuning: BornTuning = BORN_TUNING,
  ) {
    this.name = name;
    this.#pool = pool;
    this.#interference = interference;
    this.#tuning = tuning;
    this.#lambda = 1 - tuning.exploration;
    const capacity = capacityFor(pool.numbersUsed, 8);
    const masses =
      interference === null ? new SumTree('positive', capacity) : new InterferingMasses();
    this.#state = new BornState(masses, tuning.floorShare, capacity);
    this.#ahead = new DrawsAhead(pool, (draws, choice) => this.#drawAll(draws, choice));
  }

  added(member: number): void {
    this.#state.add(member, this.#priorOf(member));
    this.#show(member);
  }

  removed(member: number): void {
    this.#state.remove(member);
  }

  changed(member: number): void {
    this.#state.setPrior(member, this.#priorOf(member));
    this.#show(member);
  }

  pick(choice: Choice): number {
    this.#lambda = this.#lambdaAt(choice.nowMs);
    const isAhead = this.#interference === null && this.#ahead.serves(choice);
    if (isAhead) return this.#pickAhead(choice);
    const first = this.#draw(choice.rng);
    if (this.name === 'born') return first;
    const second = this.#draw(choice.rng);
    const [a, b] = [this.#pool.agentOf(first), this.#pool.agentOf(second)];
    return isLessLoaded(this.#pool.table, b, a) ? second : first;
  }

  picked(member: number): void {
    const chance = this.#state.chance(member, this.#lambda);
    this.#state.note(member, chance * this.#state.size);
    this.#picks += 1;
    if (this.name === 'born+p2c' || this.#picks % RECORDED_EVERY !== 0) return;
    this.#record.count(this.#state.chanceBefore(member, this.#lambda), chance);
  }

  /** Rotates the state; what other strategies or pools gave the agent teaches nothing here. */
  observed(member: number, { runMs, ok, nowMs }: Outcome): void {
    if (!this.#state.settle(member)) return;
    this.#heardAt = Math.max(this.#heardAt, nowMs);
    const advantage = this.#yardstick.advantage(runMs, ok);
    const probability = this.#state.shareOfAll(member);
    // The pull of the prior: where it balances the reward, the state is a Boltzmann distribution.
    const { rate, temperature } = this.#tuning;
    const pull = temperature * Math.log(probability / this.#state.priorShareOfAll(member));
    const angle = angleOf(advantage - pull, this.#state.oddsOf(member), probability, rate);
    this.#state.rotate(member, angle);
    if (this.#interference === null) return;
    const { mixer, phase } = this.#interference;
    this.#state.interfere(member, -phase * advantage, mixer / Math.max(1, this.#state.size));
  }

  reason(member: number): string {
    const percent = (100 * this.#state.chance(member, this.#lambda)).toPrecision(3);
    const { size } = this.#state;
    const facts = `drawn with probability ${percent} % of ${size} available`;
    return this.name === 'born' ? facts : `the less loaded of two draws: ${facts}`;
  }

  /** What its state is like now; null while nobody is available. */
  measures(membersMax?: number): LearnedMeasures | null {
    const measures = this.#state.measures(membersMax);
    if (measures === null) return null;
    const { entropyBits, priors, size, targetFidelity } = measures;
    // Where amplitudes interfere the walk is another one.
    const isKnown = this.#interference === null && !isUnheard(this.#yardstick);
    const wander = wanderOf(this.#yardstick, this.#tuning, measures);
    const chance = isKnown ? byChance(wander, priors.entropy) : null;
    const { attempts } = this.#yardstick;
    return { entropyBits, targetFidelity, members: size, attempts, byChance: chance };
  }

  /** Adds what was dispatched to the counts of other pools; nothing under `born+p2c`. */
  addDispatches(bins: Float64Array): void {
    this.#record.addTo(bins);
  }

  #lambdaAt(nowMs: number): number {
    const silenceMs = this.#heardAt < 0 ? 0 : Math.max(0, nowMs - this.#heardAt);
    return (1 - this.#tuning.exploration) * Math.exp(-silenceMs / COHERENCE_MS);
  }

  #draw(rng: Rng): number {
    const isBorn = rng.unit() < this.#lambda;
    const point = pointOf(rng);
    return isBorn ? this.#state.drawBorn(point) : this.#state.drawPrior(point);
  }

  #pickAhead(choice: Choice): number {
    const ahead = this.#ahead;
    const first = ahead.next(choice);
    const member = ahead.memberAt(first);
    if (this.name === 'born') return member;
    const agent = ahead.agentAt(first);
    const second = ahead.next(choice);
    const isSecond = isLessLoaded(this.#pool.table, ahead.agentAt(second), agent);
    return isSecond ? ahead.memberAt(second) : member;
  }

  #drawAll({ agents, members }: Draws, { rng }: Choice): number {
    const searches = this.#searches;
    const state = this.#state;
    for (let at = 0; at < members.length; at++)
      state.begin(rng.unit() < this.#lambda, pointOf(rng), searches, at);
    let touched = searches.run();
    for (let at = 0; at < members.length; at++) {
      const leaf = searches.found[at] as number;
      members[at] = state.memberAt(leaf);
      agents[at] = state.nameAt(leaf);
    }
    const { table } = this.#pool;
    for (let at = 0; at < members.length; at++)
      touched += state.touch(members[at] as number) + table.touch(agents[at] as number);
    return touched;
  }

  #show(member: number): void {
    if (this.#pool.isAvailable(member)) this.#state.enter(member, this.#pool.agentOf(member));
    else this.#state.leave(member);
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
