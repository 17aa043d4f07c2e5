/**
 * What follows from an applied entry: the mirrors of core are kept (scheduler, store, hub, metrics),
 * and what leaves the process is gathered for the flush.
 */
import {
  copyOf,
  isHedged,
  type AgentId,
  type Applied,
  type CoreEvent,
  type CoreState,
  type Task,
  type TaskId,
} from '../core/index.ts';
import { followFleet, joinLines, type Scheduler } from '../scheduling/index.ts';
import type { LiveIndex, Store } from '../store/index.ts';
import type { AgentHub } from './agent-hub.ts';
import type { BatchTexts, Entry } from './entry-codec.ts';
import type { EventFeed } from './event-feed.ts';
import type { Hedger } from './hedger.ts';
import { NO_METRICS, type RuntimeMetrics } from './metrics-port.ts';
import type { Supervisor } from './supervisor.ts';
import type { ScheduleKeeper } from './schedule-keeper.ts';
import type { StageWaits } from './stage-waits.ts';
import { keepChunks } from './output-chunks.ts';
import type { PlacementPlanner } from './planning/placement-planner.ts';
import type { TopStats } from './top-stats.ts';
import { taskWaiters } from './task-waiters.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export interface EffectsParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly live: LiveIndex;
  readonly scheduler: Scheduler;
  readonly hub: AgentHub;
  readonly feed: EventFeed;
  readonly keeper: ScheduleKeeper;
  readonly supervisor: Supervisor;
  /** Hears of output that was kept, and of ends. */
  readonly output: OutputListener;
  /** Told after each entry. */
  readonly stages: StageWaits;
  readonly hedger: Hedger;
  readonly planner: PlacementPlanner;
  readonly webhooks: Webhooks;
  readonly top: TopStats;
}

/** Who follows output of tasks. */
interface OutputListener {
  readonly isFollowed: boolean;
  kept(id: TaskId): void;
  wake(id: TaskId): void;
}

interface Finished {
  readonly task: Task;
  readonly result: string | null;
}

export class Effects {
  readonly #parts: EffectsParts;
  #finished: Finished[] = [];
  /** Tasks with more output, or at their end, while anybody follows any. */
  readonly #news = new Set<TaskId>();
  #hasOutput = false;
  /** What another process did is counted there. */
  #metrics: RuntimeMetrics = NO_METRICS;
  /** Tasks that ended since the start. */
  finishedTasks = 0;

  constructor(parts: EffectsParts) {
    this.#parts = parts;
  }

  /** Counts what happens from now on. */
  countInto(metrics: RuntimeMetrics): void {
    this.#metrics = metrics;
  }

