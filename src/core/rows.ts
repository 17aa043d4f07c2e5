/**
 * Plain-data images of what core holds: what a checkpoint writes and a restore reads.
 *
 * Tuples, not objects: a restart reads a million of them, and field names would be most of their size.
 */
import type { Agent, AgentState } from './agent.ts';
import type { TaskExtra } from './extra.ts';
import type { AgentId, TaskId } from './ids.ts';
import type { Profile } from './profile.ts';
import type { Queue } from './queue.ts';
import type { AgentSpec, QueueSettings, TaskSpec } from './spec.ts';
import type { AttemptFailure, Task, TaskError, TaskState } from './task.ts';
import type { Trust } from './trust.ts';

export type TaskRow = readonly [
  id: TaskId,
  seq: number,
  profileId: number,
  payloadBytes: number,
  createdAt: number,
  affinityKey: string | null,
  idempotencyKey: string | null,
  deadlineAt: number,
  metadata: Readonly<Record<string, unknown>> | null,
  state: TaskState,
  reason: string | null,
  stateAt: number,
  runAt: number,
  attempt: number,
  fencingToken: number,
  agentId: AgentId | null,
  runUntil: number,
  delayMsLast: number,
  failures: readonly AttemptFailure[],
  error: TaskError | null,
  /** Absent in rows of versions that knew none. */
  extra?: TaskExtra | null,
];

export type AgentRow = readonly [
  id: AgentId,
  spec: AgentSpec,
  incarnation: string,
  state: AgentState,
  stateAt: number,
  registeredAt: number,
  /** Absent where nothing is known against it. */
  trust?: Trust | null,
];

export type QueueRow = readonly [name: string, settings: QueueSettings, paused: boolean];

export type ProfileRow = readonly [id: number, spec: TaskSpec];

export function taskRow(task: Task): TaskRow {
  return [
    task.id,
    task.seq,
    task.profile.id,
    task.payloadBytes,
    task.createdAt,
    task.affinityKey,
    task.idempotencyKey,
    task.deadlineAt,
    task.metadata,
    task.state,
    task.reason,
    task.stateAt,
    task.runAt,
    task.attempt,
    task.fencingToken,
    task.agentId,
    task.runUntil,
    task.delayMsLast,
    task.failures,
    task.error,
    task.extra,
  ];
}

export function agentRow(agent: Agent): AgentRow {
  const { id, spec, incarnation, state, stateAt, registeredAt, trust } = agent;
  if (trust === null) return [id, spec, incarnation, state, stateAt, registeredAt];
  return [id, spec, incarnation, state, stateAt, registeredAt, trust];
}

export function queueRow(queue: Queue): QueueRow {
  return [queue.name, queue.settings, queue.paused];
}

export function profileRow(profile: Profile): ProfileRow {
  return [profile.id, profile.spec];
}
