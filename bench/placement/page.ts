/** Turns the figures of all runs into the page and its plots. */
import { dotPlot } from './dot-plot.ts';
import { estimate, meanOf, ratio, type Estimate, type Figures, type Measure } from './estimates.ts';
import type { Policy } from './policy.ts';
import type { Scenario } from './scenarios.ts';
import { settingText } from './tune.ts';

/** By scenario and policy: one entry a seed. */
export type Results = ReadonlyMap<Scenario, ReadonlyMap<Policy, readonly Figures[]>>;

export interface PageContext {
  readonly results: Results;
  readonly policies: readonly Policy[];
  readonly seeds: number;
  readonly trainingSeeds: number;
  readonly minutes: number;
  readonly origin: string;
}

const COLORS: Readonly<Record<Policy['origin'], string>> = {
  shipped: '#1f6fb4',
  ours: '#2a9d5c',
  classical: '#8a8a8a',
};
const TOLD: Readonly<Record<Policy['told'], string>> = { nothing: '', speeds: ' *', truth: ' †' };
const OWN = 'born+p2c';
const CLAIRVOYANT = 'clairvoyant';

export function page(context: PageContext): string {
  return `${intro(context)}
## Who wins

Of what a queue can be set to, without declared weights. A ratio below 1 says that \`${OWN}\` is quicker than the best of the
others that are shipped; it pairs runs of the same seed, with its 95 % interval. Where the interval holds 1 there is no difference that
${context.seeds} runs show.

${verdicts(context, 'mean')}

The same for the 99th percentile:

${verdicts(context, 'p99')}

${losses(context)}

## Mean response in seconds

Means over the seeds; the best that was told nothing is bold. * was told the speeds that agents have at first, † knows all that is
true at the moment, which no dispatcher can.

${summary(context, 'mean')}

![Mean response by scenario and policy](plots/placement-mean.svg)

## 99th percentile in seconds

${summary(context, 'p99')}

![99th percentile by scenario and policy](plots/placement-p99.svg)

## Settings found in tuning

${tuned(context)}

## All figures

Seconds, with 95 % intervals of the mean over seeds; *in time* is the share of tasks done within 10 s, *attempts* counts retries, and *Jain*
is Jain's index of how long agents had something to do: 1 where all were busy alike. Strategies that load slow agents less, as they should, come
near it; of those that give all the same number of tasks the fast ones idle. *Regret* is how many times as long a task takes in the mean as under the
clairvoyant, by pairs of runs.

${[...context.results.keys()].map((scenario) => details(context, scenario)).join('\n\n')}
`;
}

export function plot({ policies, results }: PageContext, measure: 'mean' | 'p99'): string {
  const panels = [...results].map(([scenario, byPolicy]) => ({
    title: scenario.name,
    rows: policies.map((policy) => {
      const value = estimate(secondsOf(byPolicy, policy, measure));
      return { label: policy.name + TOLD[policy.told], value, color: COLORS[policy.origin] };
    }),
  }));
  const what = measure === 'mean' ? 'Mean response' : '99th percentile of the response';
  const title = `${what} (blue: shipped, green: variants of ours, grey: literature)`;
  return dotPlot({ title, scale: 'seconds', panels });
}

function intro({ minutes, origin, results, seeds, trainingSeeds }: PageContext): string {
  const rows = [...results.keys()].map(({ name, says }) => `| ${name} | ${says} |`);
  return `# What placement strategies are worth

Written by \`npm run bench -- placement\`; do not edit. ${origin}; ${minutes.toFixed(0)} minutes on one core.

A discrete-event simulation: tasks arrive, a dispatcher sends each to an agent at once, agents work through their queues in order.
Strategies that are shipped run as in the product: the same pools, tables and code of \`src/scheduling\`, one set for each dispatcher.
All policies meet the same arrivals, work, speeds and troubles for the same seed. A task that fails is retried at once and elsewhere if it
can be, at most seven times; one that is lost counts as 60 s. The first fifth of the tasks is not counted. Every policy with settings was
given nine of them on ${trainingSeeds} training seeds of five of the scenarios and runs with the best. Strategies under the names they are shipped by have
the settings they are shipped with; those of \`born+p2c\` were chosen on three further seeds of these scenarios, those of \`latency-aware\` were
not. In the product every strategy also [steers clear](../docs/correlation.md) of hosts and zones that fail as a whole; here only those called *avoiding*
do, so that it is seen what that is worth. *Interfering* is the Grover mixer, which nothing in the product switches on. Reported are ${seeds} seeds that nothing was chosen on. The clairvoyant takes whom it expects to be done first, which is not the best there is.

If not said otherwise, there are 100 agents, one dispatcher that knows at once what happens, speeds in four classes from 0.23 to 2.3 times the
mean, exponential work of 1 s in the mean, load 0.8, and agents queue up to 64 tasks and work on one.

| scenario | |
| --- | --- |
${rows.join('\n')}
`;
}

function verdicts(context: PageContext, measure: 'mean' | 'p99'): string {
  const head = `| scenario | best of all, told nothing | best shipped | \`${OWN}\` against the best other | |
| --- | --- | --- | --- | --- |`;
  const rows = [...context.results].map(([scenario, byPolicy]) => {
    const { best, bestShipped, ratio: times } = standingOf(context, byPolicy, measure);
    return `| ${scenario.name} | ${best.name} | ${bestShipped.name} | ${interval(times, 2)} | ${word(times)} |`;
  });
  return [head, ...rows].join('\n');
}

