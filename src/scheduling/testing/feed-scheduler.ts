import type { AgentId, CoreEvent, CoreState, Task, TaskId } from '../../core/index.ts';
import { followFleet, joinLines } from '../follow-core.ts';
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
  joinLines(scheduler, state, events);
  scheduler.batchApplied();
}

function feed(scheduler: Scheduler, state: CoreState, event: CoreEvent): void {
  const leaseEnded = (agentId: AgentId, task: Task): void => {
    scheduler.leaseEnded(state.agents.get(agentId) ?? null, task);
  };
  followFleet(scheduler, event);
  switch (event.type) {
    case 'agent.registered':
      scheduler.setCredit(event.agent.id, Infinity);
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
