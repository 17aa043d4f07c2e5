/** Tasks that wait for others: what is kept of it, and what hangs on the tasks while they live. */
import type { TaskId } from './ids.ts';
import type { Task, TaskState } from './task.ts';

/** What an edge does when its parent failed or was canceled. */
export type FailurePolicy = 'fail' | 'skip' | 'continue';

/** One parent of a task. */
export interface Dependency {
  readonly taskId: TaskId;
  /** Absent: `fail`. */
  readonly onFailure?: FailurePolicy;
}

/** How a parent ended that core holds no more, as the store knows it. */
export interface ParentEnd {
  readonly taskId: TaskId;
  readonly state: TaskState;
  /** Name for messages: its `ref`, else its id. */
  readonly name: string;
  /** Code of its error; null without one. */
  readonly code: string | null;
}

/** What a task keeps of the flow around it. Replaced as a whole at each change. */
export interface FlowFacts {
  /** Its name among the tasks it was submitted with. */
  readonly ref: string | null;
  readonly dependsOn: readonly Dependency[];
  /**
   * A parent that core holds no more ended in a way its edge does not forgive. Such a task is not put
   * back by the redrive of another parent.
   */
  readonly isLost: boolean;
}

/** An edge as it hangs on the parent. */
export interface Edge {
  readonly child: Task;
  readonly onFailure: FailurePolicy;
}

/** Derived from {@link FlowFacts} and the waves on their way; rebuilt by a restore. */
export interface TaskLinks {
  /** Parents whose end it has not been told of. */
  left: number;
  /** Dead letters among its parents that its edges do not forgive, as far as it was told. */
  fatal: number;
  /** In the order in which the dependents were submitted, also those that are gone. */
  dependents: Edge[];
  /** Dependents that are gone. */
  gone: number;
  /** News of this task that are on their way to its dependents. */
  waves: number;
}

export function noLinks(): TaskLinks {
  return { left: 0, fatal: 0, dependents: [], gone: 0, waves: 0 };
}

/** Parents of one task, at most. */
export const DEPENDENCIES_MAX = 100_000;

export function policyOf({ onFailure }: Dependency): FailurePolicy {
  return onFailure ?? 'fail';
}

/** The links of a task, made where it has none. */
export function linksOf(task: Task): TaskLinks {
  task.links ??= noLinks();
  return task.links;
}

/** The parents of a task. */
export function dependenciesOf(task: Task): readonly Dependency[] {
  return task.extra?.flow?.dependsOn ?? NO_DEPENDENCIES;
}

/** How messages name a task. */
export function nameOf(task: Task): string {
  return task.extra?.flow?.ref ?? task.id;
}

const NO_DEPENDENCIES: readonly Dependency[] = [];
