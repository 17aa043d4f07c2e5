/**
 * A running orchestrator in this process: the parts, put together, with the way to stop them.
 *
 * Order of stopping: no new work, running handlers get their grace, the loop ends, the store takes a
 * last checkpoint, files close, the lock goes.
 */
import { OrchestratorError } from '../base/errors.ts';
import { invariant } from '../base/invariant.ts';
import type {
  AgentHandler,
  CorrelationView,
  QuantumStatus,
  RegisterAgent,
  StatusView,
  SubmitFlow,
  SubmittedFlow,
  SubmitTask,
  TopView,
} from '../contract/index.ts';
import { type AgentId, type CoreState } from '../core/index.ts';
import type { LogEntry, ReplicatedLog } from '../log/index.ts';
import type { BornStatus, Scheduler } from '../scheduling/index.ts';
import { listTasks, type LiveIndex, type Store } from '../store/index.ts';
import type { AdmissionGate } from './admission-gate.ts';
import type { AgentHub } from './agent-hub.ts';
import type { AgentService } from './agent-service.ts';
import type { BackupService } from './backup/backup-service.ts';
import type { ArtifactService } from './artifact-service.ts';
import type { BreakerService } from './breaker-service.ts';
import type { Checkpointer } from './checkpointer.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import type { Comparator, Comparators } from './comparators.ts';
import type { DetailsBuffer } from './details-buffer.ts';
import type { Effects } from './effects.ts';
import type { EventFeed } from './event-feed.ts';
import type { Hedger } from './hedger.ts';
import type { PlacementPlanner } from './planning/placement-planner.ts';
import type { OutputService } from './output-service.ts';
import type { LimitService } from './limit-service.ts';
import type { HandlerHostParts } from './handler-host.ts';
import { InProcessAgents } from './in-process-agents.ts';
import type { FlowsService } from './flows-service.ts';
import type { InputService } from './input-service.ts';
import type { InputWaits } from './input-waits.ts';
import type { KillService } from './kill-service.ts';
import type { AgentSpeeds } from './agent-speeds.ts';
import type { Learned } from './learned.ts';
import { Slices } from './slices.ts';
import { submissionFrom, submissionInSlices } from './submission-from.ts';
import type { DeadLetterService } from './dead-letter-service.ts';
import type { OperationService } from './operation-service.ts';
import type { RuntimeMetrics } from './metrics-port.ts';
import type { QueueService } from './queue-service.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import type { Recoveries } from './recoveries.ts';
import type { SelfChecks } from './self-checks.ts';
import type { Supervisor } from './supervisor.ts';
import type { ScheduleKeeper } from './schedule-keeper.ts';
import type { ScheduleService } from './schedule-service.ts';
import type { TaskIdSource } from './task-ids.ts';
import type { TaskService } from './task-service.ts';
import type { TopStats } from './top-stats.ts';
import { iso } from './views.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

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
  readonly breakers: BreakerService;
  readonly schedules: ScheduleService;
  readonly keeper: ScheduleKeeper;
  readonly effects: Effects;
  readonly ids: TaskIdSource;
  readonly live: LiveIndex;
  readonly metrics: RuntimeMetrics;
  readonly recoveries: Recoveries;
  readonly checks: SelfChecks;
  readonly supervisor: Supervisor;
  readonly inputs: InputService;
  readonly flows: FlowsService;
  readonly kills: KillService;
  readonly artifacts: ArtifactService;
  readonly details: DetailsBuffer;
  readonly output: OutputService;
  readonly waits: InputWaits;
  readonly admission: AdmissionGate;
  readonly comparators: Comparators;
  readonly learned: Learned;
  readonly speeds: AgentSpeeds;
  readonly hedger: Hedger;
  readonly planner: PlacementPlanner;
  readonly webhooks: Webhooks;
  readonly top: TopStats;
  readonly version: string;
  readonly logKind: string;
  /** Resolves with the reason when the log failed for good: the process must end. */
  readonly failed: Promise<Error>;
  readonly releaseLock: () => void;
}

/** How an agent in this process is served. */
export interface ServeOptions {
  /**
   * Brings back what runs the handler: called, with growing waits, after an attempt failed with the code
   * `HANDLER_HOST_FAILED`. Until it resolves the agent is given nothing; what else it ran is run anew.
   */
  readonly restart?: HandlerHostParts['restart'];
}

export class Runtime {
  /** Resolves with the reason when the log failed for good: the process must end. */
  readonly failed: Promise<Error>;
  #assemble: () => RuntimeParts;
  readonly #startedAt: number;
  /** As long as it leads, or follows: then there are others. */
  #parts: RuntimeParts;
  #inProcess: InProcessAgents;
  #isLeading = false;
  #closing: Promise<void> | null = null;

