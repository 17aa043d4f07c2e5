/** Starts a second attempt beside one that takes long: whichever has a good result first wins. */
import { cancelOf } from './cancel.ts';
import type { LeaseRef } from './command.ts';
import { copiesOf, HEDGED, liveCopies, NO_COPIES, withCopies } from './copies.ts';
import { NO_EXTRA } from './extra.ts';
import { makeCopy } from './make-copies.ts';
import { reject, type Rejection } from './rejection.ts';
import { leasedTask } from './settle.ts';
import type { Step } from './step.ts';

/** Makes a copy of a running task, as the leader proposed; it is queued like any other. */
export function hedgeTask(step: Step, ref: LeaseRef): Rejection | null {
  const { events, state } = step;
  const task = leasedTask(state, ref);
  if ('code' in task) return task;
  const { taskId } = ref;
  const rule = task.profile.spec.rules?.hedge;
  if (rule === undefined || task.state !== 'running' || cancelOf(task) !== null) {
    const what = rule === undefined ? 'one without the rule' : `a ${task.state} one`;
    const message = `only a running task that asks for it is hedged, got ${what}`;
    return reject('HEDGE_NOT_ALLOWED', message, { taskId, state: task.state });
  }
  const live = liveCopies(state, task).length;
  if (live >= rule.copiesMax) {
    const message = `at most ${rule.copiesMax} hedges of a task may be under way, got ${live}`;
    return reject('HEDGE_LIMIT', message, { taskId, copiesMax: rule.copiesMax });
  }
  const copy = makeCopy(state, task, 'hedge');
  state.taskChanges.touch(task);
  const { ids } = copiesOf(task) ?? NO_COPIES;
  task.extra = withCopies(task.extra ?? NO_EXTRA, { kind: 'hedge', ids: [...ids, copy.id] });
  events.push({ type: 'task.hedged', task, copy, reason: HEDGED });
  events.push({ type: 'task.submitted', task: copy, payload: null });
  return null;
}
