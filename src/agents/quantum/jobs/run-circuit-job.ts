import { parseNoiseModel } from '../../../quantum/simulate/noise/parse-noise-model.ts';
import type { Method } from '../../../quantum/simulate/run/run-options.ts';
import { runCircuit, type RunResult } from '../../../quantum/simulate/run-circuit.ts';
import { amplitudeList, type ListedAmplitude } from './amplitude-list.ts';
import type { Job } from './job.ts';
import { readCircuit, type CircuitSource } from './read-circuit.ts';
import { writeStatevector, type StatevectorFile } from './statevector-file.ts';

export interface RunCircuitRequest extends CircuitSource {
  readonly shots: number;
  readonly seed: number;
  readonly method: Method | 'auto';
  readonly precision: 'f64' | 'f32';
  readonly probabilities: boolean;
  /** Most probabilities to list. */
  readonly top: number;
  /** Most counts to list, the largest first; null lists all. */
  readonly countsTop: number | null;
  /** A noise model as JSON, unread; null for none. */
  readonly noise: unknown;
  /** Which place of a bitstring is bit 0's. */
  readonly printing: 'q0-right' | 'q0-left';
  /** Most amplitudes to list, the largest first; 0 lists none. */
  readonly amplitudes: number;
  /** Where all amplitudes are written to, or null. */
  readonly statevectorFile: string | null;
  /** Bounds each of the lists by their characters as JSON; null leaves them whole. */
  readonly listedCharactersMax: number | null;
}

/** What a run gave. Keys of counts and probabilities are in no order. */
export interface RunCircuitAnswer {
  readonly qubits: number;
  readonly bits: number;
  readonly method: Method;
  readonly reason: string;
  /** Methods of the circuit's parts, where there are several. */
  readonly parts?: readonly { readonly qubits: number; readonly method: Method }[];
  readonly bitOrder: string;
  /** True where the circuit measures nothing, so that every qubit was read at the end. */
  readonly isMeasuredAtEnd: boolean;
  readonly shots: number;
  readonly seed: number;
  /** Different outcomes that were seen. */
  readonly outcomes: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Absent where they were not asked for or cannot be had. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Sum of the probabilities listed. */
  readonly probabilityListed?: number;
  /** Why there are no probabilities although they were asked for. */
  readonly probabilitiesAbsent?: string;
  readonly amplitudes?: readonly ListedAmplitude[];
  readonly statevector?: StatevectorFile;
  /** Bound on the infidelity that truncation caused. */
  readonly truncationError?: number;
  /** Estimate of what the states took. */
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly warnings?: readonly string[];
}

/** What a listed value takes beside its bits, in characters. */
const VALUE_CHARACTERS = 24;

/** The request with its lists bounded by what they take to write. */
function bounded(
  request: RunCircuitRequest,
  circuit: { readonly qubits: number; readonly bits: number },
): RunCircuitRequest {
  const { listedCharactersMax } = request;
  if (listedCharactersMax === null) return request;
  const characters = VALUE_CHARACTERS + Math.max(circuit.qubits, circuit.bits);
  const most = Math.max(1, Math.floor(listedCharactersMax / characters));
  return {
    ...request,
    top: Math.min(request.top, most),
    countsTop: Math.min(request.countsTop ?? most, most),
    amplitudes: Math.min(request.amplitudes, most),
  };
}

/** Fewest qubits of a dense state that threads can share. */
const TEAM_QUBITS_MIN = 16;

/** Reads a circuit and runs it. */
export const runCircuitJob: Job<RunCircuitRequest, RunCircuitAnswer> = async (asked, context) => {
  const { watch } = context;
  const startMs = watch.nowMs();
  const { circuit, warnings } = readCircuit(asked, watch);
  const request = bounded(asked, circuit);
  const noise = request.noise === null ? null : parseNoiseModel(request.noise);
  const team = circuit.qubits >= TEAM_QUBITS_MIN ? await context.team() : null;
  const wantsState = request.amplitudes > 0 || request.statevectorFile !== null;
  const result = runCircuit(
    circuit,
    {
      shots: request.shots,
      seed: request.seed,
      method: request.method,
      precision: request.precision,
      probabilities: request.probabilities,
      top: request.top,
      // The amplitudes are copied out of the state, which doubles what it takes.
      bytesMax: wantsState ? Math.ceil(context.bytesMax / 2) : context.bytesMax,
      statevector: wantsState,
      ...(noise === null ? {} : { noise }),
      ...(team === null ? {} : { team }),
    },
    watch,
  );
  const answer = answerOf(result, request);
  const elapsedMs = Math.round(watch.nowMs() - startMs);
  return {
    ...answer,
    ...(result.statevector === undefined
      ? {}
      : stateOf(result.statevector, request, context.watch)),
    elapsedMs,
    ...(warnings.length > 0 ? { warnings } : {}),
  };
};

type Statevector = NonNullable<RunResult['statevector']>;

function stateOf(
  state: Statevector,
  { amplitudes, printing, statevectorFile }: RunCircuitRequest,
  watch: Parameters<typeof runCircuitJob>[1]['watch'],
): Pick<RunCircuitAnswer, 'amplitudes' | 'statevector'> {
  return {
    ...(amplitudes > 0 ? { amplitudes: amplitudeList(state, amplitudes, printing, watch) } : {}),
    ...(statevectorFile === null
      ? {}
      : { statevector: writeStatevector(statevectorFile, state, watch) }),
  };
}

function answerOf(result: RunResult, request: RunCircuitRequest): RunCircuitAnswer {
  const { counts, parts, probabilities, statevector: _, ...facts } = result;
  const seen = Object.entries(counts);
  const { countsTop, printing } = request;
  const listed = countsTop === null ? seen : largest(seen, countsTop);
  const isAbsent = request.probabilities && probabilities === undefined;
  return {
    ...facts,
    bitOrder: printing === 'q0-right' ? facts.bitOrder : `printed in reverse of ${facts.bitOrder}`,
    ...(parts.length > 1
      ? { parts: parts.map(({ method, qubits }) => ({ qubits: qubits.length, method })) }
      : {}),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    outcomes: seen.length,
    counts: printed(listed, printing),
    ...(probabilities === undefined
      ? {}
      : { probabilities: printed(Object.entries(probabilities), printing) }),
    ...(isAbsent
      ? { probabilitiesAbsent: 'there are too many outcomes, or branches, to list' }
      : {}),
  };
}

/** The entries with the largest values, in that order. */
function largest(
  entries: readonly (readonly [string, number])[],
  count: number,
): readonly (readonly [string, number])[] {
  if (entries.length <= count) return entries;
  return entries.toSorted(([, a], [, b]) => b - a).slice(0, count);
}

function printed(
  entries: readonly (readonly [string, number])[],
  printing: RunCircuitRequest['printing'],
): Record<string, number> {
  if (printing === 'q0-right') return Object.fromEntries(entries);
  return Object.fromEntries(
    entries.map(([key, value]) => [Array.from(key).toReversed().join(''), value]),
  );
}
