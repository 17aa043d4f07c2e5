import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { OrchestratorError } from '../base/errors.ts';
import {
  apply,
  createState,
  type AgentId,
  type CoreSettings,
  type CoreState,
  type Task,
} from '../core/index.ts';
import { lockDataDirectory, openEmbeddedLog, type ReplicatedLog } from '../log/index.ts';
import { Scheduler } from '../scheduling/index.ts';
import { listTasks, LiveIndex, openStore, type Store } from '../store/index.ts';
import { AgentHub } from './agent-hub.ts';
import { AgentService } from './agent-service.ts';
import { Checkpointer } from './checkpointer.ts';
import { systemClock, type Clock } from './clock.ts';
import { CommandLoop } from './command-loop.ts';
import { Effects } from './effects.ts';
import { DetailsBuffer } from './details-buffer.ts';
import { decodeEntry } from './entry-codec.ts';
import { EventFeed } from './event-feed.ts';
import { FlowService } from './flow-service.ts';
import { InputService } from './input-service.ts';
import { KillService } from './kill-service.ts';
import { InputWaits } from './input-waits.ts';
import { NO_METRICS, type RuntimeMetrics } from './metrics-port.ts';
import { ParentResults } from './parent-results.ts';
import { QueueService } from './queue-service.ts';
import { replayEffects } from './replay.ts';
import { Runtime } from './runtime.ts';
import { SILENT_LOGGER, type RuntimeLogger } from './runtime-logger.ts';
import { TaskIdSource } from './task-ids.ts';
import { TaskService } from './task-service.ts';
import { proposePlacement } from './turn-placement.ts';

export interface RuntimeOptions {
  /** Folder of everything this orchestrator keeps; made if it is not there. */
  readonly dataDir: string;
  readonly version: string;
  readonly clock?: Clock;
  readonly logger?: RuntimeLogger;
  readonly metrics?: RuntimeMetrics;
  /** Bounds of core; a change of them is itself a logged command. */
  readonly settings?: Partial<CoreSettings>;
  /** Seed of chance for a new data folder and for placement; drawn when absent. */
  readonly seed?: number;
  readonly history?: { readonly ageMsMax?: number; readonly countMax?: number };
  readonly payloadCacheBytes?: number;
  /** Log bytes between checkpoints. Default 64 MiB. */
  readonly checkpointBytes?: number;
  /** Longest time from a change to the checkpoint that holds it. Default 30 s. */
  readonly checkpointIntervalMs?: number;
  readonly onFlush?: (durationMs: number, bytes: number, entries: number) => void;
}

/**
 * Opens the data folder and brings back everything it holds.
 *
 * @throws OrchestratorError `DATA_DIR_LOCKED`, `LOG_CORRUPT` and others of the log and store
 */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { dataDir } = options;
  await mkdir(dataDir, { recursive: true });
  const lock = lockDataDirectory(dataDir);
  const close: (() => Promise<unknown>)[] = [];
  try {
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? SILENT_LOGGER;
    const store = await openStore({
      directory: join(dataDir, 'store'),
      now: () => clock.now(),
      onStalled: (message) => {
        if (message === null) logger.info('the store goes on: there is space again');
        else logger.error('the store waits for space on the disk', { error: message });
      },
      ...(options.payloadCacheBytes === undefined
        ? {}
        : { payloadCacheBytes: options.payloadCacheBytes }),
      ...(options.history === undefined ? {} : { history: options.history }),
    });
    close.push(() => store.close());
    const log = await openEmbeddedLog({
      directory: join(dataDir, 'log'),
      ...(options.onFlush === undefined ? {} : { onFlush: options.onFlush }),
    });
    close.push(() => log.close());
    const state = await recover(store, log, options.seed ?? randomInt(2 ** 31), logger);
    const runtime = assemble({
      options,
      clock,
      logger,
      store,
      log,
      state,
      releaseLock: () => lock.release(),
    });
    await applySettings(runtime, state, options.settings);
    return runtime;
  } catch (error) {
    for (const step of close.toReversed()) await step();
    lock.release();
    throw error;
  }
}

/** The state at the end of the log: the newest checkpoint, and the entries after it. */
async function recover(
  store: Store,
  log: ReplicatedLog,
  seed: number,
  logger: RuntimeLogger,
): Promise<CoreState> {
  const state = store.restore() ?? createState(seed);
  const { firstIndex, lastIndex, tornBytes } = log.recovery;
  if (lastIndex < state.index || firstIndex > state.index + 1) {
    throw new OrchestratorError(
      'LOG_STORE_MISMATCH',
      `the log must continue the store, got entries ${firstIndex}..${lastIndex} after ${state.index}: the folders are of different origin or one was changed by hand`,
      { firstIndex, lastIndex, appliedIndex: state.index },
    );
  }
  if (tornBytes > 0)
    logger.warn('an unfinished write at the end of the log was cut', { tornBytes });
  let entries = 0;
  for await (const { index, body } of log.read(state.index)) {
    const entry = decodeEntry(body);
    replayEffects(state, store, entry, apply(state, index, entry.batch));
    // A long replay must not keep all it finishes in memory.
    if (store.backlog.full) await store.flush();
    entries += 1;
  }
  logger.info('state recovered', {
    index: state.index,
    replayed: entries,
    tasks: state.tasks.size,
  });
  return state;
}

