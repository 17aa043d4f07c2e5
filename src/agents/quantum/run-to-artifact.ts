import { isOrchestratorError } from '../../base/errors.ts';
import type { ArtifactSink, ArtifactView } from '../../contract/artifact.ts';
import { QuantumJobError } from './host/job-error.ts';
import type { RunCircuitAnswer } from './jobs/run-circuit-job.ts';
import type { StatevectorFile } from './jobs/statevector-file.ts';

/** A run whose amplitudes are all in an artifact. */
export interface ArtifactAnswer extends Omit<RunCircuitAnswer, 'statevector'> {
  /** Absent where the run has no one state at its end. */
  readonly statevector?: Omit<StatevectorFile, 'file'> & {
    /** Id of the artifact. */
    readonly artifact: string;
    readonly href: string;
  };
}

export interface ArtifactRun {
  readonly sink: ArtifactSink;
  readonly taskId: string;
  readonly fencingToken: number;
  /** How many qubits the circuit has. */
  readonly qubits: () => Promise<number>;
  /** Runs the circuit, with its amplitudes to that file. */
  readonly run: (statevectorFile: string) => Promise<RunCircuitAnswer>;
}

const BYTES_PER_AMPLITUDE = 16;
/** Beyond these a file has more bytes than a number can tell; the run refuses far fewer. */
const QUBITS_MAX = 48;

/**
 * Runs a circuit and keeps its amplitudes. Room is reserved before the work is done, and given back
 * whatever becomes of it.
 *
 * @throws QuantumJobError with the job's code or the sink's
 */
export async function runToArtifact(order: ArtifactRun): Promise<ArtifactAnswer> {
  const { fencingToken, qubits, run, sink, taskId } = order;
  const bytes = BYTES_PER_AMPLITUDE * 2 ** Math.min(QUBITS_MAX, await qubits());
  const begun = { taskId, fencingToken, name: `statevector-${fencingToken}.c128`, bytes };
  const draft = await forGood(sink.begin({ ...begun, contentType: 'application/octet-stream' }));
  try {
    const { statevector, ...answer } = await run(draft.file);
    if (statevector === undefined) return answer;
    const { file: _, ...facts } = statevector;
    const { href, id }: ArtifactView = await forGood(draft.keep(facts.sha256));
    return { ...answer, statevector: { artifact: id, href, ...facts } };
  } finally {
    await draft.discard();
  }
}

/** Room comes back in days and disks do not mend themselves: another attempt would end the same. */
async function forGood<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (error) {
    // Nodes that are away come back.
    if (!isOrchestratorError(error) || error.code === 'ARTIFACT_NOT_COPIED') throw error;
    throw new QuantumJobError(error.code, error.message, error.details, { cause: error });
  }
}
