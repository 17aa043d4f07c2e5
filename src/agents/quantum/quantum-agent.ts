import { randomInt } from 'node:crypto';
import type { ArtifactSink } from '../../contract/artifact.ts';
import type { AgentHandler, HandlerContext, HandlerTask } from '../../contract/handler.ts';
import { InvalidPayloadError } from '../payload.ts';
import { QuantumJobError } from './host/job-error.ts';
import { JobHost, type JobHostOptions } from './host/job-host.ts';
import { runToArtifact, type ArtifactAnswer } from './run-to-artifact.ts';
import type { JobName, JobRequest, JobResult } from './jobs/job-table.ts';
import { readAnalyzePayload } from './payloads/analyze-payload.ts';
import { readAssignPayload } from './payloads/assign-payload.ts';
import type { Budget } from './payloads/budget.ts';
import { readIsingPayload } from './payloads/ising-payload.ts';
import { readOptimizePayload } from './payloads/optimize-payload.ts';
import { readRunPayload, SEED_MAX } from './payloads/run-payload.ts';

export interface QuantumAgentOptions extends JobHostOptions {
  /** Takes large state vectors; without it, tasks that want one are refused. */
  readonly artifacts?: ArtifactSink;
}

/** Types of tasks that the agent takes. */
export const QUANTUM_TASK_TYPES = [
  'quantum.circuit.run',
  'quantum.circuit.optimize',
  'quantum.state.analyze',
  'quantum.ising.solve',
  'quantum.assign.solve',
] as const;

export type QuantumTaskType = (typeof QUANTUM_TASK_TYPES)[number];

type Task = Pick<HandlerTask, 'id' | 'type' | 'payload'>;
type Context = Pick<HandlerContext, 'signal' | 'progress' | 'fencingToken'>;

/** The server's event loop goes first where processors are short. */
const NICENESS = 5;

/** A seed that results name, so that they can be had again. */
const drawSeed = (): number => randomInt(SEED_MAX + 1);

/** Handles the tasks of the quantum agent, each in a thread of its own. */
export class QuantumAgent {
  readonly #host: JobHost;
  readonly #artifacts: ArtifactSink | null;

  constructor(options: QuantumAgentOptions = {}) {
    this.#host = new JobHost({ niceness: NICENESS, ...options });
    this.#artifacts = options.artifacts ?? null;
  }

  /**
   * One task's result.
   *
   * Throws `INVALID_PAYLOAD` with the path of the fault, and codes that begin with `QUANTUM_` or `QASM_`;
   * another attempt is pointless but where a thread was lost.
   */
  readonly handler: AgentHandler<unknown> = async (task, context) =>
    await this.#handle(task, context);

  /** Ends what runs, and the threads. */
  async close(): Promise<void> {
    await this.#host.close();
  }

  #handle(task: Task, context: Context): Promise<unknown> {
    const { payload, type } = task;
    switch (type as QuantumTaskType) {
      case 'quantum.circuit.run':
        return this.#runCircuit(task, context);
      case 'quantum.circuit.optimize': {
        const { budget, request } = readOptimizePayload(payload, drawSeed);
        return this.#run('optimize-circuit', request, budget, context);
      }
      case 'quantum.state.analyze': {
        const { budget, request } = readAnalyzePayload(payload);
        return this.#run('analyze-state', request, budget, context);
      }
      case 'quantum.ising.solve': {
        const { budget, request } = readIsingPayload(payload, drawSeed);
        return this.#run('solve-ising', request, budget, context);
      }
      case 'quantum.assign.solve': {
        const { budget, request } = readAssignPayload(payload, drawSeed);
        return this.#run('solve-assignment', request, budget, context);
      }
      default:
        throw new InvalidPayloadError(
          'type',
          `must be one of ${QUANTUM_TASK_TYPES.join(', ')}`,
          type,
        );
    }
  }

  async #runCircuit(
    { id, payload }: Task,
    context: Context,
  ): Promise<JobResult<'run-circuit'> | ArtifactAnswer> {
    const { budget, request, wantsFile } = readRunPayload(payload, drawSeed);
    if (!wantsFile) {
      return await this.#run('run-circuit', { ...request, statevectorFile: null }, budget, context);
    }
    const sink = this.#artifacts;
    if (sink === null) {
      throw new QuantumJobError(
        'QUANTUM_NO_ARTIFACTS',
        'a statevector in a file needs a server that keeps artifacts, got an agent without one',
      );
    }
    const { inputs, qasm } = request;
    const source = inputs === undefined ? { qasm } : { qasm, inputs };
    return await runToArtifact({
      sink,
      taskId: id,
      fencingToken: context.fencingToken,
      qubits: async () => (await this.#run('describe-circuit', source, budget, context)).qubits,
      run: (statevectorFile) =>
        this.#run('run-circuit', { ...request, statevectorFile }, budget, context),
    });
  }

  #run<Name extends JobName>(
    name: Name,
    request: JobRequest<Name>,
    { bytesMax, timeMs }: Budget,
    { progress, signal }: Context,
  ): Promise<JobResult<Name>> {
    return this.#host.run(name, request, {
      signal,
      bytesMax,
      timeMs,
      progress: (fraction) => progress(fraction),
    });
  }
}
