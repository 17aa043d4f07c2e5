/** What core answered, did and holds, as short lines that tables and scenario files compare. */
import { unreachable } from '../../base/invariant.ts';
import type { CommandResult } from '../apply.ts';
import type { CoreEvent } from '../event.ts';
import type { CoreState } from '../state.ts';
import { nextDeadline } from '../state.ts';
import type { Task } from '../task.ts';

/** The codes of everything a result refused; empty when all was taken. */
export function refusalsOf(result: CommandResult | undefined): readonly string[] {
  if (result === undefined || result.type === 'submitted') return [];
  if (result.type === 'refused') return [result.rejection.code];
  return [...(result.refused?.values() ?? [])].map((rejection) => rejection.code);
}

export function resultText(result: CommandResult): string {
  switch (result.type) {
    case 'refused':
      return `refused ${result.rejection.code}: ${result.rejection.message}`;
    case 'submitted': {
      const { taskIds, repeated } = result.submitted;
      const note = repeated.length === 0 ? '' : ` (repeated at ${repeated.join(' ')})`;
      return `submitted ${taskIds.join(' ')}${note}`;
    }
    case 'taken': {
      if (result.refused === null) return 'taken';
      const codes = [...result.refused].map(([position, { code }]) => `${position} ${code}`);
      return `refused at ${codes.join(', ')}`;
    }
    default:
      return unreachable(result);
  }
}

export function eventText(event: CoreEvent): string {
  switch (event.type) {
    case 'task.queued':
      return `${event.type} ${event.task.id} (${event.reason})`;
    case 'task.scheduled':
      return `${event.type} ${event.task.id} (${event.reason}) for ${event.task.runAt}`;
    case 'task.assigned':
      return `${event.type} ${event.task.id} to ${event.agent.id} token=${event.task.fencingToken}`;
    case 'task.completed':
      return `${event.type} ${event.task.id} by ${event.agent.id} since ${event.startedAt}`;
    case 'attempt.failed': {
      const { attempt, agentId, error } = event.failure;
      return `${event.type} ${event.task.id} attempt=${attempt} on ${agentId}: ${error.code}`;
    }
    case 'task.failed':
    case 'task.canceled':
      return `${event.type} ${event.task.id} (${event.task.reason})`;
    case 'task.extended':
      return `${event.type} ${event.task.id} until ${event.task.runUntil}`;
    case 'lease.revoked':
      return `${event.type} ${event.task.id} from ${event.agentId} token=${event.fencingToken} (${event.reason})`;
    case 'assignment.refused':
      return `${event.type} ${event.taskId} to ${event.agentId}`;
    case 'task.submitted':
    case 'task.purged':
      return `${event.type} ${event.task.id}`;
    case 'agent.registered':
    case 'agent.changed':
    case 'agent.removed':
      return `${event.type} ${event.agent.id} ${event.agent.state}`;
    case 'queue.changed':
      return `${event.type} ${event.queue.name}`;
    default:
      return unreachable(event);
  }
}

/** Where a task is: state and reason, then what is worth saying of it. */
export function taskText(task: Task): string {
  const words = [task.reason === null ? task.state : `${task.state} (${task.reason})`];
  words.push(`attempt=${task.attempt}`, `token=${task.fencingToken}`);
  if (task.agentId !== null) words.push(`agent=${task.agentId}`);
  if (task.runAt !== 0) words.push(`runAt=${task.runAt}`);
  if (task.runUntil !== 0) words.push(`runUntil=${task.runUntil}`);
  if (task.error !== null) words.push(`error=${task.error.code}`);
  return words.join(' ');
}

/** The whole state for a reader: clock, queues, agents, tasks by submission, keys. */
export function stateLines(state: CoreState): string[] {
  const lines = [`index=${state.index} now=${state.nowMs} due=${nextDeadline(state) ?? 'never'}`];
  for (const queue of state.queues.values()) {
    const { name, scheduled, queued, running, failed } = queue;
    const counts = `scheduled=${scheduled} queued=${queued} running=${running} failed=${failed}`;
    lines.push(`queue ${name} ${counts}${queue.paused ? ' paused' : ''}`);
  }
  for (const agent of state.agents.values()) {
    lines.push(`agent ${agent.id} ${agent.state} ${agent.leases.size}/${agent.spec.slots}`);
  }
  const tasks = [...state.tasks.values()].toSorted((a, b) => a.seq - b.seq);
  for (const task of tasks) lines.push(`task ${task.id} ${taskText(task)}`);
  for (const { key, taskId } of state.idempotency.values()) {
    lines.push(`key ${key.replace('\n', '/')} ${taskId}`);
  }
  return lines;
}