  /** @param assemble - makes parts that mirror the state as it is */
  constructor(assemble: () => RuntimeParts) {
    this.#assemble = assemble;
    this.#parts = assemble();
    this.#inProcess = this.#inProcessAgents();
    this.failed = this.#parts.failed;
    this.#startedAt = this.#parts.clock.now();
  }

  get tasks(): TaskService {
    return this.#parts.tasks;
  }

  get agents(): AgentService {
    return this.#parts.agents;
  }

  get queues(): QueueService {
    return this.#parts.queues;
  }

  get deadLetters(): DeadLetterService {
    return this.#parts.deadLetters;
  }

  get operations(): OperationService {
    return this.#parts.operations;
  }

  get limits(): LimitService {
    return this.#parts.limits;
  }

  get schedules(): ScheduleService {
    return this.#parts.schedules;
  }

  get inputs(): InputService {
    return this.#parts.inputs;
  }

  get flows(): FlowsService {
    return this.#parts.flows;
  }

  get kills(): KillService {
    return this.#parts.kills;
  }

  get artifacts(): ArtifactService {
    return this.#parts.artifacts;
  }

  get backups(): BackupService {
    return this.#parts.backups;
  }

  get output(): OutputService {
    return this.#parts.output;
  }

  get feed(): EventFeed {
    return this.#parts.feed;
  }

  get admission(): AdmissionGate {
    return this.#parts.admission;
  }

  get breakers(): BreakerService {
    return this.#parts.breakers;
  }

  get recoveries(): Recoveries {
    return this.#parts.recoveries;
  }

  get checks(): SelfChecks {
    return this.#parts.checks;
  }

  /** Whether it takes work. */
  get ready(): boolean {
    return this.#isLeading && this.#closing === null;
  }

  /** Takes work from now on: everything in the log is applied, and no other process appends to it. */
  lead(): void {
    const { effects, hedger, hub, ids, keeper, live, loop, metrics, planner, store, supervisor } =
      this.#parts;
    const [newest] = listTasks(live, store, { limit: 1 }).items;
    // New ids go on from the newest ever given, as far as is known, even if this clock is behind.
    if (newest !== undefined) ids.goOnAfter(newest.task.id);
    effects.countInto(metrics);
    hub.open();
    hedger.open();
    planner.open();
    // What was due while nobody led waits for no command.
    loop.lead();
    keeper.open();
    supervisor.start();
    this.operations.resume();
    this.#isLeading = true;
  }

  /** Applies the next entry of the log, whoever appended it; what it returns resolves when one more may come. */
  take(entry: LogEntry & { readonly isOwn: boolean }): Promise<void> | null {
    const { checkpointer, loop, store } = this.#parts;
    if (entry.isOwn && loop.committed(entry.index)) return null;
    loop.follow(entry);
    checkpointer.appended(entry.body.byteLength);
    // Who catches up must not keep all that finished in memory.
    return store.backlog.full ? store.flush() : null;
  }

