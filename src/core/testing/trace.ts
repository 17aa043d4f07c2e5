/** What core answered, did and holds, as short lines that tables and scenario files compare. */
import { unreachable } from '../../base/invariant.ts';
import { slotsUsed } from '../agent.ts';
import type { CommandResult } from '../apply.ts';
import type { CoreEvent } from '../event.ts';
import type { CoreState } from '../state.ts';
import { nextDeadline } from '../state.ts';
import { questionOf, type Task } from '../task.ts';

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
    case 'task.blocked':
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
    case 'task.input_required':
      return `${event.type} ${event.task.id} on ${event.agent.id}: ${questionOf(event.task)?.key}`;
    case 'task.input_answered': {
      const { by, key, reason } = event.answer;
      return `${event.type} ${event.task.id} on ${event.agent.id}: ${key} by ${by ?? reason}`;
    }
    case 'task.redriven':
      return `${event.type} ${event.task.id} by ${event.by}${event.isEdited ? ' edited' : ''}`;
    case 'task.adopted':
    case 'task.hedged':
      return `${event.type} ${event.task.id} ${event.copy.id}`;
    case 'agent.dissented':
      return `${event.type} ${event.agent.id} from ${event.task.id}`;
    case 'task.moved': {
      const { queue, spec } = event.task.profile;
      return `${event.type} ${event.task.id} to ${queue.name} priority=${spec.priority}`;
    }
    case 'operation.changed': {
      const { done, key, refused, state } = event.operation;
      return `${event.type} ${key} ${state} done=${done} refused=${refused}`;
    }
    case 'failure-group.changed':
      return `${event.type} ${event.group.state} by ${event.group.by}`;
    case 'lease.revoked':
      return `${event.type} ${event.task.id} from ${event.agentId} token=${event.fencingToken} (${event.reason})`;
    case 'assignment.refused':
      return `${event.type} ${event.taskId} to ${event.agentId}`;
    case 'task.cancel_requested':
      return `${event.type} ${event.task.id} on ${event.agentId} until ${event.cancel.until}`;
    case 'task.output':
      return `${event.type} ${event.task.id} attempt=${event.attempt} from ${event.seq}`;
    case 'task.submitted':
    case 'task.purged':
      return `${event.type} ${event.task.id}`;
    case 'agent.registered':
    case 'agent.changed':
    case 'agent.removed':
      return `${event.type} ${event.agent.id} ${event.agent.state}`;
    case 'budget.warned':
      return `${event.type} ${event.tree.key}: ${event.used} of ${event.limit} ${event.bound}`;
    case 'tree.killed':
      return `${event.type} ${event.tree.key}: ${event.tree.kill?.reason}`;
    case 'queue.changed':
    case 'queue.removed':
      return `${event.type} ${event.queue.name}`;
    case 'gate.changed':
      return `${event.type} ${event.gate.key}`;
    case 'gate.removed':
      return `${event.type} ${event.gate.key}`;
    case 'breaker.changed': {
      const { by, key, state, why } = event.breaker;
      return `${event.type} ${key} ${event.from} -> ${state}: ${why}${by === null ? '' : ` by ${by}`}`;
    }
    case 'limit.changed':
      return `${event.type} ${event.limit}`;
    case 'fairness.changed':
      return `${event.type} ${JSON.stringify(event.fairness.weights)}`;
    case 'schedule.changed':
      return `${event.type} ${event.schedule.key} (${event.reason})`;
    case 'schedule.removed':
      return `${event.type} ${event.schedule.key}`;
    case 'schedule.fired':
      return `${event.type} ${event.schedule.key} at ${event.nominalAt}: ${event.task.id} (${event.outcome})`;
    case 'schedule.skipped':
      return `${event.type} ${event.schedule.key} at ${event.nominalAt}: ${event.count} (${event.reason})`;
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
  if (task.state === 'blocked') words.push(`left=${task.links?.left ?? 0}`);
  if (task.extra !== null) words.push(...extraWords(task));
  return words.join(' ');
}

function extraWords(task: Task): string[] {
  const words: string[] = [];
  const question = questionOf(task);
  if (question !== null) {
    words.push(`asks=${question.key}`);
    if (question.expiresAt !== 0) words.push(`expiresAt=${question.expiresAt}`);
    if (question.runLeftMs !== null) words.push(`runLeftMs=${question.runLeftMs}`);
  }
  const { answers = [], details = null } = task.extra ?? {};
  for (const { answer, by, key, reason } of answers) {
    words.push(`${key}=${answer} by ${by ?? reason}`);
  }
  if (details !== null) words.push(`details=${details}`);
  return words;
}

/** The whole state for a reader: clock, queues, agents, tasks by submission, keys. */
export function stateLines(state: CoreState): string[] {
  const lines = [`index=${state.index} now=${state.nowMs} due=${nextDeadline(state) ?? 'never'}`];
  for (const queue of state.queues.values()) {
    const { name, scheduled, queued, running, failed } = queue;
    const counts = `scheduled=${scheduled} queued=${queued} running=${running} failed=${failed}`;
    const waiting = queue.input_required === 0 ? '' : ` input_required=${queue.input_required}`;
    const blocked = queue.blocked === 0 ? '' : ` blocked=${queue.blocked}`;
    lines.push(`queue ${name} ${counts}${waiting}${blocked}${queue.paused ? ' paused' : ''}`);
  }
  for (const agent of state.agents.values()) {
    const waiting = agent.waiting === 0 ? '' : ` waiting=${agent.waiting}`;
    lines.push(
      `agent ${agent.id} ${agent.state} ${slotsUsed(agent)}/${agent.spec.slots}${waiting}`,
    );
  }
  const tasks = [...state.tasks.values()].toSorted((a, b) => a.seq - b.seq);
  for (const task of tasks) lines.push(`task ${task.id} ${taskText(task)}`);
  for (const { key, live, nextAt, paused, runs, waiting } of state.records.schedules.values()) {
    const held = paused === null ? '' : ' paused';
    const waits = waiting === null ? '' : ` waiting=${waiting.taskId}`;
    lines.push(`schedule ${key} next=${nextAt} runs=${runs} live=${live.size}${waits}${held}`);
  }
  for (const breaker of state.records.breakers.values()) {
    const { forced, key, openUntil, probes, state: standing } = breaker;
    if (standing === 'closed' && forced === null) continue;
    const until = openUntil === 0 ? '' : ` until=${openUntil}`;
    const probing = probes === 0 ? '' : ` probes=${probes}`;
    lines.push(`breaker ${key} ${standing}${until}${probing}${forced === null ? '' : ' forced'}`);
  }
  for (const { forgottenThrough, key, outcomes } of state.sessionsByUse.values()) {
    const kept = [...outcomes].map(([sequence, ids]) => ` ${sequence}:${ids.join('+')}`).join('');
    lines.push(`session ${key} through=${forgottenThrough}${kept}`);
  }
  for (const { key, taskId } of state.idempotency.values()) {
    lines.push(`key ${key.replace('\n', '/')} ${taskId}`);
  }
  return lines;
}