interface Ground {
  readonly options: RuntimeOptions;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly store: Store;
  readonly log: ReplicatedLog;
  readonly state: CoreState;
  readonly releaseLock: () => void;
}

function assemble(ground: Ground): Runtime {
  const { clock, log, logger, options, state, store } = ground;
  const scheduler = new Scheduler({ seed: options.seed ?? randomInt(2 ** 31) });
  store.keep(() => state.pins.keys());
  const live = new LiveIndex();
  const feed = new EventFeed(clock, state.index);
  const waits = new InputWaits(clock);
  const hub: AgentHub = new AgentHub({
    state,
    scheduler,
    clock,
    waits,
    payloadOf: (task) => store.payload(task) ?? 'null',
    parents: new ParentResults(state, store),
    unfit: (task, fencingToken, error) => leaseUnfit(loop, { task, fencingToken, error }),
    agentSilent: (agentId) => agentSilent(loop, agentId),
    taskSilent: (task, fencingToken) => taskSilent(loop, task, fencingToken),
  });
  const metrics = options.metrics ?? NO_METRICS;
  const effects = new Effects({ state, store, live, scheduler, hub, feed, metrics });
  const fatal = Promise.withResolvers<Error>();
  const checkpointer = new Checkpointer({
    state,
    log,
    store,
    clock,
    logger,
    bytesMax: options.checkpointBytes ?? 64 * 1024 * 1024,
    intervalMs: options.checkpointIntervalMs ?? 30_000,
    onFailed: (error) =>
      logger.error('a checkpoint failed; the log keeps what it lacks', { error: String(error) }),
  });
  const loop: CommandLoop = new CommandLoop({
    state,
    log,
    clock,
    onEntry: (bytes) => checkpointer.appended(bytes),
    hooks: {
      place: (commands, at) => proposePlacement(state, scheduler, commands, at),
      applied: (entry, applied) => effects.applied(entry, applied),
      flush: () => effects.flush(),
      dropped: (entry) => effects.dropped(entry),
      hasWork: () => scheduler.hasWork(),
    },
  });
  void log.failed.then((error) => fatal.resolve(error));
  mirror(state, scheduler, live, hub);
  const details = new DetailsBuffer({ loop, clock, logger });
  const ids = new TaskIdSource(() => clock.now(), newestId(live, store));
  return new Runtime({
    state,
    log,
    store,
    scheduler,
    hub,
    loop,
    feed,
    checkpointer,
    clock,
    logger,
    tasks: new TaskService({ state, store, live, loop, scheduler, ids, clock }),
    agents: new AgentService({ state, store, loop, hub, feed, details, clock }),
    queues: new QueueService({ state, loop, scheduler }),
    inputs: new InputService({ state, store, loop, hub, waits, clock }),
    flows: new FlowService({ state, store, live, loop, clock }),
    kills: new KillService({ state, loop }),
    details,
    waits,
    version: options.version,
    failed: fatal.promise,
    releaseLock: ground.releaseLock,
  });
}

/** The newest id ever given, as far as is known: new ones go on from there even if the clock went back. */
function newestId(live: LiveIndex, store: Store): string | undefined {
  return listTasks(live, store, { limit: 1 }).items[0]?.task.id;
}

/** Brings the soft mirrors to where core is. */
function mirror(state: CoreState, scheduler: Scheduler, live: LiveIndex, hub: AgentHub): void {
  for (const queue of state.queues.values()) scheduler.queueChanged(queue);
  for (const agent of state.agents.values()) scheduler.agentChanged(agent);
  const tasks = [...state.tasks.values()].sort((a, b) => a.seq - b.seq);
  for (const task of tasks) {
    live.add(task);
    scheduler.taskWaiting(task);
  }
  hub.restored();
}

function agentSilent(loop: CommandLoop, agentId: AgentId): Promise<unknown> {
  return loop.propose({ type: 'agent.lost', agentId });
}

function taskSilent(loop: CommandLoop, task: Task, fencingToken: number): Promise<unknown> {
  const error = {
    code: 'HEARTBEAT_TIMEOUT',
    message: `the agent said nothing about the task for ${task.profile.spec.timeouts.heartbeatMs} ms`,
  };
  const items = [{ taskId: task.id, fencingToken }];
  return loop.propose({ type: 'task.break', items, error, reason: 'heartbeat_timeout' });
}

/** Another attempt would be given the same: it is not tried again. */
function leaseUnfit(
  loop: CommandLoop,
  lease: { task: Task; fencingToken: number; error: OrchestratorError },
): void {
  const { code, message } = lease.error;
  const item = { taskId: lease.task.id, fencingToken: lease.fencingToken };
  const items = [{ ...item, error: { code, message }, retryable: false }];
  // Where that could not be kept, the attempt's own bounds end it.
  loop.propose({ type: 'task.fail', items }).catch(() => undefined);
}

async function applySettings(
  runtime: Runtime,
  state: CoreState,
  wanted: Partial<CoreSettings> | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  const settings = { ...state.settings, ...wanted };
  if (JSON.stringify(settings) === JSON.stringify(state.settings)) return;
  await runtime.observed.loop.propose({ type: 'settings.set', settings });
}
