/** What a second attempt beside one that is late saves and wastes, by policy and by where it goes. */
import { figuresOf, type Figures } from './estimates.ts';
import type { Policy } from './policy.ts';
import { HEDGED, type Scenario } from './scenarios.ts';
import type { HedgeMode } from './second-agent.ts';
import { simulate, type Run } from './simulate.ts';
import { makeWorld } from './world.ts';

/** Of the policies that are compared, those that are hedged: the first two as the product runs them. */
const POLICIES: readonly string[] = [
  'least-loaded, avoiding',
  'born+p2c, avoiding',
  'power-of-two-choices',
  'latency-aware',
];

export const MODES = ['without', 'elsewhere', 'apart'] as const;

/** What is kept of a run with hedges, or without. */
export interface HedgeFigures {
  readonly figures: Figures;
  /** Hedges, and those that were done first, in percent of the tasks. */
  readonly hedged: number;
  readonly won: number;
  /** Time that agents worked on attempts that the other one made needless, in percent of all that they worked. */
  readonly wasted: number;
}

export interface Hedged {
  readonly scenario: Scenario;
  readonly policy: Policy;
  /** One entry a seed. */
  readonly byMode: Readonly<Record<(typeof MODES)[number], readonly HedgeFigures[]>>;
}

export function compareHedging(policies: readonly Policy[], seeds: number): Hedged[] {
  return HEDGED.flatMap((scenario) =>
    policies
      .filter(({ name }) => POLICIES.includes(name))
      .map((policy) => {
        const run = (mode: HedgeMode | 'without'): HedgeFigures[] =>
          Array.from({ length: seeds }, (_, at) => runOnce(scenario, policy, mode, at + 1));
        const byMode = {
          without: run('without'),
          elsewhere: run('elsewhere'),
          apart: run('apart'),
        };
        return { scenario, policy, byMode };
      }),
  );
}

function runOnce(
  scenario: Scenario,
  policy: Policy,
  mode: HedgeMode | 'without',
  seed: number,
): HedgeFigures {
  const world = makeWorld(scenario, seed);
  const hedging = mode === 'without' ? {} : { hedging: mode };
  return hedgeFigures(
    simulate({ scenario, world, policy, setting: policy.setting ?? {}, seed, ...hedging }),
  );
}

export function hedgeFigures(run: Run): HedgeFigures {
  const { hedges, responsesMs, workedMs } = run;
  const { started, wastedMs, won } = hedges ?? { started: 0, won: 0, wastedMs: 0 };
  return {
    figures: figuresOf(run),
    hedged: (100 * started) / responsesMs.length,
    won: (100 * won) / responsesMs.length,
    wasted: (100 * wastedMs) / workedMs.reduce((sum, ms) => sum + ms, 0),
  };
}
