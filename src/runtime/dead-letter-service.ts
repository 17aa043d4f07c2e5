/** What operators do with single dead letters and with those that failed alike. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OrchestratorError } from '../base/errors.ts';
import type {
  DeadLetterView,
  FailureGroupStateName,
  FailureGroupView,
  RedriveBody,
  TaskView,
} from '../contract/index.ts';
import type { CoreState, TaskId } from '../core/index.ts';
import type { LiveIndex, Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { redriveParams } from './operation-params.ts';
import { editedPayload } from './operation-runner.ts';
import { OperationScan } from './operation-scan.ts';
import { ANONYMOUS } from './operation-service.ts';
import { failureGroupView } from './operation-views.ts';
import { throwIfRefused } from './refusal.ts';
import { liveTaskView } from './views.ts';

export interface DeadLetterServiceParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly live: LiveIndex;
  readonly loop: CommandLoop;
  readonly clock: Clock;
}

export interface GroupFilter {
  readonly state?: FailureGroupStateName;
  readonly sort?: 'live' | 'lastAt';
}

/** What an operator says of a group. */
export interface GroupChange {
  readonly state: FailureGroupStateName;
  readonly by?: string;
  readonly note?: string;
}

export class DeadLetterService {
  readonly #parts: DeadLetterServiceParts;

  constructor(parts: DeadLetterServiceParts) {
    this.#parts = parts;
  }

  /** A dead letter with its payload and its group; null for a task that is none. */
  get(id: TaskId): DeadLetterView | null {
    const { state, store } = this.#parts;
    const task = state.tasks.get(id);
    if (task?.state !== 'failed') return null;
    const group = state.records.failureGroups.get(task.extra?.failureGroup ?? '');
    return {
      ...liveTaskView(task, store.payload(task) ?? 'null'),
      ...(group === undefined ? {} : { group: failureGroupView(group) }),
      isPoison: task.reason === 'poison',
    };
  }

  /** Groups of failures, by how many dead letters they have (default) or by their newest. O(groups). */
  groups({ sort = 'live', state }: GroupFilter = {}): FailureGroupView[] {
    return [...this.#parts.state.records.failureGroups.values()]
      .filter((group) => state === undefined || group.state === state)
      .toSorted((a, b) => b[sort] - a[sort] || b.lastAt - a.lastAt || a.seq - b.seq)
      .map(failureGroupView);
  }

  /** Groups by state, and dead letters in all but the ignored ones. O(groups). */
  counts(): { readonly groups: Record<FailureGroupStateName, number>; readonly letters: number } {
    const groups = { open: 0, resolved: 0, ignored: 0 };
    let letters = 0;
    for (const { live, state } of this.#parts.state.records.failureGroups.values()) {
      groups[state] += 1;
      if (state !== 'ignored') letters += live;
    }
    return { groups, letters };
  }

  /** @throws OrchestratorError `FAILURE_GROUP_NOT_FOUND` */
  async setGroup(key: string, change: GroupChange): Promise<FailureGroupView> {
    const { loop, state } = this.#parts;
    const { by = ANONYMOUS, note = null } = change;
    throwIfRefused(
      await loop.propose({ type: 'failure-group.set', key, state: change.state, by, note }),
    );
    const group = state.records.failureGroups.get(key);
    return failureGroupView(group as NonNullable<typeof group>);
  }

  /**
   * Queues one dead letter again, changed as asked.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, `TASK_NOT_FAILED`, `TASK_FINISHED`, `QUEUE_FULL`, `QUEUE_LIMIT`,
   *   `PAYLOAD_TOO_LARGE`, `INVALID_REQUEST`
   */
  async redrive(id: TaskId, body: RedriveBody, textMax: number): Promise<void> {
    const { loop, state, store } = this.#parts;
    const { by = ANONYMOUS, reason = null, ...params } = body;
    const { patch, payload, ...redrive } = redriveParams(params, textMax);
    const task = state.tasks.get(id);
    if (task === undefined && store.isFinished(id)) {
      throw new OrchestratorError('TASK_FINISHED', 'a dead letter must not have been let go', {
        taskId: id,
      });
    }
    const edits = payload !== undefined || patch !== undefined;
    const edit = {
      ...(payload === undefined ? {} : { payload }),
      ...(patch === undefined ? {} : { patch }),
    };
    const text =
      edits && task?.state === 'failed'
        ? editedPayload(edit, () => store.payload(task) ?? 'null')
        : null;
    if (text !== null) redriveParams({ payload: JSON.parse(text) }, textMax);
    const item = { taskId: id, ...(text === null ? {} : { payloadBytes: text.length }) };
    throwIfRefused(
      await loop.propose(
        { type: 'task.redrive', items: [item], redrive, by, reason },
        text === null ? null : [text],
      ),
    );
  }

  /**
   * Dead letters that a query means, newest first, with their payloads; some at a time, between which
   * everything else goes on. Ends early once `isOver`.
   *
   * @throws QueryInvalidError
   */
  export(query: string, isOver: () => boolean = () => false): AsyncGenerator<TaskView, void> {
    const terms = { query, group: null, includePoison: true, hashMax: null, seed: 0 };
    const atMs = this.#parts.clock.now();
    // Made here, not at the first step: a query that is wrong must be refused before anything is sent.
    const scan = new OperationScan(this.#parts, { ...terms, action: 'purge', atMs });
    return this.#export(scan, isOver);
  }

  async *#export(scan: OperationScan, isOver: () => boolean): AsyncGenerator<TaskView, void> {
    const { state, store } = this.#parts;
    let below = `${state.newestId}~`;
    while (below !== '' && !isOver()) {
      const { tasks, to } = scan.slice(below, EXPORTED_AT_ONCE);
      // Taken together: what a reader waits for later may be another task by then.
      const views = tasks.map((task) => liveTaskView(task, store.payload(task) ?? 'null'));
      yield* views;
      below = to;
      await nextTurn();
    }
  }
}

/** Dead letters read ahead of a reader. */
const EXPORTED_AT_ONCE = 16;
