/** Changes of many tasks at once, as something that can be looked at, stopped and remembered. */
import type { TaskId } from './ids.ts';
import type { CoreRecord } from './record.ts';
import type { RejectionCode } from './rejection.ts';
import type { Requirement } from './spec.ts';

export const OPERATION_ACTIONS = ['cancel', 'retry', 'redrive', 'purge', 'reprioritise'] as const;
export type OperationAction = (typeof OPERATION_ACTIONS)[number];

export type OperationState = 'running' | 'completed' | 'aborted' | 'failed';

/** Where a task goes; what is absent stays. */
export interface Placement {
  readonly queue?: string;
  readonly priority?: number;
  /** Parts that are absent stay too; an agent of null is any. */
  readonly requires?: Partial<Omit<Requirement, 'agent'>> & { readonly agent?: string | null };
}

/** How a dead letter is queued again. */
export interface Redrive extends Placement {
  /** False keeps the count of attempts, but for the one that it gets at least. Absent: true. */
  readonly resetAttempts?: boolean;
  /** Agents that it is kept from while another ready one could take it; `failed`: those it failed on. */
  readonly avoidAgents?: readonly string[] | 'failed';
}

/** What an operation does to each task. */
export interface OperationParams extends Redrive {
  /** JSON text that becomes the payload of each. */
  readonly payload?: string;
  /** JSON Merge Patch (RFC 7396) of each payload, as JSON text. */
  readonly patch?: string;
}

/** Which tasks an operation is about. Core keeps it; whoever looks for them reads it. */
export interface OperationScope {
  /** As it was written. */
  readonly query: string;
  /** Only dead letters of this group of failures; null for any. */
  readonly group: string | null;
  readonly includePoison: boolean;
  /** Only tasks whose hash with `seed` is at most this; null for all. */
  readonly hashMax: number | null;
  readonly seed: number;
  /** Only ids below this one. */
  readonly before: string;
  /** Most tasks; null without a bound. */
  readonly itemsMax: number | null;
}

/** What an operation is asked to be. */
export interface NewOperation extends OperationScope {
  readonly id: string;
  readonly action: OperationAction;
  readonly params: OperationParams;
  /** Tasks a second, at most; 0 without a bound. */
  readonly rate: number;
  readonly by: string;
  readonly reason: string | null;
  /** Tasks that matched just before it started. */
  readonly matched: number;
}

interface OperationFields {
  readonly order: Omit<NewOperation, 'id'>;
  readonly startedAt: number;
  state: OperationState;
  /** When it ended, or 0. */
  endedAt: number;
  /** Who stopped it, or null. */
  endedBy: string | null;
  /** Why it was stopped or failed, or null. */
  endedWhy: string | null;
  /** Tasks from here up were dealt with; empty once all were. */
  cursor: string;
  done: number;
  refused: number;
}

export interface Operation extends CoreRecord, OperationFields {
  readonly table: 'operations';
}

/** What became of some tasks of an operation, newest id first. */
export interface OperationItems extends CoreRecord, OperationItemsFields {
  readonly table: 'operationItems';
}

interface OperationItemsFields {
  readonly operationId: string;
  readonly taskIds: readonly TaskId[];
  /** By position among the ids; those that are not named were done. */
  readonly refused: readonly (readonly [position: number, code: RejectionCode])[];
}

/** Operations that may be under way at once. */
export const OPERATIONS_RUNNING_MAX = 16;
/** Ended operations that are remembered. */
export const OPERATIONS_ENDED_MAX = 200;
/** Outcomes of single tasks that are remembered, of all operations together. */
export const OPERATION_ITEMS_MAX = 200_000;

export function operationFields(operation: Operation): readonly unknown[] {
  const { cursor, done, endedAt, endedBy, endedWhy, order, refused, startedAt, state } = operation;
  return [order, startedAt, state, endedAt, endedBy, endedWhy, cursor, done, refused];
}

export function readOperation(fields: readonly unknown[]): OperationFields {
  const [order, startedAt, state, endedAt, endedBy, endedWhy, cursor, done, refused] = fields as [
    OperationFields['order'],
    number,
    OperationState,
    number,
    string | null,
    string | null,
    string,
    number,
    number,
  ];
  return { order, startedAt, state, endedAt, endedBy, endedWhy, cursor, done, refused };
}

export function operationItemsFields(items: OperationItems): readonly unknown[] {
  return [items.operationId, items.taskIds, items.refused];
}

export function readOperationItems(fields: readonly unknown[]): OperationItemsFields {
  const [operationId, taskIds, refused] = fields as [
    string,
    readonly TaskId[],
    OperationItemsFields['refused'],
  ];
  return { operationId, taskIds, refused };
}
