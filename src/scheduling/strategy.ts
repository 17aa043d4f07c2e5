import type { Rng } from '../base/rng.ts';
import type { StrategyName } from '../core/index.ts';

/** What a choice may depend on besides the agents. */
export interface Choice {
  /** Tasks of one key belong together: the affinity key, or the task id. */
  key: string;
  rng: Rng;
  nowMs: number;
  /** The pick will be acted on, and may use up what was drawn ahead; without it, it is a question. */
  readonly isDecision?: true;
}

/** How an attempt ended that a strategy may learn from. */
export interface Outcome {
  readonly runMs: number;
  /** Whether it completed. */
  readonly ok: boolean;
  readonly nowMs: number;
}

/**
 * A way to choose among the available members of a pool: the port of load balancing.
 *
 * One instance serves one pool. Members are the pool's small numbers, stable while the agent is in
 * the pool. The pool tells a `stateful` strategy of every change; others look when they are asked.
 */
export interface Strategy {
  readonly name: StrategyName;
  readonly stateful: boolean;
  /** Columns that are written to all over as members come: their memory is provided before the first of a large pool. */
  scattered?(): Iterable<Int32Array | Float64Array>;
  /** An agent joined the pool, available or not. */
  added(member: number): void;
  /** The agent is about to leave the pool. */
  removed(member: number): void;
  /** The agent's availability, load, slots or weight may have changed. */
  changed(member: number): void;
  /** Keys that will be asked for soon, so that what they need can be read at once. Changes no choice. */
  foresee?(keys: readonly string[]): void;
  /** The available member that should get the task; asked only while there is one. A question changes no later choice. */
  pick(choice: Choice): number;
  /** The last pick is going to be used. */
  picked(member: number): void;
  /** An attempt of the agent ended, of this pool's tasks or others'. Strategies without it learn nothing. */
  observed?(member: number, outcome: Outcome): void;
  /** Why `member` was picked, as a sentence without its stop. */
  reason(member: number, choice: Choice): string;
}
