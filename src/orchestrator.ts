/**
 * The whole orchestrator inside one process, durable in one folder: the package's main face.
 *
 * The server (`uqo start`) is this with doors for the outside on top.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { OrchestratorError } from './base/errors.ts';
import {
  type CorrelationView,
  checkRegisterAgents,
  checkSchedule,
  InvalidRequestError,
  NonRetryableError,
  RetryAfterError,
  TaskFailure,
  type AgentHandler,
  type FlowView,
  type BackfillAnswer,
  type BackfillBody,
  type HandlerContext,
  type HandlerTask,
  type InputPrompt,
  type OutputItem,
  type RegisterAgent,
  type ScheduleBody as ScheduleSettings,
  type ScheduleView,
  type StatusView,
  type SubmitFlow,
  type SubmitTask,
  type TaskView,
  type TraceContext,
  type TriggerAnswer,
} from './contract/index.ts';
import {
  type Comparator,
  openRuntime,
  openRuntimeOn,
  restoreBackup,
  type Runtime,
  type RuntimeOptions,
  type RuntimeStorage,
  type ServeOptions,
} from './runtime/index.ts';
import { VERSION } from './base/version.ts';

export interface UnifiedQuantumOrchestratorOptions extends Partial<
  Omit<RuntimeOptions, 'version' | 'settings'>
> {
  /** Agents that may register, at most. Default 1,000,000. */
  readonly maxAgents?: number;
  /** Keeps everything there instead of in a folder; what is said of folders then means nothing. */
  readonly storage?: RuntimeStorage;
  /** How long the result of an idempotency key is remembered, in milliseconds. Default 24 hours. */
  readonly idempotencyWindowMs?: number;
  /** Different agents that a task may lose before it is held back as poison; 0 for any. Default 3. */
  readonly poisonAgents?: number;
}

/** A submitted task. */
export interface SubmittedTask<Result = unknown> {
  readonly id: string;
  /**
   * Resolves with the result.
   *
   * @throws OrchestratorError with the task's own error code when it failed or was canceled
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<Result>;
  /** `graceMs`: how long a running attempt may go on to end by itself; what it still returns counts. */
  cancel(reason?: string, options?: { readonly graceMs?: number }): Promise<void>;
  /**
   * Answers the question that the task waits on; resolves when that is durable.
   *
   * @throws OrchestratorError `INPUT_NOT_ASKED`, `INPUT_KEY_MISMATCH`, `INPUT_NOT_ALLOWED`, `INPUT_INVALID`
   */
  answer(answer: unknown, options?: { readonly key?: string; readonly by?: string }): Promise<void>;
}

/** A submitted flow. */
export interface SubmittedFlowTasks {
  readonly id: string;
  /** Of its tasks, in the order in which they were given. */
  readonly ids: readonly string[];
  /** The task with that ref. */
  task<Result = unknown>(ref: string): SubmittedTask<Result>;
  /** How it stands, with its newest 1,000 tasks; null once it is forgotten. */
  get(): FlowView | null;
  /** Cancels all of it that has not ended. */
  cancel(reason?: string): Promise<void>;
}

/** Tasks of a flow shown at once. */
const FLOW_PAGE = 1_000;

/** A schedule, by its name. All but `view` throw `SCHEDULE_NOT_FOUND` once it is removed. */
export interface Schedule {
  readonly name: string;
  /** How it stands; null when there is none. */
  view(): ScheduleView | null;
  /** Lets it fire no more by itself, until {@link Schedule.resume}. */
  pause(why?: { readonly reason?: string; readonly by?: string }): Promise<ScheduleView>;
  resume(): Promise<ScheduleView>;
  /** Fires now, paused or not. Throws `SCHEDULE_BUSY` where its overlap policy forbids it. */
  trigger(overlap?: ScheduleView['overlap']): Promise<TriggerAnswer>;
  /** Fires for all moments from `from` to `to`, or counts them: at most 10,000. */
  backfill(range: BackfillBody): Promise<BackfillAnswer>;
  /** The moments to come, as ISO 8601 in UTC. */
  upcoming(count?: number): string[];
  /** Its tasks go on. */
  remove(): Promise<void>;
}

/** The state of the whole orchestrator; `quantum` is explained in docs/born.md. */
export type SystemStatus = StatusView;

/** Incarnation of agents that this program only tells of. */
const DECLARED = 'declared';

