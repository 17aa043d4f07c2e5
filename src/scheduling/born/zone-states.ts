/**
 * What a pool has learned of its members by zone: |ψ⟩ = Σ_d a_d |d⟩ ⊗ |ψ_d⟩.
 *
 * One {@link BornState} over zones, and one over the members of each. The probability of a member is that of
 * its zone times its own in the zone. A zone's prior is the sum of those of its members that can be drawn, so
 * that without anything learned the draw is the same as over all members at once. The label `zone` says where
 * an agent is; those without one are a zone together. O(log₁₆ n), and 66 bytes a member.
 */
import { int32Column } from '../../base/columns.ts';
import { invariant } from '../../base/invariant.ts';
import { grown, grownCapacity } from '../../base/grown.ts';
import { BornState } from './born-state.ts';
import { byChance, isUnheard, wanderOf, type Wander } from './chance.ts';
import { Searches } from './searches.ts';
import type { LearnedMeasures } from './state-measures.ts';
import { angleOf, RATE, TEMPERATURE, Yardstick } from './feedback.ts';

/** Zones of their own, at most; the agents of further ones count as without a zone. */
export const ZONES_MAX = 1_024;
const NO_ZONE = '';
/** Members of a zone from which on its columns are no longer doubled time and again. */
const LARGE = 65_536;

/** A draw's chances: of the zone among zones and of the member in it, each relative to an even one. */
export interface ZoneOdds {
  readonly zone: number;
  readonly member: number;
}

/** Draws that are made together, each in a zone. */
export class ZoneSearches extends Searches {
  readonly zones: Int32Array;
  /** Of the members drawn, in their zones. */
  readonly numbers: Int32Array;

  constructor(count: number) {
    super(count);
    this.zones = new Int32Array(count);
    this.numbers = new Int32Array(count);
  }
}

/** What a zone brings to the entropy of all priors: its share, and the mean of −ln π of its members, in nats. */
interface ZonePrior {
  readonly share: number;
  readonly entropy: number;
}

const BORN_RATES = { rate: RATE, temperature: TEMPERATURE };

class Zone {
  readonly name: string;
  readonly state = new BornState();
  readonly yardstick = new Yardstick();
  readonly #unused: number[] = [];
  #numbersUsed = 0;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#numbersUsed - this.#unused.length;
  }

  /** The number of one more member here. */
  take(): number {
    return this.#unused.pop() ?? this.#numbersUsed++;
  }

  drop(number: number): void {
    this.#unused.push(number);
  }
}

export class ZoneStates {
  readonly #outer = new BornState();
  readonly #yardstick = new Yardstick();
  /** By number; unused numbers hold the zone that had them last. */
  readonly #zones: Zone[] = [];
  readonly #byName = new Map<string, number>();
  readonly #unused: number[] = [];
  /** Members that were ever added. */
  #taken = 0;
  /** Fields by member: its zone, and its number there. */
  #places: Int32Array;

  /** @param capacity - members that there is room for at first */
  constructor(capacity = 8) {
    this.#places = int32Column(capacity * 2);
  }

  /** Zones with a member that can be drawn. */
  get size(): number {
    return this.#outer.size;
  }

