/** `uqo quantum assign`. */
import type { SolveAssignmentAnswer } from '../../agents/index.ts';
import type { Output } from '../output/output.ts';
import { randomSeed } from './random-seed.ts';
import { readSource } from './read-source.ts';
import type { LocalRun } from './run-circuit.ts';
import { runJob } from './run-job.ts';

/** As commander gives them. */
export interface AssignFlags {
  readonly problem: number;
  readonly time: number;
  readonly seed?: number;
}

export async function solveAssignmentFile(
  { file, output, stdin, timeMs }: LocalRun,
  flags: AssignFlags,
): Promise<void> {
  const text = await readSource(file, stdin);
  const request = {
    problem: { kind: 'file', text, number: flags.problem } as const,
    timeMs: flags.time,
    seed: flags.seed ?? randomSeed(),
  };
  const answer = await runJob('solve-assignment', request, { output, timeMs });
  if (output.format === 'table') show(answer, output);
  else output.object(answer, []);
}

function show(answer: SolveAssignmentAnswer, output: Output): void {
  output.object(answer, [
    ['cost', answer.cost],
    ['feasible', answer.feasible ? 'yes' : 'no'],
    ['bound', answer.isProven ? 'none is cheaper: proven' : answer.bound],
    ['overload', answer.feasible ? undefined : answer.overload],
    ['method', `${answer.method}: ${answer.reason}`],
    ['agents, tasks', `${answer.agents}, ${answer.tasks}`],
    ['seed', answer.seed],
    ['took', `${answer.elapsedMs} ms`],
    ['assignment', answer.assignment.join(' ')],
  ]);
}
