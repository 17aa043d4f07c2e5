/** What callers do with tasks: submit, look, wait, cancel, retry. */
import { OrchestratorError } from '../base/errors.ts';
import type {
  ExplanationView,
  TaskList,
  TaskOutcome,
  TaskStateName,
  TaskView,
} from '../contract/index.ts';
import type {
  AgentId,
  CancelWish,
  Command,
  CommandResult,
  CoreState,
  TaskId,
} from '../core/index.ts';
import type { Scheduler } from '../scheduling/index.ts';
import { listTasks, type LiveIndex, type Store } from '../store/index.ts';
import type { AdmissionGate } from './admission-gate.ts';
import type { AgentHub } from './agent-hub.ts';
import type { CommandLoop } from './command-loop.ts';
import { isFlow, moreEnds } from './dependencies.ts';
import type { Clock } from './clock.ts';
import { explainCopies } from './explain-copies.ts';
import { explainFlow } from './explain-flow.ts';
import { payloadOf } from './payload-of.ts';
import type { ProgressBoard } from './progress-board.ts';
import { refusalError, throwIfRefused } from './refusal.ts';
import { isLarge, StagedSubmits } from './staged-submits.ts';
import type { StageWaits } from './stage-waits.ts';
import { payloadHash, submitCommand, type Submission } from './submission.ts';
import { treeFacts } from './tree-views.ts';
import type { TaskIdSource } from './task-ids.ts';
import { TaskSearch, type SearchRequest } from './task-search.ts';
import { taskWaiters, type FinishedListener } from './task-waiters.ts';
import { finishedTaskView, liveTaskView, outcomeOf, scheduleField } from './views.ts';

export interface TaskServiceParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly live: LiveIndex;
  readonly loop: CommandLoop;
  readonly scheduler: Scheduler;
  readonly hub: AgentHub;
  readonly ids: TaskIdSource;
  readonly clock: Clock;
  readonly admission: AdmissionGate;
  readonly stages: StageWaits;
  readonly progress: ProgressBoard;
}

/** What became of a submit: ids in order, and which of them were there before. */
export interface SubmittedTasks {
  readonly ids: readonly TaskId[];
  readonly repeated: readonly number[];
  /** Of a flow: its id. */
  readonly flowId: string | null;
}

export interface TaskQuery {
  readonly states?: readonly TaskStateName[];
  readonly namespace?: string;
  readonly queue?: string;
  readonly type?: string;
  readonly cursor?: string;
  readonly limit: number;
}

type SubmitCommand = Extract<Command, { type: 'task.submit' }>;

/** Why a live task is where it is. */
type TaskExplanation = ReturnType<typeof explainFlow> &
  Pick<ExplanationView, 'copies' | 'copyOf' | 'schedule'>;

export class TaskService {
  readonly #parts: TaskServiceParts;
  /** Ends of the waits under way. */
  readonly #waits = new Set<() => void>();
  readonly #search: TaskSearch;
  readonly #staged: StagedSubmits;
  #isClosed = false;

  constructor(parts: TaskServiceParts) {
    this.#parts = parts;
    this.#search = new TaskSearch(parts);
    const flowOf = this.flowOf.bind(this);
    const rootHashOf = this.#rootHash.bind(this);
    this.#staged = new StagedSubmits({ ...parts, flowOf, rootHashOf });
  }

  /**
   * Submits tasks, all or none; resolves when they are durable.
   *
   * @param watcher - told of each new task when it finishes; repeats are for {@link watch}
   * @throws OrchestratorError `OVERLOADED` while its priority is shed, core's rejection code, or one
   *   of the command loop's
   */
  async submit(submission: Submission, watcher?: FinishedListener): Promise<SubmittedTasks> {
    const { admission, ids } = this.#parts;
    if (submission.admittedMs === undefined) admission.submit(submission);
    submission.verify?.();
    if (isLarge(submission)) return this.#submitLarge(submission, watcher);
    const command = submitCommand(
      submission,
      () => ids.next(),
      (parentId) => this.#rootHash(parentId),
    );
    const result = await this.#propose(command, submission);
    if (result.type === 'refused') throw refusalError(result.rejection);
    if (result.type !== 'submitted')
      throw new OrchestratorError('INTERNAL', 'a submit is answered as one');
    const { taskIds, repeated } = result.submitted;
    // No other entry is applied before this goes on, and one that ended within its own is told at once.
    if (watcher !== undefined) {
      const skip = repeated.length === 0 ? null : new Set(repeated);
      for (let i = 0; i < taskIds.length; i++) {
        if (skip?.has(i) !== true) this.watch(taskIds[i] as TaskId, watcher);
      }
    }
    const flowId = command.flow === undefined ? null : this.flowOf(command.flow.id, taskIds);
    return { ids: taskIds, repeated, flowId };
  }

