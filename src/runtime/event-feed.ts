/**
 * What happened, for those who follow along: a bounded memory of recent events and live listeners.
 *
 * Off while nobody has listened lately, so that a busy orchestrator pays nothing for it. Ids are
 * `index-position` (log index of the entry, place in it): a client that comes back names the last one
 * it saw, and gets what followed or is told that the gap is too old.
 */
import { questionOf, type CoreEvent, type Task } from '../core/index.ts';
import type { Thinning } from '../reliability/index.ts';
import type { Clock } from './clock.ts';

/** One event as plain data. */
export interface FeedEvent {
  readonly index: number;
  readonly position: number;
  readonly at: number;
  readonly type: string;
  readonly taskId?: string;
  readonly flowId?: string;
  readonly agentId?: string;
  readonly queue?: string;
  readonly taskType?: string;
  readonly limit?: string;
  readonly breaker?: string;
  readonly state?: string;
  readonly attempt?: number;
  readonly fencingToken?: number;
  readonly reason?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly fraction?: number;
  readonly note?: string;
  readonly chunk?: unknown;
  readonly key?: string;
  readonly message?: string;
  readonly by?: string;
  readonly operationId?: string;
  readonly group?: string;
  readonly schedule?: string;
  readonly nominalAt?: number;
  readonly count?: number;
  readonly dropped?: number;
  /** Id of a copy of the task. */
  readonly copy?: string;
}

export interface FeedListener {
  /** Only events of this task; null for all. */
  readonly taskId: string | null;
  /** Must not throw. Returns false when it cannot take more: it is then closed. */
  readonly event: (event: FeedEvent) => boolean;
  readonly closed: () => void;
}

/** Events kept for those who come back. */
const KEPT_MAX = 16_384;
/** Longest text of a question in an event, in UTF-16 units; the task has all of it. */
const MESSAGE_MAX = 1_000;
/** How long recording goes on after the last listener left. */
const LINGER_MS = 60_000;

export class EventFeed {
  readonly #clock: Clock;
  readonly #thinning: Thinning | null;
  /** News left out, for listeners that were not told yet. */
  readonly #dropped = new Map<FeedListener, number>();
  readonly #all = new Set<FeedListener>();
  readonly #byTask = new Map<string, Set<FeedListener>>();
  #kept: FeedEvent[] = [];
  /** Everything after this place is in `#kept`; null while nothing is recorded. */
  #completeAfter: Place | null = null;
  #listeners = 0;
  #lastHeardMs = Number.NEGATIVE_INFINITY;
  #index: number;
  /** Where the newest event stands. */
  #newest: Place;

  /**
   * @param index - log index of the newest entry, of which the feed will not hear any more
   * @param thinning - says what of the news is left out under load; without it nothing is
   */
  constructor(clock: Clock, index = 0, thinning: Thinning | null = null) {
    this.#clock = clock;
    this.#thinning = thinning;
    this.#index = index;
    this.#newest = { index, position: Number.POSITIVE_INFINITY };
  }

  get listeners(): number {
    return this.#listeners;
  }

  /** Whether events are wanted now. */
  get active(): boolean {
    return this.#listeners > 0 || this.#clock.monotonicMs() - this.#lastHeardMs < LINGER_MS;
  }

  /** Records the events of one entry and tells the listeners. */
  record(index: number, at: number, events: readonly CoreEvent[]): void {
    this.#index = index;
    if (events.length > 0) this.#newest = { index, position: events.length - 1 };
    if (!this.active) {
      if (this.#kept.length > 0) this.#kept = [];
      this.#completeAfter = null;
      return;
    }
    for (const [position, event] of events.entries()) {
      // Followers were told of the chunk itself when it came.
      if (event.type === 'task.output') continue;
      // One for each key of a limit: what people want to know is that the limit changed.
      if (event.type === 'gate.changed' || event.type === 'gate.removed') continue;
      this.#publish({ index, position, at, ...describe(event) });
    }
    if (this.#kept.length > 2 * KEPT_MAX) {
      this.#completeAfter = this.#kept.at(-KEPT_MAX - 1) ?? this.#completeAfter;
      this.#kept = this.#kept.slice(-KEPT_MAX);
    }
  }

