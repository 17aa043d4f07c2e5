import { randomInt } from 'node:crypto';
import {
  barredAgents,
  fairnessOf,
  wantedParents,
  type Agent,
  type AgentId,
  type CoreSettings,
  type CoreState,
  type Task,
  type TaskId,
} from '../core/index.ts';
import { Scheduler, takeOff } from '../scheduling/index.ts';
import { LiveIndex } from '../store/index.ts';
import type { AdmissionOptions } from '../reliability/index.ts';
import { AdmissionGate } from './admission-gate.ts';
import { AgentHub, type AgentHubOptions } from './agent-hub.ts';
import { AgentService } from './agent-service.ts';
import { AgentSpeeds } from './agent-speeds.ts';
import { BackupService } from './backup/backup-service.ts';
import { ArtifactService, type ArtifactServiceParts } from './artifact-service.ts';
import { Checkpointer } from './checkpointer.ts';
import { systemClock, type Clock } from './clock.ts';
import { CommandLoop, type TurnHooks } from './command-loop.ts';
import { Effects } from './effects.ts';
import { DetailsBuffer } from './details-buffer.ts';
import { ProgressBoard } from './progress-board.ts';
import { EventFeed } from './event-feed.ts';
import { BreakerService } from './breaker-service.ts';
import { Comparators } from './comparators.ts';
import { createSupervision, type Supervision } from './create-supervision.ts';
import { Hedger, type HedgingOptions } from './hedger.ts';
import { leaseVerdicts } from './lease-verdicts.ts';
import { LimitService } from './limit-service.ts';
import { FlowsService } from './flows-service.ts';
import { InputService } from './input-service.ts';
import { KillService } from './kill-service.ts';
import { Learned } from './learned.ts';
import { InputWaits } from './input-waits.ts';
import { systemProbes, type LoadProbes } from './load-probes.ts';
import { NO_METRICS, type RuntimeMetrics } from './metrics-port.ts';
import { ParentResults } from './parent-results.ts';
import { payloadOf } from './payload-of.ts';
import { DeadLetterService } from './dead-letter-service.ts';
import { OperationService } from './operation-service.ts';
import { OUTPUT_TTL_MS_DEFAULT, OutputService } from './output-service.ts';
import { QueueService } from './queue-service.ts';
import type { SupervisionOptions } from './supervisor.ts';
import { ScheduleKeeper } from './schedule-keeper.ts';
import { ScheduleService } from './schedule-service.ts';
import { settingsToBegin } from './settings-to-begin.ts';
import { CORE_SEED, recover } from './recover.ts';
import { Runtime, type RuntimeParts } from './runtime.ts';
import { SILENT_LOGGER, type RuntimeLogger } from './runtime-logger.ts';
import {
  folderStorage,
  type FolderOptions,
  type OpenStorage,
  type RuntimeStorage,
} from './storage.ts';
import { PlacementPlanner, type PlanningOptions } from './planning/placement-planner.ts';
import { TaskIdSource } from './task-ids.ts';
import { StageWaits } from './stage-waits.ts';
import { TaskService } from './task-service.ts';
import { TopStats } from './top-stats.ts';
import { proposePlacement } from './turn-placement.ts';
import { Webhooks, type WebhookOptions } from './webhooks/webhooks.ts';

/** Everything about a runtime but where it keeps what it keeps. */
export interface RuntimeTerms {
  readonly version: string;
  readonly clock?: Clock;
  readonly logger?: RuntimeLogger;
  readonly metrics?: RuntimeMetrics;
  /** Bounds of core; a change of them is itself a logged command. */
  readonly settings?: Partial<CoreSettings>;
  /**
   * Seed of chance: of placement, and of core in a new data folder, where it must stay the same at least
   * to the first checkpoint. Absent, placement draws one, and core has the same in every folder.
   */
  readonly seed?: number;
  /** Random bytes for task ids; those of the system when absent. */
  readonly idBytes?: (count: number) => Buffer;
  /** Log bytes between checkpoints. Default 64 MiB. */
  readonly checkpointBytes?: number;
  /** Longest time from a change to the checkpoint that holds it. Default 30 s. */
  readonly checkpointIntervalMs?: number;
  /** Keeps all of the log, for audits; else what a checkpoint stands for is let go. Default false. */
  readonly keepLog?: boolean;
  /** How long output is kept after the end of its task, in milliseconds. Default 1 h. */
  readonly outputTtlMs?: number;
  /** When new work is refused because too much is under way. */
  readonly admission?: AdmissionOptions;
  /** How it looks after itself. */
  readonly supervision?: SupervisionOptions;
  /** How many slow attempts get a second one beside them. */
  readonly hedging?: HedgingOptions;
  /** Plans for waiting tasks that have wishes. */
  readonly planning?: PlanningOptions;
  /** Agents that are called when there is a task for them. */
  readonly webhooks?: WebhookOptions;
  /** Readings of memory and disk. Default: this process's. */
  readonly probes?: LoadProbes;
}

