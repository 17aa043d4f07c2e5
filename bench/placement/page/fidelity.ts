/** How far what was sent agrees with the distributions that it was drawn from. */
import { estimate, meanOf } from '../estimates.ts';
import type { PageContext } from './context.ts';
import { interval, label, table } from './format.ts';

export function fidelityTable({ policies, results }: PageContext): string {
  const rows = [...results].flatMap(([{ name }, byPolicy]) =>
    policies.flatMap((policy) => {
      const runs = (byPolicy.get(policy) ?? []).flatMap(({ fidelity }) => fidelity ?? []);
      if (runs.length === 0) return [];
      const alarms = runs.filter(({ alarmBelow, value }) => value < alarmBelow).length;
      return [
        [
          name,
          label(policy),
          interval(estimate(runs.map(({ value }) => value)), 4),
          meanOf(runs.map(({ expected }) => expected)).toFixed(4),
          `${alarms} of ${runs.length}`,
        ],
      ];
    }),
  );
  return table(['scenario', 'policy', 'fidelity', 'expected', 'alarms'], 2, rows);
}
