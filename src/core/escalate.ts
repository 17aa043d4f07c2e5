import { queueName } from './queue.ts';
import type { EscalationStep, TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { changeProfile } from './transition.ts';

/** Changes what the next attempt of a task asks for, where its rules say so after this many attempts. */
export function escalate(step: Step, task: Task): void {
  const steps = task.profile.spec.rules?.escalate ?? [];
  for (const change of steps) {
    if (change.afterAttempt !== task.attempt) continue;
    changeProfile(step, task, specAfter(step.state, task.profile.spec, change));
  }
}

function specAfter(state: CoreState, spec: TaskSpec, step: EscalationStep): TaskSpec {
  const { capabilities, labels, priority, queue } = step;
  return {
    ...spec,
    priority: priority ?? spec.priority,
    requires: {
      ...spec.requires,
      capabilities: capabilities ?? spec.requires.capabilities,
      labels: labels ?? spec.requires.labels,
    },
    queue: queue !== undefined && hasRoom(state, spec.namespace, queue) ? queue : spec.queue,
  };
}

/** Whether there is such a queue, or may be one more; else the task stays in its own. */
function hasRoom(state: CoreState, namespace: string, queue: string): boolean {
  const isKnown = state.queues.has(queueName(namespace, queue));
  return isKnown || state.queues.size < state.settings.queuesMax;
}
