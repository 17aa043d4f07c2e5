/** Makes copies of a task: tasks of their own, with its payload, that know what they are copies of. */
import { joinBudgets } from './budget-gate.ts';
import { copySpec, NO_COPIES, REDUNDANT, withCopies, type CopiesFacts } from './copies.ts';
import { NO_EXTRA, type TaskExtra } from './extra.ts';
import type { TaskId } from './ids.ts';
import { createTask } from './new-task.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { addTask, internProfile, moveTask } from './transition.ts';
import { familyOf, requireTree } from './trees.ts';

/** Lets the task wait for copies that are made now. Nothing is left of earlier ones. */
export function splitTask(step: Step, task: Task): void {
  const { events, state } = step;
  const copies = task.profile.spec.rules?.redundancy?.copies ?? 1;
  moveTask(state, task, 'blocked', REDUNDANT);
  const made = Array.from({ length: copies }, () => makeCopy(state, task, 'redundant'));
  const ids = made.map(({ id }) => id);
  task.extra = withCopies(task.extra ?? NO_EXTRA, { ...NO_COPIES, kind: 'redundant', ids });
  events.push({ type: 'task.blocked', task, reason: REDUNDANT });
  for (const copy of made) events.push({ type: 'task.submitted', task: copy, payload: null });
}

/** A task like it, queued at once; it is in no list of the task's yet. */
export function makeCopy(state: CoreState, task: Task, kind: CopiesFacts['kind']): Task {
  const { affinityKey, metadata, payloadBytes } = task;
  const item = {
    id: newTaskId(state),
    spec: 0,
    payloadBytes,
    ...(affinityKey === null ? {} : { affinityKey }),
    ...(metadata === null ? {} : { metadata }),
  };
  const copy = createTask(state, item, internProfile(state, copySpec(task.profile.spec)));
  copy.extra = extraOfCopy(task, kind);
  addTask(state, copy);
  const family = familyOf(copy);
  if (family !== null) {
    const tree = requireTree(state, family.tree);
    tree.members.add(copy);
    joinBudgets(state, copy, tree);
  }
  return copy;
}

function extraOfCopy({ extra, id }: Task, kind: CopiesFacts['kind']): TaskExtra {
  const control = extra?.control ?? null;
  const family = extra?.family ?? null;
  return {
    ...NO_EXTRA,
    traceparent: extra?.traceparent ?? null,
    control: control === null ? null : { ...control, dedupe: null },
    family: family === null ? null : { ...family, children: 0 },
    copyOf: { taskId: id, kind, hash: null, startedAt: 0 },
  };
}

/**
 * A new id, a UUID of version 7 drawn from the state's own chance: timers, flows, schedules and
 * redrives make copies too, whose commands have no ids to give. It comes after all that the leader
 * makes in the same millisecond: those leave the first of the random bits 0.
 */
function newTaskId(state: CoreState): TaskId {
  const { nowMs, rng, tasks } = state;
  const time = nowMs.toString(16).padStart(12, '0');
  const upper = (word: string): string =>
    ((Number.parseInt(word, 16) & 0x7ff) | 0x800).toString(16);
  for (;;) {
    const [a, b, c] = [hex(rng.u32()), hex(rng.u32()), hex(rng.u32())];
    const variant = ((Number.parseInt(b.slice(0, 4), 16) & 0x3fff) | 0x8000).toString(16);
    const head = `${time.slice(0, 8)}-${time.slice(8)}-7${upper(a.slice(0, 3))}`;
    const id = `${head}-${variant}-${b.slice(4)}${c}` as TaskId;
    if (!tasks.has(id)) return id;
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