export interface RuntimeOptions extends RuntimeTerms, FolderOptions {}

/**
 * Opens the data folder and brings back everything it holds.
 *
 * @throws OrchestratorError `DATA_DIR_LOCKED`, `DATA_DIR_UNUSABLE`, `LOG_CORRUPT` and others of the log and store
 */
export function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  return openRuntimeOn(folderStorage(options), options);
}

/** Opens a storage of any kind and brings back everything it holds. */
export async function openRuntimeOn(
  storage: RuntimeStorage,
  terms: RuntimeTerms,
): Promise<Runtime> {
  const runtime = await openFollowing(storage, terms);
  try {
    await leadFromNow(runtime, terms);
  } catch (error) {
    await runtime.close(0);
    throw error;
  }
  return runtime;
}

/** Takes work from now on, by the terms given. */
export async function leadFromNow(runtime: Runtime, terms: RuntimeTerms): Promise<void> {
  runtime.lead();
  const { loop, state } = runtime.observed;
  const settings = settingsToBegin(state, terms.settings);
  if (settings !== null) await loop.propose({ type: 'settings.set', settings });
}

/** Opens a storage and brings back what it holds; another process appends to its log, until it leads. */
export async function openFollowing(
  storage: RuntimeStorage,
  terms: RuntimeTerms,
): Promise<Runtime> {
  const clock = terms.clock ?? systemClock;
  const logger = terms.logger ?? SILENT_LOGGER;
  const opened = await storage.open({ clock, logger });
  const { log, release, store } = opened;
  try {
    const state = await recover(store, log, terms.seed ?? CORE_SEED, logger);
    return new Runtime(assembly({ ...opened, terms, clock, logger, state }));
  } catch (error) {
    await log.close();
    await store.close();
    release();
    throw error;
  }
}

export interface Ground extends OpenStorage {
  readonly terms: RuntimeTerms;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly state: CoreState;
  readonly artifactKept?: NonNullable<ArtifactServiceParts['artifactKept']>;
}

/** What stays when leadership goes. */
interface Lasting {
  readonly checkpointer: Checkpointer;
  readonly artifacts: ArtifactService;
  readonly backups: BackupService;
  readonly comparators: Comparators;
  readonly learned: Learned;
  readonly speeds: AgentSpeeds;
}

/** Makes what a runtime is made of, for as long as it leads or follows. */
export function assembly(ground: Ground): () => RuntimeParts {
  const { artifacts, state, store, terms } = ground;
  store.keep(() => wantedParents(state));
  const learned = new Learned(ground.directory, ground.logger);
  const speeds = new AgentSpeeds(ground);
  const checkpointer = createCheckpointer(ground, () => {
    void learned.save();
    void speeds.save();
  });
  const lasting: Lasting = {
    checkpointer,
    artifacts: new ArtifactService({ ...ground, artifacts }),
    backups: new BackupService({ ...ground, checkpointer, version: terms.version }),
    comparators: new Comparators(),
    learned,
    speeds,
  };
  return () => assemble(ground, lasting);
}

