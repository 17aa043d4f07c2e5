/** Reads finished tasks back from their bytes; `finished-record.ts` says what stands where. */
import { invariant } from '../base/invariant.ts';
import type { AgentId, TaskId, TaskSpec, TaskState } from '../core/index.ts';
import {
  AT,
  FIXED_BYTES,
  FLAG,
  STATES,
  type FinishedSummary,
  type FinishedView,
  type Rare,
} from './finished-record.ts';
import { decodeRow } from './row-codec.ts';

const NOTHING_RARE: Rare = [null, null, null, null, null, [], null, null];
const NO_RECORD = Buffer.alloc(FIXED_BYTES);

export function comboOf(record: Buffer): number {
  return record.readUInt32LE(AT.combo);
}

export function finishedAtOf(record: Buffer): number {
  return record.readDoubleLE(AT.finishedAt);
}

/** Where shared specs are found. */
export type SpecOf = (number: number) => TaskSpec;

/**
 * A record whose parts are read when they are asked for: to look into many without decoding any.
 *
 * One is used for many records, one after the other; what was read of one stays good.
 */
export class StoredRecord implements FinishedSummary {
  readonly #specOf: SpecOf;
  #id = '' as TaskId;
  #record: Buffer = NO_RECORD;
  #rare: Rare | null = NOTHING_RARE;

  constructor(specOf: SpecOf) {
    this.#specOf = specOf;
  }

  /** Goes on to another record; `record` may be a view that soon changes, and this with it. */
  open(id: TaskId, record: Buffer): this {
    this.#id = id;
    this.#record = record;
    this.#rare = null;
    return this;
  }

  get id(): TaskId {
    return this.#id;
  }
  get spec(): TaskSpec {
    const number = this.#record.readUInt32LE(AT.spec);
    if (number !== 0) return this.#specOf(number);
    const [spec] = this.#rareParts;
    invariant(spec !== null, 'a record has its spec or names one');
    return spec;
  }
  get state(): TaskState {
    const state = STATES[this.#record[AT.state] as number];
    invariant(state !== undefined, 'a record names its state by number');
    return state;
  }
  get reason(): FinishedSummary['reason'] {
    return this.#rareParts[1];
  }
  get affinityKey(): FinishedSummary['affinityKey'] {
    return this.#rareParts[2];
  }
  get idempotencyKey(): FinishedSummary['idempotencyKey'] {
    return this.#rareParts[3];
  }
  get metadata(): FinishedSummary['metadata'] {
    return this.#rareParts[4];
  }
  get failures(): FinishedSummary['failures'] {
    return this.#rareParts[5];
  }
  get error(): FinishedSummary['error'] {
    return this.#rareParts[6];
  }
  get extra(): FinishedSummary['extra'] {
    return this.#rareParts[7];
  }
  get payloadBytes(): number {
    return this.#record.readUInt32LE(AT.taskPayloadBytes);
  }
  get createdAt(): number {
    return this.#record.readDoubleLE(AT.createdAt);
  }
  get startedAt(): number {
    return this.#record.readDoubleLE(AT.startedAt);
  }
  get finishedAt(): number {
    return finishedAtOf(this.#record);
  }
  get deadlineAt(): number {
    return this.#record.readDoubleLE(AT.deadlineAt);
  }
  get attempt(): number {
    return this.#record.readUInt32LE(AT.attempt);
  }
  get fencingToken(): number {
    return this.#record.readDoubleLE(AT.fencingToken);
  }
  get agentId(): AgentId | null {
    const record = this.#record;
    if (((record[AT.flags] as number) & FLAG.agent) === 0) return null;
    return record.toString('utf8', FIXED_BYTES, rareAt(record)) as AgentId;
  }

  /** All of it but the texts, to keep. */
  summary(): FinishedSummary {
    return {
      id: this.id,
      spec: this.spec,
      state: this.state,
      reason: this.reason,
      payloadBytes: this.payloadBytes,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      finishedAt: this.finishedAt,
      affinityKey: this.affinityKey,
      idempotencyKey: this.idempotencyKey,
      deadlineAt: this.deadlineAt,
      metadata: this.metadata,
      attempt: this.attempt,
      fencingToken: this.fencingToken,
      agentId: this.agentId,
      failures: this.failures,
      error: this.error,
      extra: this.extra,
    };
  }

  /** All of it, to keep. */
  view(): FinishedView {
    const record = this.#record;
    const flags = record[AT.flags] as number;
    const payloadAt = textsAt(record);
    const resultAt = payloadAt + record.readUInt32LE(AT.payloadBytes);
    const hasPayload = (flags & FLAG.payload) !== 0;
    const hasResult = (flags & FLAG.result) !== 0;
    return {
      ...this.summary(),
      payload: hasPayload ? record.toString('utf8', payloadAt, resultAt) : null,
      result: hasResult ? record.toString('utf8', resultAt, record.length) : null,
    };
  }

  get #rareParts(): Rare {
    this.#rare ??= readRare(this.#record);
    return this.#rare;
  }
}

function textsAt(record: Buffer): number {
  return rareAt(record) + record.readUInt32LE(AT.rareBytes);
}

function rareAt(record: Buffer): number {
  return FIXED_BYTES + record.readUInt16LE(AT.agentBytes);
}

function readRare(record: Buffer): Rare {
  const [start, end] = [rareAt(record), textsAt(record)];
  return start === end ? NOTHING_RARE : (decodeRow(record.subarray(start, end)) as Rare);
}
