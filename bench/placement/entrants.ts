import type { Policy } from './policy.ts';
import type { Scenario } from './scenarios.ts';

/** They look at every agent for a choice. */
const LINEAR: ReadonlySet<string> = new Set(['Thompson', 'shortest queue', 'clairvoyant']);
/** Of the policies that are not shipped, those whose theory is about large fleets. */
const LARGE: ReadonlySet<string> = new Set(['join idle queue', 'weighted two choices']);
/** Shipped, and no better than what takes part for it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['born+zones', 'weighted-round-robin']);

/** The policies that take part in a scenario. */
export function entrantsOf({ entrants }: Scenario, policies: readonly Policy[]): Policy[] {
  if (entrants === undefined) return [...policies];
  const quick = policies.filter(({ name }) => !LINEAR.has(name));
  if (entrants === 'sublinear') return quick;
  return quick.filter(({ name, origin }) => {
    return LARGE.has(name) || (origin === 'shipped' && !LEFT_OUT.has(name));
  });
}
