/**
 * A finished task as bytes: [combo u32][finishedAt f64][head bytes u32][payload bytes u32][head][payload][result].
 *
 * The fixed part comes first so that retention and listing read it without decoding the rest.
 */
import type { Task, TaskId, TaskRow, TaskSpec, TaskState } from '../core/index.ts';
import { taskRow } from '../core/index.ts';
import type { BlockWriter } from './block.ts';
import { decodeRow, encodeRow } from './row-codec.ts';
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

const COMBO_AT = 0;
const FINISHED_AT = 4;
const HEAD_BYTES_AT = 12;
const PAYLOAD_BYTES_AT = 16;
const FIXED_BYTES = 20;
/** Stands for the length of a text that is not there. */
const NONE = 0xffff_ffff;

/** A spec by its number in the dictionary, or whole when the dictionary was full. */
export type SpecRef = number | TaskSpec;
type Head = readonly [row: TaskRow, spec: SpecRef, startedAt: number, hasResult: boolean];

export interface RecordParts {
  readonly finished: FinishedTask;
  readonly payload: string | null;
  readonly combo: number;
  readonly spec: SpecRef;
}

/** Appends the record to a block. */
export function writeRecord(block: BlockWriter, parts: RecordParts): void {
  const { finished, payload } = parts;
  const { task, result, startedAt, finishedAt } = finished;
  const parted: Head = [taskRow(task), parts.spec, startedAt, result !== null];
  const head = encodeRow(parted);
  const payloadBytes = payload === null ? 0 : Buffer.byteLength(payload);
  const resultBytes = result === null ? 0 : Buffer.byteLength(result);
  const bytes = FIXED_BYTES + head.length + payloadBytes + resultBytes;
  const target = block.finish(TABLE.history, task.id, bytes);
  target.writeUInt32LE(parts.combo, COMBO_AT);
  target.writeDoubleLE(finishedAt, FINISHED_AT);
  target.writeUInt32LE(head.length, HEAD_BYTES_AT);
  target.writeUInt32LE(payload === null ? NONE : payloadBytes, PAYLOAD_BYTES_AT);
  target.set(head, FIXED_BYTES);
  if (payload !== null) target.write(payload, FIXED_BYTES + head.length);
  if (result !== null) target.write(result, FIXED_BYTES + head.length + payloadBytes);
}

export function comboOf(record: Buffer): number {
  return record.readUInt32LE(COMBO_AT);
}

export function finishedAtOf(record: Buffer): number {
  return record.readDoubleLE(FINISHED_AT);
}

/** Reads a record without its texts. `record` may be a view that soon changes. */
export function readSummary(record: Buffer, specOf: (ref: SpecRef) => TaskSpec): FinishedSummary {
  const [row, spec, startedAt] = headOf(record);
  return summaryOf(row, { spec: specOf(spec), startedAt, finishedAt: finishedAtOf(record) });
}

export function readView(record: Buffer, specOf: (ref: SpecRef) => TaskSpec): FinishedView {
  const [row, spec, startedAt, hasResult] = headOf(record);
  const times = { spec: specOf(spec), startedAt, finishedAt: finishedAtOf(record) };
  const payloadAt = FIXED_BYTES + record.readUInt32LE(HEAD_BYTES_AT);
  const payloadBytes = record.readUInt32LE(PAYLOAD_BYTES_AT);
  const resultAt = payloadAt + (payloadBytes === NONE ? 0 : payloadBytes);
  return {
    ...summaryOf(row, times),
    payload: payloadBytes === NONE ? null : record.toString('utf8', payloadAt, resultAt),
    result: hasResult ? record.toString('utf8', resultAt, record.length) : null,
  };
}

/** The summary of a record that is not written yet. */
export function summaryOfTask({ task, startedAt, finishedAt }: FinishedTask): FinishedSummary {
  return summaryOf(taskRow(task), { spec: task.profile.spec, startedAt, finishedAt });
}

function headOf(record: Buffer): Head {
  const end = FIXED_BYTES + record.readUInt32LE(HEAD_BYTES_AT);
  return decodeRow(record.subarray(FIXED_BYTES, end)) as Head;
}

function summaryOf(
  row: TaskRow,
  times: { spec: TaskSpec; startedAt: number; finishedAt: number },
): FinishedSummary {
  return {
    id: row[0],
    spec: times.spec,
    state: row[9],
    reason: row[10],
    payloadBytes: row[3],
    createdAt: row[4],
    startedAt: times.startedAt,
    finishedAt: times.finishedAt,
    affinityKey: row[5],
    idempotencyKey: row[6],
    deadlineAt: row[7],
    metadata: row[8],
    attempt: row[13],
    fencingToken: row[14],
    agentId: row[15],
    failures: row[18],
    error: row[19],
    extra: row[20] ?? null,
  };
}
