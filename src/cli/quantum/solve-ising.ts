/** `uqo quantum ising`. */
import type { SolveIsingAnswer } from '../../agents/index.ts';
import type { Output } from '../output/output.ts';
import { randomSeed } from './random-seed.ts';
import { readSource } from './read-source.ts';
import type { LocalRun } from './run-circuit.ts';
import { runJob } from './run-job.ts';

/** As commander gives them. */
export interface IsingFlags {
  readonly format: 'gset' | 'bqp' | 'qubo';
  readonly time: number;
  readonly seed?: number;
  readonly method: string;
}

export async function solveIsingFile(
  { file, output, stdin, timeMs }: LocalRun,
  flags: IsingFlags,
): Promise<void> {
  const text = await readSource(file, stdin);
  const request = {
    problem: { kind: 'file', format: flags.format, text } as const,
    timeMs: flags.time,
    seed: flags.seed ?? randomSeed(),
    method: flags.method as 'auto',
  };
  const answer = await runJob('solve-ising', request, { output, timeMs });
  if (output.format === 'table') show(answer, output);
  else output.object(answer, []);
}

function show(answer: SolveIsingAnswer, output: Output): void {
  const { bound, isProven, sense, value } = answer;
  output.object(answer, [
    ['value', value],
    ['sense', sense],
    ['bound', isProven ? 'none is better: proven' : bound],
    ['method', `${answer.method}: ${answer.reason}`],
    ['seed', answer.seed],
    ['took', `${answer.elapsedMs} ms (${answer.stopped})`],
    ['assignment', answer.assignment.map((bit) => (bit === 1 ? '1' : '0')).join('')],
  ]);
}
