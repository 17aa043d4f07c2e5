/** The parts of the plain twin that judge one task by itself: what a retry changes, and its output. */
import type { OutputItem } from '../command.ts';
import type { AgentSpec, EscalationStep, TaskSpec } from '../spec.ts';
import type { TwinAgent, TwinTask } from './twin-task.ts';

/** Counts a failed attempt; whether there may be no other of its kind. */
export function isSpent(task: TwinTask, code: string, isForGood: boolean): boolean {
  const { retry, rules } = task.spec;
  if (code !== 'RESULT_INVALID' || rules?.invalid === undefined)
    return task.attempt - task.invalid >= retry.attemptsMax;
  if (!isForGood && !retry.nonRetryable.includes(code)) task.invalid += 1;
  return task.invalid >= rules.invalid.attemptsMax;
}

export function avoidAgent(
  task: TwinTask,
  agent: { readonly id: string; readonly spec: AgentSpec },
): void {
  const rule = task.spec.rules?.avoid ?? 'none';
  if (rule === 'none') return;
  const { agents, zones } = task.avoid ?? { agents: [], zones: [] };
  const zone = rule === 'zone' ? agent.spec.labels['zone'] : undefined;
  task.avoid = {
    agents: [...agents.filter((id) => id !== agent.id), agent.id].slice(-5),
    zones: zone === undefined ? zones : [...zones.filter((z) => z !== zone), zone].slice(-5),
  };
}

/** Whether the task failed on the agent, and another ready one could take it. */
export function mustAvoid(task: TwinTask, agentId: string, agents: readonly TwinAgent[]): boolean {
  const avoided = task.avoid?.agents ?? [];
  const others = agents.filter(({ id }) => !avoided.includes(id));
  const isOther = others.some((other) => other.state === 'ready' && isAble(other, task.spec));
  return avoided.includes(agentId) && isOther;
}

export function escalated(spec: TaskSpec, step: EscalationStep, hasRoom: boolean): TaskSpec {
  const { capabilities, labels, priority, queue } = step;
  return {
    ...spec,
    queue: hasRoom ? (queue ?? spec.queue) : spec.queue,
    priority: priority ?? spec.priority,
    requires: {
      ...spec.requires,
      capabilities: capabilities ?? spec.requires.capabilities,
      labels: labels ?? spec.requires.labels,
    },
  };
}

/** Takes chunks; the word for what became of them. */
export function takeChunks(task: TwinTask, { fencingToken, from, lengths }: OutputItem): string {
  const chunks = task.output?.chunks ?? 0;
  const isSame = task.output?.token === fencingToken;
  const attemptFrom = isSame ? (task.output?.attemptFrom ?? 0) : chunks;
  const skipped = from === null ? 0 : chunks - attemptFrom - from;
  if (skipped < 0) return 'OUTPUT_GAP';
  const fresh = lengths.filter((_, i) => i >= skipped);
  if (fresh.length === 0) return 'ok';
  const length = fresh.reduce((sum, more) => sum + more, task.output?.length ?? 0);
  if (length > 64 * 1024 * 1024) return 'OUTPUT_LIMIT';
  task.output = { chunks: chunks + fresh.length, length, token: fencingToken, attemptFrom };
  return 'ok';
}

export function queueOf(spec: TaskSpec): string {
  return spec.namespace === 'default' ? spec.queue : `${spec.namespace}/${spec.queue}`;
}

export function isAble(
  { id, spec: agent }: { readonly id: string; readonly spec: AgentSpec },
  { requires }: TaskSpec,
): boolean {
  if (requires.agent !== undefined && requires.agent !== id) return false;
  const offered = agent.capabilities.flatMap((name) => [name, name.split('@')[0]]);
  return (
    requires.capabilities.every((name) => offered.includes(name)) &&
    Object.entries(requires.labels).every(([name, value]) => agent.labels[name] === value)
  );
}

/** The wait before the next attempt, noted for the one after. */
export function policyDelay(task: TwinTask, draw: number): number {
  const { strategy, delayMs, delayMsMax, jitter } = task.spec.retry;
  const n = task.attempt;
  const steps: Record<string, number> = {
    fixed: 1,
    linear: n,
    exponential: 2 ** (n - 1),
    fibonacci: [0, 1, 1, 2, 3, 5, 8, 13, 21][n] as number,
  };
  const step = steps[strategy];
  if (step === undefined) {
    const last = Math.max(task.delayLast, delayMs);
    task.delayLast = Math.min(delayMsMax, Math.round(delayMs + draw * (3 * last - delayMs)));
  } else {
    task.delayLast = Math.round(Math.min(delayMsMax, delayMs * step) * (1 - jitter * draw));
  }
  return task.delayLast;
}
