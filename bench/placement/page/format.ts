/** How figures look on the page. */
import type { Estimate } from '../estimates.ts';
import type { Policy } from '../policy.ts';

const MARKS: Readonly<Record<Policy['told'], string>> = { nothing: '', speeds: ' *', truth: ' †' };
/** Where there is nothing to say. */
export const NOTHING = '–';

/** A policy's name, marked where it was told more than others. */
export function label({ name, told }: Policy): string {
  return name + MARKS[told];
}

/** Three digits. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function interval({ high, low, mean }: Estimate, digits: number): string {
  if (Number.isNaN(mean)) return NOTHING;
  return `${mean.toFixed(digits)} (${low.toFixed(digits)} – ${high.toFixed(digits)})`;
}

/** @param leading - columns that are words and not numbers, from the left */
export function table(head: readonly string[], leading: number, rows: readonly string[][]): string {
  const rule = head.map((_, column) => (column < leading ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
