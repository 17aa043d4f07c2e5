/**
 * What a pool has learned of its members, as the state |ψ⟩ = Σ cᵢ|i⟩ with one real amplitude a member.
 *
 * Kept as wᵢ ∝ |cᵢ|²; a common factor does not matter. Members that can be drawn, the present ones, are
 * leaves of a sum tree: what is drawn from it is |ψ⟩ after the projective measurement "can be drawn".
 * A second tree holds their priors sᵢ, which the channel ρ → λρ + (1−λ)σ puts in the place of the state.
 * All that is kept of a member besides is one record of 32 bytes, with what its draws left to be remembered: of
 * a million, a column for each field would cost a cache miss for each. Everything costs O(log₁₆ n) but
 * `measures`; 58 bytes a member. The equations are in docs/born.md.
 */
import { float64Column, int32Column } from '../../base/columns.ts';
import { invariant } from '../../base/invariant.ts';
import { capacityFor, grown, grownCapacity } from '../../base/grown.ts';
import { CompensatedSum } from './compensated-sum.ts';
import type { Searches } from './searches.ts';
import { StateSums, type SampledMeasures } from './state-measures.ts';
import { SumTree } from './sum-tree.ts';

/** The probability of a member falls to no less than this share of its prior when it is rotated. */
export const FLOOR_SHARE = 0.02;
/** Beyond these sums all masses are brought back to about 1. */
const TOTAL_MAX = 2 ** 200;
/** Most members that measures look at. */
const SUMMED_MAX = 8_192;
/** Fraction of the golden ratio: its multiples spread evenly over the unit interval. */
const GOLDEN = 0.618_033_988_749_895;
const PRIOR_MIN = 2 ** -40;
const PRIOR_MAX = 2 ** 40;

/** Masses |cᵢ|² in a row, up to a common factor: a {@link SumTree}, or one whose amplitudes have phases. */
export interface MassTree {
  readonly size: number;
  readonly total: number;
  at(position: number): number;
  push(mass: number, prior: number): void;
  pop(): void;
  set(position: number, mass: number, prior: number): void;
  move(from: number, to: number): void;
  /** Makes room for so many in one step, where that can be done. */
  reserve?(count: number): void;
  find(target: number): number;
  before(position: number): number;
  scale(factor: number): void;
  /** Turns the phase of one amplitude, where there are phases. */
  turn?(position: number, angle: number): void;
  /** Applies the Grover mixer about the prior, where there are phases. */
  mix?(beta: number): void;
}

export class BornState {
  readonly #masses: MassTree;
  readonly #priors: SumTree;
  /** By member, see the fields below. */
  #records: Float64Array;
  /** The same bytes. */
  #ints: Int32Array;
  #floats: Float32Array;
  /** Two fields a leaf: its member, and the name that it is known by outside. */
  #present: Int32Array;
  /** Sums over the members that cannot be drawn, and how many those are. */
  readonly #absentMass = new CompensatedSum();
  readonly #absentPrior = new CompensatedSum();
  #absent = 0;
  /** Members were added below it. */
  #used = 0;

  readonly #floorShare: number;

  /**
   * @param masses - empty; one in which amplitudes interfere, or else plain sums
   * @param floorShare - the least that a rotation leaves of a member's prior share, 0..1
   * @param capacity - members that there is room for at first
   */
  constructor(masses: MassTree = new SumTree(), floorShare: number = FLOOR_SHARE, capacity = 8) {
    this.#priors = new SumTree('positive', capacity);
    this.#records = float64Column(capacity * FIELDS);
    this.#ints = new Int32Array(this.#records.buffer);
    this.#floats = new Float32Array(this.#records.buffer);
    this.#present = int32Column(capacity * 2);
    this.#masses = masses;
    this.#floorShare = floorShare;
  }

  /** Members that can be drawn. */
  get size(): number {
    return this.#masses.size;
  }

  /** Sum of the priors of the members that can be drawn. */
  get priorTotal(): number {
    return this.#priors.total;
  }

  /** Members that there is room for before its columns are copied into larger ones. */
  get capacity(): number {
    return this.#records.length / FIELDS;
  }

  /** Makes room for so many members in one step. */
  reserve(count: number): void {
    const capacity = capacityFor(count, this.capacity);
    if (capacity > this.capacity) this.#resize(capacity);
    this.#masses.reserve?.(count);
    this.#priors.reserve(count);
  }

