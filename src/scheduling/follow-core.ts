/** What a scheduler hears of what core made of a batch, where whoever applies it has nothing to add. */
import type { CoreEvent, CoreState, TaskId } from '../core/index.ts';
import type { Scheduler } from './scheduler.ts';

/** Takes over what became of agents, queues and gates. Anything else is passed over. */
export function followFleet(scheduler: Scheduler, event: CoreEvent): void {
  switch (event.type) {
    case 'agent.registered':
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
    case 'queue.removed':
      scheduler.queueRemoved(event.queue);
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
    default:
  }
}

/** Lets tasks that are queued now wait for an agent; to be called when the whole batch is applied. */
export function joinLines(
  scheduler: Scheduler,
  state: CoreState,
  events: readonly CoreEvent[],
): void {
  for (const event of events) {
    const { type } = event;
    if (type === 'task.submitted' || type === 'task.queued' || type === 'task.moved') {
      if (event.task.state === 'queued') scheduler.taskWaiting(event.task);
    } else if (type === 'assignment.refused') {
      const task = state.tasks.get(event.taskId as TaskId);
      if (task !== undefined) scheduler.taskWaiting(task);
    }
  }
}
