import type { AgentId, CoreEvent, CoreState, Task, TaskId } from '../../core/index.ts';
import type { Scheduler } from '../scheduler.ts';

/**
 * Tells a scheduler what core made of a batch, as a leader tells it: first what left and ended, then who waits.
 *
 * Agents have as much credit as they want.
 */
export function feedScheduler(
  scheduler: Scheduler,
  state: CoreState,
  events: readonly CoreEvent[],
): void {
  for (const event of events) feed(scheduler, state, event);
  for (const event of events) joinLine(scheduler, state, event);
  scheduler.batchApplied();
}

function feed(scheduler: Scheduler, state: CoreState, event: CoreEvent): void {
  const leaseEnded = (agentId: AgentId, task: Task): void => {
    scheduler.leaseEnded(state.agents.get(agentId) ?? null, task);
  };
  switch (event.type) {
    case 'agent.registered':
      scheduler.agentChanged(event.agent);
      scheduler.setCredit(event.agent.id, Infinity);
      return;
    case 'agent.changed':
    case 'agent.dissented':
      scheduler.agentChanged(event.agent);
      return;
    case 'agent.removed':
      scheduler.agentRemoved(event.agent);
      return;
    case 'queue.changed':
      scheduler.queueChanged(event.queue);
      return;
    case 'gate.changed':
      scheduler.gateChanged(event.gate);
      return;
    case 'gate.removed':
      scheduler.gateRemoved(event.gate);
      return;
    case 'breaker.changed':
      if (event.agent !== null) scheduler.agentChanged(event.agent);
      return;
    case 'fairness.changed':
      scheduler.fairnessChanged(event.fairness);
      return;
    case 'task.failed':
    case 'task.canceled':
    case 'task.adopted':
      scheduler.taskLeft(event.task);
      return;
    case 'task.assigned':
    case 'task.input_answered':
      scheduler.leaseGranted(event.agent, event.task);
      return;
    case 'task.completed':
    case 'task.input_required':
      scheduler.leaseEnded(event.agent, event.task);
      return;
    case 'assignment.refused':
      scheduler.refused(event.taskId as TaskId, event.agentId);
      return;
    case 'attempt.failed':
      leaseEnded(event.failure.agentId, event.task);
      return;
    case 'lease.revoked':
      leaseEnded(event.agentId, event.task);
      return;
    default:
  }
}

function joinLine(scheduler: Scheduler, state: CoreState, event: CoreEvent): void {
  if (event.type === 'task.submitted' || event.type === 'task.queued') {
    if (event.task.state === 'queued') scheduler.taskWaiting(event.task);
  } else if (event.type === 'assignment.refused') {
    const task = state.tasks.get(event.taskId as TaskId);
    if (task !== undefined) scheduler.taskWaiting(task);
  }
}
