/** From what a caller says of a schedule to its settings. */
import {
  InvalidRequestError,
  momentMs,
  normalizeSpec,
  type ScheduleBody,
  type ScheduledTaskBody,
} from '../contract/index.ts';
import { OrchestratorError } from '../base/errors.ts';
import { invariant } from '../base/invariant.ts';
import type { ScheduledTask, ScheduleSettings, ScheduleTiming, TaskId } from '../core/index.ts';
import { cronTimes } from './cron-times.ts';
import { submitCommand } from './submission.ts';
import { extrasOf } from './submission-from.ts';

/** Largest payload of a schedule's tasks, in bytes of JSON: it stays in memory. */
export const SCHEDULE_PAYLOAD_BYTES_MAX = 65_536;

const CATCH_UP_MS = 3_600_000;

/**
 * The settings of a checked body, with every default filled in.
 *
 * @throws OrchestratorError `SCHEDULE_INVALID`, `PAYLOAD_TOO_LARGE`; InvalidRequestError
 */
export function readScheduleSettings(body: ScheduleBody, namespace: string): ScheduleSettings {
  const startAt = momentOf(body.startAt, '/startAt');
  const endAt = momentOf(body.endAt, '/endAt');
  if (endAt !== 0 && endAt < startAt) {
    throw invalid('/endAt', `endAt must not be before startAt, got ${body.endAt}`);
  }
  return {
    timing: timingOf(body),
    task: taskOf(body.task, namespace),
    overlap: body.overlap ?? 'skip',
    catchUpMs: body.catchUpMs ?? CATCH_UP_MS,
    catchUp: body.catchUp ?? 'latest',
    jitterMs: body.jitterMs ?? 0,
    startAt,
    endAt,
    runsMax: body.runsMax ?? 0,
  };
}

function timingOf(body: ScheduleBody): ScheduleTiming {
  const { at, cron, everyMs, offsetMs, timezone } = body;
  const given = Object.entries({ cron, everyMs, at }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  if (given.length !== 1) {
    const got = given.length === 0 ? 'none' : given.join(' and ');
    throw invalid('', `a schedule must have one of cron, everyMs and at, got ${got}`);
  }
  if (timezone !== undefined && cron === undefined) {
    throw invalid('/timezone', 'a timezone must come with cron, got it without');
  }
  if (offsetMs !== undefined && everyMs === undefined) {
    throw invalid('/offsetMs', 'an offsetMs must come with everyMs, got it without');
  }
  if (everyMs !== undefined) {
    return { type: 'every', intervalMs: everyMs, offsetMs: (offsetMs ?? 0) % everyMs };
  }
  if (at !== undefined) {
    const moments = at.map((moment, position) => momentOf(moment, `/at/${position}`));
    return { type: 'at', moments: [...new Set(moments)].toSorted((a, b) => a - b) };
  }
  const timing = { type: 'cron', expression: cron ?? '', timezone: timezone ?? 'UTC' } as const;
  // Compiled here so that what cannot be read is refused before it is anything.
  cronTimes(timing.expression, timing.timezone);
  return timing;
}

function taskOf(task: ScheduledTaskBody, namespace: string): ScheduledTask {
  if (task.namespace !== undefined && task.namespace !== namespace) {
    throw invalid(
      '/task/namespace',
      `a schedule's tasks must be of its namespace ${namespace}, got ${task.namespace}`,
    );
  }
  const payload = JSON.stringify(task.payload ?? null);
  const bytes = Buffer.byteLength(payload);
  if (bytes > SCHEDULE_PAYLOAD_BYTES_MAX) {
    throw new OrchestratorError(
      'PAYLOAD_TOO_LARGE',
      `/task/payload must have at most ${SCHEDULE_PAYLOAD_BYTES_MAX} bytes as JSON in a schedule, got ${bytes}; keep it elsewhere and name it in the payload`,
      { path: '/task/payload', bytes, bytesMax: SCHEDULE_PAYLOAD_BYTES_MAX },
    );
  }
  const spec = normalizeSpec({ ...task, namespace });
  const submission = {
    specs: [spec],
    specOf: null,
    payloads: [payload],
    // What a firing submits is read as any submit is, so that it can say whatever one can.
    extras: [extrasOf(task, '/task', 0)],
  };
  const [first] = submitCommand(submission, () => '' as TaskId).tasks;
  invariant(first !== undefined, 'a submit of one task has one');
  const { id: _id, spec: _spec, ...fields } = first;
  return { spec, fields, payload };
}

function momentOf(moment: string | number | undefined, path: string): number {
  if (moment === undefined) return 0;
  const ms = momentMs(moment);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new InvalidRequestError(path, `must be a moment since 1970, got ${moment}`);
}

function invalid(path: string, message: string): OrchestratorError {
  return new OrchestratorError('SCHEDULE_INVALID', message, path === '' ? {} : { path });
}
