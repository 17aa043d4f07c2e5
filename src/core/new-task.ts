/** How a task begins. */
import type { NewTask } from './command.ts';
import { controlOf } from './control.ts';
import { isRedundant, SPLITTING } from './copies.ts';
import { NO_EXTRA, type TaskExtra } from './extra.ts';
import type { Dependency } from './flow.ts';
import type { Profile } from './profile.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';

/** A task in its first state, which is not among the others yet. */
export function createTask(
  state: CoreState,
  item: NewTask,
  profile: Profile,
  edges?: readonly Dependency[],
): Task {
  const runAt = item.runAt ?? 0;
  const waits = runAt > state.nowMs;
  // Blocked ones too are copied only once they could start.
  const splits = !waits && edges === undefined && isRedundant(profile.spec);
  const first = waits ? 'scheduled' : splits ? 'blocked' : 'queued';
  state.taskSeq += 1;
  return {
    id: item.id,
    seq: state.taskSeq,
    profile,
    payloadBytes: item.payloadBytes,
    createdAt: state.nowMs,
    affinityKey: item.affinityKey ?? null,
    idempotencyKey: item.idempotencyKey ?? null,
    deadlineAt: item.deadlineAt ?? 0,
    metadata: item.metadata ?? null,
    state: edges === undefined ? first : 'blocked',
    reason: splits ? SPLITTING : waits && edges === undefined ? 'delayed' : null,
    stateAt: state.nowMs,
    runAt: waits ? runAt : 0,
    attempt: 0,
    fencingToken: 0,
    agentId: null,
    runUntil: 0,
    delayMsLast: 0,
    failures: NO_FAILURES,
    error: null,
    extra: extraOf(item, edges),
    links: null,
    gates: null,
    dueAt: 0,
    timerSlot: -1,
    payload: null,
    waiting: null,
    share: null,
    listed: null,
    listeners: null,
    changeEpoch: 0,
    isStored: false,
  };
}

function extraOf(item: NewTask, edges: readonly Dependency[] | undefined): TaskExtra | null {
  const control = controlOf(item);
  const { ref, traceparent } = item;
  const isPlain = traceparent === undefined && ref === undefined && edges === undefined;
  if (isPlain && control === null) return null;
  return {
    ...NO_EXTRA,
    traceparent: traceparent ?? null,
    control,
    flow:
      ref === undefined && edges === undefined
        ? null
        : { ref: ref ?? null, dependsOn: edges ?? [], isLost: false },
  };
}

const NO_FAILURES: Task['failures'] = [];
