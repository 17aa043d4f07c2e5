/** Which ends of attempts count for which breakers. */
import { breakerKey, type Breaker } from './breaker.ts';
import { breakerSettings, type BreakerKind } from './breaker-settings.ts';
import { countCall, makeBreaker } from './breakers.ts';
import type { AgentId } from './ids.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';

/** Failures that tell of the agent's process, not of the work it was given. */
const AGENT_ONLY: ReadonlySet<string> = new Set(['AGENT_LOST', 'AGENT_RESTARTED']);

/** Ends that nobody is to blame for. */
const NOBODY: ReadonlySet<string> = new Set(['AGENT_REMOVED', 'AGENT_KILLED', 'INPUT_EXPIRED']);

/** How an attempt ended that had started. */
export interface CallEnd {
  readonly agentId: AgentId;
  readonly runMs: number;
  /** Null for a success. */
  readonly code: string | null;
  /** Whether the attempt's end leaves room for another: a final failure is the task's fault. */
  readonly isRetryable: boolean;
  /** The service that the agent blames, and nobody else. */
  readonly downstream: string | null;
}

/** Counts the end of an attempt. Two look-ups for each thing that the task asks for, once anything failed at all. */
export function countEnd(step: Step, task: Task, end: CallEnd): void {
  const { requires, rules } = task.profile.spec;
  if (end.downstream !== null) {
    countFor(step, task, end, { kind: 'downstream', name: end.downstream });
    return;
  }
  countFor(step, task, end, { kind: 'agent', name: end.agentId });
  if (end.code !== null && AGENT_ONLY.has(end.code)) return;
  for (const name of requires.capabilities) countFor(step, task, end, { kind: 'capability', name });
  for (const name of rules?.downstreams ?? []) {
    countFor(step, task, end, { kind: 'downstream', name });
  }
}

/** Whether successes matter: something has failed of late, or operators ask for slow calls to be counted. */
export function isCounting({ state }: Step): boolean {
  return state.records.breakers.size > 0 || state.settings.breakers !== undefined;
}

function countFor(
  step: Step,
  task: Task,
  end: CallEnd,
  subject: { readonly kind: BreakerKind; readonly name: string },
): void {
  const { state } = step;
  const { kind, name } = subject;
  const known: Breaker | null = state.records.breakers.get(breakerKey(kind, name)) ?? null;
  const settings = breakerSettings(state, kind, known?.settings ?? null);
  if (!settings.enabled) return;
  const { code, runMs } = end;
  const isFailed = code !== null;
  if (isFailed && !settings.count.includes(code)) {
    const isFinal = !end.isRetryable || task.profile.spec.retry.nonRetryable.includes(code);
    if (isFinal || NOBODY.has(code) || settings.ignore.includes(code)) return;
  }
  const isSlow = settings.slowMs > 0 && runMs >= settings.slowMs;
  const breaker = known ?? (isFailed || isSlow ? makeBreaker(step, kind, name) : null);
  if (breaker === null) return;
  countCall(step, breaker, { isFailed, isSlow, fencingToken: task.fencingToken });
}