function assemble(ground: Ground, lasting: Lasting): RuntimeParts {
  const { clock, log, state, store, terms } = ground;
  const { checkpointer, comparators } = lasting;
  const scheduler = createScheduler(ground);
  const live = new LiveIndex();
  const admission = createAdmission(ground);
  const feed = new EventFeed(clock, state.index, admission.thinning);
  const waits = new InputWaits(clock);
  const propose: CommandLoop['propose'] = (command, texts) => loop.propose(command, texts);
  const makeRoom = (): Promise<void> => checkpointer.run();
  const supervision = createSupervision(ground, { feed, propose, makeRoom });
  const { supervisor } = supervision;
  const present = (agent: Agent): void => webhooks.present(agent);
  const hub: AgentHub = createHub(ground, { scheduler, waits, supervisor, propose, present });
  const webhooks: Webhooks = createWebhooks(ground, {
    hub,
    loop: () => loop,
    agents: () => services.agents,
  });
  const nextId = (): TaskId => ids.next();
  const keeper = createKeeper(ground, { admission, nextId, propose });
  const output = createOutput(ground, propose);
  const stages = new StageWaits();
  const hedger = new Hedger({ ...ground, propose, options: terms.hedging ?? {} });
  learn(lasting.learned, supervision, hedger);
  const planner = createPlanner(ground, scheduler);
  const seers = { live, scheduler, hub, feed, keeper, output, stages };
  const top = new TopStats(Math.max(state.nowMs, clock.now()));
  const mirrors = { ...seers, supervisor, hedger, planner, webhooks, top };
  const effects = new Effects({ state, store, ...mirrors });
  const loop: CommandLoop = new CommandLoop({
    state,
    log,
    clock,
    follows: true,
    onEntry: (bytes) => checkpointer.appended(bytes),
    onWaited: (waited) => admission.waited(waited),
    onRoom: () => admission.entryMade(),
    hooks: turnHooks(state, scheduler, effects),
  });
  const finishedTasks = (): number => effects.finishedTasks;
  admission.open({ loop, feed, finishedTasks, queuedTasks: () => queuedTasks(state) });
  mirror(state, scheduler, live);
  lasting.speeds.attach(scheduler, () => state.nowMs);
  const ids = createIds(ground);
  const details = new DetailsBuffer({ ...ground, loop });
  const progress = new ProgressBoard(ground);
  const heard = { details, output, progress };
  const seen = { admission, comparators, feed, hub, live, stages, webhooks, ...heard };
  const machinery: Machinery = { ...seen, ids, loop, nextId, scheduler, waits };
  const services = createServices(ground, machinery);
  return {
    ...ground,
    ...machinery,
    ...services,
    ...lasting,
    effects,
    top,
    ...supervision,
    hedger,
    planner,
    keeper,
    metrics: terms.metrics ?? NO_METRICS,
    version: terms.version,
    logKind: ground.kind,
    failed: log.failed,
    releaseLock: ground.release,
  };
}

function createHub(
  { clock, state, store }: Ground,
  parts: Pick<AgentHubOptions, 'scheduler' | 'waits' | 'supervisor' | 'present'> & {
    readonly propose: CommandLoop['propose'];
  },
): AgentHub {
  const { propose, ...own } = parts;
  return new AgentHub({
    ...own,
    state,
    clock,
    seed: randomInt(2 ** 31),
    payloadOf: (task) => payloadOf(state, store, task),
    parents: new ParentResults(state, store),
    ...leaseVerdicts(propose),
  });
}

function createWebhooks(
  { clock, logger, terms }: Ground,
  parts: {
    readonly hub: AgentHub;
    readonly loop: () => CommandLoop;
    readonly agents: () => AgentService;
  },
): Webhooks {
  return new Webhooks({
    options: terms.webhooks ?? {},
    clock,
    logger,
    metrics: terms.metrics ?? NO_METRICS,
    hub: () => parts.hub,
    report: (end) => parts.agents().report([end]),
    release: ({ fencingToken, taskId }, reason) =>
      parts.loop().propose({ type: 'task.release', items: [{ taskId, fencingToken }], reason }),
    wake: () => parts.loop().wake(),
  });
}

function createKeeper(
  { clock, logger, state }: Ground,
  parts: Pick<Machinery, 'admission' | 'nextId'> & { readonly propose: CommandLoop['propose'] },
): ScheduleKeeper {
  const admit: AdmissionGate['firings'] = (priorities) => parts.admission.firings(priorities);
  return new ScheduleKeeper({ state, clock, logger, admit, ...parts });
}

/** What services are made of besides the ground. */
interface Machinery {
  readonly admission: AdmissionGate;
  readonly comparators: Comparators;
  readonly details: DetailsBuffer;
  readonly progress: ProgressBoard;
  readonly feed: EventFeed;
  readonly hub: AgentHub;
  readonly ids: TaskIdSource;
  readonly live: LiveIndex;
  readonly loop: CommandLoop;
  readonly nextId: () => TaskId;
  readonly output: OutputService;
  readonly scheduler: Scheduler;
  readonly stages: StageWaits;
  readonly waits: InputWaits;
  readonly webhooks: Webhooks;
}

