/** What callers do with flows: look at them, end them. */
import { OrchestratorError } from '../base/errors.ts';
import type { FlowList, FlowSummary, FlowView } from '../contract/index.ts';
import { copyOf, isTreeOver, type CoreState, type TaskId, type Tree } from '../core/index.ts';
import { cursorBefore, listTasks, type LiveIndex, type Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { criticalPath, type PathTask } from './critical-path.ts';
import { throwIfRefused } from './refusal.ts';
import { budgetView, treeKillView } from './tree-views.ts';
import { finishedTaskView, iso, liveTaskView } from './views.ts';

export interface FlowsServiceParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly live: LiveIndex;
  readonly loop: CommandLoop;
  readonly clock: Clock;
}

/** Largest flow whose critical path is worked out. */
const PATH_TASKS_MAX = 2_000;

export class FlowsService {
  readonly #parts: FlowsServiceParts;

  constructor(parts: FlowsServiceParts) {
    this.#parts = parts;
  }

  /** A flow with a page of its tasks; null for an unknown id. O(its live tasks + page). */
  get(id: string, page: { readonly limit: number; readonly cursor?: string }): FlowView | null {
    const tree = this.#find(id);
    if (tree === null) return null;
    const { items, nextCursor } = this.#page(tree, page);
    return {
      ...this.#summary(tree),
      criticalPath: this.#criticalPath(tree),
      tasks: {
        items: items.map((item) =>
          item.type === 'live' ? liveTaskView(item.task) : finishedTaskView(item.task),
        ),
        nextCursor,
      },
    };
  }

  /** Flows, newest first, those below the one named. */
  list(after: string | null, limit: number): FlowList {
    const flows = [...this.#parts.state.records.trees.values()]
      .filter(({ key, kind }) => kind === 'flow' && (after === null || key < after))
      .toSorted((a, b) => (a.key < b.key ? 1 : -1));
    const items = flows.slice(0, limit);
    return {
      items: items.map((tree) => this.#summary(tree)),
      nextCursor: items.length < flows.length ? (items.at(-1)?.key ?? null) : null,
    };
  }

  /**
   * Cancels all that has not ended of a flow; the last of it shortly after this resolves.
   *
   * @throws OrchestratorError `FLOW_NOT_FOUND`, `TASK_FINISHED`
   */
  async cancel(id: string, reason: string): Promise<void> {
    if (this.#find(id) === null) {
      throw new OrchestratorError('FLOW_NOT_FOUND', `a flow must be known, got ${id}`, {
        flowId: id,
      });
    }
    throwIfRefused(await this.#parts.loop.propose({ type: 'tree.cancel', target: id, reason }));
  }

  #find(id: string): Tree | null {
    const tree = this.#parts.state.records.trees.get(id);
    return tree?.kind === 'flow' ? tree : null;
  }

  #summary(tree: Tree): FlowSummary {
    const counts = {
      scheduled: 0,
      blocked: 0,
      queued: 0,
      running: 0,
      input_required: 0,
      failed: 0,
      completed: tree.completed,
      canceled: tree.canceled,
    };
    const trees: Tree[] = [tree];
    for (let part = trees.pop(); part !== undefined; part = trees.pop()) {
      for (const task of part.members) if (copyOf(task) === null) counts[task.state] += 1;
      trees.push(...part.parts);
    }
    const { createdAt, key, kill, name, namespace } = tree;
    return {
      id: key,
      name,
      namespace,
      createdAt: iso(createdAt),
      isOver: isTreeOver(tree),
      counts,
      ...(tree.budget === null ? {} : { budget: budgetView(tree) }),
      ...(kill === null ? {} : { killed: treeKillView(tree, kill) }),
    };
  }

  #page(
    { firstId, lastId }: Tree,
    { cursor, limit }: { readonly limit: number; readonly cursor?: string },
  ): Pick<ReturnType<typeof listTasks>, 'items' | 'nextCursor'> {
    const { live, store } = this.#parts;
    const from = cursor ?? cursorBefore(lastId as TaskId);
    const page = listTasks(live, store, { cursor: from, limit });
    const items = page.items.filter(({ task }) => task.id >= firstId);
    // What follows the first task of the flow is of others.
    const isLast = items.length < page.items.length || items.at(-1)?.task.id === firstId;
    // Copies of others may have been made while its ids were.
    const own = items.filter(({ task }) => task.extra?.copyOf == null);
    return { items: own, nextCursor: isLast ? null : page.nextCursor };
  }

  #criticalPath(tree: Tree): FlowView['criticalPath'] {
    const page = this.#page(tree, { limit: PATH_TASKS_MAX });
    if (page.nextCursor !== null) return null;
    const nowMs = this.#parts.clock.now();
    return criticalPath(page.items.map((item) => pathTask(item, nowMs)));
  }
}

type Listed = ReturnType<typeof listTasks>['items'][number];

function pathTask(item: Listed, nowMs: number): PathTask {
  const { extra, id, state } = item.task;
  const parents = extra?.flow?.dependsOn.map(({ taskId }) => taskId) ?? [];
  const ref = extra?.flow?.ref ?? null;
  return { id, ref, state, parents, durationMs: durationOf(item, nowMs) };
}

/** How long the newest attempt ran. */
function durationOf(item: Listed, nowMs: number): number {
  if (item.type === 'finished') {
    const { finishedAt, startedAt } = item.task;
    return startedAt === 0 ? 0 : finishedAt - startedAt;
  }
  const { failures, state, stateAt } = item.task;
  if (state === 'running' || state === 'input_required') return Math.max(0, nowMs - stateAt);
  const last = failures.at(-1);
  return last === undefined ? 0 : last.endedAt - last.startedAt;
}
