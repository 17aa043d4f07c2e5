import type { CoreEvent } from './event.ts';
import type { TaskId } from './ids.ts';
import type { Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Source, Submit, Submitted } from './submit.ts';

/** One application of a batch: the state it changes and the events it leaves behind. */
export interface Step {
  readonly state: CoreState;
  readonly events: CoreEvent[];
  /**
   * Ends a task that is not finished: `cancelTask`, which a submit that replaces others needs, and
   * which reaches submits itself by what follows a task's end.
   */
  readonly cancel: (step: Step, taskId: TaskId, reason: string) => Rejection | null;
  /** `submitTasks`, for what follows a task's end: a firing that waited for it. */
  readonly submit: (step: Step, command: Submit, source: Source) => Submitted | Rejection;
}