  /** Keeps the mirrors; gathers what {@link flush} lets out. */
  applied(entry: Entry, applied: Applied): void {
    const { state, feed, store } = this.#parts;
    const payloads = new SubmittedPayloads(entry, applied);
    const results = new CompletedResults(entry, applied);
    const edits = new EditedPayloads(entry, applied);
    for (const event of applied.events) {
      if (event.type === 'task.completed') {
        this.finishedTasks += 1;
        this.#completed(event, results.next(event.task));
      } else if (event.type === 'task.adopted') {
        this.finishedTasks += 1;
        this.#adopted(event.task, event.copy, results.of(event.copy));
      } else {
        if (event.type === 'task.submitted') {
          keepPayload(event, payloads, store);
        } else if (event.type === 'task.redriven' && event.isEdited) {
          store.replacePayload(event.task, edits.next());
        }
        this.#other(event);
      }
    }
    if (this.#hasOutput) keepChunks(entry, applied, state.nowMs, store);
    this.#hasOutput = false;
    joinLines(this.#parts.scheduler, this.#parts.state, applied.events);
    this.#parts.scheduler.batchApplied();
    this.#parts.stages.look(state);
    this.#parts.hedger.applied();
    this.#parts.planner.applied();
    feed.record(state.index, state.nowMs, applied.events);
  }

  /** An entry was not kept: its assignments are void, their tasks wait on. */
  dropped(entry: Entry): void {
    const { scheduler, state } = this.#parts;
    for (const command of entry.batch.commands) {
      if (command.type !== 'task.assign') continue;
      for (const [position, taskId] of command.taskIds.entries()) {
        scheduler.refused(taskId, command.agentIds[position] as AgentId);
        const task = state.tasks.get(taskId);
        if (task !== undefined) scheduler.taskWaiting(task);
      }
    }
  }

  /** Tells whoever waits; sends leases and revocations. */
  flush(): void {
    this.#parts.hub.flush();
    if (this.#news.size > 0) this.#tellFollowers();
    if (this.#finished.length === 0) return;
    const finished = this.#finished;
    this.#finished = [];
    for (const { task, result } of finished) {
      // A dead letter may have been queued again by the same entry: then its end is still to come.
      if (isFinished(task)) taskWaiters.finished(task, result);
    }
  }

  #tellFollowers(): void {
    const tasks = [...this.#news];
    this.#news.clear();
    for (const id of tasks) this.#parts.output.wake(id);
  }

  #completed(event: Extract<CoreEvent, { type: 'task.completed' }>, result: string | null): void {
    const { task, agent, startedAt, waitedMs } = event;
    const { hub, live, scheduler, state, store } = this.#parts;
    live.remove(task);
    // Time that people took says nothing of the agent.
    const runMs = state.nowMs - startedAt - waitedMs;
    scheduler.leaseEnded(agent, task);
    scheduler.observe(agent.id, runMs, true, state.nowMs);
    hub.ended(task.id);
    if (this.#parts.output.isFollowed) this.#news.add(task.id);
    store.finish({ task, result, startedAt, finishedAt: state.nowMs });
    this.#metrics.completed(task, runMs);
    this.#parts.top.completed(task, agent.id, runMs, state.nowMs);
    this.#parts.supervisor.completed(task, runMs);
    if (taskWaiters.has(task)) this.#finished.push({ task, result });
    if (isHedged(task.profile.spec)) this.#parts.hedger.ended(task, runMs);
  }

  /** A task has the result of its copy; its own attempt, if there was one, was revoked before. */
  #adopted(task: Task, copy: Task, result: string | null): void {
    const { hedger, hub, live, scheduler, state, store } = this.#parts;
    const facts = copyOf(copy);
    const startedAt = facts?.startedAt ?? 0;
    live.remove(task);
    scheduler.taskLeft(task);
    hub.ended(task.id);
    if (this.#parts.output.isFollowed) this.#news.add(task.id);
    store.finish({ task, result, startedAt, finishedAt: state.nowMs });
    this.#metrics.completed(task, state.nowMs - startedAt);
    if (facts?.kind === 'hedge') this.#metrics.hedgeWon();
    if (taskWaiters.has(task)) this.#finished.push({ task, result });
    if (isHedged(task.profile.spec)) hedger.overtaken(task);
  }

  #other(event: CoreEvent): void {
    const { hub, live, scheduler, state, store } = this.#parts;
    switch (event.type) {
      case 'task.submitted':
        live.add(event.task);
        this.#metrics.submitted(event.task);
        this.#parts.top.submitted(event.task, state.nowMs);
        return;
      case 'task.assigned':
        scheduler.leaseGranted(event.agent, event.task);
        hub.granted(event.task);
        if (isHedged(event.task.profile.spec)) this.#parts.hedger.started(event.task);
        this.#metrics.started(event.task, event.waitMs);
        return;
      case 'task.input_required':
        scheduler.leaseEnded(event.agent, event.task);
        hub.asked(event.task);
        return;
      case 'task.input_answered':
        scheduler.leaseGranted(event.agent, event.task);
        hub.answered(event.task, event.agent.id, event.answer);
        return;
      case 'attempt.failed':
        this.#attemptFailed(event);
        return;
      case 'task.queued':
        // A lease that was given back has no other event that tells of its end.
        hub.ended(event.task.id);
        return;
      case 'task.output':
        this.#hasOutput = true;
        this.#parts.output.kept(event.task.id);
        if (this.#parts.output.isFollowed) this.#news.add(event.task.id);
        return;
      case 'task.cancel_requested':
        hub.cancelRequested(event.task, event.agentId, event.cancel);
        return;
      case 'task.moved':
        scheduler.taskLeft(event.task);
        return;
      case 'lease.revoked':
        hub.revoked(event.task, event.agentId, event.fencingToken, event.reason);
        this.#resync(event.agentId, event.task);
        return;
      case 'task.failed':
        this.#endedBadly(event.task);
        this.#metrics.failed(event.task);
        this.#finished.push({ task: event.task, result: null });
        return;
      case 'task.canceled':
        this.#endedBadly(event.task);
        hub.ended(event.task.id);
        live.remove(event.task);
        store.finish({ task: event.task, result: null, startedAt: 0, finishedAt: state.nowMs });
        this.#metrics.canceled(event.task);
        this.#finished.push({ task: event.task, result: null });
        return;
      case 'task.purged':
        live.remove(event.task);
        store.finish({ task: event.task, result: null, startedAt: 0, finishedAt: state.nowMs });
        return;
      case 'assignment.refused':
        scheduler.refused(event.taskId as TaskId, event.agentId);
        return;
      default:
        this.#aroundTasks(event);
    }
  }

  /** Failed for good or canceled, wherever it was. */
  #endedBadly(task: Task): void {
    const { hedger, output, scheduler } = this.#parts;
    this.finishedTasks += 1;
    scheduler.taskLeft(task);
    if (isHedged(task.profile.spec)) hedger.forget(task);
    if (output.isFollowed) this.#news.add(task.id);
  }

  /** What is about agents and queues. */
  #aroundTasks(event: CoreEvent): void {
    const { hub, scheduler, supervisor } = this.#parts;
    followFleet(scheduler, event);
    switch (event.type) {
      case 'agent.registered':
        hub.registered(event.agent);
        return;
      case 'agent.changed':
      case 'agent.dissented':
        if (event.type === 'agent.dissented') this.#metrics.dissented();
        hub.changed(event.agent);
        supervisor.agentChanged(event.agent);
        return;
      case 'agent.removed':
        hub.removed(event.agent.id);
        this.#parts.webhooks.removed(event.agent.id);
        return;
      case 'queue.removed':
        this.#metrics.queueRemoved(event.queue.name);
        return;
      case 'breaker.changed':
        this.#metrics.breakerChanged(event.breaker.kind, event.breaker.state);
        supervisor.breakerChanged(event.breaker, event.from);
        return;
      case 'task.hedged':
        this.#parts.hedger.hedged(event.copy);
        this.#metrics.hedged();
        return;
      default:
        if ('schedule' in event) this.#scheduled(event);
    }
  }

  #scheduled(event: Extract<CoreEvent, { schedule: unknown }>): void {
    const { keeper, state } = this.#parts;
    if (event.type === 'schedule.removed') {
      keeper.removed(event.schedule);
      return;
    }
    keeper.changed(event.schedule);
    if (event.type === 'schedule.fired') {
      this.#metrics.scheduleFired(state.nowMs - event.nominalAt, event.outcome);
    } else if (event.type === 'schedule.skipped') {
      this.#metrics.scheduleSkipped(event.reason, event.count);
    }
  }

  #attemptFailed(event: Extract<CoreEvent, { type: 'attempt.failed' }>): void {
    const { hub, scheduler, state } = this.#parts;
    const { failure, task, waitedMs } = event;
    hub.ended(task.id);
    this.#resync(failure.agentId, task);
    const runMs = failure.endedAt - failure.startedAt - waitedMs;
    scheduler.observe(failure.agentId, runMs, false, state.nowMs);
    this.#metrics.attemptFailed(task, failure);
    this.#parts.top.failed(task, failure, runMs, state.nowMs);
  }

