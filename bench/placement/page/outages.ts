/** What outages cost: how long less gets done, and how many of the tasks that they strike are lost. */
import { bootstrap } from '../bootstrap.ts';
import type { ByPolicy, Measured } from '../compare.ts';
import { meanOf, type Estimate } from '../estimates.ts';
import type { Policy } from '../policy.ts';
import { courseOf, recoveryOf, type Throughput } from '../recovery.ts';
import { ZONE_OUTAGE } from '../world.ts';
import type { PageContext } from './context.ts';
import { interval, label, NOTHING, table } from './format.ts';
import { linePlot } from './line-plot.ts';

/** Of the scenario in which a zone goes down at a known moment. */
export function recoveries({ policies, results }: PageContext): string {
  const byPolicy = [...results].find(([{ trouble }]) => trouble === 'outage')?.[1];
  const head = [
    'policy',
    'least throughput %',
    'back after the zone goes down, s',
    'back after it returns, s',
    'what the zone does is back, s',
  ];
  const rows = policies.flatMap((policy) => {
    const runs = byPolicy?.get(policy) ?? [];
    const known = runs.map(({ throughput }) => throughput).filter((one) => one !== null);
    return known.length === 0 ? [] : [recoveryRow(policy, known)];
  });
  return table(head, 1, rows);
}

/** Shown as curves: what is shipped, but for what is much like another, and the best of what is not. */
const DRAWN: ReadonlyMap<string, string> = new Map([
  ['least-loaded', '#1f6fb4'],
  ['least-loaded, avoiding', '#6fb1e4'],
  ['power-of-two-choices', '#8a8a8a'],
  ['latency-aware', '#c9762b'],
  ['shortest-expected-delay', '#d1345b'],
  ['born+p2c', '#2a9d5c'],
  ['join idle queue', '#b04a8f'],
  ['Thompson', '#222222'],
]);

/** Throughput in the scenario in which a zone goes down at a known moment, as an SVG text. */
export function outagePlot({ results }: PageContext): string {
  const byPolicy = [...results].find(([{ trouble }]) => trouble === 'outage')?.[1] ?? new Map();
  const lines = [...(byPolicy as ByPolicy)].flatMap(([policy, runs]) => {
    const color = DRAWN.get(policy.name);
    const known = runs.map(({ throughput }) => throughput).filter((one) => one !== null);
    return color === undefined ? [] : [{ label: label(policy), color, points: courseOf(known) }];
  });
  return linePlot({
    title: 'Throughput when a zone of four goes down, as a share of that before',
    x: { label: 'seconds', from: 50, to: 140, step: 10 },
    y: { label: 'share', from: 0.7, to: 1.3, step: 0.1 },
    marks: [ZONE_OUTAGE.fromMs, ZONE_OUTAGE.untilMs].map((ms) => ms / 1_000),
    lines,
  });
}

function recoveryRow(policy: Policy, runs: readonly Throughput[]): string[] {
  const { afterDeath, afterReturn, lowest, zone } = recoveryOf(runs);
  return [label(policy), (100 * lowest).toFixed(1), ...[afterDeath, afterReturn, zone].map(times)];
}

function times({ high, low, mean }: Estimate): string {
  const text = (seconds: number): string =>
    Number.isFinite(seconds) ? seconds.toFixed(1) : 'never';
  return low === high ? text(mean) : `${text(mean)} (${text(low)} – ${text(high)})`;
}

/** Of the scenarios in which attempts fail. */
export function lostTasks({ policies, results }: PageContext): string {
  const failing = [...results].filter(([, byPolicy]) =>
    [...byPolicy.values()].some((runs) => meanOf(runs.map(({ figures }) => figures.struck)) > 0),
  );
  const rows = policies.map((policy) => [
    label(policy),
    ...failing.map(([, byPolicy]) => lostCell(byPolicy, policy)),
  ]);
  return table(['policy', ...failing.map(([{ name }]) => name)], 1, rows);
}

function lostCell(byPolicy: ByPolicy, policy: Policy): string {
  const runs = byPolicy.get(policy) ?? [];
  if (runs.length === 0) return NOTHING;
  const [lost] = bootstrap(runs, (drawn) => [100 * lostOfStruck(drawn)]);
  const struck = meanOf(runs.map(({ figures }) => figures.struck));
  const share = lost?.high === 0 ? '0' : interval(lost as Estimate, 2);
  return `${share} of ${struck.toFixed(1)} %`;
}

/** The share of the tasks with a failed attempt that are lost, over all runs, 0..1; 0 where none had any. */
export function lostOfStruck(runs: readonly Pick<Measured, 'figures'>[]): number {
  const sumOf = (measure: 'lost' | 'struck'): number =>
    runs.reduce((sum, { figures }) => sum + figures[measure], 0);
  return sumOf('struck') === 0 ? 0 : sumOf('lost') / sumOf('struck');
}