/** One wait for a result; it is renewed where the clock's longest timer is shorter. */
const WAIT_MS: number = Number.POSITIVE_INFINITY;

export class UnifiedQuantumOrchestrator {
  readonly #options: UnifiedQuantumOrchestratorOptions;
  #runtime: Runtime | null = null;

  constructor(options: UnifiedQuantumOrchestratorOptions = {}) {
    this.#options = options;
  }

  /** The folder that everything is kept in. */
  get dataDir(): string {
    return this.#options.dataDir ?? process.env['UQO_DATA_DIR'] ?? 'data';
  }

  /** The running parts, for those who build on them. Throws `STOPPED` before `start` and after `stop`. */
  get runtime(): Runtime {
    if (this.#runtime !== null) return this.#runtime;
    throw new OrchestratorError('STOPPED', 'the orchestrator must be started');
  }

  /** Opens the data folder (`dataDir`, else `UQO_DATA_DIR`, else `./data`) and brings back what it holds. */
  async start(): Promise<void> {
    if (this.#runtime !== null) return;
    const { idempotencyWindowMs, maxAgents, poisonAgents, storage, ...options } = this.#options;
    const terms = {
      ...options,
      version: VERSION,
      settings: {
        ...(maxAgents === undefined ? {} : { agentsMax: maxAgents }),
        ...(idempotencyWindowMs === undefined ? {} : { idempotencyWindowMs }),
        ...(poisonAgents === undefined ? {} : { poisonAgents }),
      },
    };
    this.#runtime =
      storage === undefined
        ? await openRuntime({ ...terms, dataDir: this.dataDir })
        : await openRuntimeOn(storage, terms);
  }

  /**
   * Registers an agent served by `handler` in this process; without one, an agent that is called by its
   * webhook: saying so again at each start changes nothing.
   *
   * @throws OrchestratorError `AGENT_LIMIT`; `WEBHOOKS_OFF`, `WEBHOOK_ADDRESS_REFUSED`
   */
  async registerAgent(
    agent: RegisterAgent,
    handler: AgentHandler | null = null,
    options: ServeOptions = {},
  ): Promise<void> {
    checkRegisterAgents([agent]);
    if (handler !== null) await this.runtime.serve(agent, handler, options);
    else await this.runtime.agents.register([agent], DECLARED);
  }

  /**
   * Says what counts as the same result of redundant copies of a type, where their submitter does not:
   * results for which `comparator` gives equal JSON. It must be pure; give it again after each start.
   */
  registerComparator(taskType: string, comparator: Comparator): void {
    this.runtime.registerComparator(taskType, comparator);
  }

  /** Submits a task; resolves when it is durable. */
  async submitTask<Result = unknown>(task: SubmitTask): Promise<SubmittedTask<Result>> {
    return this.#handle<Result>(await this.runtime.submitTask(task));
  }

  /**
   * Submits tasks that depend on each other as one flow, all or none: they name each other by `ref`.
   *
   * @throws OrchestratorError `FLOW_CYCLE`, `FLOW_TASK_NOT_FOUND`, `FLOW_DUPLICATE`, `BUDGET_EXCEEDED`
   */
  async submitFlow(flow: SubmitFlow): Promise<SubmittedFlowTasks> {
    const { id, tasks } = await this.runtime.submitFlow(flow);
    const byRef = new Map(tasks.map((task) => [task.ref, task.id]));
    return {
      id,
      ids: tasks.map((task) => task.id),
      task: <Result = unknown>(ref: string) => {
        const taskId = byRef.get(ref);
        if (taskId !== undefined) return this.#handle<Result>(taskId);
        throw new OrchestratorError(
          'FLOW_TASK_NOT_FOUND',
          `a task of the flow must have that ref, got ${ref}`,
          { ref },
        );
      },
      get: () => this.runtime.flows.get(id, { limit: FLOW_PAGE }),
      cancel: (reason = 'canceled') => this.runtime.flows.cancel(id, reason),
    };
  }

  #handle<Result>(id: string): SubmittedTask<Result> {
    return {
      id,
      result: (options) => this.#result<Result>(id, options?.signal),
      cancel: async (reason = 'canceled', { graceMs = 0 } = {}) => {
        const [error] = await this.runtime.tasks.cancel([id as never], reason, graceMs);
        if (error != null) throw error;
      },
      answer: (answer, options) => this.runtime.inputs.answer(id as never, { answer, ...options }),
    };
  }

  /**
   * Makes a schedule or replaces its settings: safe to call at every start of a program. A paused one
   * stays paused.
   *
   * @param name - `name`, or `namespace/name`
   * @throws OrchestratorError `SCHEDULE_INVALID`, `SCHEDULE_NEVER_FIRES`, `SCHEDULE_LIMIT`
   */
  async schedule(name: string, settings: ScheduleSettings): Promise<Schedule> {
    checkSchedule(settings);
    await this.runtime.schedules.set(checkedName(name), settings);
    return this.getSchedule(name);
  }

  /** A schedule that is there; see {@link UnifiedQuantumOrchestrator.schedule}. */
  getSchedule(name: string): Schedule {
    const schedules = (): Runtime['schedules'] => this.runtime.schedules;
    return {
      name,
      view: () => schedules().get(name),
      pause: (why) => schedules().pause(name, why),
      resume: () => schedules().resume(name),
      trigger: (overlap) => schedules().trigger(name, overlap ?? null),
      backfill: (range) => schedules().backfill(name, range),
      upcoming: (count = 10) => schedules().upcoming(name, count),
      remove: () => schedules().remove(name),
    };
  }

  /**
   * What a task hands out with `context.emit`, each chunk once and in order, from `cursor` to its end.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, `CURSOR_INVALID`, `CURSOR_OTHER_TASK`, `OUTPUT_EXPIRED`
   */
  output(
    id: string,
    options: { readonly cursor?: string; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<OutputItem> {
    return this.runtime.output.all(id as never, options.cursor ?? null, options.signal);
  }

  /**
   * Writes everything acknowledged so far into a tar file, while work goes on; {@link restoreBackup} takes it.
   *
   * @throws OrchestratorError `BACKUP_RUNNING`, `BACKUP_UNSUPPORTED`, `STORE_COPY_FAILED`
   */
  async backup(file: string): Promise<void> {
    const { stream } = await this.runtime.backups.open();
    await pipeline(stream, createWriteStream(file, { mode: 0o600 }));
  }

  getTask(id: string): TaskView | null {
    return this.runtime.tasks.get(id as never);
  }

  getSystemStatus(): SystemStatus {
    return this.runtime.status();
  }

  /**
   * Which agents and domains were seen to fail together; pairs are about one agent if it is given.
   *
   * @throws OrchestratorError `AGENT_NOT_FOUND`
   */
  getCorrelations(agent?: string): Promise<CorrelationView> {
    return this.runtime.correlations((agent as never) ?? null);
  }

  /** Lets running handlers end for at most `graceMs`, writes everything out and closes. */
  async stop(graceMs = 10_000): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === null) return;
    await runtime.close(graceMs);
    this.#runtime = null;
  }

  async #result<Result>(id: string, signal: AbortSignal | undefined): Promise<Result> {
    for (;;) {
      signal?.throwIfAborted();
      const outcome = await this.runtime.tasks.wait(id as never, WAIT_MS, signal);
      if (outcome === null)
        throw new OrchestratorError('TASK_NOT_FOUND', `a task must be kept, got ${id}`);
      if (outcome.state === 'completed') return outcome.result as Result;
      if (outcome.error === undefined) continue;
      throw new OrchestratorError(outcome.error.code, outcome.error.message, {
        taskId: id,
        state: outcome.state,
      });
    }
  }
}

const SCHEDULE_NAME = /^(?:[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\/)?[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

function checkedName(name: string): string {
  if (SCHEDULE_NAME.test(name)) return name;
  const form = 'a letter or digit, then up to 127 letters, digits and . _ : -';
  throw new InvalidRequestError(
    '/name',
    `must be name or namespace/name, each ${form}, got ${name}`,
  );
}

export {
  type Comparator,
  restoreBackup,
  NonRetryableError,
  OrchestratorError,
  RetryAfterError,
  TaskFailure,
  type AgentHandler,
  type FlowView,
  type HandlerContext,
  type HandlerTask,
  type InputPrompt,
  type RegisterAgent,
  type ServeOptions,
  type SubmitFlow,
  type ScheduleSettings,
  type ScheduleView,
  type SubmitTask,
  type TaskView,
  type TraceContext,
};
