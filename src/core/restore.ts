import { invariant } from '../base/invariant.ts';
import { Rng, type RngState } from '../base/rng.ts';
import { holdLease } from './agent.ts';
import { AgentRecord } from './agent-record.ts';
import { restoreBreakers } from './breaker-links.ts';
import { RESTORED } from './change-set.ts';
import type { CoreSettings } from './command.ts';
import { restoreLinks } from './flow-links.ts';
import { restoreHolds } from './holds.ts';
import { restoreSessions } from './sessions.ts';
import { restoreStages } from './staging.ts';
import { restoreLosses } from './losses.ts';
import { restoreTrees } from './trees.ts';
import { profileKey, type Profile } from './profile.ts';
import { restoreGates } from './gates.ts';
import type { IdempotencyEntry } from './idempotency-keys.ts';
import { joinSchedule } from './schedule-tasks.ts';
import { createQueue, queueName } from './queue.ts';
import type { RecordRow } from './record.ts';
import { restoreRecord } from './records.ts';
import { countScheduleQueues } from './remove-queue.ts';
import { requirementKey } from './requirement.ts';
import type { AgentRow, ProfileRow, QueueRow, TaskRow } from './rows.ts';
import { emptyState, type CoreState } from './state.ts';
import type { LiveState, Task } from './task.ts';
import { armTimer, countRules } from './transition.ts';

/** The small part of a snapshot: everything but the rows. */
export interface StateHead {
  readonly index: number;
  readonly nowMs: number;
  readonly taskSeq: number;
  readonly profileSeq: number;
  readonly recordSeq: number;
  readonly idempotencySeq: number;
  readonly settings: CoreSettings;
  readonly rng: RngState;
}

export function stateHead(state: CoreState): StateHead {
  const { index, nowMs, taskSeq, profileSeq, recordSeq, idempotencySeq, settings, rng } = state;
  return { index, nowMs, taskSeq, profileSeq, recordSeq, idempotencySeq, settings, rng: rng.state };
}

/** A snapshot, its rows in any order but as given: queues and profiles are read before tasks. */
export interface StateRows {
  readonly head: StateHead;
  readonly queues: Iterable<QueueRow>;
  readonly profiles: Iterable<ProfileRow>;
  readonly agents: Iterable<AgentRow>;
  readonly tasks: Iterable<TaskRow>;
  readonly records: Iterable<RecordRow>;
  /** In the order the keys were made. */
  readonly idempotency: Iterable<IdempotencyEntry>;
}

/** Builds the state a snapshot was taken of. O(rows · log timers). */
export function restoreState(rows: StateRows): CoreState {
  const { head } = rows;
  const state = emptyState(Rng.fromState(head.rng));
  state.index = head.index;
  state.nowMs = head.nowMs;
  state.taskSeq = head.taskSeq;
  state.profileSeq = head.profileSeq;
  state.recordSeq = head.recordSeq;
  state.idempotencySeq = head.idempotencySeq;
  state.idempotencySeqStored = head.idempotencySeq;
  // A checkpoint of an earlier version lacks the settings that came since.
  state.settings = { ...state.settings, ...head.settings };
  for (const row of rows.queues) restoreQueue(state, row);
  const incarnations = new Map<string, string>();
  for (const row of rows.agents) restoreAgent(state, row, incarnations);
  const profiles = new Map<number, Profile>();
  for (const row of rows.profiles) profiles.set(row[0], restoreProfile(state, row));
  // In the order they were made: what makes room for others goes by it, on every replica alike.
  const records = [...rows.records].toSorted((a, b) => a[2] - b[2]);
  for (const row of records) restoreRecord(state.records, row);
  for (const { settings } of state.records.schedules.values()) {
    countScheduleQueues(state.queueSchedules, settings, 1);
  }
  for (const row of rows.tasks) restoreTask(state, profiles, row);
  // A checkpoint may hold an expired key beside the one that took its name: the later one counts.
  for (const entry of rows.idempotency) state.idempotency.add(entry);
  restoreGates(state);
  restoreLinks(state);
  restoreTrees(state);
  restoreLosses(state);
  restoreStages(state);
  restoreSessions(state);
  restoreHolds(state);
  restoreBreakers(state);
  return state;
}

function restoreQueue(state: CoreState, [name, settings, paused]: QueueRow): void {
  const queue = { ...createQueue(name, settings), paused, ...RESTORED };
  state.queues.set(name, queue);
}

function restoreAgent(state: CoreState, row: AgentRow, incarnations: Map<string, string>): void {
  const [id, spec, incarnation, agentState, stateAt, registeredAt, trust = null] = row;
  // One text for all agents of a process, as when they registered.
  const shared = incarnations.get(incarnation) ?? incarnation;
  incarnations.set(shared, shared);
  const agent = new AgentRecord(state.agentStandings, {
    id,
    spec: state.agentSpecs.intern(spec),
    incarnation: shared,
    state: agentState,
    stateAt,
    registeredAt,
    ...RESTORED,
  });
  agent.trust = trust;
  state.agents.set(id, agent);
  if (agentState === 'ready') state.agentSpecs.countReady(agent.spec, 1);
}

function restoreProfile(state: CoreState, [id, spec]: ProfileRow): Profile {
  const queue = state.queues.get(queueName(spec.namespace, spec.queue));
  invariant(queue !== undefined, () => `the queue of profile ${id} is in the snapshot`);
  const key = profileKey(spec);
  const profile: Profile = {
    id,
    key,
    spec,
    signature: requirementKey(spec.requires),
    queue,
    gates: null,
    meets: new Map(),
    tasks: 0,
    ...RESTORED,
  };
  state.profiles.set(key, profile);
  countRules(state, spec, 1);
  return profile;
}

function restoreTask(state: CoreState, profiles: ReadonlyMap<number, Profile>, row: TaskRow): void {
  const profile = profiles.get(row[2]);
  invariant(
    profile !== undefined,
    () => `the profile ${row[2]} of task ${row[0]} is in the snapshot`,
  );
  const task: Task = {
    id: row[0],
    seq: row[1],
    profile,
    payloadBytes: row[3],
    createdAt: row[4],
    affinityKey: row[5],
    idempotencyKey: row[6],
    deadlineAt: row[7],
    metadata: row[8],
    state: row[9],
    reason: row[10],
    stateAt: row[11],
    runAt: row[12],
    attempt: row[13],
    fencingToken: row[14],
    agentId: row[15],
    runUntil: row[16],
    delayMsLast: row[17],
    failures: row[18],
    error: row[19],
    extra: row[20] ?? null,
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
    isStored: true,
  };
  state.tasks.set(task.id, task);
  if (task.id > state.newestId) state.newestId = task.id;
  profile.tasks += 1;
  profile.queue[task.state as LiveState] += 1;
  if (task.extra !== null) joinSchedule(state, task);
  if (task.agentId !== null) restoreLease(state, task);
  armTimer(state, task);
}

function restoreLease(state: CoreState, task: Task): void {
  const agent = task.agentId === null ? undefined : state.agents.get(task.agentId);
  invariant(agent !== undefined, () => `the agent of task ${task.id} is in the snapshot`);
  holdLease(agent, task);
  if (task.state === 'input_required') agent.waiting += 1;
}
