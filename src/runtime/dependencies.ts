/** From the names in a submit to the tasks they mean, and what is known of those that have ended. */
import { OrchestratorError } from '../base/errors.ts';
import type { DependencyBody, SubmitExtras } from '../contract/index.ts';
import type { Command, CoreState, Dependency, ParentEnd, TaskId } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { Slices } from './slices.ts';

type Extras = readonly (SubmitExtras | null)[] | null;

/** Refs between two looks at the clock. */
const LOOKS_APART = 64;

type Submit = Extract<Command, { type: 'task.submit' }>;

/** The tasks of one submit by their refs. */
export type Refs = ReadonlyMap<string, TaskId>;

/**
 * Collects the refs of a submit; null where no task depends on another.
 *
 * @throws OrchestratorError `FLOW_DUPLICATE` for a ref that two tasks have
 */
export function refsOf(extras: Extras, ids: readonly TaskId[]): Refs | null {
  if (extras === null || !isNamed(extras)) return null;
  const refs = new Map<string, TaskId>();
  for (const position of extras.keys()) addRef(refs, extras, ids, position);
  return refs;
}

/** As {@link refsOf} for a submit of many tasks. */
export async function refsInSlices(
  extras: Extras,
  ids: readonly TaskId[],
  slices: Slices,
): Promise<Refs | null> {
  if (extras === null || !isNamed(extras)) return null;
  const refs = new Map<string, TaskId>();
  for (const position of extras.keys()) {
    addRef(refs, extras, ids, position);
    if (position % LOOKS_APART === 0 && slices.isOver) await slices.next();
  }
  return refs;
}

function isNamed(extras: NonNullable<Extras>): boolean {
  return extras.some((extra) => extra?.ref !== undefined || extra?.dependsOn !== undefined);
}

function addRef(
  refs: Map<string, TaskId>,
  extras: NonNullable<Extras>,
  ids: readonly TaskId[],
  position: number,
): void {
  const ref = extras[position]?.ref;
  if (ref === undefined) return;
  if (refs.has(ref)) {
    throw new OrchestratorError(
      'FLOW_DUPLICATE',
      `each task of a submit must have a ref of its own, got ${ref} twice`,
      { ref, position },
    );
  }
  refs.set(ref, ids[position] as TaskId);
}

/** @throws OrchestratorError `FLOW_TASK_NOT_FOUND` for a ref that no task of the submit has */
export function dependenciesFrom(bodies: readonly DependencyBody[], refs: Refs): Dependency[] {
  return bodies.map((body) => {
    if (typeof body === 'string') return { taskId: meant(body, refs) };
    const { onFailure } = body;
    const taskId = 'ref' in body ? meant(body.ref, refs) : (body.taskId as TaskId);
    return onFailure === undefined ? { taskId } : { taskId, onFailure };
  });
}

const TASK_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A ref goes before an id that reads the same. */
function meant(name: string, refs: Refs): TaskId {
  const id = refs.get(name);
  if (id !== undefined) return id;
  if (TASK_ID.test(name)) return name as TaskId;
  throw new OrchestratorError(
    'FLOW_TASK_NOT_FOUND',
    `a task must depend on tasks of its submit by ref or on known ones by id, got ${name}`,
    { ref: name },
  );
}

/**
 * How the parents ended that core holds no more, from the history; null where there are none that the
 * command does not tell of already.
 *
 * Core refuses a submit whose parent ended on the way to the log. What ended so stays ended, so that
 * each time of asking again knows of at least one more.
 */
export function moreEnds(
  command: Submit,
  state: CoreState,
  store: Store,
): readonly ParentEnd[] | null {
  const known = new Set<TaskId>(command.ends?.map(({ taskId }) => taskId));
  const own = new Set<TaskId>(command.tasks.map(({ id }) => id));
  const ends: ParentEnd[] = [];
  const look = (taskId: TaskId): void => {
    if (known.has(taskId) || state.tasks.has(taskId)) return;
    known.add(taskId);
    const finished = store.summary(taskId);
    if (finished === null) return;
    const name = finished.extra?.flow?.ref ?? taskId;
    ends.push({ taskId, name, state: finished.state, code: finished.error?.code ?? null });
  };
  for (const { dependsOn = [], idempotencyKey, spec } of command.tasks) {
    for (const { taskId } of dependsOn) if (!own.has(taskId)) look(taskId);
    if (idempotencyKey === undefined) continue;
    // A repeat stands for the task that is there, which others of the submit may depend on.
    const { namespace = '' } = command.specs[spec] ?? {};
    const earlier = state.idempotency.get(`${namespace}\n${idempotencyKey}`);
    if (earlier !== undefined) look(earlier.taskId);
  }
  return ends.length === 0 ? null : [...(command.ends ?? []), ...ends];
}

/** Whether any task of the command depends on another. */
export function isFlow({ tasks }: Submit): boolean {
  return tasks.some(({ dependsOn }) => dependsOn !== undefined && dependsOn.length > 0);
}
