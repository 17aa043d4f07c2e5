import { createHash } from 'node:crypto';
import type { NormalizedSpec, SubmitExtras } from '../contract/index.ts';
import type { Command, NewTask, TaskId, TaskSpec } from '../core/index.ts';

/** Checked tasks on their way in, as columns. */
export interface Submission {
  readonly specs: readonly NormalizedSpec[];
  /** Which spec each task uses; null when all use the first. */
  readonly specOf: readonly number[] | null;
  /** JSON texts. */
  readonly payloads: readonly string[];
  readonly extras: readonly (SubmitExtras | null)[] | null;
  /** Throws where the payloads are not what they must be: the costly checks, made once it is let in. */
  readonly verify?: () => void;
}

/** The command that submits, with a new id for each task. */
export function submitCommand(
  submission: Submission,
  nextId: () => TaskId,
): Extract<Command, { type: 'task.submit' }> {
  const { extras, payloads, specOf, specs } = submission;
  const tasks = payloads.map((payload, position): NewTask => {
    const spec = specOf?.[position] ?? 0;
    const base = { id: nextId(), spec, payloadBytes: payload.length };
    const extra = extras?.[position];
    if (extra == null) return base;
    return { ...base, ...extraFields(extra, specs[spec] as TaskSpec, payload) };
  });
  return { type: 'task.submit', specs, tasks };
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

type Control = 'concurrencyKey' | 'fairnessKey' | 'limits' | 'dedupe' | 'estimate';

function controlFields(extra: SubmitExtras): Pick<NewTask, Control> {
  const { concurrencyKey, dedupe, estimate, fairnessKey, limits } = extra;
  return {
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
    ...(limits === undefined ? {} : { limits }),
    ...(dedupe === undefined ? {} : { dedupe }),
    ...(estimate === undefined ? {} : { estimate }),
  };
}

/**
 * Tells a repeat from a conflict. The moment a delayed task was to run is left out: a repeat of
 * `delayMs` reaches another one. So is the trace: a repeat is a step of its own in it.
 */
function bodyHash(extra: SubmitExtras, spec: TaskSpec, payload: string): string {
  const hash = createHash('sha256');
  const { affinityKey, deadlineAt, metadata } = extra;
  hash.update(JSON.stringify([spec, affinityKey ?? null, deadlineAt ?? null, metadata ?? null]));
  const control = controlFields(extra);
  // Left out where there is none, so that hashes of earlier versions stay what they were.
  if (Object.keys(control).length > 0) hash.update(JSON.stringify(control));
  hash.update(payload);
  return hash.digest('base64url').slice(0, 22);
}
