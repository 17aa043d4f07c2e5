/**
 * What becomes of tasks and their copies when one of them ends.
 *
 * Dealt with at the close of a batch, results of hedges right after their command, in the order of the
 * ends: a copy's end counts for its task, and a task's end ends its copies. `flowStepMax` and the like
 * need not bound it: a task has few copies.
 */
import {
  copiesOf,
  copyOf,
  HEDGED,
  liveCopies,
  REDUNDANT,
  SPLITTING,
  withCopies,
  type CopiesFacts,
  type CopyFacts,
  type Vote,
} from './copies.ts';
import { cancelWithChildren } from './cuts.ts';
import { NO_EXTRA } from './extra.ts';
import { splitTask } from './make-copies.ts';
import { adoptResult, failTask } from './settle.ts';
import { cancelTask, purgeTask } from './recall.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task, TaskError } from './task.ts';
import { noteAgreement, noteDissent } from './trust.ts';

/** Makes the copies that are due, and carries ends over; what follows from those is dealt with too. */
export function settleCopies(step: Step): void {
  const { unsettled } = step.state;
  for (let at = 0; at < unsettled.length; at++) {
    const task = unsettled[at] as Task;
    const facts = copyOf(task);
    if (facts === null) settleOriginal(step, task);
    else settleCopy(step, task, facts);
  }
  unsettled.length = 0;
}

/** Whether a task that just ended is a hedge that has a result. */
export function isHedgeResult(task: Task): boolean {
  return task.state === 'completed' && copyOf(task)?.kind === 'hedge';
}

function settleOriginal(step: Step, task: Task): void {
  const isSplitting = isLive(step.state, task) && task.reason === SPLITTING;
  if (!isSplitting && !hasEnded(task)) return;
  const reason = copiesOf(task)?.kind === 'hedge' ? HEDGED : REDUNDANT;
  for (const copy of liveCopies(step.state, task)) {
    // As for any task, a cancel leaves what was submitted; what lost the race submitted for nothing.
    if (task.state === 'canceled') cancelTask(step, copy.id, reason);
    else cancelWithChildren(step, copy, reason);
  }
  if (isSplitting) splitTask(step, task);
}

function settleCopy(step: Step, copy: Task, { kind, taskId }: CopyFacts): void {
  const { state } = step;
  // It may have been queued again within its batch.
  if (!hasEnded(copy)) return;
  const code = copy.error?.code ?? 'CANCELED';
  // One copy alone is no dead letter: there is nothing to redrive but the task.
  if (copy.state === 'failed' && isLive(state, copy)) purgeTask(step, copy.id);
  const task = state.tasks.get(taskId);
  const facts = task === undefined ? null : copiesOf(task);
  // A copy of an earlier round tells nothing of this one.
  if (task === undefined || facts === null || !facts.ids.includes(copy.id)) return;
  if (hasEnded(task) || isCounted(facts, copy)) return;
  if (copy.state !== 'completed') {
    note(step, task, { lost: [...facts.lost, { taskId: copy.id, code }] });
    if (kind === 'hedge') failHeld(step, task);
    else failWithoutQuorum(step, task);
  } else if (kind === 'hedge') adopt(step, task, copy);
  else countVote(step, task, copy);
}

function isLive(state: CoreState, task: Task): boolean {
  return state.tasks.get(task.id) === task;
}

function hasEnded({ state }: Task): boolean {
  return state === 'completed' || state === 'failed' || state === 'canceled';
}

function isCounted({ lost, votes }: CopiesFacts, { id }: Task): boolean {
  return votes.some(({ taskId }) => taskId === id) || lost.some(({ taskId }) => taskId === id);
}

function note({ state }: Step, task: Task, change: Partial<CopiesFacts>): void {
  state.taskChanges.touch(task);
  task.extra = withCopies(task.extra ?? NO_EXTRA, change);
}

function adopt(step: Step, task: Task, copy: Task): void {
  note(step, task, { chosen: copy.id });
  adoptResult(step, task, copy);
}

function countVote(step: Step, task: Task, copy: Task): void {
  const { agentId } = copy;
  if (agentId === null) return;
  // Without a hash nothing is known to be the same.
  const hash = copyOf(copy)?.hash ?? copy.id;
  const votes = [...(copiesOf(task)?.votes ?? []), { taskId: copy.id, agentId, hash }];
  note(step, task, { votes });
  const agreeing = votes.filter((vote) => vote.hash === hash);
  if (agreeing.length < agreeOf(task)) {
    failWithoutQuorum(step, task);
    return;
  }
  for (const vote of votes) {
    if (vote.hash === hash) noteAgreement(step, vote.agentId);
    else noteDissent(step, vote.agentId, task);
  }
  adopt(step, task, copy);
}

function agreeOf(task: Task): number {
  return task.profile.spec.rules?.redundancy?.agree ?? 1;
}

/** Fails the task once the copies that are left cannot make enough of them agree. */
function failWithoutQuorum(step: Step, task: Task): void {
  const facts = copiesOf(task);
  if (facts === null) return;
  const { ids, lost, votes } = facts;
  const groups = [...Map.groupBy(votes, ({ hash }) => hash)];
  const most = Math.max(0, ...groups.map(([, same]) => same.length));
  if (most + ids.length - votes.length - lost.length >= agreeOf(task)) return;
  failTask(step, task, disagreed(facts, groups, agreeOf(task)), 'redundancy_disagreed');
}

function disagreed(
  { ids, lost }: CopiesFacts,
  groups: readonly (readonly [string, readonly Vote[]])[],
  agree: number,
): TaskError {
  const results = groups.map(
    ([hash, votes]) => `${hash} by ${votes.map(({ agentId }) => agentId).join(', ')}`,
  );
  const codes = lost.map(({ code }) => code).join(', ');
  const none = lost.length === 0 ? [] : [`none by ${lost.length} (${codes})`];
  const got = [...results, ...none].join('; ');
  const message = `${agree} of ${ids.length} results must agree, got ${got}`;
  return { code: 'REDUNDANCY_DISAGREED', message };
}

/** Its own attempts were used up before: nobody is left who could bring a result. */
function failHeld(step: Step, task: Task): void {
  const error = copiesOf(task)?.heldError ?? null;
  if (task.reason !== HEDGED || error === null) return;
  if (liveCopies(step.state, task).length > 0) return;
  failTask(step, task, error, 'attempts_exhausted');
}
