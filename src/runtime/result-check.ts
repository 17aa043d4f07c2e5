import { RESULT_INVALID, type CoreState, type TaskSpec } from '../core/index.ts';
import { resultFaults } from '../contract/index.ts';
import type { AttemptEnd } from './reports.ts';

/** Schemas by the spec that has them as text. */
const parsed = new WeakMap<TaskSpec, unknown>();

/**
 * The same reports, but a result that is not what its task asks for is a failure that says why.
 *
 * Costs nothing while no live task asks for anything; else a check of each result of one that does, in
 * this turn of the event loop: results of more than `RESULT_CHECKED_MAX` are not held against a schema
 * but refused.
 */
export function checkResults(state: CoreState, ends: readonly AttemptEnd[]): readonly AttemptEnd[] {
  if (state.resultSchemas === 0) return ends;
  return ends.map((end) => checkResult(state, end));
}

function checkResult(state: CoreState, end: AttemptEnd): AttemptEnd {
  const { fencingToken, report, taskId } = end;
  if (!report.ok) return end;
  const task = state.tasks.get(taskId);
  if (task === undefined || task.fencingToken !== fencingToken) return end;
  const { spec } = task.profile;
  if (spec.rules?.resultSchema === undefined) return end;
  const faults = resultFaults(schemaOf(spec, spec.rules.resultSchema), report.result);
  if (faults === null) return end;
  const failure = {
    ok: false,
    code: RESULT_INVALID,
    message: faults,
    retryable: true,
    retryAfterMs: 0,
    // What it took is spent, whatever came of it.
    ...(report.usage === undefined ? {} : { usage: report.usage }),
  } as const;
  const isTold = spec.rules.invalid?.critique !== false;
  return { taskId, fencingToken, report: isTold ? { ...failure, critique: faults } : failure };
}

function schemaOf(spec: TaskSpec, text: string): unknown {
  const known = parsed.get(spec);
  if (known !== undefined) return known;
  const schema = JSON.parse(text) as unknown;
  parsed.set(spec, schema);
  return schema;
}
