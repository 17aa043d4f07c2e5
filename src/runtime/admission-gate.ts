/**
 * The one place that new work passes: measures how much is under way, and lets in or refuses.
 *
 * Measures while there is work and until all is calm again; an idle process has no timer for it.
 */
import { OrchestratorError } from '../base/errors.ts';
import type { AdmissionView } from '../contract/index.ts';
import {
  AdmissionController,
  admissionSettings,
  ENTRY_TASKS_URGENT_MAX,
  EntrySize,
  STEP_MS,
  Thinning,
  WINDOW_MS,
  type AdmissionOptions,
  type AdmissionSample,
  type Shed,
} from '../reliability/index.ts';
import type { Clock } from './clock.ts';
import { submitPriority } from './command-lanes.ts';
import {
  PENDING_BYTES_MAX,
  PENDING_ITEMS_MAX,
  type CommandLoop,
  type Waited,
} from './command-loop.ts';
import type { EventFeed } from './event-feed.ts';
import { Intake, type HeldSubmit } from './intake.ts';
import type { DiskSpace, LoadProbes } from './load-probes.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import type { Submission } from './submission.ts';
import { iso } from './views.ts';

export interface AdmissionGateParts {
  readonly options: AdmissionOptions;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly probes: LoadProbes;
  /** Share of what may wait for the store that does; above 1 where it is more than that. */
  readonly storeShare: () => number;
}

/** What it works on; known only after the loop that tells it what waited. */
export interface AdmissionGateWorld {
  readonly loop: CommandLoop;
  readonly feed: EventFeed;
  /** Tasks that ended so far. */
  readonly finishedTasks: () => number;
  /** Tasks that wait for an agent. */
  readonly queuedTasks: () => number;
}

/** Memory and disk are asked once in so many steps. */
const PROBE_STEPS = 5;
/** The highest priority: it waits for nothing. */
const PRIORITY_MAX = 9;
/** Bytes that may wait undecoded; what comes past it meets the bounds of the loop. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
/** Steps without a submit after which measuring ends. */
const IDLE_STEPS = Math.ceil((2 * WINDOW_MS) / STEP_MS);

/** Something urgent came lately if it did within so many milliseconds. */
const URGENT_MS = 500;

/** Between slices of firings, by level, in milliseconds. */
const FIRINGS_REST_MS = { normal: 0, elevated: 100, critical: 500 } as const;

export class AdmissionGate {
  readonly thinning: Thinning;
  readonly #parts: AdmissionGateParts;
  readonly #controller: AdmissionController;
  readonly #isEnabled: boolean;
  readonly #intake: Intake;
  #entrySize = new EntrySize();
  /** The last refusal of each priority. */
  readonly #refusals: (Shed & { readonly error: OrchestratorError })[] = [];
  #resting: () => number = () => 0;
  #world: AdmissionGateWorld | null = null;
  #cancelTimer: (() => void) | null = null;
  #dueMs = 0;
  #step = 0;
  #idleSteps = 0;
  /** When something of the highest priority came last, in monotonic milliseconds. */
  #urgentMs = Number.NEGATIVE_INFINITY;
  #leastMs = Number.POSITIVE_INFINITY;
  #hasSubmits = false;
  #applied = 0;
  #finishedBefore = 0;
  #disk: DiskSpace = { freeBytes: Number.POSITIVE_INFINITY, bytes: 0 };
  #memory = { heapShare: 0, residentShare: 0 };
  #sample: AdmissionSample | null = null;
  #sinceMs: number;
  #isClosed = false;

