/** `uqo quantum draw`. */
import { readSource } from './read-source.ts';
import type { LocalRun } from './run-circuit.ts';
import { runJob } from './run-job.ts';

/** Narrower terminals get lines that wrap. */
const WIDTH_MIN = 40;

export async function drawCircuitFile(
  { file, output, stdin, timeMs }: LocalRun,
  format: 'text' | 'svg',
): Promise<void> {
  const qasm = await readSource(file, stdin);
  const width = Number.isFinite(output.width) ? Math.max(WIDTH_MIN, output.width) : undefined;
  const request = { qasm, format, ...(width === undefined ? {} : { width }) };
  const { drawing } = await runJob('draw-circuit', request, { output, timeMs });
  if (output.format === 'table') output.line(drawing.trimEnd());
  else output.object({ format, drawing }, []);
}