  /** Takes in a member, absent at first. */
  add(member: number, zoneName: string | null, prior: number): void {
    while (member * 2 >= this.#places.length) {
      const capacity = grownCapacity(this.#places.length / 2);
      this.#places = grown(this.#places, int32Column(capacity * 2));
    }
    const zoneNumber = this.#ensure(zoneName ?? NO_ZONE, prior);
    const zone = this.#zones[zoneNumber] as Zone;
    const number = zone.take();
    this.#taken += 1;
    if (number === zone.state.capacity && number >= LARGE) this.#makeRoom(zone);
    this.#places[member * 2] = zoneNumber;
    this.#places[member * 2 + 1] = number;
    zone.state.add(number, prior);
  }

  remove(member: number): void {
    const { number, zone, zoneNumber } = this.#placeOf(member);
    zone.state.remove(number);
    zone.drop(number);
    this.#settle(zoneNumber);
    if (zone.size > 0) return;
    this.#outer.remove(zoneNumber);
    this.#byName.delete(zone.name);
    this.#unused.push(zoneNumber);
  }

  /** Takes over the prior of a member, and whether it can be drawn. */
  change(member: number, prior: number, isPresent: boolean): void {
    const { number, zone, zoneNumber } = this.#placeOf(member);
    zone.state.setPrior(number, prior);
    if (isPresent) zone.state.enter(number, member);
    else zone.state.leave(number);
    this.#settle(zoneNumber);
  }

  /** A member by two points of the unit interval: first its zone is measured, then itself in it. */
  draw(isBorn: boolean, zonePoint: number, memberPoint: number): number {
    const { drawn, zone } = this.#drawZone(isBorn, zonePoint);
    const leaf = zone.state.leafFor(isBorn, memberPoint);
    invariant(leaf < zone.state.size, () => `zone ${drawn} draws a member it has`);
    return zone.state.nameAt(leaf);
  }

  /** Begins a draw as one of several: its zone is measured. */
  begin(isBorn: boolean, points: readonly [number, number], draws: ZoneSearches, at: number): void {
    const { drawn, zone } = this.#drawZone(isBorn, points[0]);
    draws.zones[at] = drawn;
    zone.state.begin(isBorn, points[1], draws, at);
  }

  /** The member that one of several draws found. */
  drawn(draws: ZoneSearches, at: number): number {
    const { state } = this.#zones[draws.zones[at] as number] as Zone;
    const leaf = draws.found[at] as number;
    draws.numbers[at] = state.memberAt(leaf);
    return state.nameAt(leaf);
  }

  /** Reads what the chance of the member of one of several draws is made of; the number means nothing. */
  touch(draws: ZoneSearches, at: number, member: number): number {
    const { state } = this.#zones[draws.zones[at] as number] as Zone;
    return state.touch(draws.numbers[at] as number) + (this.#places[member * 2] as number);
  }

  /** Remembers the odds of a draw, and that the attempt is not over. */
  note(member: number, odds: ZoneOdds): void {
    const { number, zone } = this.#placeOf(member);
    zone.state.note(number, odds.member, odds.zone);
  }

  /** Takes off one attempt that was noted and says what the last odds were; null where none is left. */
  noted(member: number): ZoneOdds | null {
    const { number, zone } = this.#placeOf(member);
    if (!zone.state.settle(number)) return null;
    return { zone: zone.state.outerOddsOf(number), member: zone.state.oddsOf(number) };
  }

  /** λ·p(zone)·p(member | zone) + (1−λ)·prior share. */
  chance(member: number, lambda: number): number {
    const { number, zone, zoneNumber } = this.#placeOf(member);
    const born = this.#outer.probability(zoneNumber) * zone.state.probability(number);
    const prior = this.#outer.priorShare(zoneNumber) * zone.state.priorShare(number);
    return lambda * born + (1 - lambda) * prior;
  }

  /** The chance of a draw that comes before this present member, zone by zone. */
  chanceBefore(member: number, lambda: number): number {
    const { number, zone, zoneNumber } = this.#placeOf(member);
    const [outer, inner] = [this.#outer, zone.state];
    const born =
      outer.chanceBefore(zoneNumber, 1) +
      outer.probability(zoneNumber) * inner.chanceBefore(number, 1);
    const prior =
      outer.chanceBefore(zoneNumber, 0) +
      outer.priorShare(zoneNumber) * inner.chanceBefore(number, 0);
    return lambda * born + (1 - lambda) * prior;
  }

  odds(member: number, lambda: number): ZoneOdds {
    const { zone, zoneNumber } = this.#placeOf(member);
    const chance = this.#outer.chance(zoneNumber, lambda);
    const inner = this.chance(member, lambda) / chance;
    return { zone: chance * this.#outer.size, member: inner * zone.state.size };
  }

  /** Turns the state of the zones, and that in the member's zone, by how an attempt of it ended. */
  learn(member: number, odds: ZoneOdds, runMs: number, ok: boolean): void {
    const { number, zone, zoneNumber } = this.#placeOf(member);
    turn(this.#outer, zoneNumber, this.#yardstick.advantage(runMs, ok), odds.zone);
    turn(zone.state, number, zone.yardstick.advantage(runMs, ok), odds.member);
  }

  /**
   * Of the distribution over members: entropies add up, overlaps multiply. O(members).
   *
   * @param membersMax - members that may be looked at; each zone has its part
   */
  measures(membersMax: number = Number.POSITIVE_INFINITY): LearnedMeasures | null {
    const found = [...this.#byName.values()].flatMap((zoneNumber) => {
      const { state, yardstick } = this.#zones[zoneNumber] as Zone;
      const measures = state.measures(Math.ceil(membersMax / this.#byName.size));
      if (measures === null) return [];
      // What was learned of the zone holds for all of its agents.
      const mass = this.#outer.factorOf(zoneNumber) * measures.priorTotal;
      return [{ measures, mass, yardstick }];
    });
    if (found.length === 0) return null;
    const mass = found.reduce((sum, zone) => sum + zone.mass, 0);
    const prior = found.reduce((sum, zone) => sum + zone.measures.priorTotal, 0);
    const sums = { entropyBits: 0, overlap: 0, members: 0 };
    const [zones, wanders] = [new Array<ZonePrior>(), new Array<Wander>()];
    for (const { mass: own, measures, yardstick } of found) {
      const p = own / mass;
      const share = measures.priorTotal / prior;
      if (p > 0) sums.entropyBits += p * (measures.entropyBits - Math.log2(p));
      sums.overlap += Math.sqrt(p * share * measures.targetFidelity);
      sums.members += measures.size;
      // Where little was heard of a zone, what all vary by stands in for what its own do.
      const heard = isUnheard(yardstick) ? this.#yardstick : yardstick;
      const { attempts } = yardstick;
      wanders.push(wanderOf({ attempts, variance: heard.variance }, BORN_RATES, measures));
      zones.push({ share, entropy: measures.priors.entropy - Math.log(share) });
    }
    const entropyBits = Math.max(0, sums.entropyBits);
    const targetFidelity = Math.min(1, sums.overlap ** 2);
    const { attempts } = this.#yardstick;
    const chance = isUnheard(this.#yardstick) ? null : this.#byChance(zones, wanders);
    return { entropyBits, targetFidelity, members: sums.members, attempts, byChance: chance };
  }

  /** Both factors move by themselves: what they add up to. */
  #byChance(zones: readonly ZonePrior[], wanders: readonly Wander[]): LearnedMeasures['byChance'] {
    const entropy = zones.reduce((sum, zone) => sum + zone.share * zone.entropy, 0);
    const variance = zones.reduce(
      (sum, zone) => sum + zone.share * (zone.entropy - entropy) ** 2,
      0,
    );
    const size = zones.length;
    const priors = { entropy, variance };
    const outer = wanderOf(this.#yardstick, BORN_RATES, { size, samples: size, priors });
    const total = { ...outer };
    for (const [index, wander] of wanders.entries()) {
      const { share } = zones[index] as ZonePrior;
      total.mean += share * wander.mean;
      total.variance += share ** 2 * wander.variance;
      total.entropyVariance += share ** 2 * wander.entropyVariance;
    }
    return byChance(total, entropy);
  }

  /** Lets a zone's columns have room for its share of all members, as it is until now, and a quarter more. */
  #makeRoom(zone: Zone): void {
    const share = zone.size / this.#taken;
    zone.state.reserve(
      Math.ceil(Math.max(zone.size * 1.25, (share * this.#places.length * 5) / 8)),
    );
  }

  #drawZone(isBorn: boolean, point: number): { readonly drawn: number; readonly zone: Zone } {
    const drawn = isBorn ? this.#outer.drawBorn(point) : this.#outer.drawPrior(point);
    return { drawn, zone: this.#zones[drawn] as Zone };
  }

  #placeOf(member: number): {
    readonly zone: Zone;
    readonly zoneNumber: number;
    readonly number: number;
  } {
    const zoneNumber = this.#places[member * 2] as number;
    const zone = this.#zones[zoneNumber] as Zone;
    return { zone, zoneNumber, number: this.#places[member * 2 + 1] as number };
  }

  /** Brings the prior of a zone, and whether it can be drawn, to what its members are. */
  #settle(zoneNumber: number): void {
    const { state } = this.#zones[zoneNumber] as Zone;
    if (state.size === 0) {
      this.#outer.leave(zoneNumber);
      return;
    }
    this.#outer.setPrior(zoneNumber, state.priorTotal);
    this.#outer.enter(zoneNumber);
  }

  #ensure(wanted: string, prior: number): number {
    const isFull = this.#byName.size >= ZONES_MAX && !this.#byName.has(wanted);
    const name = isFull ? NO_ZONE : wanted;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const number = this.#unused.pop() ?? this.#zones.length;
    this.#zones[number] = new Zone(name);
    this.#byName.set(name, number);
    this.#outer.add(number, prior);
    return number;
  }
}

/** Rotates one factor of the state by the reward less the pull of its prior. */
function turn(state: BornState, number: number, advantage: number, odds: number): void {
  const probability = state.shareOfAll(number);
  const pull = TEMPERATURE * Math.log(probability / state.priorShareOfAll(number));
  state.rotate(number, angleOf(advantage - pull, odds, probability));
}
