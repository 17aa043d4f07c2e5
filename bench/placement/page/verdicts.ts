/** Who wins, and where ours loses. */
import type { ByPolicy } from '../compare.ts';
import { ratio, type Estimate } from '../estimates.ts';
import type { Policy } from '../policy.ts';
import { meanFor, secondsOf, type PageContext } from './context.ts';
import { interval, table } from './format.ts';

/** What new queues have, and the Born strategy to be used if any is. */
const OWN = ['shortest-expected-delay', 'born+p2c'] as const;
type Own = (typeof OWN)[number];

export function verdicts(context: PageContext, measure: 'mean' | 'p99'): string {
  const head = [
    'scenario',
    'best of all, told nothing',
    'best shipped',
    ...OWN.flatMap((own) => [`\`${own}\` against the best other`, '']),
  ];
  const rows = [...context.results].map(([scenario, byPolicy]) => {
    const { best, bestShipped, timesOf } = standingOf(context, byPolicy, measure);
    const times = OWN.map((own) => timesOf(own));
    const verdict = times.flatMap((one) => [interval(one, 2), word(one)]);
    return [scenario.name, best.name, bestShipped.name, ...verdict];
  });
  return table(head, head.length, rows);
}

export function losses(context: PageContext): string {
  return OWN.map((own) => lossesOf(own, context)).join('\n\n');
}

function lossesOf(own: Own, context: PageContext): string {
  const names = (measure: 'mean' | 'p99'): string => {
    const lost = [...context.results].filter(
      ([, byPolicy]) => standingOf(context, byPolicy, measure).timesOf(own).low > 1,
    );
    const list = lost.map(([{ name }]) => name).join('; ');
    return lost.length === 0 ? 'nowhere' : `in ${lost.length} of ${context.results.size} (${list})`;
  };
  return `**Where \`${own}\` loses.** It has a larger mean than the best other shipped strategy ${names('mean')}, and a larger 99th percentile ${names('p99')}.`;
}

function word({ high, low }: Estimate): string {
  if (high < 1) return 'wins';
  return low > 1 ? 'loses' : 'no difference';
}

function standingOf(
  { policies }: PageContext,
  byPolicy: ByPolicy,
  measure: 'mean' | 'p99',
): { best: Policy; bestShipped: Policy; timesOf: (own: Own) => Estimate } {
  const ranked = policies
    .filter((policy) => policy.told === 'nothing' && byPolicy.has(policy))
    .toSorted((a, b) => meanFor(byPolicy, a, measure) - meanFor(byPolicy, b, measure));
  const first = (accepts: (policy: Policy) => boolean): Policy => ranked.find(accepts) as Policy;
  const timesOf = (name: Own): Estimate => {
    const own = first((policy) => policy.name === name);
    // The Born strategies are compared with others as a family.
    const isOwn = (other: string): boolean =>
      other === name || (name === 'born+p2c' && other.startsWith('born'));
    const other = first((policy) => policy.origin === 'shipped' && !isOwn(policy.name));
    return ratio(secondsOf(byPolicy, own, measure), secondsOf(byPolicy, other, measure));
  };
  return {
    best: ranked[0] as Policy,
    bestShipped: first(({ origin }) => origin === 'shipped'),
    timesOf,
  };
}
