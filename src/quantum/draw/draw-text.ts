import { OrchestratorError } from '../../base/errors.ts';
import type { Circuit } from '../circuit/circuit.ts';
import { angleLabel } from './gate-label.ts';
import { layoutOf, rowsOf, type Column, type Mark, type Wire } from './layout.ts';
import { TextCanvas } from './text-canvas.ts';

export interface TextOptions {
  /** Characters in a line, at least 20; columns that do not fit go on below. One column is never split. */
  readonly width?: number;
}

const WIDTH_DEFAULT = 100;
const WIDTH_MIN = 20;
/** Characters between two columns. */
const GAP = 1;

/**
 * The circuit drawn in characters: qubits as single lines from top to bottom, a double line for each
 * classical register. ● controls on 1, ○ on 0, ⊕ is X under controls, × one side of a swap, M a
 * measurement into the bit whose number stands under it.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE past 2,000 wires or 20,000 operations,
 *   QUANTUM_OPTION_INVALID for a width below 20
 */
export function drawText(circuit: Circuit, options: TextOptions = {}): string {
  const { width = WIDTH_DEFAULT } = options;
  if (!Number.isInteger(width) || width < WIDTH_MIN) {
    const message = `the width of a drawing must be at least ${WIDTH_MIN}, got ${width}`;
    throw new OrchestratorError('QUANTUM_OPTION_INVALID', message, { width });
  }
  const { wires, columns, globalPhase } = layoutOf(circuit);
  const phase = globalPhase === 0 ? '' : `global phase: ${angleLabel(globalPhase)}\n`;
  if (wires.length === 0) return `${phase}(no qubits)\n`;
  const labelWidth = Math.max(...wires.map(({ label }) => label.length)) + 2;
  const rows = rowsOf(columns, Math.max(1, width - labelWidth - 2), (c) => widthOf(c) + GAP);
  const parts = rows.map((row) => drawRow(wires, row, labelWidth));
  return `${phase}${parts.join('\n\n')}\n`;
}

/** A border, a blank, the label, a blank, a border. */
function widthOf({ labelLength }: Column): number {
  return labelLength === 0 ? 3 : labelLength + 4;
}

/** The row of characters in which a wire runs; borders of boxes lie between wires. */
function rowOf(wire: number): number {
  return wire * 2 + 1;
}

function drawRow(wires: readonly Wire[], columns: readonly Column[], labelWidth: number): string {
  const width = columns.reduce((sum, column) => sum + widthOf(column) + GAP, labelWidth + GAP);
  const canvas = new TextCanvas(width + 1, wires.length * 2 + 1);
  for (const [k, { label, isClassical }] of wires.entries()) {
    canvas.text(rowOf(k), 0, `${label.padStart(labelWidth - 2)}:`);
    canvas.horizontal(rowOf(k), labelWidth, width, isClassical ? 2 : 1);
  }
  let left = labelWidth + GAP;
  for (const column of columns) {
    for (const mark of inOrder(column.marks)) drawMark(canvas, mark, left, widthOf(column));
    left += widthOf(column) + GAP;
  }
  return canvas
    .toString()
    .split('\n')
    .filter((line, k, all) => line !== '' || (k > 0 && k < all.length - 1))
    .join('\n');
}

/** Lines under boxes, boxes under the rest. */
function inOrder(marks: readonly Mark[]): Mark[] {
  const rank = ({ kind }: Mark): number => (kind === 'line' ? 0 : kind === 'box' ? 1 : 2);
  return [...marks].sort((a, b) => rank(a) - rank(b));
}

function drawMark(canvas: TextCanvas, mark: Mark, left: number, width: number): void {
  const center = left + (width >> 1);
  switch (mark.kind) {
    case 'line':
      canvas.vertical(center, rowOf(mark.top), rowOf(mark.bottom), mark.isDouble ? 2 : 1);
      return;
    case 'box':
      return drawBox(canvas, mark, center);
    case 'control':
      canvas.text(rowOf(mark.wire), center, mark.value === 1 ? '●' : '○');
      return;
    case 'target':
      canvas.text(rowOf(mark.wire), center, '⊕');
      return;
    case 'cross':
      canvas.text(rowOf(mark.wire), center, '×');
      return;
    case 'result':
      canvas.text(rowOf(mark.wire) + 1, center, mark.label);
      return;
    case 'barrier':
      for (const wire of mark.wires) {
        for (const row of [rowOf(wire) - 1, rowOf(wire), rowOf(wire) + 1])
          canvas.text(row, center, '░');
      }
      return;
  }
}

function drawBox(
  canvas: TextCanvas,
  { top, bottom, label, pins }: Mark & { kind: 'box' },
  center: number,
): void {
  const pinWidth = Math.max(0, ...pins.map((pin) => pin.label.length + 1));
  const width = Array.from(label).length + pinWidth + 4;
  const left = center - (width >> 1);
  const right = left + width - 1;
  canvas.box(rowOf(top) - 1, left, rowOf(bottom) + 1, right);
  const middle = rowOf(top) + (bottom - top);
  canvas.text(middle, left + 2 + pinWidth, label);
  for (const pin of pins) canvas.text(rowOf(pin.wire), left + 1, pin.label);
}
