/** Groups tasks for the wire: options that tasks share are sent once. */
import { OrchestratorError } from '../base/errors.ts';
import {
  controlFields,
  familyFields,
  hasControl,
  hasFamily,
  momentMs,
  SPEC_OPTIONS,
  type SubmitExtras,
  type SubmitTask,
  type TaskOptions,
} from '../contract/index.ts';

/** The columns of a submit frame. */
export interface SubmitColumns {
  readonly specs: TaskOptions[];
  readonly specOf: number[] | null;
  readonly payloads: string[];
  readonly extras: (SubmitExtras | null)[] | null;
  /** Whether it can be sent twice without making the tasks twice. */
  readonly isRepeatable: boolean;
}

/** @throws OrchestratorError `INVALID_REQUEST` for a payload that JSON cannot carry */
export function submitColumns(tasks: readonly SubmitTask[], nowMs: number): SubmitColumns {
  const specs: TaskOptions[] = [];
  const known = new Map<string, number>();
  const specOf: number[] = [];
  const payloads: string[] = [];
  const extras: (SubmitExtras | null)[] = [];
  let last: SubmitTask | null = null;
  let lastSpec = -1;
  for (const [position, task] of tasks.entries()) {
    if (last === null || !sharesOptions(last, task)) {
      const options = optionsOf(task);
      const key = JSON.stringify(options);
      lastSpec = known.get(key) ?? specs.length;
      if (lastSpec === specs.length) {
        known.set(key, lastSpec);
        specs.push(options);
      }
    }
    last = task;
    specOf.push(lastSpec);
    payloads.push(payloadText(task.payload, position));
    extras.push(extrasOf(task, nowMs));
  }
  return {
    specs,
    specOf: specs.length === 1 ? null : specOf,
    payloads,
    extras: extras.every((extra) => extra === null) ? null : extras,
    isRepeatable: extras.every((extra) => extra?.idempotencyKey !== undefined),
  };
}

/** The cheap common case: the same literal in a loop. */
function sharesOptions(a: SubmitTask, b: SubmitTask): boolean {
  for (const name of SPEC_OPTIONS) if (a[name] !== b[name]) return false;
  return true;
}

function optionsOf(task: SubmitTask): TaskOptions {
  const {
    payload: _payload,
    runAt: _runAt,
    delayMs: _delayMs,
    deadlineAt: _deadlineAt,
    affinityKey: _affinityKey,
    idempotencyKey: _idempotencyKey,
    metadata: _metadata,
    traceparent: _traceparent,
    ref: _ref,
    dependsOn: _dependsOn,
    parentId: _parentId,
    parentToken: _parentToken,
    allowLoop: _allowLoop,
    budget: _budget,
    concurrencyKey: _concurrencyKey,
    fairnessKey: _fairnessKey,
    limits: _limits,
    dedupe: _dedupe,
    estimate: _estimate,
    placement: _placement,
    ...options
  } = task;
  return options;
}

function extrasOf(task: SubmitTask, nowMs: number): SubmitExtras | null {
  const { affinityKey, deadlineAt, delayMs, idempotencyKey, metadata, runAt, traceparent } = task;
  const isPlain =
    affinityKey === undefined &&
    deadlineAt === undefined &&
    delayMs === undefined &&
    idempotencyKey === undefined &&
    metadata === undefined &&
    traceparent === undefined &&
    !hasControl(task) &&
    !hasFamily(task) &&
    runAt === undefined;
  if (isPlain) return null;
  const readyAt =
    delayMs !== undefined ? nowMs + delayMs : runAt === undefined ? undefined : momentMs(runAt);
  return {
    ...(affinityKey === undefined ? {} : { affinityKey }),
    ...(deadlineAt === undefined ? {} : { deadlineAt: momentMs(deadlineAt) }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(readyAt === undefined ? {} : { runAt: readyAt }),
    ...controlFields(task),
    ...familyFields(task),
  };
}

function payloadText(payload: unknown, position: number): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = payload === undefined ? 'null' : JSON.stringify(payload);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  throw new OrchestratorError(
    'INVALID_REQUEST',
    `the payload of task ${position} must be JSON, got ${typeof payload}`,
    { path: `/tasks/${position}/payload` },
    { cause },
  );
}