  /**
   * Tells listeners of something that is not in the log, such as progress; it is not kept. Under load
   * progress is left out, and the next event says how often.
   */
  tell(event: Omit<FeedEvent, 'index' | 'position'>): void {
    if (this.#listeners === 0) return;
    if (event.type === 'task.progress' && this.#thinning?.weigh('progress') === 0) {
      for (const listener of this.#listenersOf(event.taskId))
        this.#dropped.set(listener, (this.#dropped.get(listener) ?? 0) + 1);
      return;
    }
    this.#deliver({ index: this.#index, position: -1, ...event });
  }

  /**
   * Adds a listener, which first gets what followed `after` if that is still known.
   *
   * @returns whether nothing was missed: false means that events after `after` are gone
   */
  listen(listener: FeedListener, after: Place | null): boolean {
    this.#completeAfter ??= this.#newest;
    const isComplete = after === null || !isAfter(this.#completeAfter, after);
    this.#add(listener);
    if (after === null) return true;
    for (const event of this.#kept) {
      if (!isAfter(event, after)) continue;
      if (listener.taskId !== null && event.taskId !== listener.taskId) continue;
      if (!this.#offer(listener, event)) break;
    }
    return isComplete;
  }

  remove(listener: FeedListener): void {
    const set = listener.taskId === null ? this.#all : this.#byTask.get(listener.taskId);
    if (set?.delete(listener) !== true) return;
    this.#dropped.delete(listener);
    if (listener.taskId !== null && set.size === 0) this.#byTask.delete(listener.taskId);
    this.#listeners -= 1;
    this.#lastHeardMs = this.#clock.monotonicMs();
  }

  close(): void {
    const listeners = [...this.#all, ...[...this.#byTask.values()].flatMap((set) => [...set])];
    for (const listener of listeners) {
      this.remove(listener);
      listener.closed();
    }
  }

  #add(listener: FeedListener): void {
    this.#listeners += 1;
    if (listener.taskId === null) {
      this.#all.add(listener);
      return;
    }
    const set = this.#byTask.get(listener.taskId) ?? new Set();
    set.add(listener);
    this.#byTask.set(listener.taskId, set);
  }

  #publish(event: FeedEvent): void {
    this.#kept.push(event);
    if (this.#listeners > 0) this.#deliver(event);
  }

  #deliver(event: FeedEvent): void {
    for (const listener of this.#all) this.#offer(listener, event);
    if (event.taskId === undefined || this.#byTask.size === 0) return;
    const set = this.#byTask.get(event.taskId);
    if (set !== undefined) for (const listener of set) this.#offer(listener, event);
  }

  #listenersOf(taskId: string | undefined): readonly FeedListener[] {
    const set = taskId === undefined ? undefined : this.#byTask.get(taskId);
    return [...this.#all, ...(set ?? [])];
  }

  #offer(listener: FeedListener, event: FeedEvent): boolean {
    const dropped = this.#dropped.size === 0 ? 0 : (this.#dropped.get(listener) ?? 0);
    if (dropped > 0) {
      this.#dropped.delete(listener);
      const { at, index } = event;
      listener.event({ index, position: -1, at, type: 'events.dropped', dropped });
    }
    if (listener.event(event)) return true;
    this.remove(listener);
    listener.closed();
    return false;
  }
}

/** A place among the events: an entry of the log, and an event of it. */
interface Place {
  readonly index: number;
  readonly position: number;
}

function isAfter(a: Place, b: Place): boolean {
  return a.index > b.index || (a.index === b.index && a.position > b.position);
}

type Described = Omit<FeedEvent, 'index' | 'position' | 'at'>;

function describe(event: Exclude<CoreEvent, { type: 'gate.changed' | 'gate.removed' }>): Described {
  switch (event.type) {
    case 'agent.registered':
    case 'agent.changed':
    case 'agent.removed':
      return { type: event.type, agentId: event.agent.id, state: event.agent.state };
    case 'queue.changed':
      return {
        type: event.type,
        queue: event.queue.name,
        state: event.queue.paused ? 'paused' : 'open',
      };
    case 'queue.removed':
      return { type: event.type, queue: event.queue.name };
    case 'budget.warned': {
      const { bound, limit, tree, used } = event;
      const note = `${used} of ${limit} ${bound} are used`;
      return { type: event.type, ...treePlace(tree.key, tree.kind), note };
    }
    case 'tree.killed': {
      const { kill, key, kind } = event.tree;
      return { type: event.type, ...treePlace(key, kind), reason: kill?.reason ?? '' };
    }
    case 'operation.changed': {
      const { key, order, state } = event.operation;
      const { action, by, reason } = order;
      const why = reason === null ? {} : { reason };
      return { type: event.type, operationId: key, state, message: action, by, ...why };
    }
    case 'failure-group.changed': {
      const { by, key, note, state } = event.group;
      const facts = { ...(by === null ? {} : { by }), ...(note === null ? {} : { note }) };
      return { type: event.type, group: key, state, ...facts };
    }
    case 'limit.changed':
      return { type: event.type, limit: event.limit };
    case 'breaker.changed': {
      const { by, key, state, why } = event.breaker;
      const facts = { ...(by === null ? {} : { by }), ...(why === null ? {} : { reason: why }) };
      return { type: event.type, breaker: key, state, ...facts };
    }
    case 'fairness.changed':
      return { type: event.type };
    case 'schedule.changed':
    case 'schedule.removed':
    case 'schedule.fired':
    case 'schedule.skipped':
      return describeSchedule(event);
    case 'agent.dissented': {
      const { agent, task } = event;
      const note = `trusted ${agent.trust?.factor ?? 1} now`;
      return { type: event.type, agentId: agent.id, taskId: task.id, note };
    }
    case 'task.adopted':
    case 'task.hedged':
      return describeCopy(event);
    case 'assignment.refused':
      return { type: event.type, taskId: event.taskId, agentId: event.agentId };
    default:
      return describeTask(event);
  }
}

/** A tree is told of to those who follow its first task. */
function treePlace(key: string, kind: 'task' | 'flow'): { taskId: string } | { flowId: string } {
  return kind === 'task' ? { taskId: key } : { flowId: key };
}

type ScheduleEvent = Extract<CoreEvent, { schedule: unknown }>;

function describeSchedule(event: ScheduleEvent): Described {
  const common = { type: event.type, schedule: event.schedule.key };
  switch (event.type) {
    case 'schedule.changed':
      return { ...common, reason: event.reason };
    case 'schedule.fired': {
      const { nominalAt, outcome, task } = event;
      return { ...common, nominalAt, taskId: task.id, reason: outcome };
    }
    case 'schedule.skipped': {
      const { count, nominalAt, reason } = event;
      return { ...common, nominalAt, reason, count };
    }
    default:
      return common;
  }
}

function describeTask(
  event: Exclude<
    Extract<CoreEvent, { task: unknown }>,
    ScheduleEvent | CopyEvent | { type: 'agent.dissented' }
  >,
): Described {
  const { task } = event;
  const common = { type: event.type, ...factsOf(task) };
  switch (event.type) {
    case 'task.assigned':
      return {
        ...common,
        state: 'running',
        agentId: event.agent.id,
        fencingToken: task.fencingToken,
      };
    case 'task.completed':
      return { ...common, state: 'completed', agentId: event.agent.id };
    case 'attempt.failed':
      return { ...common, agentId: event.failure.agentId, error: event.failure.error };
    case 'task.failed':
      return {
        ...common,
        state: 'failed',
        ...(task.reason === null ? {} : { reason: task.reason }),
        ...(task.error === null ? {} : { error: task.error }),
      };
    case 'task.redriven':
      return {
        ...common,
        by: event.by,
        ...(event.why === null ? {} : { reason: event.why }),
        ...(event.isEdited ? { note: 'with another payload' } : {}),
      };
    case 'task.moved':
      return { ...common, state: task.state };
    case 'task.queued':
      return { ...common, state: 'queued', reason: event.reason };
    case 'task.blocked':
      return { ...common, state: 'blocked', reason: event.reason };
    case 'task.scheduled':
      return { ...common, state: 'scheduled', reason: event.reason };
    case 'task.input_required':
    case 'task.input_answered':
      return { ...common, ...describeInput(event) };
    case 'lease.revoked':
      return {
        ...common,
        agentId: event.agentId,
        fencingToken: event.fencingToken,
        reason: event.reason,
      };
    case 'task.cancel_requested':
      return { ...common, agentId: event.agentId, reason: event.cancel.reason };
    case 'task.canceled':
      return {
        ...common,
        state: 'canceled',
        ...(task.reason === null ? {} : { reason: task.reason }),
      };
    default:
      return common;
  }
}

function factsOf(task: Task): Pick<Described, 'taskId' | 'queue' | 'taskType' | 'attempt'> {
  const { queue, spec } = task.profile;
  return { taskId: task.id, queue: queue.name, taskType: spec.type, attempt: task.attempt };
}

type CopyEvent = Extract<CoreEvent, { type: 'task.adopted' | 'task.hedged' }>;

/** A task that took over a result has completed, like any other. */
function describeCopy(event: CopyEvent): Described {
  const { copy, task } = event;
  const facts = { ...factsOf(task), copy: copy.id };
  if (event.type === 'task.hedged') {
    return { type: event.type, ...facts, state: task.state, reason: event.reason };
  }
  const agent = task.agentId === null ? {} : { agentId: task.agentId };
  return { type: 'task.completed', ...facts, state: 'completed', ...agent };
}

type InputEvent = Extract<CoreEvent, { type: 'task.input_required' | 'task.input_answered' }>;

function describeInput(event: InputEvent): Omit<Described, 'type'> {
  const place = { agentId: event.agent.id, fencingToken: event.task.fencingToken };
  if (event.type === 'task.input_answered') {
    const { by, key, reason } = event.answer;
    return {
      ...place,
      state: 'running',
      key,
      ...(by === null ? {} : { by }),
      ...(reason === null ? {} : { reason }),
    };
  }
  // A later command of the same entry may have answered it.
  const question = questionOf(event.task);
  const facts =
    question === null ? {} : { key: question.key, message: question.message.slice(0, MESSAGE_MAX) };
  return { ...place, state: 'input_required', ...facts };
}