  /** Lets a submitter number its submits from now on; resolves when that is durable. */
  async openSession(sessionId: string): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'session.open', sessionId }));
  }

  async #submitLarge(
    submission: Submission,
    watcher: FinishedListener | undefined,
  ): Promise<SubmittedTasks> {
    const submitted = await this.#staged.submit(submission);
    const repeated = new Set(submitted.repeated);
    if (watcher === undefined) return submitted;
    for (const [position, id] of submitted.ids.entries()) {
      if (!repeated.has(position)) this.watch(id, watcher);
    }
    return submitted;
  }

  /** Hash of the payload of a parent whose own submit did not tell it. */
  #rootHash(parentId: TaskId): string | null {
    const { state, store } = this.#parts;
    const parent = state.tasks.get(parentId);
    if (parent === undefined || parent.extra?.family?.hash != null) return null;
    return payloadHash(payloadOf(state, store, parent));
  }

  /** The flow of a submit, or, where all of it was there before, the one that it repeats. */
  flowOf(flowId: string, taskIds: readonly TaskId[]): string {
    const { state, store } = this.#parts;
    const [first] = taskIds;
    if (first === undefined || state.records.trees.get(flowId) !== undefined) return flowId;
    const extra = state.tasks.get(first)?.extra ?? store.summary(first)?.extra ?? null;
    return extra?.family?.flowId ?? flowId;
  }

  /** Proposes a submit; where it depends on tasks that ended, with what the history knows of them. */
  async #propose(
    command: SubmitCommand,
    { admittedMs, payloads }: Submission,
  ): Promise<CommandResult> {
    const { loop, state, store } = this.#parts;
    if (!isFlow(command)) return loop.propose(command, payloads, admittedMs);
    let ends = moreEnds(command, state, store);
    for (;;) {
      const told: SubmitCommand = ends === null ? command : { ...command, ends };
      const result = await loop.propose(told, payloads, admittedMs);
      const isUnknown =
        result.type === 'refused' && result.rejection.code === 'FLOW_TASK_NOT_FOUND';
      if (!isUnknown) return result;
      // A parent may have ended while the command was on its way: then the history knows of it now.
      const more = moreEnds(told, state, store);
      if (more === null) return result;
      ends = more;
    }
  }

  /** A task with its payload and, once completed, its result; null for an unknown id. */
  get(id: TaskId): TaskView | null {
    const { state, store } = this.#parts;
    const task = state.tasks.get(id);
    if (task !== undefined) {
      const { progress } = this.#parts;
      const view = { ...liveTaskView(task, payloadOf(state, store, task)), ...progress.of(task) };
      return task.extra === null
        ? view
        : { ...view, ...treeFacts(state, task.extra.family ?? null, task.id) };
    }
    const finished = store.finished(id);
    if (finished === null) return null;
    // What came from it may go on and draw from its budget.
    return { ...finishedTaskView(finished), ...treeFacts(state, { tree: id }, id) };
  }

  /** Whether and how the task ended; null for an unknown id. */
  outcome(id: TaskId): TaskOutcome | null {
    const { state, store } = this.#parts;
    const task = state.tasks.get(id);
    if (task !== undefined) return outcomeOf(task, null);
    const finished = store.finished(id);
    return finished === null ? null : outcomeOf(finished, finished.result);
  }

  /**
   * Waits until the task has finished, at most `waitMs`; resolves with what is known then, null for
   * an unknown id. A wait that a {@link close} meets ends there.
   *
   * @throws OrchestratorError `STOPPED` after {@link close}
   */
  async wait(id: TaskId, waitMs: number, signal?: AbortSignal): Promise<TaskOutcome | null> {
    if (this.#isClosed) throw new OrchestratorError('STOPPED', 'the orchestrator must be running');
    const now = this.outcome(id);
    if (now === null || isTerminal(now.state) || waitMs === 0 || signal?.aborted === true)
      return now;
    await this.#finished(id, waitMs, signal);
    return this.outcome(id);
  }

  /** Tells `listener` when the task finishes; at once if it has. False for an unknown id. */
  watch(id: TaskId, listener: FinishedListener): boolean {
    const { state, store } = this.#parts;
    const task = state.tasks.get(id);
    if (task !== undefined) {
      if (task.state === 'failed') listener.finished(task, null);
      else taskWaiters.add(task, listener);
      return true;
    }
    const finished = store.finished(id);
    if (finished === null) return false;
    listener.finished(finished, finished.result);
    return true;
  }

  unwatch(id: TaskId, listener: FinishedListener): void {
    const task = this.#parts.state.tasks.get(id);
    if (task !== undefined) taskWaiters.remove(task, listener);
  }

  /** @throws OrchestratorError `OVERLOADED` while the load is critical; `CURSOR_INVALID` */
  list(query: TaskQuery): TaskList {
    const { admission, live, store } = this.#parts;
    admission.list();
    const { states, ...rest } = query;
    const page = listTasks(live, store, states === undefined ? rest : { ...rest, states });
    return {
      items: page.items.map((item) =>
        item.type === 'live' ? liveTaskView(item.task) : finishedTaskView(item.task),
      ),
      nextCursor: page.nextCursor,
    };
  }

  /** The newest tasks that a query means; see {@link TaskSearch.page}. */
  search(request: SearchRequest): Promise<TaskList> {
    return this.#search.page(request);
  }

  /**
   * Cancels tasks; one answer each: null, or why not. A running attempt has `graceMs` to end by itself.
   */
  async cancel(
    ids: readonly TaskId[],
    reason: string,
    graceMs = 0,
  ): Promise<(OrchestratorError | null)[]> {
    const grace = graceMs > 0 ? { graceMs } : {};
    return this.#each(ids, { type: 'task.cancel', taskIds: ids, reason, ...grace });
  }

  /** What the running attempt of a task was told of a cancel, or null. */
  cancelOf(id: TaskId): CancelWish | null {
    const task = this.#parts.state.tasks.get(id);
    return task === undefined ? null : (task.extra?.cancel ?? null);
  }

  /** Queues dead letters again; one answer each. */
  async retry(ids: readonly TaskId[]): Promise<(OrchestratorError | null)[]> {
    return this.#each(ids, { type: 'task.retry', taskIds: ids });
  }

  /** Lets dead letters go to the history; one answer each. */
  async purge(ids: readonly TaskId[]): Promise<(OrchestratorError | null)[]> {
    return this.#each(ids, { type: 'dead-letter.purge', taskIds: ids });
  }

  /** Why a live task is where it is; null when it is finished or unknown. */
  explain(id: TaskId): TaskExplanation | null {
    const { clock, hub, scheduler, state } = this.#parts;
    const task = state.tasks.get(id);
    if (task === undefined) return null;
    const wakesAt = (agentId: AgentId): number | null => hub.wakesAt(agentId);
    const known = explainFlow(state, task, scheduler.explain(task, clock.now(), wakesAt));
    return { ...explainCopies(state, task, known), ...scheduleField(task.extra) };
  }

  /** Failed tasks, newest first, at most `limit`. */
  deadLetters(filter: { queue?: string; type?: string; limit: number; cursor?: string }): TaskList {
    return this.list({ ...filter, states: ['failed'] });
  }

  /** Ends every wait with what is known. */
  close(): void {
    this.#isClosed = true;
    this.#search.close();
    this.#staged.close();
    for (const end of this.#waits) end();
  }

  async #each(
    ids: readonly TaskId[],
    command: Parameters<CommandLoop['propose']>[0],
  ): Promise<(OrchestratorError | null)[]> {
    const result = await this.#parts.loop.propose(command);
    if (result.type !== 'taken') throwIfRefused(result);
    const refused = result.type === 'taken' ? result.refused : null;
    return ids.map((id, position) => {
      const rejection = refused?.get(position);
      if (rejection === undefined) return null;
      // What core has let go may still be in the history: then it is finished, not unknown.
      if (rejection.code !== 'TASK_NOT_FOUND') return refusalError(rejection);
      const finished = this.#parts.store.finished(id);
      if (finished === null) return refusalError(rejection);
      return new OrchestratorError('TASK_FINISHED', `the task is ${finished.state} already`, {
        taskId: id,
      });
    });
  }

  #finished(id: TaskId, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const done = (): void => {
        this.unwatch(id, listener);
        this.#waits.delete(done);
        cancelTimer();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const listener: FinishedListener = { finished: done };
      const cancelTimer = clock.setTimer(waitMs, done);
      signal?.addEventListener('abort', done);
      this.#waits.add(done);
      this.watch(id, listener);
    });
  }
}

function isTerminal(state: TaskStateName): boolean {
  return state === 'completed' || state === 'failed' || state === 'canceled';
}
