/** How dead letters join and leave their groups. */
import { invariant } from '../base/invariant.ts';
import { UNTRACKED } from './change-set.ts';
import { NO_EXTRA } from './extra.ts';
import {
  FAILURE_GROUPS_MAX,
  groupKey,
  normalizeMessage,
  OTHER_GROUP,
  type FailureGroup,
} from './failure-group.ts';
import type { Command } from './command.ts';
import { reject, type Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';

/** Counts a task that just failed for good, and remembers on it in which group. */
export function joinFailureGroup(state: CoreState, task: Task): void {
  const { error, profile } = task;
  invariant(error !== null, 'a dead letter has its error');
  const message = normalizeMessage(error.message);
  const key = groupKey(profile.spec.type, error.code, message);
  const table = state.records.failureGroups;
  const group =
    table.get(key) ??
    (hasRoom(state)
      ? addGroup(state, { key, type: profile.spec.type, code: error.code, message })
      : (table.get(OTHER_GROUP) ??
        addGroup(state, { key: OTHER_GROUP, type: '', code: '', message: '' })));
  table.touch(group);
  group.lastAt = state.nowMs;
  group.count += 1;
  group.live += 1;
  group.exampleId = task.id;
  if (group.state === 'resolved') group.state = 'open';
  task.extra = { ...(task.extra ?? NO_EXTRA), failureGroup: group.key };
}

/** A dead letter is one no more: it was retried or purged. */
export function leaveFailureGroup(state: CoreState, task: Task): void {
  const key = task.extra?.failureGroup;
  if (task.extra == null || key == null) return;
  state.taskChanges.touch(task);
  task.extra = { ...task.extra, failureGroup: null };
  const group = state.records.failureGroups.get(key);
  invariant(group !== undefined, 'a group is kept while it has dead letters');
  state.records.failureGroups.touch(group);
  group.live -= 1;
}

/** Takes down what an operator says of a group. */
export function setFailureGroup(
  { state, events }: Step,
  command: Extract<Command, { type: 'failure-group.set' }>,
): Rejection | null {
  const { by, key, note } = command;
  const group = state.records.failureGroups.get(key);
  if (group === undefined) {
    return reject('FAILURE_GROUP_NOT_FOUND', `a group of failures must be known, got ${key}`, {
      key,
    });
  }
  state.records.failureGroups.touch(group);
  group.state = command.state;
  group.by = by;
  group.note = note;
  group.saidAt = state.nowMs;
  events.push({ type: 'failure-group.changed', group });
  return null;
}

/** Groups looked at for one to forget; bounds the work of one failure. */
const LOOKED_AT_MAX = 100;

/** Makes room by forgetting the group that was made first of those without dead letters. */
function hasRoom(state: CoreState): boolean {
  const table = state.records.failureGroups;
  if (table.size < FAILURE_GROUPS_MAX) return true;
  let looked = 0;
  for (const group of table.values()) {
    if (++looked > LOOKED_AT_MAX) return false;
    if (group.live > 0 || group.key === OTHER_GROUP) continue;
    table.remove(group);
    return true;
  }
  return false;
}

function addGroup(
  state: CoreState,
  names: Pick<FailureGroup, 'key' | 'type' | 'code' | 'message'>,
): FailureGroup {
  state.recordSeq += 1;
  const group: FailureGroup = {
    table: 'failureGroups',
    seq: state.recordSeq,
    ...names,
    firstAt: state.nowMs,
    lastAt: state.nowMs,
    count: 0,
    live: 0,
    state: 'open',
    exampleId: '',
    by: null,
    note: null,
    saidAt: 0,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  state.records.failureGroups.add(group);
  return group;
}
