import { unreachable } from '../../base/invariant.ts';
import type { Circuit } from '../circuit/circuit.ts';
import { circuitStats } from '../circuit/circuit-stats.ts';
import { angleLabel } from './gate-label.ts';
import { layoutOf, rowsOf, type Column, type Mark, type Wire } from './layout.ts';

export interface SvgOptions {
  /** Read out and shown as the drawing's name. */
  readonly title?: string;
  /** Pixels in a row, at least 200; columns that do not fit go on below. */
  readonly width?: number;
}

const WIDTH_DEFAULT = 1200;
const PITCH = 40;
const BOX = 28;
const MARGIN = 16;
/** Width of a character of the labels, on the safe side. */
const CHARACTER = 8;

const STYLE = [
  'text{font:14px system-ui,sans-serif;fill:#1b1f24}',
  '.m{text-anchor:middle;dominant-baseline:central}',
  '.l{text-anchor:end;dominant-baseline:central}',
  '.s{font-size:11px}',
  '.w{stroke:#57606a;stroke-width:1.2;fill:none}',
  '.v{stroke:#1f4e8c;stroke-width:1.6;fill:none}',
  '.c{stroke:#6b5a2b;stroke-width:1.2;fill:none}',
  '.b{fill:#eaf2fb;stroke:#1f4e8c;stroke-width:1.4}',
  '.f{fill:#fbf5e6;stroke:#6b5a2b;stroke-width:1.4}',
  '.d{fill:#1f4e8c;stroke:#1f4e8c;stroke-width:1.6}',
  '.o{fill:#fff;stroke:#1f4e8c;stroke-width:1.6}',
  '.a{fill:#6b5a2b}',
  '.g{stroke:#8c959f;stroke-width:1.4;stroke-dasharray:4 3}',
].join('');

/**
 * The circuit as an SVG picture of its own, with a title and a description for screen readers.
 *
 * Signs are those of `drawText`. No scripts, no links, no fonts to load.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE past 2,000 wires or 20,000 operations
 */