function losses(context: PageContext): string {
  const names = (measure: 'mean' | 'p99'): string => {
    const lost = [...context.results].filter(
      ([, byPolicy]) => standingOf(context, byPolicy, measure).ratio.low > 1,
    );
    const list = lost.map(([{ name }]) => name).join('; ');
    return lost.length === 0 ? 'nowhere' : `in ${lost.length} of ${context.results.size} (${list})`;
  };
  return `**Where ours loses.** \`${OWN}\` has a larger mean than the best other shipped strategy ${names('mean')}, and a larger 99th percentile ${names('p99')}.`;
}

function word({ high, low }: Estimate): string {
  if (high < 1) return 'wins';
  return low > 1 ? 'loses' : 'no difference';
}

type ByPolicy = ReadonlyMap<Policy, readonly Figures[]>;

function standingOf(
  { policies }: PageContext,
  byPolicy: ByPolicy,
  measure: 'mean' | 'p99',
): { best: Policy; bestShipped: Policy; ratio: Estimate } {
  const ranked = policies
    .filter(({ told }) => told === 'nothing')
    .toSorted((a, b) => meanFor(byPolicy, a, measure) - meanFor(byPolicy, b, measure));
  const first = (accepts: (policy: Policy) => boolean): Policy => ranked.find(accepts) as Policy;
  const own = first(({ name }) => name === OWN);
  const other = first(({ name, origin }) => origin === 'shipped' && !name.startsWith('born'));
  return {
    best: ranked[0] as Policy,
    bestShipped: first(({ origin }) => origin === 'shipped'),
    ratio: ratio(secondsOf(byPolicy, own, measure), secondsOf(byPolicy, other, measure)),
  };
}

function summary({ policies, results }: PageContext, measure: 'mean' | 'p99'): string {
  const scenarios = [...results.keys()];
  const head = `| policy | ${scenarios.map(({ name }) => name).join(' | ')} |
| --- |${' ---: |'.repeat(scenarios.length)}`;
  const least = scenarios.map((scenario) => {
    const byPolicy = results.get(scenario) as ByPolicy;
    const values = policies
      .filter(({ told }) => told === 'nothing')
      .map((policy) => meanFor(byPolicy, policy, measure));
    return Math.min(...values);
  });
  const rows = policies.map((policy) => {
    const cells = scenarios.map((scenario, at) => {
      const value = meanFor(results.get(scenario) as ByPolicy, policy, measure);
      const text = number(value);
      return policy.told === 'nothing' && value === least[at] ? `**${text}**` : text;
    });
    return `| ${policy.name}${TOLD[policy.told]} | ${cells.join(' | ')} |`;
  });
  return [head, ...rows].join('\n');
}

function tuned({ policies }: PageContext): string {
  const rows = policies
    .filter(({ setting }) => setting !== undefined)
    .map(
      ({ grid, name, setting }) => `| ${name} | ${settingText(setting ?? {})} | ${grid?.length} |`,
    );
  return ['| policy | setting | tried |', '| --- | --- | ---: |', ...rows].join('\n');
}

function details({ policies, results }: PageContext, scenario: Scenario): string {
  const byPolicy = results.get(scenario) as ByPolicy;
  const head = `### ${scenario.name}

| policy | mean | p50 | p99 | p99.9 | in time % | lost % | attempts | Jain | regret |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`;
  const best = policies.find(({ name }) => name === CLAIRVOYANT) as Policy;
  const rows = policies.map((policy) => {
    const seconds = (measure: Measure): Estimate => estimate(secondsOf(byPolicy, policy, measure));
    const plain = (measure: Measure): number => meanOf(valuesOf(byPolicy, policy, measure));
    const cells = [
      interval(seconds('mean'), 2),
      number(seconds('p50').mean),
      interval(seconds('p99'), 1),
      number(seconds('p99.9').mean),
      plain('in time').toFixed(2),
      plain('lost').toFixed(3),
      plain('attempts').toFixed(3),
      plain('jain').toFixed(3),
      number(ratio(secondsOf(byPolicy, policy, 'mean'), secondsOf(byPolicy, best, 'mean')).mean),
    ];
    return `| ${policy.name}${TOLD[policy.told]} | ${cells.join(' | ')} |`;
  });
  return [head, ...rows].join('\n');
}

function valuesOf(byPolicy: ByPolicy, policy: Policy, measure: Measure): number[] {
  return (byPolicy.get(policy) ?? []).map((figures) => figures[measure]);
}

function secondsOf(byPolicy: ByPolicy, policy: Policy, measure: Measure): number[] {
  return valuesOf(byPolicy, policy, measure).map((ms) => ms / 1_000);
}

function meanFor(byPolicy: ByPolicy, policy: Policy, measure: Measure): number {
  return meanOf(secondsOf(byPolicy, policy, measure));
}

function interval({ high, low, mean }: Estimate, digits: number): string {
  return `${mean.toFixed(digits)} (${low.toFixed(digits)} – ${high.toFixed(digits)})`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
