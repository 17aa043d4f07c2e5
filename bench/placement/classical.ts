/** Policies of the literature that the product does not ship. */
import { MemberHeap } from '../../src/scheduling/member-heap.ts';
import { SumTree } from '../../src/scheduling/born/sum-tree.ts';
import type { Choice, Outcome } from '../../src/scheduling/strategy.ts';
import type { Chooser, ChooserContext, Setting } from './policy.ts';

/** What most need: nothing is kept. */
export abstract class Plain implements Chooser {
  protected readonly context: ChooserContext;

  constructor(context: ChooserContext) {
    this.context = context;
  }

  abstract pick(choice: Choice): number;
  added(_member: number): void {}
  removed(_member: number): void {}
  changed(_member: number): void {}
  picked(_member: number): void {}

  protected randomMember(): number {
    const { pool, rng } = this.context;
    return pool.availableAt(rng.below(pool.availableCount));
  }

  /** The available member with the least value; ties go to whoever comes first from a random start. */
  protected least(valueOf: (member: number) => number): number {
    const { pool, rng } = this.context;
    const start = rng.below(pool.availableCount);
    let [best, bestValue] = [-1, Infinity];
    for (let step = 0; step < pool.availableCount; step++) {
      const position = start + step;
      const at = position < pool.availableCount ? position : position - pool.availableCount;
      const member = pool.availableAt(at);
      const value = valueOf(member);
      if (value < bestValue || best < 0) [best, bestValue] = [member, value];
    }
    return best;
  }
}

export class RandomChoice extends Plain {
  pick(): number {
    return this.randomMember();
  }
}

/** Draws in proportion to the declared weight; with `choices` 2 the less loaded by weight of two draws. */
export class WeightedChoice extends Plain {
  readonly #tree = new SumTree();
  readonly #choices: number;
  readonly #exponent: number;

  constructor(context: ChooserContext, choices: 1 | 2, exponent = 1) {
    super(context);
    this.#choices = choices;
    this.#exponent = exponent;
  }

  override added(member: number): void {
    this.#tree.push(0);
    this.changed(member);
  }

  override changed(member: number): void {
    const { pool, table } = this.context;
    const weight = pool.isAvailable(member) ? table.weight(member) : 0;
    if (weight !== this.#tree.at(member)) this.#tree.set(member, weight);
  }

  pick(): number {
    const first = this.#draw();
    if (this.#choices === 1) return first;
    const second = this.#draw();
    return this.#costOf(second) < this.#costOf(first) ? second : first;
  }

  #draw(): number {
    return this.#tree.find(this.context.rng.unit() * this.#tree.total);
  }

  #costOf(member: number): number {
    const { table } = this.context;
    return (table.inFlight(member) + 1) / table.weight(member) ** this.#exponent;
  }
}

/** Fewest connections of this dispatcher's own, as web proxies count them. */
export class OwnLeast extends Plain {
  readonly #own: number[] = [];
  readonly #usedAt: number[] = [];
  readonly #heap = new MemberHeap((a, b) => {
    const difference = (this.#own[a] as number) - (this.#own[b] as number);
    return difference === 0
      ? (this.#usedAt[a] as number) < (this.#usedAt[b] as number)
      : difference < 0;
  });
  #picks = 0;

  override added(member: number): void {
    this.#own[member] = 0;
    // Dispatchers that all begin with the first agent would go in step.
    this.#usedAt[member] = -this.context.rng.unit();
    this.changed(member);
  }

  override changed(member: number): void {
    if (this.context.pool.isAvailable(member)) this.#heap.put(member);
    else this.#heap.remove(member);
  }

  pick(): number {
    return this.#heap.top;
  }

  override picked(member: number): void {
    this.#own[member] = (this.#own[member] as number) + 1;
    this.#picks += 1;
    this.#usedAt[member] = this.#picks;
    this.changed(member);
  }

  observed(member: number): void {
    this.#own[member] = (this.#own[member] as number) - 1;
    this.changed(member);
  }
}

/** The shortest queue there really is, whatever the delay. */
export class TrueShortest extends Plain {
  pick(): number {
    return this.least((member) => this.context.truth.load(member));
  }
}

/** Who would be done first, knowing speeds, all work under way and who is sick. */
export class Clairvoyant extends Plain {
  pick(): number {
    const { truth } = this.context;
    return this.least((member) =>
      truth.isWell(member) ? truth.backlogMs(member) + 1_000 / truth.speed(member) : 1e12,
    );
  }
}

/** Join the idle queue: agents that run dry tell one dispatcher; without such, at random. */
export class JoinIdle extends Plain {
  readonly #idle: number[] = [];
  #isFirst = true;

  becameIdle(member: number): void {
    this.#idle.push(member);
  }

  pick(): number {
    const { pool, rng } = this.context;
    if (this.#isFirst) {
      this.#isFirst = false;
      for (let at = 0; at < pool.availableCount; at++) this.#idle.push(pool.availableAt(at));
      for (let last = this.#idle.length - 1; last > 0; last--) {
        const other = rng.below(last + 1);
        const member = this.#idle[last] as number;
        this.#idle[last] = this.#idle[other] as number;
        this.#idle[other] = member;
      }
    }
    for (let member = this.#idle.pop(); member !== undefined; member = this.#idle.pop()) {
      if (pool.isAvailable(member)) return member;
    }
    return this.randomMember();
  }
}

/** Share of a run in the mean that runs are compared with. */
export const MEAN_SHARE = 1 / 64;

/** EXP3 with implicit exploration (Neu, NeurIPS 2015); the loss is t/(t + mean), and 1 for a failure. */
export class Exp3 extends Plain {
  readonly #tree = new SumTree();
  readonly #weights: number[] = [];
  readonly #chances: number[] = [];
  readonly #setting: Setting;
  #meanMs = 1_000;

  constructor(context: ChooserContext, setting: Setting) {
    super(context);
    this.#setting = setting;
  }

  override added(member: number): void {
    this.#weights[member] = 1;
    this.#chances[member] = 1;
    this.#tree.push(0);
    this.changed(member);
  }

  override changed(member: number): void {
    const weight = this.context.pool.isAvailable(member) ? (this.#weights[member] as number) : 0;
    if (weight !== this.#tree.at(member)) this.#tree.set(member, weight);
  }

  pick(): number {
    return this.#tree.find(this.context.rng.unit() * this.#tree.total);
  }

  override picked(member: number): void {
    this.#chances[member] = this.#tree.at(member) / this.#tree.total;
  }

  observed(member: number, { ok, runMs }: Outcome): void {
    const { eta = 0, gamma = 0 } = this.#setting;
    if (ok) this.#meanMs += (runMs - this.#meanMs) * MEAN_SHARE;
    const loss = ok ? runMs / (runMs + this.#meanMs) : 1;
    const size = this.context.pool.availableCount;
    // η and γ in units of 1/n, so that one setting serves all sizes.
    const step = (eta * loss) / (size * (this.#chances[member] as number) + gamma);
    const weight = (this.#weights[member] as number) * Math.exp(-step);
    this.#weights[member] = Math.max(weight, 1e-250);
    this.changed(member);
    if (this.#tree.total > 1e-100) return;
    for (let at = 0; at < this.#weights.length; at++) {
      this.#weights[at] = Math.min((this.#weights[at] as number) * 1e100, 1e200);
      this.changed(at);
    }
  }
}
