/** Curves over one pair of axes, as an SVG text. */
import { escaped } from './dot-plot.ts';

interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** Between two lines of the grid. */
  readonly step: number;
}

export interface LinePlot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Moments that are marked, on the axis x. */
  readonly marks: readonly number[];
  readonly lines: readonly {
    readonly label: string;
    readonly color: string;
    /** In the order of x; those beyond the axis x are left out, and those beyond y are at its ends. */
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

const [WIDTH, HEIGHT] = [920, 380];
const [LEFT, RIGHT, TOP, BOTTOM] = [50, 740, 40, 340];

export function linePlot({ lines, marks, title, x, y }: LinePlot): string {
  const acrossOf = placeOn(x, LEFT, RIGHT);
  const upOf = placeOn(y, BOTTOM, TOP);
  const parts = [...grid(x, y, acrossOf, upOf)];
  for (const mark of marks)
    parts.push(`<path d="M${acrossOf(mark)} ${TOP}V${BOTTOM}" stroke="#c33"/>`);
  for (const [at, { color, label, points }] of lines.entries()) {
    const shown = points.filter(([across]) => across >= x.from && across <= x.to);
    const path = shown.map(([across, up]) => `${acrossOf(across)} ${upOf(up)}`).join('L');
    parts.push(`<path d="M${path}" fill="none" stroke="${color}" stroke-width="1.5"/>`);
    const level = TOP + 10 + at * 18;
    parts.push(`<path d="M${RIGHT + 12} ${level}h18" stroke="${color}" stroke-width="3"/>`);
    parts.push(`<text x="${RIGHT + 36}" y="${level + 4}">${escaped(label)}</text>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#222">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="14" y="22" font-size="14" font-weight="bold">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`;
}

type Place = (value: number) => number;

/** Where a value of the axis is, to a tenth. */
function placeOn({ from, to }: Axis, start: number, end: number): Place {
  return (value) => {
    const share = (Math.min(to, Math.max(from, value)) - from) / (to - from);
    return Math.round((start + share * (end - start)) * 10) / 10;
  };
}

function* grid(x: Axis, y: Axis, acrossOf: Place, upOf: Place): Generator<string> {
  for (const value of ticks(x)) {
    const across = acrossOf(value);
    yield `<path d="M${across} ${TOP}V${BOTTOM}" stroke="#ddd"/>`;
    yield `<text x="${across}" y="${BOTTOM + 16}" text-anchor="middle">${value}</text>`;
  }
  for (const value of ticks(y)) {
    const up = upOf(value);
    yield `<path d="M${LEFT} ${up}H${RIGHT}" stroke="#ddd"/>`;
    yield `<text x="${LEFT - 6}" y="${up + 4}" text-anchor="end">${value.toFixed(1)}</text>`;
  }
  yield `<text x="${RIGHT}" y="${BOTTOM + 32}" text-anchor="end">${escaped(x.label)}</text>`;
  yield `<text x="${LEFT - 6}" y="${TOP - 6}" text-anchor="end">${escaped(y.label)}</text>`;
}

function ticks({ from, step, to }: Axis): number[] {
  const count = Math.round((to - from) / step);
  return Array.from({ length: count + 1 }, (_, at) => from + at * step);
}
