import { messageOf } from '../base/errors.ts';
import { copyOf, type CoreState, type Task } from '../core/index.ts';
import type { ComparatorName, Comparators } from './comparators.ts';
import type { AttemptEnd } from './reports.ts';

/**
 * The same reports, those of redundant copies with the hash that their votes go by. One that cannot be
 * hashed is a failure. Costs nothing while no live task is redundant.
 */
export function hashVotes(
  state: CoreState,
  comparators: Comparators,
  ends: readonly AttemptEnd[],
): readonly AttemptEnd[] {
  if (state.redundantProfiles === 0) return ends;
  return ends.map((end) => hashVote(state, comparators, end));
}

function hashVote(state: CoreState, comparators: Comparators, end: AttemptEnd): AttemptEnd {
  const { report, taskId } = end;
  const copy = report.ok ? state.tasks.get(taskId) : undefined;
  const original = copy === undefined ? undefined : votedOn(state, copy);
  if (original === undefined || !report.ok) return end;
  const { rules, type } = original.profile.spec;
  const name: ComparatorName | undefined = rules?.redundancy?.comparator;
  try {
    return { ...end, hash: comparators.hash(type, name, report.result) };
  } catch (error) {
    const message = `the result must be comparable with those of other copies, got ${messageOf(error)}`;
    const failure = { ok: false, code: 'COMPARATOR_FAILED', message, retryable: true } as const;
    const usage = report.usage === undefined ? {} : { usage: report.usage };
    return { ...end, report: { ...failure, retryAfterMs: 0, ...usage } };
  }
}

function votedOn(state: CoreState, copy: Task): Task | undefined {
  const facts = copyOf(copy);
  return facts?.kind === 'redundant' ? state.tasks.get(facts.taskId) : undefined;
}
