/** `uqo quantum run`. */
import type { Readable } from 'node:stream';
import type { RunCircuitAnswer, RunCircuitRequest } from '../../agents/index.ts';
import type { Output } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { readJsonFile, readSource } from './read-source.ts';
import { runJob } from './run-job.ts';
import { randomSeed } from './random-seed.ts';
import { showBytes } from './show-bytes.ts';

/** As commander gives them. */
export interface RunFlags {
  readonly shots: number;
  readonly probabilities?: true;
  readonly top?: number;
  readonly method: RunCircuitRequest['method'];
  readonly precision: 'f64' | 'f32';
  readonly noise?: string;
  readonly seed?: number;
  readonly bitOrder: 'q0-right' | 'q0-left';
  readonly amplitudes?: number;
  readonly statevector?: string;
}

export interface LocalRun {
  readonly file: string;
  readonly stdin: Readable;
  readonly output: Output;
  readonly timeMs: number;
}

/** Most probabilities that can be listed. */
const TOP_MAX = 2 ** 22;
const ROWS_DEFAULT = 20;

interface Outcome {
  readonly bits: string;
  readonly count: number;
  readonly probability: number | undefined;
}

export async function runCircuitFile(
  { file, output, stdin, timeMs }: LocalRun,
  flags: RunFlags,
): Promise<void> {
  const qasm = await readSource(file, stdin);
  const noise = flags.noise === undefined ? null : await readJsonFile(flags.noise, stdin);
  const request: RunCircuitRequest = {
    qasm,
    shots: flags.shots,
    seed: flags.seed ?? randomSeed(),
    method: flags.method,
    precision: flags.precision,
    probabilities: flags.probabilities === true,
    top: flags.top ?? TOP_MAX,
    countsTop: null,
    noise,
    printing: flags.bitOrder,
    amplitudes: flags.amplitudes ?? 0,
    statevectorFile: flags.statevector ?? null,
    listedCharactersMax: null,
  };
  const answer = await runJob('run-circuit', request, { output, timeMs });
  for (const warning of answer.warnings ?? []) output.message(`warning: ${warning}`);
  if (output.format === 'table') show(answer, output, flags.top ?? ROWS_DEFAULT);
  else output.object(answer, []);
}

function show(answer: RunCircuitAnswer, output: Output, rowsMax: number): void {
  const { bytes, method, qubits, reason, truncationError } = answer;
  output.object(answer, [
    ['method', `${method}: ${reason}`],
    ['qubits', qubits],
    ['memory', showBytes(bytes)],
    ['bit order', answer.bitOrder],
    ['shots', `${answer.shots.toLocaleString('en')}, seed ${answer.seed}`],
    ['truncation', truncationError === undefined ? undefined : `infidelity ≤ ${truncationError}`],
    ['statevector', answer.statevector?.file],
    ['took', `${answer.elapsedMs} ms`],
  ]);
  const outcomes = outcomesOf(answer);
  if (outcomes.length > 0) {
    output.line('');
    output.list(answer, outcomes.slice(0, rowsMax), columnsOf(answer));
  }
  const rest = outcomes.length - rowsMax;
  if (rest > 0) output.message(`and ${rest.toLocaleString('en')} more outcomes; see --top`);
  if (answer.probabilitiesAbsent !== undefined) {
    output.message(`no probabilities: ${answer.probabilitiesAbsent}`);
  }
  if (answer.amplitudes !== undefined) showAmplitudes(answer.amplitudes, output);
}

function showAmplitudes(
  amplitudes: NonNullable<RunCircuitAnswer['amplitudes']>,
  output: Output,
): void {
  output.line('');
  output.list(amplitudes, amplitudes, [
    { title: 'state', value: (row) => row.state },
    { title: 're', value: (row) => row.re.toFixed(9), align: 'right' },
    { title: 'im', value: (row) => row.im.toFixed(9), align: 'right' },
    { title: 'probability', value: (row) => row.probability.toFixed(9), align: 'right' },
  ]);
}

/** The likeliest first: by probability where it is known, else by count. */
function outcomesOf({ counts, probabilities }: RunCircuitAnswer): readonly Outcome[] {
  const seen = new Set([...Object.keys(counts), ...Object.keys(probabilities ?? {})]);
  const outcomes = [...seen].map((bits) => ({
    bits,
    count: counts[bits] ?? 0,
    probability: probabilities === undefined ? undefined : (probabilities[bits] ?? 0),
  }));
  return outcomes.sort(
    (a, b) =>
      (b.probability ?? 0) - (a.probability ?? 0) ||
      b.count - a.count ||
      (a.bits < b.bits ? -1 : 1),
  );
}

function columnsOf({ probabilities, shots }: RunCircuitAnswer): readonly Column<Outcome>[] {
  const share = (count: number): string => `${((100 * count) / shots).toFixed(2)} %`;
  return [
    { title: 'outcome', value: (row) => row.bits },
    ...(shots === 0
      ? []
      : ([
          { title: 'count', value: (row) => row.count, align: 'right' },
          { title: 'share', value: (row) => share(row.count), align: 'right' },
        ] satisfies Column<Outcome>[])),
    ...(probabilities === undefined
      ? []
      : ([
          {
            title: 'probability',
            value: (row) => row.probability?.toFixed(9),
            align: 'right',
          },
        ] satisfies Column<Outcome>[])),
  ];
}
