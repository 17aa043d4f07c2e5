/** From tasks as a program in this process gives them to a submission: checked, with defaults. */
import { OrchestratorError } from '../base/errors.ts';
import {
  checkSubmitTask,
  controlFields,
  familyFields,
  InvalidRequestError,
  momentMs,
  normalizeSpec,
  SPEC_OPTIONS,
  type FlowHead,
  type NormalizedSpec,
  type SubmitExtras,
  type SubmitTask,
} from '../contract/index.ts';
import type { Clock } from './clock.ts';
import { Slices } from './slices.ts';
import type { Submission } from './submission.ts';

/** Reads tasks one after the other into one submission. */
class SubmissionReader {
  readonly #specs: NormalizedSpec[] = [];
  readonly #known = new Map<string, number>();
  readonly #extras: SubmitExtras[] = [];
  readonly #payloads: string[] = [];
  readonly #specOf: number[] = [];
  readonly #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** @param path - where the task stands in what was given */
  add(task: SubmitTask, path: string): void {
    checkSubmitTask(task, path);
    this.#payloads.push(payloadText(task.payload, path));
    this.#extras.push(extrasOf(task, path, this.#nowMs));
    const key = JSON.stringify(SPEC_OPTIONS.map((name) => task[name]));
    const place = this.#known.get(key) ?? this.#specs.push(normalizeSpec(task)) - 1;
    this.#known.set(key, place);
    this.#specOf.push(place);
  }

  submission(flow: FlowHead | undefined): Submission {
    const columns = { specs: this.#specs, specOf: this.#specOf, payloads: this.#payloads };
    return { ...columns, extras: this.#extras, ...(flow === undefined ? {} : { flow }) };
  }
}

/** @throws InvalidRequestError; OrchestratorError `INVALID_REQUEST` for a payload that JSON cannot carry */
export function submissionFrom(
  tasks: readonly SubmitTask[],
  nowMs: number,
  flow?: FlowHead,
): Submission {
  const reader = new SubmissionReader(nowMs);
  const isOne = tasks.length === 1;
  for (const [position, task] of tasks.entries()) {
    reader.add(task, isOne ? '' : `/tasks/${position}`);
  }
  return reader.submission(flow);
}

/** As {@link submissionFrom}, with turns for others in between. */
export async function submissionInSlices(
  tasks: readonly SubmitTask[],
  clock: Clock,
  flow?: FlowHead,
): Promise<Submission> {
  const slices = new Slices(clock);
  const reader = new SubmissionReader(clock.now());
  const isOne = tasks.length === 1;
  for (const [position, task] of tasks.entries()) {
    reader.add(task, isOne ? '' : `/tasks/${position}`);
    if (slices.isOver) await slices.next();
  }
  return reader.submission(flow);
}

/** What a checked task says beside its spec. @throws InvalidRequestError for a day that does not exist */
export function extrasOf(task: SubmitTask, path: string, nowMs: number): SubmitExtras {
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
