/** Points with intervals in panels, on a logarithmic scale, as an SVG text. */
import type { Estimate } from '../estimates.ts';

export interface DotPlot {
  readonly title: string;
  /** What the scale shows, with its unit. */
  readonly scale: string;
  readonly panels: readonly {
    readonly title: string;
    readonly rows: readonly {
      readonly label: string;
      readonly value: Estimate;
      readonly color: string;
    }[];
  }[];
}

const COLUMNS = 2;
const PANEL_WIDTH = 460;
const LABEL_WIDTH = 170;
const ROW_HEIGHT = 14;
const HEAD = 26;
const FOOT = 26;
const TITLE = 34;
const MARGIN = 14;

export function dotPlot({ panels, scale, title }: DotPlot): string {
  const rowsMax = Math.max(...panels.map(({ rows }) => rows.length));
  const panelHeight = HEAD + rowsMax * ROW_HEIGHT + FOOT;
  const width = COLUMNS * PANEL_WIDTH + 2 * MARGIN;
  const height = TITLE + Math.ceil(panels.length / COLUMNS) * panelHeight + MARGIN;
  const parts = panels.map((panel, at) => {
    const x = MARGIN + (at % COLUMNS) * PANEL_WIDTH;
    const y = TITLE + Math.floor(at / COLUMNS) * panelHeight;
    return `<g transform="translate(${x} ${y})">${panelParts(panel, scale).join('')}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="10" fill="#222">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${MARGIN}" y="22" font-size="14" font-weight="bold">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`;
}

function panelParts({ rows, title }: DotPlot['panels'][number], scale: string): string[] {
  const low = 10 ** Math.floor(Math.log10(Math.min(...rows.map(({ value }) => value.mean))));
  const most = Math.max(...rows.map(({ value }) => value.high));
  const high = 10 ** Math.max(Math.log10(low) + 1, Math.ceil(Math.log10(most)));
  const from = LABEL_WIDTH;
  const to = PANEL_WIDTH - 20;
  const place = (value: number): number => {
    const share = Math.log(Math.max(value, low) / low) / Math.log(high / low);
    return Math.round((from + share * (to - from)) * 10) / 10;
  };
  const bottom = HEAD + rows.length * ROW_HEIGHT;
  const parts = [`<text x="0" y="14" font-weight="bold">${escaped(title)}</text>`];
  for (let decade = low; decade <= high * 1.001; decade *= 10) {
    const x = place(decade);
    parts.push(`<path d="M${x} ${HEAD - 6}V${bottom}" stroke="#ddd"/>`);
    parts.push(`<text x="${x}" y="${bottom + 11}" text-anchor="middle">${tick(decade)}</text>`);
  }
  parts.push(
    `<text x="${from - 24}" y="${bottom + 11}" text-anchor="end">${escaped(scale)}</text>`,
  );
  for (const [at, { color, label, value }] of rows.entries()) {
    const y = HEAD + at * ROW_HEIGHT;
    parts.push(`<text x="${from - 8}" y="${y + 3}" text-anchor="end">${escaped(label)}</text>`);
    parts.push(`<path d="M${place(value.low)} ${y}H${place(value.high)}" stroke="${color}"/>`);
    parts.push(`<circle cx="${place(value.mean)}" cy="${y}" r="3" fill="${color}"/>`);
  }
  return parts;
}

function tick(value: number): string {
  return value >= 1 ? String(Math.round(value)) : value.toPrecision(1);
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
