/** What copies of a task are, and whom they are kept from: redundant ones vote, hedges race. */
import type { TaskExtra } from './extra.ts';
import type { AgentId, TaskId } from './ids.ts';
import type { CoreState } from './state.ts';
import type { TaskRules, TaskSpec } from './spec.ts';
import type { Task, TaskError } from './task.ts';

/** What a copy came to. */
export interface Vote {
  readonly taskId: TaskId;
  readonly agentId: AgentId;
  /** Equal for results that count as the same. */
  readonly hash: string;
}

/** A copy that ended without a result. */
export interface LostCopy {
  readonly taskId: TaskId;
  /** Code of its error, or `CANCELED`. */
  readonly code: string;
}

/** The copies of a task, as the task itself knows them. Replaced as a whole at each change. */
export interface CopiesFacts {
  /** `redundant`: the task is done by its copies alone. `hedge`: they race with its own attempt. */
  readonly kind: 'redundant' | 'hedge';
  /** All that were made since it was last queued for the first time, oldest first. */
  readonly ids: readonly TaskId[];
  /** In the order in which they came. */
  readonly votes: readonly Vote[];
  readonly lost: readonly LostCopy[];
  /** The copy whose result the task has; null before, and where it has its own. */
  readonly chosen: TaskId | null;
  /** What the task would have failed with but for a hedge that still ran. */
  readonly heldError: TaskError | null;
}

/** What a copy knows of the task it is one of. */
export interface CopyFacts {
  readonly taskId: TaskId;
  readonly kind: CopiesFacts['kind'];
  /** Of its result, once it has one. */
  readonly hash: string | null;
  /** When the attempt started that brought the result; 0 before. */
  readonly startedAt: number;
}

export const NO_COPIES: CopiesFacts = {
  kind: 'hedge',
  ids: [],
  votes: [],
  lost: [],
  chosen: null,
  heldError: null,
};

/** Reasons of a blocked task: it is to be copied before the batch ends; it waits for its copies. */
export const SPLITTING = 'splitting';
export const REDUNDANT = 'redundant';
/** Its own attempts are used up, and a hedge still runs. */
export const HEDGED = 'hedged';

/** Longest hash kept, in UTF-16 units. */
export const HASH_MAX = 64;

export function copyOf(task: Task): CopyFacts | null {
  return task.extra?.copyOf ?? null;
}

export function copiesOf(task: Task): CopiesFacts | null {
  return task.extra?.copies ?? null;
}

/** Whether its result is agreed on by copies. */
export function isRedundant({ rules }: TaskSpec): boolean {
  return rules?.redundancy !== undefined;
}

/** Whether a copy of it may be started while it runs. */
export function isHedged({ rules }: TaskSpec): boolean {
  return rules?.hedge !== undefined;
}

/** How its copies differ from the task: its whole time is bounded on the task itself. */
export function copySpec(spec: TaskSpec): TaskSpec {
  const { rules, timeouts, ...rest } = spec;
  const { totalMs: _totalMs, ...bounds } = timeouts;
  const { hedge: _hedge, redundancy: _redundancy, ...kept }: TaskRules = rules ?? {};
  const plain = { ...rest, timeouts: bounds };
  return Object.keys(kept).length === 0 ? plain : { ...plain, rules: kept };
}

/** The task that a copy is one of, while it lives; the task itself where it has copies; else null. */
export function originalOf(state: CoreState, task: Task): Task | null {
  const { extra } = task;
  if (extra === null) return null;
  if (extra.copyOf != null) return state.tasks.get(extra.copyOf.taskId) ?? null;
  return extra.copies == null ? null : task;
}

/** Its copies that are under way. */
export function liveCopies(state: CoreState, task: Task): Task[] {
  const live: Task[] = [];
  for (const id of copiesOf(task)?.ids ?? []) {
    const copy = state.tasks.get(id);
    if (copy !== undefined && copy.state !== 'failed') live.push(copy);
  }
  return live;
}

/**
 * Agents that must not be given this task: they run another copy of the same task, or brought one's
 * result. Null for a task without copies. O(copies).
 */
export function barredAgents(state: CoreState, task: Task): readonly AgentId[] | null {
  const original = originalOf(state, task);
  const facts = original === null ? null : copiesOf(original);
  if (original === null || facts === null) return null;
  const barred: AgentId[] = [];
  if (original !== task && original.agentId !== null) barred.push(original.agentId);
  for (const id of facts.ids) {
    const agentId = id === task.id ? null : (state.tasks.get(id)?.agentId ?? null);
    if (agentId !== null) barred.push(agentId);
  }
  for (const vote of facts.votes) if (vote.taskId !== task.id) barred.push(vote.agentId);
  return barred;
}

/** Whether the agent has another copy of the task. */
export function isBarred(state: CoreState, task: Task, agentId: AgentId): boolean {
  return barredAgents(state, task)?.includes(agentId) === true;
}

/** The extra of a task with other facts about its copies. */
export function withCopies(extra: TaskExtra, change: Partial<CopiesFacts>): TaskExtra {
  return { ...extra, copies: { ...(extra.copies ?? NO_COPIES), ...change } };
}
