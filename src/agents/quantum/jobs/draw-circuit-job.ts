import { drawSvg } from '../../../quantum/draw/draw-svg.ts';
import { drawText } from '../../../quantum/draw/draw-text.ts';
import type { Job } from './job.ts';
import { readCircuit, type CircuitSource } from './read-circuit.ts';

export interface DrawCircuitRequest extends CircuitSource {
  readonly format: 'text' | 'svg';
  /** Characters of a line; absent for the default. Of texts alone. */
  readonly width?: number;
}

export interface DrawCircuitAnswer {
  readonly drawing: string;
}

/** Draws a circuit. */
export const drawCircuitJob: Job<DrawCircuitRequest, DrawCircuitAnswer> = (request, { watch }) => {
  const { circuit } = readCircuit(request, watch);
  const { format, width } = request;
  if (format === 'svg') return { drawing: drawSvg(circuit) };
  return { drawing: drawText(circuit, width === undefined ? {} : { width }) };
};
