/** Keeps the edges between live tasks: hung up by a submit, taken down by an end, built anew by a restore. */
import {
  dependenciesOf,
  linksOf,
  policyOf,
  type Dependency,
  type Edge,
  type TaskLinks,
} from './flow.ts';
import type { TaskId } from './ids.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';
import type { Wave } from './wave.ts';

/** Hangs a new task on its parents as they are now. */
export function hangUp(state: CoreState, task: Task): void {
  const links = linksOf(task);
  const dependencies = dependenciesOf(task);
  if (dependencies.length > 0) state.dependents.add(task);
  for (const dependency of dependencies) {
    const parent = state.tasks.get(dependency.taskId);
    if (parent === undefined) continue;
    const edge: Edge = { child: task, onFailure: policyOf(dependency) };
    linksOf(parent).dependents.push(edge);
    if (parent.state !== 'failed') links.left += 1;
    else if (edge.onFailure !== 'continue') links.fatal += 1;
  }
}

/** Below this many dependents, letting go of those that went is not worth its while. */
const SWEEP_MIN = 64;

/** Takes a task that left core down from its parents. O(its parents). */
export function takeDown(state: CoreState, task: Task): void {
  state.dependents.delete(task);
  for (const { taskId } of dependenciesOf(task)) {
    const links = state.tasks.get(taskId)?.links;
    if (links == null) continue;
    links.gone += 1;
    if (links.gone < SWEEP_MIN || links.gone * 2 < links.dependents.length) continue;
    links.dependents = links.dependents.filter(({ child }) => state.tasks.get(child.id) === child);
    links.gone = 0;
  }
}

/**
 * Parents of live tasks, some more than once: their results are still wanted, or will be. O(edges).
 *
 * Those that live as well, so that none is missed where entries are applied between two steps of the walk.
 */
export function* wantedParents(state: CoreState): Generator<TaskId> {
  for (const task of state.dependents) {
    for (const { taskId } of dependenciesOf(task)) yield taskId;
  }
}

/** Builds all links from the rows. O(tasks + edges). */
export function restoreLinks(state: CoreState): void {
  for (const wave of state.records.waves.values()) {
    state.alarms.arm(wave, wave.at);
    const parent = state.tasks.get(wave.news.parentId);
    if (parent !== undefined) wave.links = linksOf(parent);
    wave.links.waves += 1;
  }
  const children = [...state.tasks.values()].filter((task) => dependenciesOf(task).length > 0);
  if (children.length === 0) return;
  const waves = Map.groupBy(
    [...state.records.waves.values()].toSorted((a, b) => a.seq - b.seq),
    ({ news }) => news.parentId,
  );
  for (const task of children.toSorted((a, b) => a.seq - b.seq)) {
    state.dependents.add(task);
    const links = linksOf(task);
    for (const dependency of dependenciesOf(task)) {
      const edge: Edge = { child: task, onFailure: policyOf(dependency) };
      const parent = state.tasks.get(dependency.taskId);
      if (parent !== undefined) linksOf(parent).dependents.push(edge);
      const coming = untold(waves.get(dependency.taskId), task);
      for (const wave of coming) (wave.edges as Edge[]).push(edge);
      count(links, edge, told(parent, coming[0]));
    }
  }
}

/** How the parent stands as far as the child was told: what links count, by the parent and the news to come. */
export function standing(
  state: CoreState,
  { taskId }: Dependency,
  child: Task,
): 'waited for' | 'dead letter' | 'over' {
  const waves = [...state.records.waves.values()].filter(({ news }) => news.parentId === taskId);
  const coming = untold(
    waves.toSorted((a, b) => a.seq - b.seq),
    child,
  );
  return told(state.tasks.get(taskId), coming[0]);
}

function untold(waves: readonly Wave[] | undefined, { seq }: Task): readonly Wave[] {
  if (waves === undefined) return [];
  return waves.filter((wave) => wave.seqTold < seq && seq <= wave.seqLast);
}

function told(
  parent: Task | undefined,
  coming: Wave | undefined,
): 'waited for' | 'dead letter' | 'over' {
  // News that are still to come say how the parent stood before them.
  if (coming !== undefined) return coming.news.kind === 'ended' ? 'waited for' : 'dead letter';
  if (parent === undefined) return 'over';
  return parent.state === 'failed' ? 'dead letter' : 'waited for';
}

function count(links: TaskLinks, edge: Edge, parent: ReturnType<typeof told>): void {
  if (parent === 'waited for') links.left += 1;
  else if (parent === 'dead letter' && edge.onFailure !== 'continue') links.fatal += 1;
}