  has(member: number): boolean {
    return (this.#ints[member * HALVES + LEAF] ?? 0) > 0;
  }

  /** Takes in a member, absent at first, with its prior probability as its own. */
  add(member: number, prior: number): void {
    while (member >= this.capacity) this.#resize(grownCapacity(this.capacity));
    invariant(!this.has(member), 'a member is added once');
    const bounded = boundedPrior(prior);
    const at = member * FIELDS;
    this.#records.fill(0, at, at + FIELDS);
    const mass = bounded * this.#ratio();
    this.#records[at + MASS] = mass;
    this.#records[at + PRIOR] = bounded;
    this.#used = Math.max(this.#used, member + 1);
    this.#absentees(1, mass, bounded);
  }

  /** Forgets a member. */
  remove(member: number): void {
    this.leave(member);
    const at = member * FIELDS;
    this.#absentees(-1, -(this.#records[at + MASS] as number), -this.#prior(member));
    this.#records.fill(0, at, at + FIELDS);
  }

  /** Changes the prior of a member; what was learned, as a factor on the prior, stays. */
  setPrior(member: number, prior: number): void {
    const bounded = boundedPrior(prior);
    const known = this.#prior(member);
    if (bounded === known) return;
    const mass = this.#mass(member) * (bounded / known);
    this.#records[member * FIELDS + PRIOR] = bounded;
    if (!this.has(member)) this.#absentPrior.replace(known, bounded);
    this.#write(member, mass);
  }

  /** Lets a member be drawn. @param name - what {@link nameAt} is to say of it */
  enter(member: number, name: number = member): void {
    if (this.has(member)) return;
    this.#bound(member);
    this.#absentees(-1, -this.#mass(member), -this.#prior(member));
    this.#masses.push(this.#mass(member), this.#prior(member));
    this.#priors.push(this.#prior(member));
    const leaf = this.#masses.size - 1;
    this.#setLeaf(member, leaf);
    this.#present[leaf * 2 + 1] = name;
  }

  /** Lets it be drawn no more; the last leaf takes its place. */
  leave(member: number): void {
    if (!this.has(member)) return;
    const leaf = this.#leafOf(member);
    this.#records[member * FIELDS + MASS] = this.#masses.at(leaf);
    this.#absentees(1, this.#masses.at(leaf), this.#prior(member));
    const lastLeaf = this.#masses.size - 1;
    if (lastLeaf !== leaf) {
      this.#setLeaf(this.memberAt(lastLeaf), leaf);
      this.#present[leaf * 2 + 1] = this.nameAt(lastLeaf);
      this.#masses.move(lastLeaf, leaf);
      this.#priors.move(lastLeaf, leaf);
    }
    this.#ints[member * HALVES + LEAF] = 0;
    this.#masses.pop();
    this.#priors.pop();
  }

  /** The member of a point of the unit interval, measured in the Born basis. */
  drawBorn(point: number): number {
    return this.memberAt(this.leafFor(true, point));
  }

  /** The same for the prior. */
  drawPrior(point: number): number {
    return this.memberAt(this.leafFor(false, point));
  }

  /** The leaf of a point, of the state or of the prior. */
  leafFor(isBorn: boolean, point: number): number {
    const tree = isBorn ? this.#masses : this.#priors;
    return tree.find(point * tree.total);
  }

  /** Begins a draw as one of several; not where amplitudes interfere. */
  begin(isBorn: boolean, point: number, searches: Searches, at: number): void {
    const tree = isBorn ? this.#masses : this.#priors;
    invariant(tree instanceof SumTree, 'amplitudes that interfere are drawn one at a time');
    searches.begin(at, tree, point * tree.total);
  }

  /** The member of a leaf that a search found. */
  memberAt(leaf: number): number {
    return this.#present[leaf * 2] as number;
  }

  /** The name of that member. */
  nameAt(leaf: number): number {
    return this.#present[leaf * 2 + 1] as number;
  }

  /** Remembers the odds of a draw, to seven digits, and that the attempt is not over. */
  note(member: number, odds: number, outerOdds = 0): void {
    const at = member * HALVES;
    this.#floats[at + ODDS] = odds;
    this.#floats[at + OUTER_ODDS] = outerOdds;
    this.#ints[at + PENDING] = (this.#ints[at + PENDING] as number) + 1;
  }

  /** Takes off one attempt that was noted; false where none is left. */
  settle(member: number): boolean {
    const pending = this.#ints[member * HALVES + PENDING] as number;
    if (pending === 0) return false;
    this.#ints[member * HALVES + PENDING] = pending - 1;
    return true;
  }

  /** Of the last draw that was noted: n·qᵢ when it was made. */
  oddsOf(member: number): number {
    return this.#floats[member * HALVES + ODDS] as number;
  }

  /** The same of what was drawn before it, where that was noted. */
  outerOddsOf(member: number): number {
    return this.#floats[member * HALVES + OUTER_ODDS] as number;
  }

  /** Reads what a member's chance is made of; the number means nothing. */
  touch(member: number): number {
    return (this.#records[member * FIELDS] as number) + this.oddsOf(member);
  }

  /** pᵢ = |cᵢ|² among the present members and this one. */
  probability(member: number): number {
    return this.#mass(member) / this.#totalWith(member, this.#masses, this.#mass(member));
  }

  /** The share of the prior among the present members and this one. */
  priorShare(member: number): number {
    return this.#prior(member) / this.#totalWith(member, this.#priors, this.#prior(member));
  }

  /** The chance of a draw that comes before this present member, by the channel's `lambda`. */
  chanceBefore(member: number, lambda: number): number {
    const leaf = this.#leafOf(member);
    const born = this.#masses.before(leaf) / this.#masses.total;
    const prior = this.#priors.before(leaf) / this.#priors.total;
    return lambda * born + (1 - lambda) * prior;
  }

  /** ⟨i|E_λ(ρ)|i⟩ = λ·pᵢ + (1−λ)·prior share. */
  chance(member: number, lambda: number): number {
    return lambda * this.probability(member) + (1 - lambda) * this.priorShare(member);
  }

  /** pᵢ before anything is projected out: among all members, whether they can be drawn or not. */
  shareOfAll(member: number): number {
    return this.#mass(member) / this.#massOfAll();
  }

  /** The same for the prior. */
  priorShareOfAll(member: number): number {
    return this.#prior(member) / (this.#priors.total + this.#absentPrior.value);
  }

  /** What was learned of a member: its mass for each unit of its prior, up to a common factor. */
  factorOf(member: number): number {
    return this.#mass(member) / this.#prior(member);
  }

  /**
   * Rotates |ψ⟩ of all members by `angle` in the plane of |i⟩ and the rest, towards |i⟩ where it is above 0.
   *
   * Who cannot be drawn at the moment counts as well: where all are busy, each is alone when it is free. With sin α = √pᵢ the angle becomes α + angle, within [asin √(floor), acos √(floor)]. Only wᵢ is
   * written: (Z − wᵢ)·tan²(α + angle), since the rest keeps its proportions.
   */
  rotate(member: number, angle: number): void {
    const mass = this.#mass(member);
    const rest = this.#massOfAll() - mass;
    if (!(rest > 0)) return;
    const lowest = Math.asin(Math.sqrt(this.#floorShare * this.priorShareOfAll(member)));
    const alpha = Math.atan(Math.sqrt(mass / rest));
    const turned = Math.min(Math.max(alpha + angle, lowest), Math.PI / 2 - Math.asin(FLOOR_ROOT));
    this.#write(member, rest * Math.tan(turned) ** 2);
    const total = this.#massOfAll();
    if (total > TOTAL_MAX || total < 1 / TOTAL_MAX) this.#rescale();
  }

  /** Turns the phase of a present member and applies the mixer; nothing where there are no phases. */
  interfere(member: number, phase: number, beta: number): void {
    const leaf = this.#leafOf(member);
    if (leaf >= 0) this.#masses.turn?.(leaf, phase);
    this.#masses.mix?.(beta);
  }

  /**
   * Of all members, whether they can be drawn or not; null where there is none. O(n) up to 8,192 members; past that
   * over so many places, spread evenly.
   *
   * @param membersMax - members that may be looked at, where that is less
   */
  measures(membersMax: number = SUMMED_MAX): SampledMeasures | null {
    const size = this.size + this.#absent;
    if (size === 0) return null;
    const most = Math.max(1, Math.min(membersMax, SUMMED_MAX));
    const isWhole = this.#used <= most;
    const sums = new StateSums();
    for (let index = 0; index < (isWhole ? this.#used : most); index++) {
      const member = isWhole ? index : Math.floor(((index * GOLDEN) % 1) * this.#used);
      const prior = this.#prior(member);
      if (prior > 0) sums.add(this.#mass(member), prior);
    }
    return sums.measures(size);
  }

  /** Of a present member as its tree has it, for there it may change without being written. */
  #mass(member: number): number {
    const leaf = this.#leafOf(member);
    return leaf < 0 ? (this.#records[member * FIELDS + MASS] as number) : this.#masses.at(leaf);
  }

  #prior(member: number): number {
    return this.#records[member * FIELDS + PRIOR] as number;
  }

  #leafOf(member: number): number {
    return (this.#ints[member * HALVES + LEAF] as number) - 1;
  }

  #setLeaf(member: number, leaf: number): void {
    this.#ints[member * HALVES + LEAF] = leaf + 1;
    this.#present[leaf * 2] = member;
  }

  #totalWith(member: number, tree: Pick<MassTree, 'total'>, own: number): number {
    return tree.total + (this.has(member) ? 0 : own);
  }

  #massOfAll(): number {
    return this.#masses.total + this.#absentMass.value;
  }

  /** Mass for each unit of prior, as newcomers get it. */
  #ratio(): number {
    const mass = this.#massOfAll();
    return mass > 0 ? mass / (this.#priors.total + this.#absentPrior.value) : 1;
  }

  #absentees(count: number, mass: number, prior: number): void {
    this.#absent += count;
    if (this.#absent === 0) {
      this.#absentMass.clear();
      this.#absentPrior.clear();
    } else {
      this.#absentMass.add(mass);
      this.#absentPrior.add(prior);
    }
  }

  #write(member: number, mass: number): void {
    const leaf = this.#leafOf(member);
    if (leaf < 0) this.#absentMass.replace(this.#records[member * FIELDS + MASS] as number, mass);
    this.#records[member * FIELDS + MASS] = mass;
    if (leaf < 0) return;
    const prior = this.#prior(member);
    this.#masses.set(leaf, mass, prior);
    if (prior !== this.#priors.at(leaf)) this.#priors.set(leaf, prior);
  }

  /** Keeps a member that was absent, while the others' masses changed, within what a rotation can reach. */
  #bound(member: number): void {
    const mass = this.#mass(member);
    const usual = this.#prior(member) * this.#ratio();
    const most = (this.#massOfAll() * (1 - FLOOR_SHARE)) / FLOOR_SHARE;
    const bounded = Math.min(Math.max(mass, usual * FLOOR_SHARE), most);
    if (bounded !== mass) this.#write(member, bounded);
  }

  /** By a power of two, so that no mass is rounded. */
  #rescale(): void {
    const factor = 2 ** -Math.round(Math.log2(this.#massOfAll()));
    this.#masses.scale(factor);
    this.#absentMass.scale(factor);
    for (let at = MASS; at < this.#records.length; at += FIELDS) {
      this.#records[at] = (this.#records[at] as number) * factor;
    }
  }

  #resize(capacity: number): void {
    this.#records = grown(this.#records, float64Column(capacity * FIELDS));
    this.#ints = new Int32Array(this.#records.buffer);
    this.#floats = new Float32Array(this.#records.buffer);
    this.#present = grown(this.#present, int32Column(capacity * 2));
  }
}

/** Fields of a record, eight bytes each; its mass is that of its leaf while it is present. */
const MASS = 0;
const PRIOR = 1;
const FIELDS = 4;
/** And in halves of those: its leaf plus one, or 0; attempts that are not over; two floats. */
const LEAF = 4;
const PENDING = 5;
const ODDS = 6;
const OUTER_ODDS = 7;
const HALVES = 8;
const FLOOR_ROOT = Math.sqrt(FLOOR_SHARE);

/** Priors are products of what users say: one that is no number or out of range must not spoil the sums. */
function boundedPrior(prior: number): number {
  return prior > PRIOR_MIN ? Math.min(prior, PRIOR_MAX) : PRIOR_MIN;
}
