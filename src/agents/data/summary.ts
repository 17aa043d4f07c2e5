/** A table's facts as a paragraph of plain English. */
import type { TableFacts } from './analyze.ts';
import type { ColumnProfile } from './column-profile.ts';

/** Magnitude of Spearman's correlation from which a pair is worth a sentence. */
const NOTABLE_CORRELATION = 0.7;

/** Names told in one list; the others are counted. */
const NAMES_MAX = 5;

/** One paragraph; a sentence is there only where its fact is. */
export function summarizeInWords(facts: TableFacts): string {
  const sentences = [
    shapeSentence(facts),
    missingSentence(facts),
    numericSentence(facts.columns),
    rangeSentence(facts.columns),
    outlierSentence(facts.columns),
    correlationSentence(facts),
    ...qualitySentences(facts),
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function shapeSentence({ table, columns }: TableFacts): string {
  const types = new Map<string, number>();
  for (const { type } of columns) types.set(type, (types.get(type) ?? 0) + 1);
  const kinds = [...types].map(([type, count]) => `${count} ${type}`).join(', ');
  const shape = `${counted(table.rows, 'row')} and ${counted(table.columns, 'column')}`;
  return `The table has ${shape} (${kinds}).`;
}

function missingSentence({ table, columns }: TableFacts): string {
  const cells = table.rows * table.columns;
  if (cells === 0) return '';
  if (table.missingCells === 0) return 'No cell is missing.';
  const worst = columns.reduce((most, next) => (next.missing > most.missing ? next : most));
  const share = percent(table.missingCells / cells);
  const most = `most in ${worst.name} (${percent(worst.missing / table.rows)} of its rows)`;
  const verb = table.missingCells === 1 ? 'is' : 'are';
  return `${table.missingCells} of ${counted(cells, 'cell')} ${verb} missing (${share}), ${most}.`;
}

/** The widest-spread number, relative to its mean: the one most worth a look. */
function numericSentence(columns: readonly ColumnProfile[]): string {
  const spread = ({ numeric }: ColumnProfile): number =>
    numeric?.mean && numeric.stddev !== null ? numeric.stddev / Math.abs(numeric.mean) : 0;
  const [first, ...others] = columns.filter(({ numeric }) => numeric !== null);
  if (first === undefined) return '';
  const widest = others.reduce((most, next) => (spread(next) > spread(most) ? next : most), first);
  const { min, max, mean, quantiles } = widest.numeric!;
  const range = `from ${rounded(min)} to ${rounded(max)}`;
  const middle = `with mean ${rounded(mean!)} and median ${rounded(quantiles.p50)}`;
  const which = others.length === 0 ? '' : ', the widest spread for its mean,';
  return `${widest.name}${which} runs ${range} ${middle}.`;
}

function rangeSentence(columns: readonly ColumnProfile[]): string {
  const dated = columns.find(({ range }) => range !== null);
  if (!dated?.range) return '';
  return `${dated.name} covers ${dated.range.min} to ${dated.range.max}.`;
}

function outlierSentence(columns: readonly ColumnProfile[]): string {
  const having = columns.filter(({ outliers }) => outliers !== null && outliers.total > 0);
  if (having.length === 0) return '';
  const total = having.reduce((sum, { outliers }) => sum + outliers!.total, 0);
  const verb = total === 1 ? 'lies' : 'lie';
  const names = listed(having.map(({ name }) => name));
  return `${counted(total, 'value')} ${verb} far outside the bulk of ${names}.`;
}

function correlationSentence({ correlations }: TableFacts): string {
  const strength = (value: number | null): number => Math.abs(value ?? 0);
  const strongest = correlations.pairs.reduce<(typeof correlations.pairs)[number] | null>(
    (best, pair) => (strength(pair.spearman) > strength(best?.spearman ?? null) ? pair : best),
    null,
  );
  if (strongest === null || strength(strongest.spearman) < NOTABLE_CORRELATION) return '';
  const direction = strongest.spearman! > 0 ? 'rise together' : 'move in opposite directions';
  const figures = `Spearman ${rounded(strongest.spearman!)}, ${counted(strongest.n, 'row')}`;
  return `${strongest.a} and ${strongest.b} ${direction} (${figures}).`;
}

function qualitySentences(facts: TableFacts): readonly string[] {
  const { table, duplicateRows, duplicateColumns, constantColumns, columns } = facts;
  const unfitting = columns.filter((column) => column.unfitting.total > 0);
  return [
    when(duplicateRows.total, `Rows equal to an earlier one: ${duplicateRows.total}.`),
    when(constantColumns.length, `Always the same: ${listed(constantColumns)}.`),
    when(
      duplicateColumns.length,
      `Copies of another column: ${listed(duplicateColumns.map(({ column }) => column))}.`,
    ),
    when(
      unfitting.length,
      `Some values do not fit their column's type: ${listed(unfitting.map(({ name }) => name))}.`,
    ),
    when(
      table.ragged.total,
      `${counted(table.ragged.total, 'row')} had too few or too many cells.`,
    ),
  ];
}

function when(count: number, sentence: string): string {
  return count > 0 ? sentence : '';
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(names: readonly string[]): string {
  if (names.length <= NAMES_MAX) return names.join(', ');
  return `${names.slice(0, NAMES_MAX).join(', ')} and ${names.length - NAMES_MAX} more`;
}

function percent(share: number): string {
  return `${rounded(share * 100)} %`;
}

/** Four significant digits, without trailing zeros. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