export function drawSvg(circuit: Circuit, options: SvgOptions = {}): string {
  const { title = 'Quantum circuit', width = WIDTH_DEFAULT } = options;
  const { wires, columns, globalPhase } = layoutOf(circuit);
  const labelWidth =
    Math.max(0, ...wires.map(({ label }) => Array.from(label).length)) * CHARACTER + MARGIN;
  const rows = rowsOf(columns, Math.max(width, 200) - labelWidth - 2 * MARGIN, widthOf);
  const widest = Math.max(0, ...rows.map((row) => row.reduce((sum, c) => sum + widthOf(c), 0)));
  const rowHeight = wires.length * PITCH + MARGIN;
  const phase = globalPhase === 0 ? '' : `global phase: ${angleLabel(globalPhase)}`;
  const top = phase === '' ? MARGIN : 2 * MARGIN;
  const size = {
    width: Math.ceil(labelWidth + widest + 2 * MARGIN),
    height: Math.ceil(top + rows.length * rowHeight),
  };
  const body = rows.flatMap((row, k) => {
    const offset = top + k * rowHeight;
    return drawRow(wires, row, { left: labelWidth, top: offset, right: size.width - MARGIN });
  });
  const note = phase === '' ? [] : [text(MARGIN, MARGIN, phase, 's')];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t d" ` +
      `width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}">`,
    `<title id="t">${escaped(title)}</title>`,
    `<desc id="d">${escaped(description(circuit))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...note,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function description(circuit: Circuit): string {
  const { gates, twoQubit, depth } = circuitStats(circuit);
  const counts = `${gates} gates, ${twoQubit} of them on two or more qubits, depth ${depth}`;
  return `${circuit.qubits} qubits, ${circuit.bits} classical bits, ${counts}.`;
}

function widthOf({ labelLength }: Column): number {
  return Math.max(BOX, labelLength * CHARACTER + 12) + 12;
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
}

function drawRow(wires: readonly Wire[], columns: readonly Column[], frame: Frame): string[] {
  const { left, top, right } = frame;
  const y = (wire: number): number => top + wire * PITCH + PITCH / 2;
  const shapes: string[] = [];
  for (const [k, { label, isClassical }] of wires.entries()) {
    shapes.push(text(left - 6, y(k), label, 'l'));
    if (!isClassical) shapes.push(line(left, y(k), { x: right, y: y(k), style: 'w' }));
    else {
      for (const by of [-1.5, 1.5]) {
        shapes.push(line(left, y(k) + by, { x: right, y: y(k) + by, style: 'c' }));
      }
    }
  }
  let x = left;
  for (const column of columns) {
    const center = x + widthOf(column) / 2;
    for (const mark of inOrder(column.marks)) shapes.push(...drawMark(mark, center, y));
    x += widthOf(column);
  }
  return shapes;
}

/** Lines under boxes, boxes under the rest. */
function inOrder(marks: readonly Mark[]): Mark[] {
  const rank = ({ kind }: Mark): number => (kind === 'line' ? 0 : kind === 'box' ? 1 : 2);
  return [...marks].sort((a, b) => rank(a) - rank(b));
}

function drawMark(mark: Mark, x: number, y: (wire: number) => number): string[] {
  switch (mark.kind) {
    case 'line': {
      const [from, to] = [y(mark.top), y(mark.bottom)];
      if (!mark.isDouble) return [line(x, from, { x, y: to, style: 'v' })];
      return [-1.5, 1.5].map((by) => line(x + by, from, { x: x + by, y: to, style: 'c' }));
    }
    case 'box':
      return drawBox(mark, x, y);
    case 'control':
      return [circle(x, y(mark.wire), 5, mark.value === 1 ? 'd' : 'o')];
    case 'target': {
      const at = y(mark.wire);
      return [
        circle(x, at, 10, 'o'),
        line(x - 10, at, { x: x + 10, y: at, style: 'v' }),
        line(x, at - 10, { x, y: at + 10, style: 'v' }),
      ];
    }
    case 'cross': {
      const at = y(mark.wire);
      return [
        line(x - 6, at - 6, { x: x + 6, y: at + 6, style: 'v' }),
        line(x - 6, at + 6, { x: x + 6, y: at - 6, style: 'v' }),
      ];
    }
    case 'result': {
      const at = y(mark.wire);
      return [
        `<path class="a" d="M${x - 5} ${at - 8}h10l-5 7z"/>`,
        text(x + 10, at + 11, mark.label, 'm s'),
      ];
    }
    case 'barrier':
      return mark.wires.map((wire) =>
        line(x, y(wire) - PITCH / 2, { x, y: y(wire) + PITCH / 2, style: 'g' }),
      );
    default:
      return unreachable(mark);
  }
}

function drawBox(mark: Mark & { kind: 'box' }, x: number, y: (wire: number) => number): string[] {
  const { top, bottom, label, pins } = mark;
  const pinLength = Math.max(0, ...pins.map((pin) => Array.from(pin.label).length + 1));
  const width = Math.max(BOX, (Array.from(label).length + pinLength) * CHARACTER + 12);
  const [from, to] = [y(top) - BOX / 2, y(bottom) + BOX / 2];
  const style = label === 'M' || label === '|0⟩' ? 'f' : 'b';
  const size = `width="${width}" height="${to - from}"`;
  return [
    `<rect class="${style}" x="${x - width / 2}" y="${from}" ${size} rx="3"/>`,
    text(x + (pinLength * CHARACTER) / 2, (from + to) / 2, label, 'm'),
    ...pins.map((pin) => text(x - width / 2 + 8, y(pin.wire), pin.label, 'm s')),
  ];
}

function line(
  x: number,
  y: number,
  to: { readonly x: number; readonly y: number; readonly style: string },
): string {
  return `<line class="${to.style}" x1="${x}" y1="${y}" x2="${to.x}" y2="${to.y}"/>`;
}

function circle(x: number, y: number, radius: number, style: string): string {
  return `<circle class="${style}" cx="${x}" cy="${y}" r="${radius}"/>`;
}

function text(x: number, y: number, content: string, style: string): string {
  return `<text class="${style}" x="${x}" y="${y}">${escaped(content)}</text>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that cannot leave its element; control characters, which XML does not have, are left out. */
function escaped(content: string): string {
  const printable = Array.from(content)
    .filter((c) => c >= ' ' || c === '\n' || c === '\t')
    .join('');
  return printable.replace(/[&<>"']/g, (c) => ENTITIES[c]);
}
