/**
 * What placement strategies are worth, in a simulation that is the same for all of them.
 *
 *   npm run bench -- placement [--quick]
 *   node bench/placement.ts '--policies=least-loaded;born+p2c;born+p2c, avoiding' '--scenarios=plain;outage'
 *
 * Writes bench/PLACEMENT.md and its plots; `--quick` uses fewer seeds and no large fleets, and only prints what comes
 * before all figures. With `--policies` the mean response of these is printed, without tuning, for the seeds of the page.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isQuick, originText, ROOT } from './harness/report.ts';
import { compare, type ByPolicy, type Times } from './placement/compare.ts';
import { entrantsOf } from './placement/entrants.ts';
import { estimate } from './placement/estimates.ts';
import { compareHedging } from './placement/hedging.ts';
import { bytesPerAgent } from './placement/memory.ts';
import type { PageContext } from './placement/page/context.ts';
import { TIMED } from './placement/page/costs.ts';
import { outagePlot } from './placement/page/outages.ts';
import { page, plot } from './placement/page/page.ts';
import { POLICIES } from './placement/policies.ts';
import type { Policy } from './placement/policy.ts';
import { SCENARIOS, type Scenario } from './placement/scenarios.ts';
import { tune } from './placement/tune.ts';

const SEEDS = isQuick() ? 3 : 30;
const TRAINING_SEEDS = isQuick() ? 1 : 3;
const QUICK_AGENTS_MAX = 1_000;

/** The names that an argument lists, each of which must be known; all without it. */
function namesOf(argument: string, known: readonly string[]): readonly string[] {
  const given = process.argv.find((arg) => arg.startsWith(`--${argument}=`));
  if (given === undefined) return known;
  const names = given.slice(argument.length + 3).split(';');
  const odd = names.find((name) => !known.includes(name));
  if (odd === undefined) return names;
  throw new Error(`--${argument} must list some of ${known.join('; ')}, got ${odd}`);
}

/** Means in seconds with their intervals, one scenario a line. */
function printOnly(scenarios: readonly Scenario[]): void {
  const names = namesOf(
    'policies',
    POLICIES.map(({ name }) => name),
  );
  const chosen = POLICIES.filter(({ name }) => names.includes(name));
  for (const scenario of scenarios) {
    const cells = [...compare(scenario, chosen, SEEDS).results].flatMap(([{ name }, runs]) =>
      (['mean', 'p99'] as const).map((measure) => {
        const { high, low, mean } = estimate(runs.map(({ figures }) => figures[measure] / 1_000));
        return `${name} ${measure} ${mean.toFixed(2)} (${low.toFixed(2)} – ${high.toFixed(2)})`;
      }),
    );
    console.log(`${scenario.name}: ${cells.join(' | ')}`);
  }
}

/** Bytes an agent at each size that a policy ran with, those of the scenarios that are timed. */
function memoryOf(
  scenarios: readonly Scenario[],
  policies: readonly Policy[],
): Map<Policy, Map<number, number>> {
  const memory = new Map<Policy, Map<number, number>>(policies.map((one) => [one, new Map()]));
  for (const scenario of scenarios.filter(({ name }) => TIMED.includes(name))) {
    for (const policy of entrantsOf(scenario, policies)) {
      memory.get(policy)?.set(scenario.agents, bytesPerAgent(policy, scenario.agents));
    }
  }
  return memory;
}

/** Runs everything, and says how far it is. */
function measure(scenarios: readonly Scenario[]): PageContext {
  const usedFrom = process.cpuUsage();
  const secondsUsed = (): number => {
    const { system, user } = process.cpuUsage(usedFrom);
    return (user + system) / 1e6;
  };
  const progress = (done: string): void =>
    console.log(`${done}: ${Math.round(secondsUsed())} s of processor time`);
  const policies = tune(TRAINING_SEEDS);
  progress('tuned');
  const results = new Map<Scenario, ByPolicy>();
  const times = new Map<Scenario, Times>();
  for (const scenario of scenarios) {
    const compared = compare(scenario, policies, SEEDS);
    results.set(scenario, compared.results);
    times.set(scenario, compared.times);
    progress(scenario.name);
  }
  const hedged = compareHedging(policies, SEEDS);
  progress('hedges');
  const memory = memoryOf(scenarios, policies);
  progress('memory');
  return {
    results,
    times,
    memory,
    hedged,
    policies,
    seeds: SEEDS,
    trainingSeeds: TRAINING_SEEDS,
    minutes: secondsUsed() / 60,
    origin: originText(),
  };
}

const known = SCENARIOS.filter(({ agents }) => !isQuick() || agents <= QUICK_AGENTS_MAX);
const wanted = namesOf(
  'scenarios',
  known.map(({ name }) => name),
);
const scenarios = known.filter(({ name }) => wanted.includes(name));
const isWhole = !isQuick() && scenarios.length === known.length;
if (process.argv.some((arg) => arg.startsWith('--policies='))) printOnly(scenarios);
else {
  const context = measure(scenarios);
  const text = page(context);
  if (isWhole) {
    const plots = join(ROOT, 'bench', 'plots');
    mkdirSync(plots, { recursive: true });
    writeFileSync(join(ROOT, 'bench', 'PLACEMENT.md'), text);
    writeFileSync(join(plots, 'placement-mean.svg'), plot(context, 'mean'));
    writeFileSync(join(plots, 'placement-p99.svg'), plot(context, 'p99'));
    writeFileSync(join(plots, 'placement-outage.svg'), outagePlot(context));
    console.log('wrote bench/PLACEMENT.md');
  } else console.log(text.slice(text.indexOf('## Who wins'), text.indexOf('## All figures')));
}
