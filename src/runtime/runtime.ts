/**
 * A running orchestrator in this process: the parts, put together, with the way to stop them.
 *
 * Order of stopping: no new work, running handlers get their grace, the loop ends, the store takes a
 * last checkpoint, files close, the lock goes.
 */
import { randomUUID } from 'node:crypto';
import { isOrchestratorError, OrchestratorError } from '../base/errors.ts';
import type {
  AgentHandler,
  RegisterAgent,
  StatusView,
  SubmitFlow,
  SubmittedFlow,
  SubmitTask,
} from '../contract/index.ts';
import { slotsUsed, type AgentId, type CoreState, type LeaseRef } from '../core/index.ts';
import type { ReplicatedLog } from '../log/index.ts';
import type { Scheduler } from '../scheduling/index.ts';
import type { Store } from '../store/index.ts';
import type { AdmissionGate } from './admission-gate.ts';
import type { AgentHub } from './agent-hub.ts';
import type { AgentService } from './agent-service.ts';
import type { BackupService } from './backup/backup-service.ts';
import type { ArtifactService } from './artifact-service.ts';
import type { Checkpointer } from './checkpointer.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import type { DetailsBuffer } from './details-buffer.ts';
import type { EventFeed } from './event-feed.ts';
import type { OutputService } from './output-service.ts';
import type { LimitService } from './limit-service.ts';
import { InProcessAgent, type InProcessHost } from './in-process-agent.ts';
import type { FlowsService } from './flows-service.ts';
import type { InputService } from './input-service.ts';
import type { InputWaits } from './input-waits.ts';
import type { KillService } from './kill-service.ts';
import { submissionFrom, submissionInSlices } from './submission-from.ts';
import type { DeadLetterService } from './dead-letter-service.ts';
import type { OperationService } from './operation-service.ts';
import type { QueueService } from './queue-service.ts';
import type { AttemptEnd } from './reports.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import type { ScheduleKeeper } from './schedule-keeper.ts';
import type { ScheduleService } from './schedule-service.ts';
import type { TaskService } from './task-service.ts';
import { iso } from './views.ts';

export interface RuntimeParts {
  readonly state: CoreState;
  readonly log: ReplicatedLog;
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly hub: AgentHub;
  readonly loop: CommandLoop;
  readonly feed: EventFeed;
  readonly checkpointer: Checkpointer;
  readonly backups: BackupService;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly tasks: TaskService;
  readonly agents: AgentService;
  readonly queues: QueueService;
  readonly deadLetters: DeadLetterService;
  readonly operations: OperationService;
  readonly limits: LimitService;
  readonly schedules: ScheduleService;
  readonly keeper: ScheduleKeeper;
  readonly inputs: InputService;
  readonly flows: FlowsService;
  readonly kills: KillService;
  readonly artifacts: ArtifactService;
  readonly details: DetailsBuffer;
  readonly output: OutputService;
  readonly waits: InputWaits;
  readonly admission: AdmissionGate;
  readonly version: string;
  readonly logKind: string;
  /** Resolves with the reason when the log failed for good: the process must end. */
  readonly failed: Promise<Error>;
  readonly releaseLock: () => void;
}

export class Runtime {
  readonly tasks: TaskService;
  readonly agents: AgentService;
  readonly queues: QueueService;
  readonly deadLetters: DeadLetterService;
  readonly operations: OperationService;
  readonly limits: LimitService;
  readonly schedules: ScheduleService;
  readonly inputs: InputService;
  readonly flows: FlowsService;
  readonly kills: KillService;
  readonly artifacts: ArtifactService;
  readonly backups: BackupService;
  readonly output: OutputService;
  readonly feed: EventFeed;
  readonly admission: AdmissionGate;
  readonly failed: Promise<Error>;
  readonly #parts: RuntimeParts;
  readonly #startedAt: number;
  readonly #inProcess = new Map<string, InProcessAgent>();
  /** Cancels of the timers that report again. */
  readonly #deferred = new Set<() => void>();
  #closing: Promise<void> | null = null;

