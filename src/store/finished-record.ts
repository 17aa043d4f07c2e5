/**
 * A finished task as bytes: a fixed part, then [agent][rare][payload][result].
 *
 * What nearly every task has is in the fixed part, at places of its own: each task that finishes is
 * written once on the hot path, and this costs a third of a row of MessagePack. What few have is in
 * one such row. The id is the record's key.
 */
import { invariant } from '../base/invariant.ts';
import type { Task, TaskId, TaskSpec, TaskState } from '../core/index.ts';
import type { BlockWriter } from './block.ts';
import { encodeRow } from './row-codec.ts';
import { TABLE } from './tables.ts';

/** A task that left core, as the runtime hands it over. */
export interface FinishedTask {
  /** Its fields no longer change. */
  readonly task: Task;
  /** JSON text, or null when there is none. */
  readonly result: string | null;
  /** When the last attempt started, in milliseconds since 1970; 0 if none did. */
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** A finished task without its payload and result. */
export interface FinishedSummary {
  readonly id: TaskId;
  readonly spec: TaskSpec;
  readonly state: TaskState;
  readonly reason: string | null;
  readonly payloadBytes: number;
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly affinityKey: string | null;
  readonly idempotencyKey: string | null;
  readonly deadlineAt: number;
  readonly metadata: Task['metadata'];
  readonly attempt: number;
  readonly fencingToken: number;
  readonly agentId: Task['agentId'];
  readonly failures: Task['failures'];
  readonly error: Task['error'];
  readonly extra: Task['extra'];
}

/** All that is kept of a finished task. */
export interface FinishedView extends FinishedSummary {
  /** JSON text, or null when there is none. */
  readonly payload: string | null;
  /** JSON text, or null when there is none. */
  readonly result: string | null;
}

/** Places in the fixed part, little-endian. */
export const AT = {
  /** u32: see `history-index.ts`. */
  combo: 0,
  finishedAt: 4,
  flags: 12,
  state: 13,
  agentBytes: 14,
  /** u32: number in the dictionary; 0 when the spec is in the rare part. */
  spec: 16,
  attempt: 20,
  payloadBytes: 24,
  rareBytes: 28,
  createdAt: 32,
  startedAt: 40,
  deadlineAt: 48,
  fencingToken: 56,
  /** u32: size of the payload as core counts it. */
  taskPayloadBytes: 64,
} as const;
export const FIXED_BYTES = 68;

export const FLAG = { payload: 1, result: 2, agent: 4 } as const;
/** Numbered by their place. */
export const STATES: readonly TaskState[] = ['completed', 'canceled', 'failed'];

/** A spec by its number in the dictionary, or whole when the dictionary was full. */
export type SpecRef = number | TaskSpec;

/** What few tasks have. */
export type Rare = readonly [
  spec: TaskSpec | null,
  reason: Task['reason'],
  affinityKey: Task['affinityKey'],
  idempotencyKey: Task['idempotencyKey'],
  metadata: Task['metadata'],
  failures: Task['failures'],
  error: Task['error'],
  extra: Task['extra'],
];
const NO_BYTES = Buffer.alloc(0);

export interface RecordParts {
  readonly finished: FinishedTask;
  readonly payload: string | null;
  readonly combo: number;
  readonly spec: SpecRef;
}

/** Appends the record to a block. */
export function writeRecord(
  block: BlockWriter,
  { finished, payload, combo, spec }: RecordParts,
): void {
  const { task, result, startedAt, finishedAt } = finished;
  const { agentId } = task;
  const rare = rareOf(task, spec);
  const agentBytes = agentId === null ? 0 : Buffer.byteLength(agentId);
  const payloadBytes = payload === null ? 0 : Buffer.byteLength(payload);
  const resultBytes = result === null ? 0 : Buffer.byteLength(result);
  const textsAt = FIXED_BYTES + agentBytes + rare.length;
  const target = block.finish(TABLE.history, task.id, textsAt + payloadBytes + resultBytes);
  target.writeUInt32LE(combo, AT.combo);
  target.writeDoubleLE(finishedAt, AT.finishedAt);
  target[AT.flags] =
    (payload === null ? 0 : FLAG.payload) |
    (result === null ? 0 : FLAG.result) |
    (agentId === null ? 0 : FLAG.agent);
  const state = STATES.indexOf(task.state);
  invariant(state >= 0, 'a task leaves core in a final state');
  target[AT.state] = state;
  target.writeUInt16LE(agentBytes, AT.agentBytes);
  target.writeUInt32LE(typeof spec === 'number' ? spec : 0, AT.spec);
  target.writeUInt32LE(task.attempt, AT.attempt);
  target.writeUInt32LE(payloadBytes, AT.payloadBytes);
  target.writeUInt32LE(rare.length, AT.rareBytes);
  target.writeDoubleLE(task.createdAt, AT.createdAt);
  target.writeDoubleLE(startedAt, AT.startedAt);
  target.writeDoubleLE(task.deadlineAt, AT.deadlineAt);
  target.writeDoubleLE(task.fencingToken, AT.fencingToken);
  target.writeUInt32LE(task.payloadBytes, AT.taskPayloadBytes);
  if (agentId !== null) target.write(agentId, FIXED_BYTES);
  if (rare.length > 0) target.set(rare, FIXED_BYTES + agentBytes);
  if (payload !== null) target.write(payload, textsAt);
  if (result !== null) target.write(result, textsAt + payloadBytes);
}

function rareOf(task: Task, spec: SpecRef): Uint8Array {
  const whole = typeof spec === 'number' ? null : spec;
  const { reason, affinityKey, idempotencyKey, metadata, failures, error, extra } = task;
  const hasNone =
    whole === null &&
    reason === null &&
    affinityKey === null &&
    idempotencyKey === null &&
    metadata === null &&
    failures.length === 0 &&
    error === null &&
    extra === null;
  if (hasNone) return NO_BYTES;
  const rare: Rare = [whole, reason, affinityKey, idempotencyKey, metadata, failures, error, extra];
  return encodeRow(rare);
}

/** The summary of a record that is not written yet. */
export function summaryOfTask({ task, startedAt, finishedAt }: FinishedTask): FinishedSummary {
  return {
    id: task.id,
    spec: task.profile.spec,
    state: task.state,
    reason: task.reason,
    payloadBytes: task.payloadBytes,
    createdAt: task.createdAt,
    startedAt,
    finishedAt,
    affinityKey: task.affinityKey,
    idempotencyKey: task.idempotencyKey,
    deadlineAt: task.deadlineAt,
    metadata: task.metadata,
    attempt: task.attempt,
    fencingToken: task.fencingToken,
    agentId: task.agentId,
    failures: task.failures,
    error: task.error,
    extra: task.extra,
  };
}
