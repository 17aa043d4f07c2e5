/** Tasks that take their agents down with them. */
import type { CoreSettings } from './command.ts';
import type { Task, TaskError } from './task.ts';

/** Agents that a task may lose before it is held back, where the settings say nothing. */
export const POISON_AGENTS_DEFAULT = 3;

/** How an attempt ends whose agent is gone or hangs. */
const FATAL_CODES: ReadonlySet<string> = new Set([
  'AGENT_LOST',
  'AGENT_RESTARTED',
  'HEARTBEAT_TIMEOUT',
]);

/**
 * The error of a task that has lost enough different agents, or null. O(failures kept).
 *
 * Only the newest failures are kept, so more agents than those are never counted.
 */
export function poisonError(
  task: Task,
  newest: TaskError,
  { poisonAgents = POISON_AGENTS_DEFAULT }: CoreSettings,
): TaskError | null {
  if (poisonAgents === 0 || !FATAL_CODES.has(newest.code)) return null;
  const agents = new Set<string>();
  for (const { agentId, error } of task.failures) {
    if (FATAL_CODES.has(error.code)) agents.add(agentId);
  }
  if (agents.size < poisonAgents) return null;
  const names = [...agents].toSorted().join(', ');
  return {
    code: 'POISON_TASK',
    message: `the task must not take its agents down, it was lost with ${agents.size}: ${names}`,
  };
}
