import type { UnitaryPart } from '../circuit/operation.ts';
import { controlledBase } from '../circuit/unitary-part.ts';

const LABELS: Readonly<Record<string, string>> = {
  id: 'I',
  sdg: 'S†',
  tdg: 'T†',
  sx: '√X',
  sxdg: '√X†',
  iswap: 'iSWAP',
};

/** What stands in a gate's box: its base and its angles, as fractions of π where they are. */
export function gateLabel(operation: Exclude<UnitaryPart, { kind: 'global-phase' }>): string {
  if (operation.kind === 'unitary') return operation.label;
  const { base, params } = controlledBase(operation);
  const name = LABELS[base] ?? base.toUpperCase();
  return params.length === 0 ? name : `${name}(${params.map(angleLabel).join(', ')})`;
}

/** A short text for an angle: not exact. */
export function angleLabel(angle: number): string {
  for (const denominator of [1, 2, 3, 4, 6, 8, 16, 32, 64]) {
    const numerator = Math.round((angle / Math.PI) * denominator);
    if (numerator === 0 || Math.abs(numerator) > 32) continue;
    if (Math.abs(angle - (numerator * Math.PI) / denominator) > 1e-12) continue;
    const times = Math.abs(numerator) === 1 ? '' : String(Math.abs(numerator));
    const over = denominator === 1 ? '' : `/${denominator}`;
    return `${numerator < 0 ? '-' : ''}${times}π${over}`;
  }
  return String(Number(angle.toPrecision(4)));
}
