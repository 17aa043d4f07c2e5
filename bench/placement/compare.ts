/** Runs policies on a scenario, each with the same seeds, and keeps what the page says of them. */
import { fidelityOf, type DispatchFidelity } from '../../src/scheduling/born/dispatch-record.ts';
import { entrantsOf } from './entrants.ts';
import { figuresOf, type Figures } from './estimates.ts';
import { needsOf } from './messages.ts';
import type { Policy } from './policy.ts';
import { throughputOf, type Throughput } from './recovery.ts';
import type { Scenario } from './scenarios.ts';
import { simulate } from './simulate.ts';
import { Stopwatch, type Means } from './stopwatch.ts';
import { makeWorld } from './world.ts';

/** What is kept of one run. */
export interface Measured {
  readonly figures: Figures;
  /** Of what was sent with the distribution that it was drawn from; null where there is none. */
  readonly fidelity: DispatchFidelity | null;
  /** Where a zone goes down at a known moment. */
  readonly throughput: Throughput | null;
}

export type ByPolicy = ReadonlyMap<Policy, readonly Measured[]>;
export type Times = ReadonlyMap<Policy, Means>;

export interface Compared {
  /** One entry a seed. */
  readonly results: ByPolicy;
  /** How long decisions took, over all seeds. */
  readonly times: Times;
}

export function compare(scenario: Scenario, policies: readonly Policy[], seeds: number): Compared {
  const results = new Map<Policy, Measured[]>();
  const stopwatches = new Map<Policy, Stopwatch>();
  for (const policy of entrantsOf(scenario, policies)) {
    results.set(policy, []);
    stopwatches.set(policy, new Stopwatch());
  }
  const count = Math.min(seeds, scenario.seedsMax ?? seeds);
  for (let seed = 1; seed <= count; seed++) {
    const world = makeWorld(scenario, seed);
    for (const [policy, measured] of results) {
      const stopwatch = stopwatches.get(policy) as Stopwatch;
      const setting = policy.setting ?? {};
      const run = simulate({ scenario, world, policy, setting, seed, stopwatch });
      measured.push({
        figures: figuresOf(run, { needs: needsOf(policy), warmShare: scenario.warmShare }),
        fidelity: fidelityOf(run.dispatches),
        throughput: scenario.trouble === 'outage' ? throughputOf(run, world) : null,
      });
    }
  }
  // Samples are many more than what is kept of them.
  const times = new Map([...stopwatches].map(([policy, one]) => [policy, one.means()]));
  return { results, times };
}
