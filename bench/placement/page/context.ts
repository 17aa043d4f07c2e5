/** What the page is made of, and how it is looked up. */
import type { ByPolicy, Times } from '../compare.ts';
import { meanOf, ratio, type Estimate, type Measure } from '../estimates.ts';
import type { Hedged } from '../hedging.ts';
import type { Policy } from '../policy.ts';
import type { Scenario } from '../scenarios.ts';

export interface PageContext {
  readonly results: ReadonlyMap<Scenario, ByPolicy>;
  readonly times: ReadonlyMap<Scenario, Times>;
  /** Bytes an agent, by policy and number of agents. */
  readonly memory: ReadonlyMap<Policy, ReadonlyMap<number, number>>;
  readonly hedged: readonly Hedged[];
  readonly policies: readonly Policy[];
  readonly seeds: number;
  readonly trainingSeeds: number;
  readonly minutes: number;
  readonly origin: string;
}

const CLAIRVOYANT = 'clairvoyant';

/** One value a seed; none where the policy took no part. */
export function valuesOf(byPolicy: ByPolicy, policy: Policy, measure: Measure): number[] {
  return (byPolicy.get(policy) ?? []).map(({ figures }) => figures[measure]);
}

export function secondsOf(byPolicy: ByPolicy, policy: Policy, measure: Measure): number[] {
  return valuesOf(byPolicy, policy, measure).map((ms) => ms / 1_000);
}

/** NaN where the policy took no part. */
export function meanFor(byPolicy: ByPolicy, policy: Policy, measure: Measure): number {
  return meanOf(secondsOf(byPolicy, policy, measure));
}

/** How many times as long a task takes as under the clairvoyant, by pairs of runs; null where either took no part. */
export function regretOf(byPolicy: ByPolicy, policy: Policy): Estimate | null {
  const best = [...byPolicy.keys()].find(({ name }) => name === CLAIRVOYANT);
  if (best === undefined || !byPolicy.has(policy)) return null;
  return ratio(secondsOf(byPolicy, policy, 'mean'), secondsOf(byPolicy, best, 'mean'));
}
