import type { AttemptReport } from '../contract/index.ts';
import type { AttemptError, Command, Completion, TaskId } from '../core/index.ts';

/** An attempt that ended, as its agent reports it. */
export interface AttemptEnd {
  readonly taskId: TaskId;
  readonly fencingToken: number;
  readonly report: AttemptReport;
  /** What a redundant copy's result is compared by. */
  readonly hash?: string;
}

/** The commands that take a set of reports, and which report each of their items came from. */
export interface ReportCommands {
  readonly complete: Extract<Command, { type: 'task.complete' }> | null;
  readonly completePositions: readonly number[];
  readonly results: readonly string[];
  readonly fail: Extract<Command, { type: 'task.fail' }> | null;
  readonly failPositions: readonly number[];
}

export function reportCommands(ends: readonly AttemptEnd[]): ReportCommands {
  const completions: Completion[] = [];
  const completePositions: number[] = [];
  const results: string[] = [];
  const failures: AttemptError[] = [];
  const failPositions: number[] = [];
  for (const [position, { taskId, fencingToken, hash, report }] of ends.entries()) {
    if (report.ok) {
      const { usage } = report;
      const item = { taskId, fencingToken, resultBytes: report.result.length };
      const vote = hash === undefined ? item : { ...item, hash };
      completions.push(usage === undefined ? vote : { ...vote, usage });
      completePositions.push(position);
      results.push(report.result);
      continue;
    }
    const { code, critique, downstream, message, retryable, retryAfterMs } = report;
    const rare = {
      ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
      ...(critique === undefined ? {} : { critique }),
      ...(downstream === undefined ? {} : { downstream }),
      ...(report.usage === undefined ? {} : { usage: report.usage }),
    };
    failures.push({ taskId, fencingToken, error: { code, message }, retryable, ...rare });
    failPositions.push(position);
  }
  return {
    complete: completions.length === 0 ? null : { type: 'task.complete', items: completions },
    completePositions,
    results,
    fail: failures.length === 0 ? null : { type: 'task.fail', items: failures },
    failPositions,
  };
}
