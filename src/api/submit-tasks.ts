/** From the tasks of a request to a submission: checked, with defaults, options shared. */
import { OrchestratorError } from '../base/errors.ts';
import {
  checkSubmitTask,
  controlFields,
  InvalidRequestError,
  momentMs,
  normalizeSpec,
  SPEC_OPTIONS,
  SUBMIT_TASKS_MAX,
  type NormalizedSpec,
  type SubmitExtras,
  type SubmitTask,
} from '../contract/index.ts';
import { Slices, type Clock, type Submission } from '../runtime/index.ts';

export interface SubmitLimits {
  readonly payloadBytesMax: number;
  /** Milliseconds since 1970; what `delayMs` counts from. */
  readonly nowMs: number;
  /** W3C trace context of the request: that of tasks which name none. */
  readonly traceparent?: string | undefined;
}

/** Largest metadata of a task, in bytes of JSON: unlike payloads it stays in memory while the task lives. */
export const METADATA_BYTES_MAX = 65_536;

/** @throws InvalidRequestError; OrchestratorError `PAYLOAD_TOO_LARGE` */
export function submissionOfOne(task: unknown, limits: SubmitLimits): Submission {
  checkSubmitTask(task);
  const extras = extrasOf(task, '', limits);
  return {
    specs: [normalizeSpec(task)],
    specOf: null,
    payloads: [payloadOf(task, '', limits.payloadBytesMax)],
    extras: extras === null ? null : [extras],
  };
}

/** As {@link submissionOfOne} for `{tasks: […]}`; tasks with the same options share them. */
export function submissionOfMany(
  tasks: unknown,
  limits: SubmitLimits,
  countMax: number = SUBMIT_TASKS_MAX,
): Submission {
  const reader = new ManyReader(limits);
  for (const task of listOf(tasks, countMax)) reader.add(task);
  return reader.submission;
}

/** As {@link submissionOfMany}, with turns for others in between. */
export async function submissionInSlices(
  tasks: unknown,
  limits: SubmitLimits,
  { clock, countMax = SUBMIT_TASKS_MAX }: { readonly clock: Clock; readonly countMax?: number },
): Promise<Submission> {
  const slices = new Slices(clock);
  const reader = new ManyReader(limits);
  for (const task of listOf(tasks, countMax)) {
    reader.add(task);
    if (slices.isOver) await slices.next();
  }
  return reader.submission;
}

function listOf(tasks: unknown, countMax: number): readonly unknown[] {
  if (Array.isArray(tasks) && tasks.length > 0 && tasks.length <= countMax) return tasks;
  throw new InvalidRequestError('/tasks', `must be a list of 1 to ${countMax} tasks`);
}

/** Reads tasks one after the other into one submission. */
class ManyReader {
  readonly #limits: SubmitLimits;
  readonly #specs: NormalizedSpec[] = [];
  readonly #known = new Map<string, number>();
  readonly #payloads: string[] = [];
  readonly #extras: (SubmitExtras | null)[] = [];
  readonly #specOf: number[] = [];

  constructor(limits: SubmitLimits) {
    this.#limits = limits;
  }

  get submission(): Submission {
    const extras = this.#extras.some((one) => one !== null) ? this.#extras : null;
    return { specs: this.#specs, specOf: this.#specOf, payloads: this.#payloads, extras };
  }

  add(task: unknown): void {
    const path = `/tasks/${this.#specOf.length}`;
    checkSubmitTask(task, path);
    this.#payloads.push(payloadOf(task, path, this.#limits.payloadBytesMax));
    this.#extras.push(extrasOf(task, path, this.#limits));
    const key = optionsKey(task);
    const place = this.#known.get(key) ?? this.#specs.push(normalizeSpec(task)) - 1;
    this.#known.set(key, place);
    this.#specOf.push(place);
  }
}

function optionsKey(task: SubmitTask): string {
  return JSON.stringify(SPEC_OPTIONS.map((name) => task[name]));
}

function payloadOf(task: SubmitTask, path: string, bytesMax: number): string {
  return boundedJson(task.payload ?? null, `${path}/payload`, bytesMax);
}

/** JSON of a value that has at most so many bytes. */
function boundedJson(value: unknown, path: string, bytesMax: number): string {
  const text = JSON.stringify(value);
  // UTF-8 takes at most three bytes for each UTF-16 unit: most values need no closer look.
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  throw new OrchestratorError(
    'PAYLOAD_TOO_LARGE',
    `${path} must have at most ${bytesMax} bytes as JSON, got ${bytes}`,
    { path, bytes, bytesMax },
  );
}

function extrasOf(
  task: SubmitTask,
  path: string,
  { nowMs, traceparent }: SubmitLimits,
): SubmitExtras | null {
  const { affinityKey, deadlineAt, delayMs, idempotencyKey, metadata, runAt } = task;
  if (runAt !== undefined && delayMs !== undefined) {
    throw new InvalidRequestError(`${path}/delayMs`, 'must be absent when there is a runAt');
  }
  if (metadata !== undefined) boundedJson(metadata, `${path}/metadata`, METADATA_BYTES_MAX);
  const extras = {
    affinityKey,
    idempotencyKey,
    metadata,
    ...controlFields(task),
    traceparent: task.traceparent ?? traceparent,
    ref: task.ref,
    dependsOn: task.dependsOn,
    parentId: task.parentId,
    parentToken: task.parentToken,
    allowLoop: task.allowLoop,
    budget: task.budget,
    estimate: task.estimate,
    deadlineAt: momentOf(deadlineAt, `${path}/deadlineAt`),
    runAt: delayMs === undefined ? momentOf(runAt, `${path}/runAt`) : nowMs + delayMs,
  };
  return Object.values(extras).every((value) => value === undefined) ? null : extras;
}

function momentOf(moment: string | number | undefined, path: string): number | undefined {
  if (moment === undefined) return undefined;
  const ms = momentMs(moment);
  // The schema checks the form only: 31 February has it too.
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new InvalidRequestError(path, `must be a moment since 1970, got ${moment}`);
}
