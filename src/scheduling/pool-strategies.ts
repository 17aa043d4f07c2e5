import { provided } from '../base/columns.ts';
import type { StrategyName } from '../core/index.ts';
import type { Pool } from './pool.ts';
import { createStrategy, type Shared } from './strategies/create-strategy.ts';
import type { Outcome, Strategy } from './strategy.ts';

/** Pools of so many members are no large ones: a strategy takes them in at once when it is used first. */
const WHOLE_MAX = 2_048;
/** Members of a larger one that it takes in with each step: a millisecond of work or less. */
const TAKEN_AT_ONCE = 256;
/** One that was not asked for as long is forgotten: it costs something with every change of a load, and what it learned is past. */
const KEPT_MS = 600_000;
/** Chooses meanwhile; it knows nothing of its own about members. */
const STAND_IN: StrategyName = 'power-of-two-choices';

/** A strategy that is told of the members below a number, and of more with each step. */
interface Joining {
  readonly strategy: Strategy;
  /** Has its memory provided, a part with each step, before it hears of the first. */
  readonly memory: Iterator<void>;
  below: number;
}

/**
 * The strategies that one pool is asked for, and which of them must hear what happens to its members.
 *
 * One that keeps something of each member takes in those of a large pool in slices. Until it knows all, power of
 * two choices takes its place. One that no queue uses any more is forgotten after ten to twenty minutes, where
 * ends of attempts are listened to.
 */
export class PoolStrategies {
  readonly #pool: Pool;
  readonly #shared: Shared;
  readonly #byName = new Map<StrategyName, Strategy>();
  readonly #stateful: Strategy[] = [];
  readonly #learning: Strategy[] = [];
  readonly #joining: Joining[] = [];
  /** Asked for since they were looked through last, and the last one of them. */
  readonly #asked = new Set<StrategyName>();
  #lastAsked: StrategyName | null = null;
  #lookedThroughAt = Number.NEGATIVE_INFINITY;

  constructor(pool: Pool, shared: Shared) {
    this.#pool = pool;
    this.#shared = shared;
  }

  /** Whether load changes must be told although availability stays. */
  get isStateful(): boolean {
    return this.#stateful.length > 0 || this.#joining.length > 0;
  }

  /** Whether some strategy does not know all members yet. */
  get isJoining(): boolean {
    return this.#joining.length > 0;
  }

  /** Strategies that learn from how attempts end, of those that know all members. */
  get learning(): readonly Strategy[] {
    return this.#learning;
  }

  /** The strategy of a name, or who takes its place yet. O(1), but for its first use a slice of the members. */
  get(name: StrategyName): Strategy {
    if (name !== this.#lastAsked) this.#noteAsked(name);
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#joining.some(({ strategy }) => strategy.name === name)) return this.get(STAND_IN);
    const strategy = createStrategy(name, this.#pool, this.#shared);
    if (!strategy.stateful) {
      this.#byName.set(name, strategy);
      return strategy;
    }
    const memory = provided(strategy.scattered?.() ?? []);
    this.#joining.unshift({ strategy, memory, below: 0 });
    const isLarge = this.#pool.numbersUsed > WHOLE_MAX || this.#shared.takenAtOnce !== undefined;
    if (isLarge) this.joinOn();
    else this.finish();
    return this.#byName.get(name) ?? this.get(STAND_IN);
  }

  /** Lets a strategy that does not know all members hear of so many more. */
  joinOn(): void {
    const [joining] = this.#joining;
    if (joining === undefined) return;
    const { memory, strategy } = joining;
    if (memory.next().done !== true) return;
    const max = this.#shared.takenAtOnce ?? TAKEN_AT_ONCE;
    const end = Math.min(joining.below + max, this.#pool.numbersUsed);
    while (joining.below < end) {
      // First it counts as known: what the strategy asks is answered as for any other.
      const member = joining.below++;
      if (this.#pool.agentOf(member) >= 0) strategy.added(member);
    }
    if (joining.below < this.#pool.numbersUsed) return;
    this.#joining.shift();
    this.#byName.set(strategy.name, strategy);
    this.#stateful.push(strategy);
    if (strategy.observed !== undefined) this.#learning.push(strategy);
  }

  /** Lets all strategies hear of all members. O(members · log members). */
  finish(): void {
    while (this.isJoining) this.joinOn();
  }

  added(member: number): void {
    for (const strategy of this.#stateful) strategy.added(member);
    for (const { below, strategy } of this.#joining) if (member < below) strategy.added(member);
  }

  removed(member: number): void {
    for (const strategy of this.#stateful) strategy.removed(member);
    for (const { below, strategy } of this.#joining) if (member < below) strategy.removed(member);
  }

  changed(member: number): void {
    for (const strategy of this.#stateful) strategy.changed(member);
    for (const { below, strategy } of this.#joining) if (member < below) strategy.changed(member);
  }

  observed(member: number, outcome: Outcome): void {
    if (outcome.nowMs - this.#lookedThroughAt >= KEPT_MS) this.#lookThrough(outcome.nowMs);
    for (const strategy of this.#learning) strategy.observed?.(member, outcome);
  }

  #noteAsked(name: StrategyName): void {
    this.#lastAsked = name;
    this.#asked.add(name);
  }

  #lookThrough(nowMs: number): void {
    const isFirst = this.#lookedThroughAt === Number.NEGATIVE_INFINITY;
    this.#lookedThroughAt = nowMs;
    if (!isFirst) {
      for (const [name, strategy] of this.#byName) {
        if (this.#asked.has(name)) continue;
        this.#byName.delete(name);
        drop(this.#stateful, strategy);
        drop(this.#learning, strategy);
      }
    }
    this.#asked.clear();
    this.#lastAsked = null;
  }
}

function drop(list: Strategy[], strategy: Strategy): void {
  const at = list.indexOf(strategy);
  if (at >= 0) list.splice(at, 1);
}