  #resync(agentId: Task['agentId'] & string, task: Task): void {
    const agent = this.#parts.state.agents.get(agentId);
    this.#parts.scheduler.leaseEnded(agent ?? null, task);
  }
}

function isFinished(task: Task): boolean {
  return task.state === 'completed' || task.state === 'failed' || task.state === 'canceled';
}

/** Payload texts that came with an entry, one after the other in the order in which core took their tasks. */
export class SubmittedPayloads {
  readonly #texts: readonly string[];
  #next = 0;

  constructor(entry: Entry, applied: Applied) {
    this.#texts = takenPayloads(entry, applied);
  }

  /** The text of the next task that was submitted by a command of the entry. */
  next(): string {
    return this.#texts[this.#next++] ?? 'null';
  }
}

function takenPayloads(entry: Entry, applied: Applied): readonly string[] {
  const payloads: string[] = [];
  for (const [position, command] of entry.batch.commands.entries()) {
    const result = applied.results[position];
    const texts = entry.texts[position];
    if (command.type !== 'task.submit' || result?.type !== 'submitted') continue;
    const { repeated } = result.submitted;
    const skip = repeated.length === 0 ? null : new Set(repeated);
    for (let item = 0; item < command.tasks.length; item++) {
      if (skip?.has(item) !== true) payloads.push(texts?.[item] ?? 'null');
    }
  }
  return payloads;
}

