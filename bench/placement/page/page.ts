/** Turns the figures of all runs into the page and its plots. */
import { estimate } from '../estimates.ts';
import type { Policy } from '../policy.ts';
import { HEDGED } from '../scenarios.ts';
import { settingText } from '../tune.ts';
import { secondsOf, type PageContext } from './context.ts';
import { memoryTable, messageTable, timeTable } from './costs.ts';
import { dotPlot } from './dot-plot.ts';
import { fidelityTable } from './fidelity.ts';
import { label, table } from './format.ts';
import { hedgeTable } from './hedges.ts';
import { lostTasks, recoveries } from './outages.ts';
import { details, percentTable, regretTable, secondsTable } from './summaries.ts';
import { losses, verdicts } from './verdicts.ts';

const COLORS: Readonly<Record<Policy['origin'], string>> = {
  shipped: '#1f6fb4',
  ours: '#2a9d5c',
  classical: '#8a8a8a',
};

export function page(context: PageContext): string {
  return `${intro(context)}
${standings(context)}
${troubles(context)}
${costs(context)}
## Settings found in tuning

${tuned(context)}

## All figures

Seconds, with 95 % intervals of the mean over seeds; *in time* is the share of tasks done within 10 s, *struck* that of tasks with an
attempt that failed, *attempts* counts retries, *messages* are a task's, and *Jain* is Jain's index of how long agents had something to do: 1
where all were busy alike. Strategies that load slow agents less, as they should, come near it; of those that give all the same number of
tasks the fast ones idle. *Regret* is how many times as long a task takes in the mean as under the clairvoyant, by pairs of runs.

${[...context.results.keys()].map((scenario) => details(context, scenario)).join('\n\n')}
`;
}

export function plot({ policies, results }: PageContext, measure: 'mean' | 'p99'): string {
  const panels = [...results].map(([scenario, byPolicy]) => ({
    title: scenario.name,
    rows: policies
      .filter((policy) => byPolicy.has(policy))
      .map((policy) => {
        const value = estimate(secondsOf(byPolicy, policy, measure));
        return { label: label(policy), value, color: COLORS[policy.origin] };
      }),
  }));
  const what = measure === 'mean' ? 'Mean response' : '99th percentile of the response';
  const title = `${what} (blue: shipped, green: variants of ours, grey: literature)`;
  return dotPlot({ title, scale: 'seconds', panels });
}

function intro({ minutes, origin, results, seeds, trainingSeeds }: PageContext): string {
  const rows = [...results.keys()].map(({ name, says }) => [name, says]);
  return `# What placement strategies are worth

Written by \`npm run bench -- placement\`; do not edit. ${origin}; ${minutes.toFixed(0)} minutes on one core.

A discrete-event simulation: tasks arrive, a dispatcher sends each to an agent at once, agents work through their queues in order.
Strategies that are shipped run as in the product: the same pools, tables and code of \`src/scheduling\`, one set for each dispatcher.
All policies meet the same arrivals, work, speeds and troubles for the same seed. A task that fails is retried at once and elsewhere if it
can be, at most seven times; one that is lost counts as 60 s. The first fifth of the tasks is not counted. Every policy with settings was
given nine of them on ${trainingSeeds} training seeds of five of the scenarios and runs with the best. Strategies under the names they are shipped by have
the settings they are shipped with; those of \`shortest-expected-delay\` were chosen on the training seeds of fifteen scenarios, and of agents with several hands,
of several dozen settings, more than the others had; those of \`born+p2c\` on three further seeds of the five scenarios, those of \`latency-aware\` were not. In the product every strategy also [steers clear](../docs/correlation.md) of hosts and zones that fail as a whole; here only those called *avoiding*
do, so that it is seen what that is worth. *Interfering* is the Grover mixer, which nothing in the product switches on. Reported are ${seeds} seeds that nothing was chosen on,
fewer from 10,000 agents on. The clairvoyant takes whom it expects to be done first, which is not the best there is. Everything but times and
memory is the same again when it is run again.

If not said otherwise, there are 100 agents, one dispatcher that knows at once what happens, speeds in four classes from 0.23 to 2.3 times the
mean, exponential work of 1 s in the mean, load 0.8, and agents queue up to 64 tasks and work on one.

${table(['scenario', ''], 2, rows)}
`;
}

