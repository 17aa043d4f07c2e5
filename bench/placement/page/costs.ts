/** What choices cost: time, memory and messages. */
import type { Times } from '../compare.ts';
import { meanOf } from '../estimates.ts';
import type { Policy } from '../policy.ts';
import { valuesOf, type PageContext } from './context.ts';
import { label, NOTHING, number, table } from './format.ts';

/** Scenarios of which times are shown, one for each size. */
export const TIMED: readonly string[] = [
  'plain',
  '1,000 agents',
  '10,000, briefly',
  '1,000,000 agents',
];

/** Nanoseconds to choose, and to take in how an attempt ended. */
export function timeTable({ policies, times }: PageContext): string {
  const timed = [...times].filter(([{ name }]) => TIMED.includes(name));
  const sizes = timed.map(([{ agents }]) => agents.toLocaleString('en-US'));
  const head = ['policy', ...sizes.map((size) => `choose, ${size}`)];
  head.push(...sizes.map((size) => `hear, ${size}`));
  const rows = policies.map((policy) => {
    const chosen = timed.map(([, all]) => nanoseconds(all, policy, 'choose'));
    const heard = timed.map(([, all]) => nanoseconds(all, policy, 'hear'));
    return [label(policy), ...chosen, ...heard];
  });
  return table(head, 1, rows);
}

function nanoseconds(times: Times, policy: Policy, what: 'choose' | 'hear'): string {
  const known = times.get(policy)?.[what];
  return known === undefined ? NOTHING : Math.max(0, known).toFixed(0);
}

/** Bytes an agent. */
export function memoryTable({ memory, policies }: PageContext): string {
  const sizes = [...new Set([...memory.values()].flatMap((bySize) => [...bySize.keys()]))];
  const rows = policies.map((policy) => [
    label(policy),
    ...sizes.map((size) => memory.get(policy)?.get(size)?.toFixed(0) ?? NOTHING),
  ]);
  return table(['policy', ...sizes.map((size) => size.toLocaleString('en-US'))], 1, rows);
}

/** Messages a task. */
export function messageTable({ policies, results }: PageContext): string {
  const shown = [...results].filter(([{ dispatchers, trouble }]) => {
    return dispatchers > 1 || trouble === 'shocks' || trouble === 'failing';
  });
  const rows = policies.map((policy) => [
    label(policy),
    ...shown.map(([, byPolicy]) => number(meanOf(valuesOf(byPolicy, policy, 'messages')))),
  ]);
  return table(['policy', ...shown.map(([{ name }]) => name)], 1, rows);
}