/** Payloads that came with an entry for dead letters, in the order in which core queued those again. */
export class EditedPayloads {
  readonly #texts: readonly string[];
  #next = 0;

  constructor(entry: Entry, applied: Applied) {
    this.#texts = editedPayloads(entry, applied);
  }

  next(): string {
    return this.#texts[this.#next++] ?? 'null';
  }
}

function editedPayloads({ batch, texts }: Entry, { results }: Applied): readonly string[] {
  const edited: string[] = [];
  for (const [position, command] of batch.commands.entries()) {
    const result = results[position];
    if (command.type !== 'task.redrive' && command.type !== 'operation.act') continue;
    if (result?.type !== 'taken') continue;
    for (const [item, text] of (texts[position] ?? []).entries()) {
      if (result.refused?.has(item) !== true) edited.push(text);
    }
  }
  return edited;
}

/** Keeps the payload of a new task; a copy has none of its own. */
export function keepPayload(
  event: Extract<CoreEvent, { type: 'task.submitted' }>,
  payloads: SubmittedPayloads,
  store: Store,
): void {
  const { payload, task } = event;
  if (task.extra !== null && copyOf(task) !== null) return;
  store.putPayload(task, payload ?? payloads.next());
}

/** Results of an entry, asked for in the order of its events. */
export class CompletedResults {
  readonly #texts: readonly string[];
  #next = 0;
  #ofCopies: Map<Task, string | null> | null = null;

  constructor(entry: Entry, applied: Applied) {
    this.#texts = completedResults(entry, applied);
  }

  /** The text of the next completion that a command brought. */
  next(task: Task): string | null {
    const text = this.#texts[this.#next++] ?? null;
    if (task.extra === null || copyOf(task) === null) return text;
    this.#ofCopies ??= new Map();
    this.#ofCopies.set(task, text);
    return text;
  }

  /** The text of a copy that completed in this entry. */
  of(copy: Task): string | null {
    return this.#ofCopies?.get(copy) ?? null;
  }
}

/** Result texts of the completions that core took, in the order of their events. */
function completedResults(entry: Entry, applied: Applied): readonly string[] {
  const results: string[] = [];
  const { commands } = entry.batch;
  const texts: BatchTexts = entry.texts;
  for (const [position, command] of commands.entries()) {
    const result = applied.results[position];
    if (command.type !== 'task.complete' || result?.type !== 'taken') continue;
    const { refused } = result;
    for (let item = 0; item < command.items.length; item++) {
      if (refused?.has(item) !== true) results.push(texts[position]?.[item] ?? 'null');
    }
  }
  return results;
}
