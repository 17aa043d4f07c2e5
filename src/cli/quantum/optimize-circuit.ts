/** `uqo quantum optimize`. */
import type { OptimizeCircuitAnswer, OptimizeCircuitRequest } from '../../agents/index.ts';
import type { Output } from '../output/output.ts';
import { randomSeed } from './random-seed.ts';
import { readJsonFile, readSource } from './read-source.ts';
import type { LocalRun } from './run-circuit.ts';
import { runJob } from './run-job.ts';

/** As commander gives them. */
export interface OptimizeFlags {
  readonly basis?: string;
  readonly coupling?: string;
  readonly level: '0' | '1' | '2' | '3';
  readonly metric: OptimizeCircuitRequest['metric'];
  readonly objective: OptimizeCircuitRequest['objective'];
  readonly time: number;
  readonly seed?: number;
  readonly qasm: '2' | '3';
}

type Cost = OptimizeCircuitAnswer['before'];

export async function optimizeCircuitFile(
  { file, output, stdin, timeMs }: LocalRun,
  flags: OptimizeFlags,
): Promise<void> {
  const { readCoupling } = await import('../../agents/index.ts');
  const { basis, coupling } = flags;
  const request: OptimizeCircuitRequest = {
    qasm: await readSource(file, stdin),
    basis: basis === undefined ? null : basis.split(',').map((name) => name.trim()),
    coupling:
      coupling === undefined ? null : readCoupling(await readJsonFile(coupling, stdin), 'coupling'),
    level: Number(flags.level) as OptimizeCircuitRequest['level'],
    metric: flags.metric,
    objective: flags.objective,
    timeMs: flags.time,
    seed: flags.seed ?? randomSeed(),
    version: flags.qasm === '3' ? 3 : 2,
  };
  const answer = await runJob('optimize-circuit', request, { output, timeMs });
  for (const warning of answer.warnings ?? []) output.message(`warning: ${warning}`);
  if (output.format === 'table') show(answer, output);
  else output.object(answer, []);
}

const ROWS: readonly (readonly [string, keyof Cost])[] = [
  ['gates', 'gates'],
  ['on two qubits', 'twoQubit'],
  ['depth', 'depth'],
  ['depth on two qubits', 'twoQubitDepth'],
  ['t gates', 'tCount'],
];

/** The circuit is data, all else is for people: `uqo quantum optimize a.qasm > b.qasm` works. */
function show(answer: OptimizeCircuitAnswer, output: Output): void {
  for (const [title, name] of ROWS) {
    const [before, after] = [answer.before[name], answer.after[name]];
    output.message(`${title.padEnd(20)} ${before} → ${after}${change(before, after)}`);
  }
  const layout = answer.finalLayout;
  if (layout !== undefined) output.message(`${'final layout'.padEnd(20)} ${layout.join(' ')}`);
  output.message(`${'verified'.padEnd(20)} ${answer.verified}`);
  output.line(answer.qasm.trimEnd());
}

function change(before: number, after: number): string {
  if (before === 0 || before === after) return '';
  const percent = (100 * (after - before)) / before;
  return ` (${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(1)} %)`;
}
