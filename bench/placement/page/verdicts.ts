/** Who wins, and where ours loses. */
import type { ByPolicy } from '../compare.ts';
import { ratio, type Estimate } from '../estimates.ts';
import type { Policy } from '../policy.ts';
import { meanFor, secondsOf, type PageContext } from './context.ts';
import { interval, table } from './format.ts';

export const OWN = 'born+p2c';

export function verdicts(context: PageContext, measure: 'mean' | 'p99'): string {
  const head = [
    'scenario',
    'best of all, told nothing',
    'best shipped',
    `\`${OWN}\` against the best other`,
    '',
  ];
  const rows = [...context.results].map(([scenario, byPolicy]) => {
    const { best, bestShipped, ratio: times } = standingOf(context, byPolicy, measure);
    return [scenario.name, best.name, bestShipped.name, interval(times, 2), word(times)];
  });
  return table(head, head.length, rows);
}

export function losses(context: PageContext): string {
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

function standingOf(
  { policies }: PageContext,
  byPolicy: ByPolicy,
  measure: 'mean' | 'p99',
): { best: Policy; bestShipped: Policy; ratio: Estimate } {
  const ranked = policies
    .filter((policy) => policy.told === 'nothing' && byPolicy.has(policy))
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