  /** Goes on with other parts, of another state: that of a snapshot which a leader sent. */
  restart(assemble: () => RuntimeParts): void {
    invariant(!this.#isLeading, 'who leads has the newest state');
    const { checkpointer, loop } = this.#parts;
    void checkpointer.close();
    void this.artifacts.close();
    closeServices(this.#parts);
    void loop.stop(new OrchestratorError('STOPPED', 'a snapshot was installed'));
    this.#assemble = assemble;
    this.#parts = assemble();
    this.#inProcess = this.#inProcessAgents();
  }

  /**
   * Follows from now on. Whoever waits here is told to ask again, handlers in this process are told to
   * stop, and links to agents are of no more use: they are to be closed.
   */
  stepDown(): void {
    const [parts, inProcess] = [this.#parts, this.#inProcess];
    this.#isLeading = false;
    this.#parts = this.#assemble();
    this.#inProcess = this.#inProcessAgents();
    inProcess.abandon();
    closeServices(parts);
    // What waits for its turn is in no log: it can be asked of whoever leads.
    const reason = new OrchestratorError('NOT_LEADER', 'another process leads: ask it', {
      retryAfterMs: 200,
    });
    void parts.loop.giveUp(reason);
  }

  /** Serves an agent in this process with `handler`; as durable and fenced as a remote one. */
  async serve(
    agent: RegisterAgent,
    handler: AgentHandler,
    options: ServeOptions = {},
  ): Promise<void> {
    await this.#inProcess.serve(agent, handler, options.restart ?? null);
  }

  /**
   * Says what counts as the same result of redundant copies of a type, where their submitter does not:
   * results for which `comparator` gives equal JSON. Must be pure; give it again at each start.
   */
  registerComparator(taskType: string, comparator: Comparator): void {
    this.#parts.comparators.register(taskType, comparator);
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
    const { clock, hub, log, logKind, scheduler, state, store, version } = this.#parts;
    const tasks = { scheduled: 0, blocked: 0, queued: 0, running: 0, input_required: 0, failed: 0 };
    for (const queue of state.queues.values()) {
      for (const name of COUNTED_STATES) tasks[name] += queue[name];
    }
    const sums = scheduler.agentSums();
    const asleep = hub.asleepCount;
    return {
      version,
      node: process.version,
      startedAt: iso(this.#startedAt),
      uptimeMs: Math.max(0, clock.now() - this.#startedAt),
      ready: this.ready,
      log: { kind: logKind, lastIndex: log.lastIndex, checkpointIndex: store.appliedIndex },
      tasks,
      agents: { ...sums, ready: sums.ready - asleep, asleep },
      queues: state.queues.size,
      killed: this.kills.list().slice(0, KILLS_SHOWN_MAX),
      store: { bytes: store.sizeBytes(), backlog: store.backlog.count },
      admission: this.admission.view(),
      quantum: quantumStatus(scheduler.bornStatus()),
      ...this.#health(),
    };
  }

  #health(): Pick<StatusView, 'breakers' | 'stuck' | 'recoveries'> {
    const { open, 'half-open': halfOpen } = this.breakers.sums();
    return {
      breakers: { open, halfOpen },
      stuck: this.#parts.supervisor.stuckTasks,
      recoveries: this.recoveries.list(RECOVERIES_SHOWN_MAX),
    };
  }

  /**
   * What this leader has learned of agents that fail together; its pairs are about one agent, or any. In slices of
   * some milliseconds: others have their turn between them.
   *
   * @throws OrchestratorError `AGENT_NOT_FOUND`
   */
  async correlations(about: AgentId | null = null): Promise<CorrelationView> {
    const { clock, scheduler, state } = this.#parts;
    if (about !== null && !state.agents.has(about)) {
      throw new OrchestratorError('AGENT_NOT_FOUND', `agent must be registered, got ${about}`);
    }
    const slices = new Slices(clock, REPORT_SLICE_MS);
    const steps = scheduler.correlations(clock.now(), about);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) if (slices.isOver) await slices.next();
    const { suspects, ...rest } = step.value;
    const ofSuspects = suspects.map(({ untilMs, ...suspect }) => ({
      ...suspect,
      until: iso(untilMs),
    }));
    return { ...rest, suspects: ofSuspects } as CorrelationView;
  }

  /** Who has most of the work of the last minutes, and of the failures: `limit` names in each list. */
  top(limit: number): TopView {
    const { clock, state, top } = this.#parts;
    return top.view(limit, Math.max(state.nowMs, clock.now()));
  }

  /** How many different names were seen in the last minutes, by kind. */
  distinct(): TopView['distinct'] {
    const { clock, state, top } = this.#parts;
    return top.distinct(Math.max(state.nowMs, clock.now()));
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
    const { checkpointer, keeper, learned, log, loop, releaseLock, speeds, store } = this.#parts;
    // A firing from here on is made after the next start.
    keeper.close();
    try {
      await this.#inProcess.drain(graceMs);
      await this.artifacts.close();
      closeServices(this.#parts);
      await loop.stop(new OrchestratorError('STOPPED', 'the orchestrator must be running'));
      await checkpointer.close();
      await checkpointer.run();
      await learned.save();
      await speeds.save(true);
      await log.close();
      await store.close();
    } finally {
      releaseLock();
    }
  }

  #inProcessAgents(): InProcessAgents {
    return new InProcessAgents(this.#parts, (tasks) => this.submitTasks(tasks));
  }
}

/** Ends what waits, and every timer; what is in the loop goes on. */
function closeServices(parts: RuntimeParts): void {
  parts.keeper.close();
  parts.supervisor.close();
  parts.hedger.close();
  parts.planner.close();
  parts.feed.close();
  parts.hub.close();
  parts.webhooks.close();
  parts.admission.close();
  parts.details.close();
  parts.output.close();
  parts.waits.close();
  parts.tasks.close();
  parts.operations.close();
}

/** Recoveries shown in the status. */
const RECOVERIES_SHOWN_MAX = 5;

/** Kills shown in the status. */
const KILLS_SHOWN_MAX = 100;

/** Longest stretch of a report on correlations before others have their turn. */
const REPORT_SLICE_MS = 2;

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

function quantumStatus({ alarms, states, ...measures }: BornStatus): QuantumStatus {
  const definitions = { dispatchers: 1, globalCoherence: 1, basis: 'definition' } as const;
  return { ...definitions, ...measures, alarms: [...alarms], states: [...states] };
}

function named(id: string, ref: string | undefined): { id: string; ref?: string } {
  return ref === undefined ? { id } : { id, ref };
}
