/** From tasks as a program in this process gives them to a submission: checked, with defaults. */
import { OrchestratorError } from '../base/errors.ts';
import {
  checkSubmitTask,
  controlFields,
  familyFields,
  InvalidRequestError,
  momentMs,
  normalizeSpec,
  type FlowHead,
  type NormalizedSpec,
  type SubmitExtras,
  type SubmitTask,
} from '../contract/index.ts';
import type { Submission } from './submission.ts';

/** @throws InvalidRequestError; OrchestratorError `INVALID_REQUEST` for a payload that JSON cannot carry */
export function submissionFrom(
  tasks: readonly SubmitTask[],
  nowMs: number,
  flow?: FlowHead,
): Submission {
  const specs: NormalizedSpec[] = [];
  const known = new Map<string, number>();
  const extras: SubmitExtras[] = [];
  const payloads: string[] = [];
  const isOne = tasks.length === 1;
  const specOf = tasks.map((task, position) => {
    const path = isOne ? '' : `/tasks/${position}`;
    checkSubmitTask(task, path);
    payloads.push(payloadText(task.payload, path));
    extras.push(extrasOf(task, path, nowMs));
    const { concurrency, namespace, priority, queue, requires, retry, timeouts, type } = task;
    const key = JSON.stringify([
      type,
      queue,
      namespace,
      priority,
      requires,
      retry,
      timeouts,
      concurrency,
      task.resultSchema,
      task.redundancy,
      task.hedge,
    ]);
    const place = known.get(key) ?? specs.push(normalizeSpec(task)) - 1;
    known.set(key, place);
    return place;
  });
  return { specs, specOf, payloads, extras, ...(flow === undefined ? {} : { flow }) };
}

function extrasOf(task: SubmitTask, path: string, nowMs: number): SubmitExtras {
  const { affinityKey, deadlineAt, idempotencyKey, metadata, traceparent } = task;
  const runAt = task.delayMs === undefined ? task.runAt : nowMs + task.delayMs;
  return {
    affinityKey,
    idempotencyKey,
    metadata,
    traceparent,
    ...controlFields(task),
    ...familyFields(task),
    runAt: momentOf(runAt, `${path}/runAt`),
    deadlineAt: momentOf(deadlineAt, `${path}/deadlineAt`),
  };
}

function payloadText(payload: unknown, path: string): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(payload ?? null) as string | undefined;
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  throw new OrchestratorError(
    'INVALID_REQUEST',
    `${path}/payload must be JSON, got a ${typeof payload}`,
    { path: `${path}/payload` },
    { cause },
  );
}

function momentOf(moment: string | number | undefined, path: string): number | undefined {
  if (moment === undefined) return undefined;
  const ms = momentMs(moment);
  // The schema checks the form only: 31 February has it too.
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new InvalidRequestError(path, `must be a moment since 1970, got ${moment}`);
}
