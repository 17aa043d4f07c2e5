import type { CoreEvent } from './event.ts';
import type { TaskId } from './ids.ts';
import type { Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Source, Submit, Submitted } from './submit.ts';

/** Tasks that one cause may reach in a step. */
export function reachOf({ state, stepMax }: Step): number {
  const { flowStepMax } = state.settings;
  return stepMax === null ? flowStepMax : Math.min(stepMax, flowStepMax);
}

/** Takes as many of what a command may reach as are left for it; all that are asked for where nothing bounds them. */
export function takeReach(step: Step, wanted: number): number {
  if (step.stepMax === null) return wanted;
  const taken = Math.min(wanted, step.left);
  step.left -= taken;
  return taken;
}

/** One application of a batch: the state it changes and the events it leaves behind. */
export interface Step {
  readonly state: CoreState;
  readonly events: CoreEvent[];
  /** What the batch says of how far each cause may reach; null for as far as they did before it said anything. */
  readonly stepMax: number | null;
  /** Tasks that the commands of the batch may still reach beside those that they name. */
  left: number;
  /**
   * Ends a task that is not finished: `cancelTask`, which a submit that replaces others needs, and
   * which reaches submits itself by what follows a task's end.
   */
  readonly cancel: (step: Step, taskId: TaskId, reason: string) => Rejection | null;
  /** `submitTasks`, for what follows a task's end: a firing that waited for it. */
  readonly submit: (step: Step, command: Submit, source: Source) => Submitted | Rejection;
}