  /** @throws OrchestratorError `ADMISSION_OPTION_INVALID` */
  constructor(parts: AdmissionGateParts) {
    this.#parts = parts;
    this.#controller = new AdmissionController(admissionSettings(parts.options));
    this.#isEnabled = parts.options.enabled ?? true;
    this.#sinceMs = parts.clock.now();
    this.thinning = new Thinning(() => this.#controller.level);
    this.#intake = new Intake({
      room: () => this.#entrySize.tasks - (this.#world?.loop.waitingTasks ?? 0),
      // After what the last entry lets out, and after sockets were looked at once more.
      soon: (callback) => void setImmediate(() => setImmediate(callback)),
    });
  }

  /** Measures `world` from now on. */
  open(world: AdmissionGateWorld): void {
    this.#world = world;
    this.#finishedBefore = world.finishedTasks();
  }

  /**
   * Lets a submit pass.
   *
   * @throws OrchestratorError `OVERLOADED`, with `level`, `floor` and `retryAfterMs`
   */
  submit({ payloads, specs }: Pick<Submission, 'payloads' | 'specs'>): void {
    if (!this.#isEnabled) return;
    this.#measure();
    const priority = submitPriority(specs);
    this.#note(priority);
    const shed = this.#controller.admit({ kind: 'submit', priority, tasks: payloads.length });
    if (shed !== null) throw submitRefusal(shed, priority);
  }

  /** Whether submits are to be looked into before they are decoded, and to wait as they are. */
  get isHolding(): boolean {
    return this.#isEnabled && this.#controller.level !== 'normal';
  }

  /**
   * As {@link submit} for one that nobody decoded yet: refuses it, has it taken, or lets it wait for its turn.
   *
   * @param sender - whose turn it waits for
   */
  hold(sender: object, submit: HeldSubmit): void {
    this.#measure();
    const { priority, tasks } = submit;
    this.#note(priority);
    const shed = this.#controller.admit({ kind: 'submit', priority, tasks });
    if (shed !== null) submit.refuse(this.#refusal(shed, priority));
    else if (priority >= PRIORITY_MAX || this.#intake.bytes + submit.bytes > HELD_BYTES_MAX)
      submit.take();
    else this.#intake.add(sender, submit);
  }

  /** A sender of held submits left. */
  forget(sender: object): void {
    this.#intake.forget(sender);
  }

  /** The loop made an entry, or gave up what it had: there is room for held submits. */
  entryMade(): void {
    this.#intake.entryMade();
  }

  /** Tells how many channels wait to be read; see {@link readRate}. */
  countResting(count: () => number): void {
    this.#resting = count;
  }

  /**
   * Counts the tasks of firings among what comes. None is refused: each is a promise that was given when
   * its schedule was set. But while too much is under way the next ones are to wait a little.
   *
   * @param priorities - of each task
   * @returns milliseconds before the next firings; 0 for none
   */
  firings(priorities: Iterable<number>): number {
    if (!this.#isEnabled) return 0;
    this.#measure();
    for (const priority of priorities) this.#controller.promised(priority, 1);
    return FIRINGS_REST_MS[this.#controller.level];
  }

  /**
   * Refuses at once what would be refused whatever else is in it: a submit without a word of its priority.
   *
   * @throws OrchestratorError `OVERLOADED`
   */
  submitUnread(priority: number): void {
    if (this.#controller.refuses(priority))
      throw submitRefusal(this.#controller.refuseUnread(priority), priority);
  }

  /** Tasks a millisecond that are best read of senders that were refused something; infinite for all there are. */
  get readRate(): number {
    return this.#controller.readRate;
  }

  /** Whether {@link submitUnread} may refuse. */
  get isCritical(): boolean {
    return this.#controller.level === 'critical';
  }

  /**
   * Lets a costly read pass.
   *
   * @throws OrchestratorError `OVERLOADED` at the level critical
   */
  list(): void {
    const shed = this.#controller.admit({ kind: 'list', priority: 0, tasks: 0 });
    if (shed === null) return;
    throw overloaded(shed, `lists are answered again below the level critical (${shed.reason})`);
  }

  /** Takes note of what an entry's commands had waited. */
  waited({ hasSubmits, leastMs, tasks }: Waited): void {
    this.#applied += tasks;
    // What is no submit overtakes them: it tells of the queue only where there is nothing else.
    if (hasSubmits && !this.#hasSubmits) this.#leastMs = Number.POSITIVE_INFINITY;
    if (hasSubmits || !this.#hasSubmits) this.#leastMs = Math.min(this.#leastMs, leastMs);
    this.#hasSubmits ||= hasSubmits;
  }

  /** What `GET /status` shows. */
  view(): AdmissionView {
    const { cause, floor, level, shed, shedLists } = this.#controller;
    const sample = this.#sample;
    return {
      enabled: this.#isEnabled,
      level,
      floor: Math.round(floor * 100) / 100,
      since: iso(this.#sinceMs),
      ...(level === 'normal' ? {} : { cause }),
      signals: {
        delayMs: Math.round(sample?.delayMs ?? 0),
        lagMs: Math.round(sample?.lagMs ?? 0),
        backlogItems: this.#world?.loop.backlog.items ?? 0,
        backlogBytes: this.#world?.loop.backlog.bytes ?? 0,
        heapShare: rounded(this.#memory.heapShare),
        memoryShare: rounded(this.#memory.residentShare),
        storeShare: rounded(this.#parts.storeShare()),
        diskFreeBytes: Number.isFinite(this.#disk.freeBytes) ? this.#disk.freeBytes : null,
      },
      held: {
        tasks: this.#intake.tasks,
        bytes: this.#intake.bytes,
        senders: this.#intake.senders,
        resting: this.#resting(),
      },
      shed: { byPriority: [...shed], lists: shedLists },
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Makes sure that measuring goes on. */
  #measure(): void {
    this.#idleSteps = 0;
    if (this.#cancelTimer !== null || this.#isClosed || this.#world === null) return;
    this.#leastMs = Number.POSITIVE_INFINITY;
    this.#applied = 0;
    this.#finishedBefore = this.#world.finishedTasks();
    this.#step = 0;
    this.#arm();
  }

  #arm(): void {
    const { clock } = this.#parts;
    this.#dueMs = clock.monotonicMs() + STEP_MS;
    this.#cancelTimer = clock.setTimer(STEP_MS, () => this.#tick());
  }

  #tick(): void {
    this.#cancelTimer = null;
    const { clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (this.#step % PROBE_STEPS === 0) this.#probe();
    this.#step += 1;
    this.#idleSteps += 1;
    const sample = this.#take(Math.max(0, nowMs - this.#dueMs));
    this.#sample = sample;
    const change = this.#controller.observe(sample, nowMs);
    if (change !== null) this.#changed(change.from, change.to);
    this.#shedWaiting();
    this.#sizeEntries(nowMs);
    if (this.#idleSteps < IDLE_STEPS || this.#controller.level !== 'normal') this.#arm();
  }

  #take(lagMs: number): AdmissionSample {
    const { finishedTasks, loop, queuedTasks } = this.#world as AdmissionGateWorld;
    const { bytes, items } = loop.backlog;
    const delayMs = Number.isFinite(this.#leastMs) ? this.#leastMs : this.#longestWaitMs(loop);
    const applied = this.#applied;
    const finished = finishedTasks() - this.#finishedBefore;
    this.#finishedBefore += finished;
    this.#leastMs = Number.POSITIVE_INFINITY;
    this.#hasSubmits = false;
    this.#applied = 0;
    return {
      delayMs,
      lagMs,
      applied,
      waiting: loop.waitingTasks + this.#intake.tasks,
      finished,
      queued: queuedTasks(),
      backlogShare: Math.max(items / PENDING_ITEMS_MAX, bytes / PENDING_BYTES_MAX),
      memoryShare: Math.max(this.#memory.heapShare, this.#memory.residentShare),
      storeShare: this.#parts.storeShare(),
      diskFreeBytes: this.#disk.freeBytes,
      diskBytes: this.#disk.bytes,
    };
  }

  /** What is refused by the thousand says the same: making an error costs more than looking into a submit. */
  #refusal(shed: Shed, priority: number): OrchestratorError {
    const known = this.#refusals[priority];
    if (known?.floor === shed.floor && known.level === shed.level && known.reason === shed.reason)
      return known.error;
    const error = submitRefusal(shed, priority);
    this.#refusals[priority] = { ...shed, error };
    return error;
  }

  #note(priority: number): void {
    if (priority >= PRIORITY_MAX) this.#urgentMs = this.#parts.clock.monotonicMs();
  }

  /** Entries are short while much is under way, and while anything urgent comes that would wait for them. */
  #sizeEntries(nowMs: number): void {
    const idleShare = this.#parts.probes.idleShare?.() ?? 0;
    const { loop } = this.#world as AdmissionGateWorld;
    const hasUrgent = nowMs - this.#urgentMs <= URGENT_MS;
    if (this.#controller.level === 'normal') {
      this.#entrySize = new EntrySize();
      loop.shortEntryTasks = hasUrgent ? ENTRY_TASKS_URGENT_MAX : null;
      return;
    }
    const waiting = loop.backlog.items + this.#intake.tasks;
    this.#entrySize.step(idleShare, waiting, hasUrgent ? ENTRY_TASKS_URGENT_MAX : undefined);
    loop.shortEntryTasks = this.#entrySize.tasks;
  }

  #longestWaitMs({ longestWaitMs }: CommandLoop): number {
    const { oldestMs } = this.#intake;
    if (oldestMs === null) return longestWaitMs;
    return Math.max(longestWaitMs, this.#parts.clock.monotonicMs() - oldestMs);
  }

  #probe(): void {
    const { probes } = this.#parts;
    this.#memory = { heapShare: probes.heapShare(), residentShare: probes.residentShare() };
    probes.disk().then(
      (disk) => (this.#disk = disk),
      // A file system that does not tell is none to go by.
      () => (this.#disk = { freeBytes: Number.POSITIVE_INFINITY, bytes: 0 }),
    );
  }

  #shedWaiting(): void {
    const controller = this.#controller;
    if (controller.level === 'normal') return;
    const again = (priority: number, tasks: number): OrchestratorError | null => {
      const shed = controller.reconsider(priority, tasks);
      return shed === null ? null : this.#refusal(shed, priority);
    };
    // What the next entry takes is served with it, however long the disk takes for one.
    const waitingMax = Math.max(controller.waitingMax, this.#entrySize.tasks);
    const heldMax = Math.max(0, waitingMax - (this.#world?.loop.waitingTasks ?? 0));
    this.#intake.shed(heldMax, ({ priority, tasks }) => again(priority, tasks));
    this.#world?.loop.shed(waitingMax, (command, tasks) =>
      command.type === 'task.submit' ? again(submitPriority(command.specs), tasks) : null,
    );
  }

  #changed(from: string, to: string): void {
    const { clock, logger } = this.#parts;
    const { cause, level } = this.#controller;
    this.#sinceMs = clock.now();
    const { signals } = this.view();
    this.#world?.feed.tell({
      at: this.#sinceMs,
      type: 'admission.changed',
      state: to,
      reason: cause,
    });
    const fields = { from, to, cause, ...signals };
    if (level === 'normal') logger.info('the load is normal again: everything is admitted', fields);
    else logger.warn(`the load is ${level}: the lowest priorities are refused`, fields);
  }
}

function submitRefusal(shed: Shed, priority: number): OrchestratorError {
  const floor = Math.ceil(shed.floor);
  return overloaded(
    shed,
    `the priority must be at least ${floor} while the load is ${shed.level} (${shed.reason}), got ${priority}; try again in ${shed.retryAfterMs} ms`,
  );
}

function overloaded(
  { floor, level, reason, retryAfterMs }: Shed,
  message: string,
): OrchestratorError {
  return new OrchestratorError('OVERLOADED', message, { level, floor, reason, retryAfterMs });
}

function rounded(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}
