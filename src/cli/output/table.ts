import { printable, textWidth, truncate } from './text-width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | boolean | null | undefined;
  /** Gives way where the terminal is too narrow. Ids and names stay whole. */
  readonly shrinks?: boolean;
  readonly align?: 'right';
}

const GAP = '  ';
const SHRUNK_WIDTH_MIN = 8;

/**
 * Lines of a table without borders, titles in capitals, columns as wide as their widest cell.
 *
 * @param widthMax - columns of the terminal; shrinking columns give way, the widest first. Infinity: never
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  widthMax: number,
): string[] {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const titles = columns.map((column) => column.title.toUpperCase());
  const natural = titles.map((title, at) =>
    Math.max(textWidth(title), ...cells.map((row) => textWidth(row[at] as string))),
  );
  const widths = fit(natural, columns, widthMax);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => pad(cell, widths[at] as number, columns[at]?.align === 'right'))
      .join(GAP)
      .trimEnd();
  return [line(titles), ...cells.map(line)];
}

/** Lines `name  value`, for one thing rather than many. */
export function fieldLines(
  fields: readonly (readonly [name: string, value: string | number | boolean | null | undefined])[],
): string[] {
  const shown = fields.filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => textWidth(name)));
  return shown.map(([name, value]) => `${pad(name, width, false)}${GAP}${cellText(value)}`);
}

function cellText(value: string | number | boolean | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : printable(String(value));
}

function fit(
  natural: readonly number[],
  columns: readonly { readonly shrinks?: boolean }[],
  widthMax: number,
): number[] {
  const widths = [...natural];
  const total = (): number =>
    widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  for (let over = total() - widthMax; over > 0; over = total() - widthMax) {
    const at = widestShrinking(widths, columns);
    if (at === -1) break;
    const width = widths[at] as number;
    widths[at] = Math.max(SHRUNK_WIDTH_MIN, width - over);
  }
  return widths;
}

function widestShrinking(
  widths: readonly number[],
  columns: readonly { readonly shrinks?: boolean }[],
): number {
  let best = -1;
  for (const [at, width] of widths.entries()) {
    if (columns[at]?.shrinks !== true || width <= SHRUNK_WIDTH_MIN) continue;
    if (best === -1 || width > (widths[best] as number)) best = at;
  }
  return best;
}

function pad(text: string, width: number, isRight: boolean): string {
  const cut = truncate(text, width);
  const space = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return isRight ? space + cut : cut + space;
}
