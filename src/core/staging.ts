/**
 * Takes a large submit in parts: hidden until the commit, all of it accepted by that or none.
 *
 * No step is long: a part costs what its tasks cost, the commit looks at counts, keys and what tasks of
 * others it depends on, and the parts become tasks one after the other (`unfold.ts`).
 */
import { UNTRACKED } from './change-set.ts';
import type { StageCommand } from './command.ts';
import { findTwice } from './flow-plan.ts';
import { dedupeKey } from './dedupe-record.ts';
import { throttleOf } from './dedupe.ts';
import { countAll, reservePlace, startFlow } from './family.ts';
import { findFlowFault, findStagedChildFault, findStagedChildrenFault } from './family-plan.ts';
import { forgetKeys } from './idempotency.ts';
import type { TaskId } from './ids.ts';
import { keepOutcome, recallOutcome } from './sessions.ts';
import { findDedupesFull, findLimitFault } from './plan-control.ts';
import { queueName } from './queue.ts';
import { reject, type Rejection } from './rejection.ts';
import {
  joinStage,
  leaveThrottles,
  noParts,
  STAGE_MS,
  STAGED_LENGTH_MAX,
  STAGED_TASKS_MAX,
  STAGES_MAX,
  type Stage,
  type StagePart,
} from './stage.ts';
import { countChildren } from './staged-children.ts';
import type { TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import { checkRoom, conflict, liveEntry, rememberKey, sessionConflict } from './submit.ts';

type Of<Type extends StageCommand['type']> = Extract<StageCommand, { type: Type }>;

/** Takes the next part of a submit; the first one begins it. */
export function addPart({ state }: Step, command: Of<'stage.add'>): Rejection | null {
  const { index, payloads, specs, stageId, tasks } = command;
  const { stageParts, stages } = state.records;
  const known = stages.get(stageId);
  if (known === undefined ? index !== 0 : known.isCommitted || index !== known.parts.length) {
    return stageGone(stageId);
  }
  const fault = findFault(state, known, command) ?? findFull(state, command, known === undefined);
  if (fault !== null) return fault;
  const stage = known ?? createStage(state, stageId);
  stages.touch(stage);
  stage.at = state.nowMs;
  state.alarms.arm(stage, state.nowMs + STAGE_MS);
  for (const [own, first] of repeatsOf(stage, command)) stage.repeats.set(own, first);
  state.recordSeq += 1;
  const part: StagePart = {
    table: 'stageParts',
    key: `${stageId}/${index}`,
    seq: state.recordSeq,
    stageId,
    index,
    specs,
    tasks,
    payloads,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  stageParts.add(part);
  joinStage(stage, part);
  return null;
}

/** Accepts the submit whole, or refuses it and lets go of it. From then on its keys name its tasks. */
export function commitStage(step: Step, command: Of<'stage.commit'>): Rejection | null {
  const { state } = step;
  const { flow = null, parts, session, stageId } = command;
  const stage = state.records.stages.get(stageId);
  if (stage === undefined || stage.isCommitted || stage.parts.length !== parts) {
    return stageGone(stageId);
  }
  const outcome = session === undefined ? null : recallOutcome(state, session, state.nowMs);
  if (session !== undefined && outcome !== null) {
    if ('code' in outcome) return outcome;
    if (outcome.length !== stage.ids.size) return sessionConflict(session, outcome.length);
    keepOutcome(state, session, outcome);
    removeStage(state, stage);
    return null;
  }
  const repeats = findRepeats(state, stage);
  if ('code' in repeats) return repeats;
  const children = countChildren(state, stage, repeats);
  if ('code' in children) return children;
  const fault =
    findCommitFault(state, stage, { ...command, repeats }) ??
    findStagedChildrenFault(state, children);
  if (fault !== null) return fault;
  const count = stage.ids.size - repeats.size;
  const keysNew = newKeys(stage, repeats);
  const excess = state.idempotency.size + keysNew - state.settings.idempotencyKeysMax;
  if (keysNew > 0 && excess > 0) forgetKeys(state, excess);
  for (const [key, { bodyHash, taskId }] of stage.keys) {
    if (!repeats.has(taskId)) rememberKey(state, { key, taskId, bodyHash });
  }
  state.records.stages.touch(stage);
  stage.isCommitted = true;
  stage.at = state.nowMs;
  for (const [own, earlier] of repeats) {
    stage.repeats.set(own, earlier);
    stage.repeated.add(earlier);
  }
  for (const end of command.ends ?? []) stage.ends.set(end.taskId, end);
  if (flow !== null && count > 0) {
    const [first] = stage.queues.values();
    const { firstId, lastId } = stage;
    const namespace = first?.spec.namespace ?? '';
    const tree = startFlow(state, flow, { namespace, firstId, lastId });
    stage.flow = flow;
    const own = children.reduce((left, group) => left - group.count, count);
    tree.coming = own;
    countAll(step, tree, own);
  }
  for (const group of children) stage.places.set(group.parent.id, reservePlace(step, group));
  state.alarms.arm(stage, state.nowMs);
  if (session !== undefined) {
    // Ids grow with the places of their tasks in the submit, in whatever order the parts bring them.
    const taskIds = [...stage.ids].toSorted().map((id) => repeats.get(id) ?? id);
    keepOutcome(state, session, taskIds);
  }
  return null;
}

/** Lets go of a submit that is not committed. */
export function dropStage({ state }: Step, stageId: string): Rejection | null {
  const stage = state.records.stages.get(stageId);
  if (stage === undefined || stage.isCommitted) return stageGone(stageId);
  removeStage(state, stage);
  return null;
}

/** Forgets a stage and its parts. O(parts). */
export function removeStage(state: CoreState, stage: Stage): void {
  state.alarms.arm(stage, 0);
  for (const part of stage.parts) state.records.stageParts.remove(part);
  state.records.stages.remove(stage);
}

/** Builds what is derived of stages. O(their tasks). */
export function restoreStages(state: CoreState): void {
  const { stageParts, stages, trees } = state.records;
  if (stages.size === 0) return;
  const parts = [...stageParts.values()].toSorted((a, b) => a.index - b.index);
  for (const part of parts) {
    const stage = stages.get(part.stageId);
    if (stage !== undefined) joinStage(stage, part);
  }
  for (const stage of stages.values()) {
    state.alarms.arm(stage, stage.isCommitted ? stage.at : stage.at + STAGE_MS);
    for (const earlier of stage.repeats.values()) stage.repeated.add(earlier);
    for (const part of stage.parts.slice(0, stage.next)) leaveThrottles(stage, part);
    if (!stage.isCommitted) continue;
    for (const { id, parentId } of stage.parts.slice(stage.next).flatMap(({ tasks }) => tasks)) {
      const place = parentId === undefined ? undefined : stage.places.get(parentId);
      const tree = trees.get(place?.tree ?? stage.flow?.id ?? '');
      if (tree !== undefined && !stage.repeats.has(id)) tree.coming += 1;
    }
  }
}

function createStage(state: CoreState, key: string): Stage {
  state.recordSeq += 1;
  const stage: Stage = {
    table: 'stages',
    key,
    seq: state.recordSeq,
    at: state.nowMs,
    isCommitted: false,
    flow: null,
    repeats: new Map(),
    ends: new Map(),
    next: 0,
    cut: null,
    places: new Map(),
    ...noParts(),
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  state.records.stages.add(stage);
  return stage;
}

function stageGone(stageId: string): Rejection {
  return reject(
    'STAGE_NOT_FOUND',
    `the parts of a submit must come in order, none more than ${STAGE_MS} ms after the one before`,
    { stageId },
  );
}

function findFull(
  state: CoreState,
  { payloads, tasks }: Of<'stage.add'>,
  isNew: boolean,
): Rejection | null {
  const { stages } = state.records;
  let [count, length] = [tasks.length, payloads.reduce((sum, text) => sum + text.length, 0)];
  for (const stage of stages.values()) {
    count += stage.ids.size;
    length += stage.length;
  }
  const isFull = isNew && stages.size >= STAGES_MAX;
  const dedupes = tasks.reduce((sum, { dedupe }) => sum + (dedupe === undefined ? 0 : 1), 0);
  const full = dedupes === 0 ? null : findDedupesFull(state, dedupes);
  if (full !== null) return full;
  if (!isFull && count <= STAGED_TASKS_MAX && length <= STAGED_LENGTH_MAX) return null;
  return reject(
    'STAGE_FULL',
    `at most ${STAGES_MAX} large submits of ${STAGED_TASKS_MAX} tasks can be on their way in together`,
    { stages: stages.size, tasks: count },
  );
}

/** What forbids a part by itself. What may change until the commit is judged by that. */
function findFault(
  state: CoreState,
  stage: Stage | undefined,
  { specs, tasks }: Of<'stage.add'>,
): Rejection | null {
  const own = new Set<TaskId>();
  const parents = new Set<TaskId>();
  const isOwn = (id: TaskId): boolean => own.has(id) || stage?.ids.has(id) === true;
  for (const [position, item] of tasks.entries()) {
    if (state.tasks.has(item.id) || isOwn(item.id)) {
      return reject('TASK_EXISTS', `a task id must be new, got ${item.id} again`, { position });
    }
    const edges = item.dependsOn ?? [];
    const twice = edges.length > 1 ? findTwice(item, position, edges) : null;
    if (twice !== null) return twice;
    // So none can wait for itself, whatever lies between.
    if (stage?.parents.has(item.id) === true || parents.has(item.id)) {
      return reject(
        'FLOW_CYCLE',
        `a task must stand after those that it depends on, got ${item.id}`,
        {
          position,
        },
      );
    }
    for (const { taskId } of edges) parents.add(taskId);
    own.add(item.id);
    if (item.limits !== undefined) {
      const fault = findLimitFault(state, item);
      if (fault !== null) return fault;
    }
    const spec = specs[item.spec];
    const key = `${spec?.namespace}\n${item.idempotencyKey}`;
    // A repeat is no child of anybody: the commit judges those that are.
    const isRepeat =
      item.idempotencyKey !== undefined && liveEntry(state, key, state.nowMs) !== undefined;
    if (item.parentId !== undefined && !isRepeat) {
      const fault = findStagedChildFault(state, item, spec?.type ?? '');
      if (fault !== null) return { ...fault, details: { ...fault.details, position } };
    }
    if (item.idempotencyKey === undefined) continue;
    const known = stage?.keys.get(key);
    if (known !== undefined && known.bodyHash !== (item.bodyHash ?? '')) {
      return conflict(item, known.taskId, position);
    }
  }
  return null;
}

/** Tasks of a part whose keys others of the submit had before them. */
function repeatsOf(
  { keys, throttles }: Stage,
  { specs, tasks }: Of<'stage.add'>,
): (readonly [TaskId, TaskId])[] {
  const seen = new Map<string, TaskId>();
  const throttled = new Map<string, TaskId>();
  const repeats: (readonly [TaskId, TaskId])[] = [];
  for (const { dedupe, id, idempotencyKey, spec } of tasks) {
    const key =
      idempotencyKey === undefined ? null : `${specs[spec]?.namespace}\n${idempotencyKey}`;
    const same = key === null ? undefined : (keys.get(key)?.taskId ?? seen.get(key));
    const window = dedupe?.mode === 'throttle' ? dedupeKey(specs[spec] as TaskSpec, dedupe) : null;
    const first =
      same ?? (window === null ? undefined : (throttles.get(window) ?? throttled.get(window)));
    if (first !== undefined) {
      repeats.push([id, first]);
      continue;
    }
    if (window !== null) throttled.set(window, id);
    if (key !== null) seen.set(key, id);
  }
  return repeats;
}

/** All own ids that name earlier tasks, with those; or the refusal of a key that names another task. */
function findRepeats(state: CoreState, stage: Stage): Map<TaskId, TaskId> | Rejection {
  const repeats = new Map<TaskId, TaskId>();
  for (const [key, { bodyHash, taskId }] of stage.keys) {
    const earlier = liveEntry(state, key, state.nowMs);
    if (earlier === undefined) continue;
    if (earlier.bodyHash !== bodyHash) {
      const idempotencyKey = key.slice(key.indexOf('\n') + 1);
      return conflict({ idempotencyKey }, earlier.taskId, 0);
    }
    repeats.set(taskId, earlier.taskId);
  }
  for (const [key, taskId] of stage.throttles) {
    const earlier = repeats.has(taskId) ? null : throttleOf(state, key, state.nowMs);
    if (earlier !== null) repeats.set(taskId, earlier);
  }
  for (const [own, first] of stage.repeats) repeats.set(own, repeats.get(first) ?? first);
  return repeats;
}

function newKeys({ keys }: Stage, repeats: ReadonlyMap<TaskId, TaskId>): number {
  let count = 0;
  for (const { taskId } of keys.values()) if (!repeats.has(taskId)) count += 1;
  return count;
}

interface Commit extends Of<'stage.commit'> {
  readonly repeats: ReadonlyMap<TaskId, TaskId>;
}

function findCommitFault(state: CoreState, stage: Stage, commit: Commit): Rejection | null {
  const { ends = [], flow, repeats } = commit;
  const counts = new Map([...stage.queues].map(([queue, { count }]) => [queue, count]));
  if (repeats.size > 0) discount(stage, repeats, counts);
  const specs = [...stage.queues.values()].map(({ spec }) => spec);
  const perSpec = [...stage.queues.keys()].map((queue) => counts.get(queue) ?? 0);
  const keys = newKeys(stage, repeats);
  const full = checkRoom(state, specs, { perSpec, keys, nowMs: state.nowMs });
  if (full !== null) return full;
  const asked = stage.ids.size - repeats.size;
  const fault = findFlowFault(state, { specs, tasks: asked, ...(flow ? { flow } : {}) });
  if (fault !== null) return fault;
  const told = new Set(ends.map(({ taskId }) => taskId));
  for (const id of stage.parents) {
    const parentId = repeats.get(id) ?? id;
    const isKnown = stage.ids.has(parentId) || state.tasks.has(parentId) || told.has(parentId);
    if (isKnown) continue;
    return reject(
      'FLOW_TASK_NOT_FOUND',
      `a task must depend on tasks of its submit or on known ones, got ${parentId}`,
      { taskId: parentId },
    );
  }
  return null;
}

/** Repeats make no tasks, so that they need no room. */
function discount(
  stage: Stage,
  repeats: ReadonlyMap<TaskId, TaskId>,
  counts: Map<string, number>,
): void {
  for (const { specs, tasks } of stage.parts) {
    for (const { id, spec } of tasks) {
      if (!repeats.has(id)) continue;
      const { namespace, queue } = specs[spec] as TaskSpec;
      const name = queueName(namespace, queue);
      counts.set(name, (counts.get(name) ?? 0) - 1);
    }
  }
}
