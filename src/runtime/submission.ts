import { createHash } from 'node:crypto';
import { type FlowHead, type NormalizedSpec, type SubmitExtras } from '../contract/index.ts';
import type { Command, NewTask, SessionRef, TaskId, TaskSpec } from '../core/index.ts';
import { dependenciesFrom, refsOf, type Refs } from './dependencies.ts';

/** Checked tasks on their way in, as columns. */
export interface Submission {
  readonly specs: readonly NormalizedSpec[];
  /** Which spec each task uses; null when all use the first. */
  readonly specOf: readonly number[] | null;
  /** JSON texts. */
  readonly payloads: readonly string[];
  readonly extras: readonly (SubmitExtras | null)[] | null;
  /** Makes the tasks a flow. */
  readonly flow?: FlowHead;
  /** Its place among the submits of a session: a repeat gets what the first got. */
  readonly session?: SessionRef;
  /** Throws where the payloads are not what they must be: the costly checks, made once it is let in. */
  readonly verify?: () => void;
  /** When it came, in monotonic milliseconds, where it was let in before it was decoded. */
  readonly admittedMs?: number;
}

/**
 * The command that submits, with a new id for each task.
 *
 * @throws OrchestratorError `FLOW_DUPLICATE`, `FLOW_TASK_NOT_FOUND`
 */
export function submitCommand(
  submission: Submission,
  nextId: () => TaskId,
  rootHashOf: (parentId: TaskId) => string | null = () => null,
): Extract<Command, { type: 'task.submit' }> {
  const { extras, flow, payloads, session, specs } = submission;
  const head = flow === undefined ? {} : { flow: { id: nextId() as string, ...flow } };
  const own = session === undefined ? {} : { session };
  const ids = payloads.map(() => nextId());
  const named = { ids, refs: refsOf(extras, ids), rootHashOf };
  const tasks = payloads.map((_, position) => newTask(submission, position, named));
  return { type: 'task.submit', specs, tasks, ...head, ...own };
}

interface Named {
  /** By position. */
  readonly ids: readonly TaskId[];
  readonly refs: Refs | null;
  readonly rootHashOf: (parentId: TaskId) => string | null;
}

/** One task of a submission as core takes it. @throws OrchestratorError `FLOW_TASK_NOT_FOUND` */
export function newTask(
  { extras, payloads, specOf, specs }: Submission,
  position: number,
  { ids, refs, rootHashOf }: Named,
): NewTask {
  const payload = payloads[position] ?? 'null';
  const spec = specOf?.[position] ?? 0;
  const base = { id: ids[position] as TaskId, spec, payloadBytes: payload.length };
  const extra = extras?.[position];
  if (extra == null) return base;
  const fields = extraFields(extra, specs[spec] as TaskSpec, payload);
  return {
    ...base,
    ...fields,
    ...(refs === null ? {} : flowFields(extra, refs)),
    ...familyFields(extra, payload, rootHashOf),
  };
}

function familyFields(
  { allowLoop, budget, parentId, parentToken }: SubmitExtras,
  payload: string,
  rootHashOf: (parentId: TaskId) => string | null,
): Partial<NewTask> {
  const bounds = budget === undefined ? {} : { budget };
  if (parentId === undefined) return bounds;
  const parentHash = rootHashOf(parentId as TaskId);
  return {
    ...bounds,
    parentId: parentId as TaskId,
    hash: payloadHash(payload),
    ...(parentToken === undefined ? {} : { parentToken }),
    ...(parentHash === null ? {} : { parentHash }),
    ...(allowLoop === true ? { allowsLoop: true } : {}),
  };
}

/** Tells payloads apart by their text: equal values written in another order of keys differ. */
export function payloadHash(payload: string): string {
  return createHash('sha256').update(payload).digest('base64url').slice(0, 22);
}

function flowFields(
  { dependsOn, ref }: SubmitExtras,
  refs: Refs,
): Pick<NewTask, 'dependsOn' | 'ref'> {
  return {
    ...(ref === undefined ? {} : { ref }),
    ...(dependsOn === undefined || dependsOn.length === 0
      ? {}
      : { dependsOn: dependenciesFrom(dependsOn, refs) }),
  };
}

function extraFields(
  extra: SubmitExtras,
  spec: TaskSpec,
  payload: string,
): Omit<NewTask, 'id' | 'spec' | 'payloadBytes'> {
  const { affinityKey, deadlineAt, idempotencyKey, metadata, runAt, traceparent } = extra;
  return {
    ...controlFields(extra),
    ...(runAt === undefined ? {} : { runAt }),
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(affinityKey === undefined ? {} : { affinityKey }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(idempotencyKey === undefined
      ? {}
      : { idempotencyKey, bodyHash: bodyHash(extra, spec, payload) }),
  };
}

type Control = 'concurrencyKey' | 'fairnessKey' | 'limits' | 'dedupe' | 'estimate' | 'placement';

function controlFields(extra: SubmitExtras): Pick<NewTask, Control> {
  const { concurrencyKey, dedupe, estimate, fairnessKey, limits, placement } = extra;
  return {
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
    ...(limits === undefined ? {} : { limits }),
    ...(dedupe === undefined ? {} : { dedupe }),
    ...(estimate === undefined ? {} : { estimate }),
    ...(placement === undefined ? {} : { placement }),
  };
}

/**
 * Tells a repeat from a conflict. The moment a delayed task was to run is left out: a repeat of
 * `delayMs` reaches another one. So is the trace: a repeat is a step of its own in it.
 */
function bodyHash(extra: SubmitExtras, spec: TaskSpec, payload: string): string {
  const hash = createHash('sha256');
  const { affinityKey, deadlineAt, dependsOn, metadata } = extra;
  const facts: unknown[] = [spec, affinityKey ?? null, deadlineAt ?? null, metadata ?? null];
  // As they were given: a repeat in another submit names its tasks alike, not by the same ids.
  if (dependsOn !== undefined && dependsOn.length > 0) facts.push(dependsOn);
  if (extra.budget !== undefined) facts.push(extra.budget);
  hash.update(JSON.stringify(facts));
  const control = controlFields(extra);
  // Left out where there is none, so that hashes of earlier versions stay what they were.
  if (Object.keys(control).length > 0) hash.update(JSON.stringify(control));
  hash.update(payload);
  return hash.digest('base64url').slice(0, 22);
}
