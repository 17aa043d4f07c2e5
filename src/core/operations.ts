/** How operations start, deal with tasks some at a time, and end. */
import type { CommandResult } from './apply.ts';
import { UNTRACKED } from './change-set.ts';
import type { Command } from './command.ts';
import type { TaskId } from './ids.ts';
import {
  OPERATION_ITEMS_MAX,
  OPERATIONS_ENDED_MAX,
  OPERATIONS_RUNNING_MAX,
  type NewOperation,
  type Operation,
  type OperationState,
} from './operation.ts';
import { cancelTask, purgeTask, retryTask } from './recall.ts';
import type { CoreRecord, RecordTable } from './record.ts';
import { placeTask, redriveTask } from './redrive.ts';
import { reject, type Rejection, type RejectionCode } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';

type Act = Extract<Command, { type: 'operation.act' }>;
type End = Extract<Command, { type: 'operation.end' }>;

/** Makes an operation; it does nothing by itself. */
export function startOperation(
  { state, events }: Step,
  { id, ...order }: NewOperation,
): Rejection | null {
  const table = state.records.operations;
  if (table.get(id) !== undefined) {
    return reject('OPERATION_EXISTS', `an operation id must be new, got ${id} again`, { id });
  }
  const running = count(table.values(), ({ state: now }) => now === 'running');
  if (running >= OPERATIONS_RUNNING_MAX) {
    return reject(
      'OPERATION_LIMIT',
      `at most ${OPERATIONS_RUNNING_MAX} operations may be under way at once; wait for one or abort it`,
      { operationsMax: OPERATIONS_RUNNING_MAX },
    );
  }
  forgetOperations(state);
  state.recordSeq += 1;
  const operation: Operation = {
    table: 'operations',
    key: id,
    seq: state.recordSeq,
    order,
    startedAt: state.nowMs,
    state: 'running',
    endedAt: 0,
    endedBy: null,
    endedWhy: null,
    cursor: order.before,
    done: 0,
    refused: 0,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  table.add(operation);
  events.push({ type: 'operation.changed', operation });
  return null;
}

/**
 * Deals with the next tasks of an operation, and remembers how far it is.
 *
 * A command that does not go on where the operation stands is refused whole, and an id out of its turn
 * by itself: so no task is dealt with twice, whatever is sent again.
 */
export function actOnTasks(step: Step, command: Act): CommandResult {
  const operation = runningOperation(step.state, command.operationId);
  if ('code' in operation) return { type: 'refused', rejection: operation };
  if (operation.cursor !== command.from) {
    const message = `an operation must go on at ${operation.cursor}, got ${command.from}`;
    const rejection = reject('OPERATION_MOVED', message, { cursor: operation.cursor });
    return { type: 'refused', rejection };
  }
  step.state.records.operations.touch(operation);
  const refused = new Map<number, Rejection>();
  let above = command.from;
  for (const [position, taskId] of command.taskIds.entries()) {
    const isNext = taskId < above && taskId >= command.to;
    const rejection = isNext
      ? actOnTask(step, operation, { taskId, payloadBytes: command.payloadBytes?.[position] })
      : reject('OPERATION_MOVED', `ids must go down from ${above}, got ${taskId}`, { taskId });
    if (isNext) above = taskId;
    if (rejection !== null) refused.set(position, rejection);
  }
  operation.done += command.taskIds.length - refused.size;
  operation.refused += refused.size;
  operation.cursor = command.to;
  keepItems(step.state, command, refused);
  if (command.to === '') end(step, operation, { state: 'completed', by: null, reason: null });
  return { type: 'taken', refused: refused.size === 0 ? null : refused };
}

/** Stops an operation; what it has done stays done. */
export function endOperation(step: Step, command: End): Rejection | null {
  const operation = runningOperation(step.state, command.operationId);
  if ('code' in operation) return operation;
  step.state.records.operations.touch(operation);
  end(step, operation, command);
  return null;
}

function end(
  { state, events }: Step,
  operation: Operation,
  how: {
    readonly state: OperationState;
    readonly by: string | null;
    readonly reason: string | null;
  },
): void {
  operation.state = how.state;
  operation.endedAt = state.nowMs;
  operation.endedBy = how.by;
  operation.endedWhy = how.reason;
  events.push({ type: 'operation.changed', operation });
}

function runningOperation(state: CoreState, id: string): Operation | Rejection {
  const operation = state.records.operations.get(id);
  if (operation === undefined) {
    return reject('OPERATION_NOT_FOUND', `an operation must be known, got ${id}`, { id });
  }
  if (operation.state === 'running') return operation;
  const message = `the operation must be under way, it is ${operation.state}`;
  return reject('OPERATION_ENDED', message, { id, state: operation.state });
}

function actOnTask(
  step: Step,
  { order }: Operation,
  item: { readonly taskId: TaskId; readonly payloadBytes: number | undefined },
): Rejection | null {
  const { action, by, params, reason } = order;
  const { payloadBytes, taskId } = item;
  switch (action) {
    case 'cancel':
      return cancelTask(step, taskId, reason ?? 'canceled');
    case 'retry':
      return retryTask(step, taskId);
    case 'purge':
      return purgeTask(step, taskId);
    case 'reprioritise':
      return placeTask(step, taskId, params);
    default: {
      const edit = payloadBytes === undefined ? {} : { payloadBytes };
      return redriveTask(step, { taskId, ...edit }, { redrive: params, by, reason });
    }
  }
}

function keepItems(state: CoreState, command: Act, refused: ReadonlyMap<number, Rejection>): void {
  if (command.taskIds.length === 0) return;
  const table = state.records.operationItems;
  state.recordSeq += 1;
  table.add({
    table: 'operationItems',
    key: String(state.recordSeq).padStart(16, '0'),
    seq: state.recordSeq,
    operationId: command.operationId,
    taskIds: command.taskIds,
    refused: [...refused].map(([position, { code }]): [number, RejectionCode] => [position, code]),
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  });
  let kept = 0;
  for (const { taskIds } of table.values()) kept += taskIds.length;
  while (kept > OPERATION_ITEMS_MAX && table.size > 1) {
    const oldest = first(table);
    if (oldest === undefined) return;
    kept -= oldest.taskIds.length;
    table.remove(oldest);
  }
}

function forgetOperations({ records }: CoreState): void {
  const table = records.operations;
  while (count(table.values(), ({ state }) => state !== 'running') >= OPERATIONS_ENDED_MAX) {
    const oldest = first(table, ({ state }) => state !== 'running');
    if (oldest === undefined) return;
    for (const items of records.operationItems.values()) {
      if (items.operationId === oldest.key) records.operationItems.remove(items);
    }
    table.remove(oldest);
  }
}

/** The one made first: a table that was restored may be in another order. */
function first<Kept extends CoreRecord>(
  table: RecordTable<Kept>,
  where: (record: Kept) => boolean = () => true,
): Kept | undefined {
  let oldest: Kept | undefined;
  for (const record of table.values()) {
    if (where(record) && (oldest === undefined || record.seq < oldest.seq)) oldest = record;
  }
  return oldest;
}

function count<Item>(items: Iterable<Item>, where: (item: Item) => boolean): number {
  let number = 0;
  for (const item of items) if (where(item)) number += 1;
  return number;
}
