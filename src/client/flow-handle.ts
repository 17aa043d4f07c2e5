/** A flow that was submitted. */
import { OrchestratorError } from '../base/errors.ts';
import type { FlowView, SubmittedFlow } from '../contract/index.ts';
import type { Client, TaskHandle } from './client.ts';

/** A submitted flow. */
export interface FlowHandle {
  readonly id: string;
  /** Of its tasks, in the order in which they were given. */
  readonly ids: readonly string[];
  /** A handle on the task with that ref. */
  task<Result = unknown>(ref: string): TaskHandle<Result>;
  /** How it stands. */
  get(): Promise<FlowView>;
  /** Cancels all of it that has not ended. */
  cancel(reason?: string): Promise<void>;
}

export function flowHandle(
  client: Pick<Client, 'handle' | 'http'>,
  { id, tasks }: SubmittedFlow,
): FlowHandle {
  const byRef = new Map(tasks.map((task) => [task.ref, task.id]));
  return {
    id,
    ids: tasks.map((task) => task.id),
    task: <Result = unknown>(ref: string) => {
      const taskId = byRef.get(ref);
      if (taskId !== undefined) return client.handle<Result>(taskId);
      throw new OrchestratorError(
        'FLOW_TASK_NOT_FOUND',
        `a task of the flow must have that ref, got ${ref}`,
        { ref },
      );
    },
    get: () => client.http.call('GET', `/flows/${id}`) as Promise<FlowView>,
    cancel: async (reason = 'canceled by the client') => {
      await client.http.call('POST', `/flows/${id}/cancel`, { reason });
    },
  };
}
