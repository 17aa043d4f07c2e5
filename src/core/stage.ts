/** A large submit on its way in: its parts are kept hidden until all of them are there. */
import type { NewFlow, NewTask } from './command.ts';
import { dedupeKey } from './dedupe-record.ts';
import type { ParentEnd } from './flow.ts';
import type { TaskId } from './ids.ts';
import { queueName } from './queue.ts';
import type { CoreRecord } from './record.ts';
import type { TaskSpec } from './spec.ts';
import type { FamilyFacts } from './tree.ts';

/** A slice of the submit, in an order in which every task stands after those that it depends on. */
export interface StagePart extends CoreRecord, StagePartFields {
  readonly table: 'stageParts';
}

interface StagePartFields {
  /** Key of its stage, and its place in it, from 0. */
  readonly stageId: string;
  readonly index: number;
  readonly specs: readonly TaskSpec[];
  readonly tasks: readonly NewTask[];
  /** JSON texts. */
  readonly payloads: readonly string[];
}

interface StageFields {
  /** Moment of its newest part; until it is committed it ends {@link STAGE_MS} later. */
  at: number;
  /** From then on it is accepted, and its parts become tasks one after the other. */
  isCommitted: boolean;
  flow: NewFlow | null;
  /** Own ids whose idempotency keys name other tasks, with those. */
  readonly repeats: Map<TaskId, TaskId>;
  /** How tasks ended that parts to come may depend on, as far as core holds those no more. */
  readonly ends: Map<TaskId, ParentEnd>;
  /** The next part to become tasks. */
  next: number;
  /** What its tasks are canceled for as soon as they are made; null to let them run. */
  cut: string | null;
  /** Where children go, by the task that submitted them, which may have ended when they are made. Set by the commit. */
  readonly places: Map<TaskId, StagePlace>;
}

/** Where the children of one task go. */
export interface StagePlace extends Pick<FamilyFacts, 'tree' | 'flowId' | 'depth' | 'lineage'> {
  /** What they are canceled for as soon as they are made; null to let them run. */
  readonly cut: string | null;
}

/** A task of it that has an idempotency key. */
export interface StagedKey {
  readonly taskId: TaskId;
  readonly bodyHash: string;
}

export interface Stage extends CoreRecord, StageFields {
  readonly table: 'stages';
  /** In order. Derived from the parts, as all that follows. */
  readonly parts: StagePart[];
  readonly ids: Set<TaskId>;
  /** Everything that its tasks depend on, own tasks and others. */
  readonly parents: Set<TaskId>;
  readonly keys: Map<string, StagedKey>;
  /** Tasks that own ones repeat. */
  readonly repeated: Set<TaskId>;
  /** Tasks that others submitted while they ran. */
  children: number;
  /** Tasks with a dedupe key. */
  dedupes: number;
  /** Own tasks to come that start the window of a throttling key, by that. */
  readonly throttles: Map<string, TaskId>;
  /** Its tasks by queue, with a spec of each. */
  readonly queues: Map<string, { readonly spec: TaskSpec; count: number }>;
  /** Least and greatest id. */
  firstId: string;
  lastId: string;
  /** UTF-16 units of its payloads. */
  length: number;
}

/** Submits on their way in at once, at most. */
export const STAGES_MAX = 64;
/** Tasks and UTF-16 units of payloads of all of them, at most. */
export const STAGED_TASKS_MAX = 400_000;
export const STAGED_LENGTH_MAX: number = 256 * 1024 * 1024;
/** How long an unfinished one is kept after its newest part, in milliseconds. */
export const STAGE_MS = 60_000;

/** What a stage without parts knows of them. */
export function noParts(): Omit<Stage, keyof CoreRecord | keyof StageFields | 'table'> {
  return {
    parts: [],
    ids: new Set(),
    parents: new Set(),
    keys: new Map(),
    repeated: new Set(),
    children: 0,
    dedupes: 0,
    throttles: new Map(),
    queues: new Map(),
    firstId: '',
    lastId: '',
    length: 0,
  };
}

/** Takes a part in. */
export function joinStage(stage: Stage, part: StagePart): void {
  stage.parts.push(part);
  for (const [position, item] of part.tasks.entries()) {
    stage.ids.add(item.id);
    if (stage.firstId === '' || item.id < stage.firstId) stage.firstId = item.id;
    if (item.id > stage.lastId) stage.lastId = item.id;
    for (const { taskId } of item.dependsOn ?? []) stage.parents.add(taskId);
    stage.length += part.payloads[position]?.length ?? 0;
    const spec = part.specs[item.spec] as TaskSpec;
    const queue = queueName(spec.namespace, spec.queue);
    const counted = stage.queues.get(queue);
    if (counted === undefined) stage.queues.set(queue, { spec, count: 1 });
    else counted.count += 1;
    if (item.parentId !== undefined) stage.children += 1;
    // The first of a key is the task, others repeat it.
    const isRepeat = stage.repeats.has(item.id);
    if (item.dedupe !== undefined) {
      stage.dedupes += 1;
      const key = dedupeKey(spec, item.dedupe);
      const isFirst = !isRepeat && !stage.throttles.has(key);
      if (item.dedupe.mode === 'throttle' && isFirst) stage.throttles.set(key, item.id);
    }
    if (item.idempotencyKey === undefined || isRepeat) continue;
    const key = `${spec.namespace}\n${item.idempotencyKey}`;
    if (stage.keys.has(key)) continue;
    stage.keys.set(key, { taskId: item.id, bodyHash: item.bodyHash ?? '' });
  }
}

/** The tasks of a part are made: keys that they hold are told by records from now on. */
export function leaveThrottles({ throttles }: Stage, { specs, tasks }: StagePart): void {
  if (throttles.size === 0) return;
  for (const { dedupe, id, spec } of tasks) {
    if (dedupe === undefined) continue;
    const key = dedupeKey(specs[spec] as TaskSpec, dedupe);
    if (throttles.get(key) === id) throttles.delete(key);
  }
}

export function stageFields(stage: Stage): readonly unknown[] {
  const { at, cut, ends, flow, isCommitted, next, places, repeats } = stage;
  return [at, isCommitted, flow, [...repeats], [...ends.values()], next, cut, [...places]];
}

export function readStage(fields: readonly unknown[]): StageFields {
  const [at, isCommitted, flow, repeats, ends, next, cut, places = []] = fields as [
    number,
    boolean,
    NewFlow | null,
    readonly (readonly [TaskId, TaskId])[],
    readonly ParentEnd[],
    number,
    string | null,
    (readonly (readonly [TaskId, StagePlace])[])?,
  ];
  return {
    at,
    isCommitted,
    flow,
    repeats: new Map(repeats),
    ends: new Map(ends.map((end) => [end.taskId, end])),
    next,
    cut,
    places: new Map(places),
  };
}

export function stagePartFields(part: StagePart): readonly unknown[] {
  const { index, payloads, specs, stageId, tasks } = part;
  return [stageId, index, specs, tasks, payloads];
}

export function readStagePart(fields: readonly unknown[]): StagePartFields {
  const [stageId, index, specs, tasks, payloads] = fields as [
    string,
    number,
    readonly TaskSpec[],
    readonly NewTask[],
    readonly string[],
  ];
  return { stageId, index, specs, tasks, payloads };
}
