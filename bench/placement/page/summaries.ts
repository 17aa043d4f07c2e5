/** One figure by policy and scenario, and all figures of a scenario. */
import type { ByPolicy } from '../compare.ts';
import { estimate, meanOf, type Estimate, type Measure } from '../estimates.ts';
import type { Policy } from '../policy.ts';
import type { Scenario } from '../scenarios.ts';
import { regretOf, secondsOf, valuesOf, type PageContext } from './context.ts';
import { interval, label, NOTHING, number, table } from './format.ts';

/** Whether a larger value is a better one. */
type Better = 'less' | 'more';

/** Means over seeds of what is measured in seconds. */
export function secondsTable(context: PageContext, measure: Measure): string {
  return summary(context, 'less', number, (byPolicy, policy) =>
    meanOf(secondsOf(byPolicy, policy, measure)),
  );
}

/** Means over seeds of what is measured in percent, where more is better. */
export function percentTable(context: PageContext, measure: Measure): string {
  const text = (value: number): string => (Number.isNaN(value) ? NOTHING : value.toFixed(2));
  return summary(context, 'more', text, (byPolicy, policy) =>
    meanOf(valuesOf(byPolicy, policy, measure)),
  );
}

export function regretTable(context: PageContext): string {
  return summary(
    context,
    'less',
    number,
    (byPolicy, policy) => regretOf(byPolicy, policy)?.mean ?? Number.NaN,
  );
}

/** The best that was told nothing is bold. */
function summary(
  { policies, results }: PageContext,
  better: Better,
  text: (value: number) => string,
  valueOf: (byPolicy: ByPolicy, policy: Policy) => number,
): string {
  const best = [...results.values()].map((byPolicy) => {
    const values = policies
      .filter(({ told }) => told === 'nothing')
      .map((policy) => valueOf(byPolicy, policy))
      .filter((value) => !Number.isNaN(value));
    return better === 'less' ? Math.min(...values) : Math.max(...values);
  });
  const rows = policies.map((policy) => {
    const cells = [...results.values()].map((byPolicy, at) => {
      const value = valueOf(byPolicy, policy);
      return policy.told === 'nothing' && value === best[at] ? `**${text(value)}**` : text(value);
    });
    return [label(policy), ...cells];
  });
  return table(['policy', ...[...results.keys()].map(({ name }) => name)], 1, rows);
}

export function details({ policies, results }: PageContext, scenario: Scenario): string {
  const byPolicy = results.get(scenario) as ByPolicy;
  const head = ['policy', 'mean', 'p50', 'p99', 'p99.9', 'in time %', 'lost %', 'struck %'];
  head.push('attempts', 'messages', 'Jain', 'regret');
  const rows = policies
    .filter((policy) => byPolicy.has(policy))
    .map((policy) => {
      const seconds = (measure: Measure): Estimate =>
        estimate(secondsOf(byPolicy, policy, measure));
      const plain = (measure: Measure): number => meanOf(valuesOf(byPolicy, policy, measure));
      const regret = regretOf(byPolicy, policy);
      const messages = plain('messages');
      return [
        label(policy),
        interval(seconds('mean'), 2),
        number(seconds('p50').mean),
        interval(seconds('p99'), 1),
        number(seconds('p99.9').mean),
        plain('in time').toFixed(2),
        plain('lost').toFixed(3),
        plain('struck').toFixed(2),
        plain('attempts').toFixed(3),
        Number.isNaN(messages) ? NOTHING : messages.toFixed(2),
        plain('jain').toFixed(3),
        regret === null ? NOTHING : interval(regret, 2),
      ];
    });
  return `### ${scenario.name}\n\n${table(head, 1, rows)}`;
}
