import type { SubmitTask } from './task.ts';

/** Fields of a submit that decide when its task may start beside others, and where it would rather. */
export type TaskControlFields = Pick<
  SubmitTask,
  'concurrencyKey' | 'fairnessKey' | 'limits' | 'dedupe' | 'estimate' | 'placement'
>;

export function hasControl(task: TaskControlFields): boolean {
  return (
    task.concurrencyKey !== undefined ||
    task.fairnessKey !== undefined ||
    task.limits !== undefined ||
    task.dedupe !== undefined ||
    task.estimate !== undefined ||
    task.placement !== undefined
  );
}

/** Those of them that are there. */
export function controlFields(task: TaskControlFields): TaskControlFields {
  const { concurrencyKey, dedupe, estimate, fairnessKey, limits, placement } = task;
  return {
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
    ...(limits === undefined ? {} : { limits }),
    ...(dedupe === undefined ? {} : { dedupe }),
    ...(estimate === undefined ? {} : { estimate }),
    ...(placement === undefined ? {} : { placement }),
  };
}