function standings(context: PageContext): string {
  return `## Who wins

Of what a queue can be set to, without declared weights. A ratio below 1 says that a strategy is quicker than the best of the
others that are shipped (of others than the Born ones, for \`born+p2c\`); it pairs runs of the same seed, with its 95 % interval. Where the interval holds 1 there is no difference that
the runs show.

${verdicts(context, 'mean')}

The same for the 99th percentile:

${verdicts(context, 'p99')}

${losses(context)}

A million agents are too many for long runs. Of agents that queue, slow ones that are given too much have ever longer queues, so a run that is short
flatters whoever loads them: *10,000, briefly* has as many tasks an agent as the million, and the difference to *10,000 agents* is that of the
time. What looks at all agents for each choice takes no part where a choice would take milliseconds.

## Mean response in seconds

Means over the seeds; the best that was told nothing is bold. * was told the speeds that agents have at first, † knows all that is
true at the moment, which no dispatcher can.

${secondsTable(context, 'mean')}

![Mean response by scenario and policy](plots/placement-mean.svg)

## 99th percentile in seconds

${secondsTable(context, 'p99')}

![99th percentile by scenario and policy](plots/placement-p99.svg)

## 99.9th percentile in seconds

${secondsTable(context, 'p99.9')}

## Goodput

Tasks that meet a deadline of 10 s after they came, in percent of all: ten times the mean work.

${percentTable(context, 'in time')}

## Regret

How many times as long a task takes in the mean as under the clairvoyant: the geometric mean of the ratios of pairs of runs. Intervals are below.

${regretTable(context)}
`;
}

function troubles(context: PageContext): string {
  const scenarios = HEDGED.map(({ name, says }) => `*${name}*: ${says}`).join('; ');
  return `## When a zone goes down

Of *outage*. Throughput is what is done in a window of three seconds, added up over the runs of all seeds, for the outage is at the same moment
in all; it is back from the first moment on for which, for five seconds, no window that begins has less than 95 % of what was done in the 30 s
before the outage. Seconds count from when the zone goes down or is up again, although that is noticed 5 s and 1 s later: 0 never was
less, and *never* is not before the zone returned, or the run ended. What the zone itself does counts as back from 80 % on, for it is fewer tasks. The
intervals, 95 % too, are from runs drawn again with replacement. Where queues had not settled before, as under *random*, it says little.

${recoveries(context)}

![Throughput when a zone goes down and is back](plots/placement-outage.svg)

Of the tasks that an outage strikes, which are those with an attempt that failed, so many percent are lost, with an interval as above; and
struck are so many percent of all tasks:

${lostTasks(context)}

## Hedges

A second attempt beside one that takes longer than 95 % of those that ended, by the product's rule: hedges stay below 5 % of what starts and of
what runs. Whichever is done first counts, and the other is called off. *Elsewhere* is any other agent; *apart* is chosen as in the
product, clear of the first agent's zone and host and of agents that failed with it. Both attempts are the same work. Wasted is the time that
agents worked on attempts called off, of all that they worked. The ratios are of 99th percentiles, by pairs of runs.

${scenarios}.

${hedgeTable(context.hedged)}
`;
}

function costs(context: PageContext): string {
  return `## Messages a task

An attempt and its end are two. A policy that goes by loads has every dispatcher told of all that the others send and of how it ends;
one that joins idle queues has an agent that runs dry tell one dispatcher. With one dispatcher nobody needs telling. – reads the state of
all agents at every choice.

${messageTable(context)}

## Time a decision

Nanoseconds for a choice and for what is noted of it, and to take in how an attempt ended, in the simulation; what the dispatcher of
the simulation does for every policy is in all of them (*random* does little else). One of 61 is timed, less what reading the clock takes,
without the longest two of a thousand, when others had the processor.

${timeTable(context)}

## Memory

Bytes an agent that one dispatcher reserves, by number of agents: its table and pool, which are in all rows, and what the policy keeps. A
measurement, to about ten bytes.

${memoryTable(context)}

## What was sent and what was drawn

Fidelity of dispatch, (Σ √(p·q))²: how far the places in the distribution of the moment at which agents were drawn agree with even ones,
as the product counts them for one of seven dispatches ([docs](../docs/born.md)). *Expected* is what it is when all is sent as it is drawn, and an alarm, once in a thousand
runs then, is a run below what chance explains. Of the less loaded of two draws the distribution is another one on purpose, so nothing is
counted for \`p2c\`.

${fidelityTable(context)}
`;
}

function tuned({ policies }: PageContext): string {
  const rows = policies
    .filter(({ setting }) => setting !== undefined)
    .map(({ grid, name, setting }) => [name, settingText(setting ?? {}), String(grid?.length)]);
  return table(['policy', 'setting', 'tried'], 2, rows);
}
