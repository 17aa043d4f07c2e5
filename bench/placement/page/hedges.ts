/** What hedges save and waste. */
import { meanOf, ratio } from '../estimates.ts';
import { MODES, type Hedged, type HedgeFigures } from '../hedging.ts';
import { interval, label, NOTHING, number, table } from './format.ts';

export function hedgeTable(hedged: readonly Hedged[]): string {
  const head = ['scenario', 'policy', 'hedges', 'mean', 'p99', 'p99.9', 'p99 against without'];
  head.push('apart against elsewhere', 'hedged %', 'done first %', 'work wasted %', 'lost %');
  return table(head, 3, hedged.flatMap(rowsOf));
}

function rowsOf({ byMode, policy, scenario }: Hedged): string[][] {
  return MODES.map((mode) => {
    const runs = byMode[mode];
    const mean = (valueOf: (run: HedgeFigures) => number): number => meanOf(runs.map(valueOf));
    const against = (others: readonly HedgeFigures[]): string =>
      interval(ratio(tails(runs), tails(others)), 2);
    return [
      scenario.name,
      label(policy),
      mode,
      number(mean(({ figures }) => figures.mean) / 1_000),
      number(mean(({ figures }) => figures.p99) / 1_000),
      number(mean(({ figures }) => figures['p99.9']) / 1_000),
      mode === 'without' ? NOTHING : against(byMode.without),
      mode === 'apart' ? against(byMode.elsewhere) : NOTHING,
      mean(({ hedged }) => hedged).toFixed(2),
      mean(({ won }) => won).toFixed(2),
      mean(({ wasted }) => wasted).toFixed(2),
      mean(({ figures }) => figures.lost).toFixed(3),
    ];
  });
}

function tails(runs: readonly HedgeFigures[]): number[] {
  return runs.map(({ figures }) => figures.p99);
}