type Services = Pick<
  RuntimeParts,
  | 'tasks'
  | 'agents'
  | 'queues'
  | 'deadLetters'
  | 'operations'
  | 'schedules'
  | 'limits'
  | 'breakers'
  | 'flows'
  | 'kills'
  | 'inputs'
>;

/** What callers see; each takes what it needs. */
function createServices(ground: Ground, machinery: Machinery): Services {
  const parts = { ...ground, ...machinery };
  return {
    tasks: new TaskService(parts),
    agents: new AgentService(parts),
    queues: new QueueService(parts),
    deadLetters: new DeadLetterService(parts),
    operations: new OperationService(parts),
    schedules: new ScheduleService(parts),
    limits: new LimitService(parts),
    breakers: new BreakerService(parts),
    flows: new FlowsService(parts),
    kills: new KillService(parts),
    inputs: new InputService(parts),
  };
}

function learn(learned: Learned, { recoveries, supervisor }: Supervision, hedger: Hedger): void {
  learned.add('recoveries', recoveries);
  learned.add('runTimes', supervisor.learner);
  learned.add('hedging', hedger);
}

function createScheduler({ state, terms }: Ground): Scheduler {
  const seed = terms.seed ?? randomInt(2 ** 31);
  const barred = (task: Task): readonly AgentId[] | null => barredAgents(state, task);
  const plans = terms.planning?.enabled === true;
  return new Scheduler({ seed, fairness: fairnessOf(state), barred, plans });
}

function createPlanner({ clock, logger, terms }: Ground, { plans }: Scheduler): PlacementPlanner {
  const metrics = terms.metrics ?? NO_METRICS;
  return new PlacementPlanner({ plans, clock, logger, metrics, options: terms.planning ?? {} });
}

function createAdmission({ clock, directory, logger, store, terms }: Ground): AdmissionGate {
  return new AdmissionGate({
    options: terms.admission ?? {},
    clock,
    logger,
    probes: terms.probes ?? systemProbes(directory),
    storeShare: () => store.backlog.share,
  });
}

function turnHooks(state: CoreState, scheduler: Scheduler, effects: Effects): TurnHooks {
  return {
    place: (commands, at) => proposePlacement(state, scheduler, commands, at),
    applied: (entry, applied) => effects.applied(entry, applied),
    flush: () => effects.flush(),
    dropped: (entry) => effects.dropped(entry),
    hasWork: () => scheduler.hasWork(),
    isUnfinished: () => scheduler.isUnfinished,
    nextOpenAt: () => scheduler.nextOpenAt(),
  };
}

function createOutput(
  { clock, logger, state, store, terms }: Ground,
  propose: CommandLoop['propose'],
): OutputService {
  const ttlMs = terms.outputTtlMs ?? OUTPUT_TTL_MS_DEFAULT;
  return new OutputService({ state, store, clock, logger, ttlMs, propose });
}

function createIds({ clock, terms }: Ground): TaskIdSource {
  return new TaskIdSource(() => clock.now(), { randomBytes: terms.idBytes });
}

function createCheckpointer(
  { clock, log, logger, state, store, terms }: Ground,
  onTaken: () => void,
): Checkpointer {
  return new Checkpointer({
    state,
    log,
    store,
    clock,
    logger,
    keepsLog: terms.keepLog ?? false,
    bytesMax: terms.checkpointBytes ?? 64 * 1024 * 1024,
    intervalMs: terms.checkpointIntervalMs ?? 30_000,
    onFailed: (error) =>
      logger.error('a checkpoint failed; the log keeps what it lacks', { error: String(error) }),
    onTaken,
  });
}

function queuedTasks(state: CoreState): number {
  let queued = 0;
  for (const queue of state.queues.values()) queued += queue.queued;
  return queued;
}

/** Brings the soft mirrors to where core is. */
function mirror(state: CoreState, scheduler: Scheduler, live: LiveIndex): void {
  for (const queue of state.queues.values()) scheduler.queueChanged(queue);
  scheduler.reserveAgents(state.agents.size);
  for (const agent of state.agents.values()) scheduler.agentChanged(agent);
  const tasks = [...state.tasks.values()].sort((a, b) => a.seq - b.seq);
  for (const task of tasks) {
    takeOff(task);
    live.add(task);
    scheduler.taskWaiting(task);
  }
}