  constructor(parts: RuntimeParts) {
    this.tasks = parts.tasks;
    this.agents = parts.agents;
    this.queues = parts.queues;
    this.deadLetters = parts.deadLetters;
    this.operations = parts.operations;
    this.limits = parts.limits;
    this.schedules = parts.schedules;
    this.inputs = parts.inputs;
    this.flows = parts.flows;
    this.kills = parts.kills;
    this.artifacts = parts.artifacts;
    this.backups = parts.backups;
    this.output = parts.output;
    this.feed = parts.feed;
    this.admission = parts.admission;
    this.failed = parts.failed;
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** Whether it takes work. */
  get ready(): boolean {
    return this.#closing === null;
  }

  /** Serves an agent in this process with `handler`; as durable and fenced as a remote one. */
  async serve(agent: RegisterAgent, handler: AgentHandler): Promise<void> {
    const link = new InProcessAgent(this.#host(), handler);
    this.#inProcess.set(agent.id, link);
    await this.agents.connect(link, [agent], randomUUID());
  }

  /** Submits one task given as the outside gives it. Resolves with its id once it is durable. */
  async submitTask(task: SubmitTask): Promise<string> {
    const [id] = await this.submitTasks([task]);
    return id as string;
  }

  /** Submits tasks, all or none; resolves with their ids in order once they are durable. */
  async submitTasks(tasks: readonly SubmitTask[]): Promise<readonly string[]> {
    const { clock } = this.#parts;
    const submission =
      tasks.length > READ_AT_ONCE_MAX
        ? await submissionInSlices(tasks, clock)
        : submissionFrom(tasks, clock.now());
    const { ids } = await this.tasks.submit(submission);
    return ids;
  }

  /** Submits tasks as a flow; resolves with its id and theirs once all are durable. */
  async submitFlow({ tasks, ...head }: SubmitFlow): Promise<SubmittedFlow> {
    const submission = await submissionInSlices(tasks, this.#parts.clock, head);
    const { flowId, ids } = await this.tasks.submit(submission);
    return { id: flowId ?? '', tasks: ids.map((id, i) => named(id, tasks[i]?.ref)) };
  }

  status(): StatusView {
    const { clock, log, logKind, state, store, version } = this.#parts;
    const tasks = { scheduled: 0, blocked: 0, queued: 0, running: 0, input_required: 0, failed: 0 };
    for (const queue of state.queues.values()) {
      for (const name of COUNTED_STATES) tasks[name] += queue[name];
    }
    const agents = { ready: 0, draining: 0, lost: 0, killed: 0, slots: 0, slotsUsed: 0 };
    for (const agent of state.agents.values()) {
      agents[agent.state] += 1;
      agents.slots += agent.state === 'lost' ? 0 : agent.spec.slots;
      agents.slotsUsed += slotsUsed(agent);
    }
    return {
      version,
      node: process.version,
      startedAt: iso(this.#startedAt),
      uptimeMs: Math.max(0, clock.now() - this.#startedAt),
      ready: this.ready,
      log: { kind: logKind, lastIndex: log.lastIndex, checkpointIndex: store.appliedIndex },
      tasks,
      agents,
      queues: state.queues.size,
      killed: this.kills.list().slice(0, KILLS_SHOWN_MAX),
      store: { bytes: store.sizeBytes(), backlog: store.backlog.count },
      admission: this.admission.view(),
    };
  }

  /** The parts that metrics are read from. */
  get observed(): Pick<RuntimeParts, 'state' | 'scheduler' | 'loop' | 'store' | 'log'> {
    return this.#parts;
  }

  /**
   * Stops: running in-process handlers get `graceMs` to end, then are aborted and their leases given
   * back. Everything acknowledged is on disk when it resolves. Safe to call twice.
   */
  close(graceMs = 10_000): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const { checkpointer, details, feed, hub, log, loop, releaseLock, store, waits } = this.#parts;
    // A firing from here on is made after the next start.
    this.#parts.keeper.close();
    try {
      await this.#drainHandlers(graceMs);
      await this.artifacts.close();
      feed.close();
      hub.close();
      this.admission.close();
      details.close();
      this.output.close();
      waits.close();
      this.tasks.close();
      this.operations.close();
      await loop.stop(new OrchestratorError('STOPPED', 'the orchestrator must be running'));
      await checkpointer.close();
      await checkpointer.run();
      await log.close();
      await store.close();
    } finally {
      releaseLock();
    }
  }

  async #drainHandlers(graceMs: number): Promise<void> {
    const { clock, hub, loop } = this.#parts;
    for (const [agentId, link] of this.#inProcess) hub.detach(agentId as AgentId, link);
    const idle = Promise.all([...this.#inProcess.values()].map((link) => link.idle()));
    const patience = Promise.withResolvers<void>();
    const cancel = clock.setTimer(graceMs, patience.resolve);
    await Promise.race([idle, patience.promise]);
    cancel();
    for (const link of this.#inProcess.values()) link.abortAll('the orchestrator stops');
    // Reports of the handlers that ended just now are on their way into the loop.
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#parts.details.flush();
    this.output.flush();
    await loop.drained();
    await this.#releaseLeases();
    for (const cancelTimer of this.#deferred) cancelTimer();
  }

  /** Gives back what in-process agents did not finish: it starts anew, and counts as no attempt. */
  async #releaseLeases(): Promise<void> {
    const { logger, state } = this.#parts;
    const items: LeaseRef[] = [];
    for (const agentId of this.#inProcess.keys()) {
      for (const { fencingToken, id } of state.agents.get(agentId as AgentId)?.leases ?? [])
        items.push({ taskId: id, fencingToken });
    }
    if (items.length === 0) return;
    try {
      await this.agents.release(items, 'stopped');
    } catch (error) {
      logger.warn('leases could not be given back; their tasks wait for their agents to return', {
        error: String(error),
      });
    }
  }

  /** Reports until it is known what became of it: a result that is not taken would hold its slot for ever. */
  #report(ends: readonly AttemptEnd[]): void {
    const { agents, clock, logger } = this.#parts;
    agents.report(ends).catch((error: unknown) => {
      if (!isOrchestratorError(error) || !PASSING_CODES.has(error.code)) {
        logger.error('reports of in-process agents were not taken', { error: String(error) });
        return;
      }
      const cancel = clock.setTimer(REPORT_AGAIN_MS, () => {
        this.#deferred.delete(cancel);
        this.#report(ends);
      });
      this.#deferred.add(cancel);
    });
  }

  #host(): InProcessHost {
    const { agents, inputs, logger } = this.#parts;
    return {
      report: (ends) => this.#report(ends),
      progress: (lease, fraction, note) => void agents.progress(lease, fraction, note),
      details: (lease, details) => void agents.details(lease, details),
      ask: async (lease, prompt) => (await inputs.ask(lease, prompt)).answer?.answer ?? null,
      emit: (lease, chunk) => void agents.emit(lease, chunk),
      submit: (tasks) => this.submitTasks(tasks),
      logger: (lease) => {
        const context = { taskId: lease.taskId, taskType: lease.type, attempt: lease.attempt };
        return {
          debug: (message, fields) => logger.debug(message, { ...context, ...fields }),
          info: (message, fields) => logger.info(message, { ...context, ...fields }),
          warn: (message, fields) => logger.warn(message, { ...context, ...fields }),
          error: (message, fields) => logger.error(message, { ...context, ...fields }),
        };
      },
    };
  }
}

/** Kills shown in the status. */
const KILLS_SHOWN_MAX = 100;

/** Longer lists of tasks are read in slices. */
const READ_AT_ONCE_MAX = 1_000;

const COUNTED_STATES = [
  'scheduled',
  'blocked',
  'queued',
  'running',
  'input_required',
  'failed',
] as const;

/** Errors after which the same report may be taken a little later, and how much later. */
const PASSING_CODES = new Set(['OVERLOADED', 'LOG_FULL']);
const REPORT_AGAIN_MS = 1_000;

function named(id: string, ref: string | undefined): { id: string; ref?: string } {
  return ref === undefined ? { id } : { id, ref };
}
