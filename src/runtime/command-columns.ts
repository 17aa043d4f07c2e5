/**
 * The commands that come in thousands, as columns: all ids in one text, numbers side by side.
 *
 * Written so, a submit, its assignment and its completion cost the log a third less of the server's
 * time than item by item. A command with anything unusual about it is kept as it is.
 */
import type { AgentId, Command, TaskId } from '../core/index.ts';
import { ID_LENGTH, splitIds } from './id-columns.ts';
import { flowColumns, readFlow, type FlowColumns } from './flow-columns.ts';

type Submit = Extract<Command, { type: 'task.submit' }>;
type Assign = Extract<Command, { type: 'task.assign' }>;
type Complete = Extract<Command, { type: 'task.complete' }>;
type NewTask = Submit['tasks'][number];
type Completion = Complete['items'][number];

const TAG = { submit: 1, assign: 2, complete: 3, flow: 4 } as const;

type SubmitColumns = [
  tag: typeof TAG.submit,
  ids: string,
  specs: Submit['specs'],
  specOf: readonly number[] | number,
  payloadBytes: readonly number[],
  session?: SubmitSession,
];
/** Its id, the number of the submit, and up to where answers were seen. */
type SubmitSession = readonly [id: string, sequence: number, acknowledged: number];
type AssignColumns = [
  tag: typeof TAG.assign,
  ids: string,
  /** One for all, or one for each. */
  agentIds: AgentId | readonly AgentId[],
];
type CompleteColumns = [
  tag: typeof TAG.complete,
  ids: string,
  fencingTokens: readonly number[],
  resultBytes: readonly number[],
];

/** A command as the log keeps it. */
export type StoredCommand = Command | SubmitColumns | FlowColumns | AssignColumns | CompleteColumns;

/** All fields of a task that not every task has: one that is forgotten here does not compile. */
const RARE_FIELDS: Readonly<Record<Exclude<keyof NewTask, 'id' | 'spec' | 'payloadBytes'>, true>> =
  {
    runAt: true,
    deadlineAt: true,
    affinityKey: true,
    idempotencyKey: true,
    bodyHash: true,
    metadata: true,
    traceparent: true,
    dependsOn: true,
    ref: true,
    parentId: true,
    parentToken: true,
    hash: true,
    parentHash: true,
    allowsLoop: true,
    budget: true,
    concurrencyKey: true,
    fairnessKey: true,
    limits: true,
    dedupe: true,
    estimate: true,
    placement: true,
  };
const RARE = Object.keys(RARE_FIELDS) as (keyof typeof RARE_FIELDS)[];

/** Does not compile once reports have a field that the columns would lose. */
type Unforgotten =
  Exclude<
    keyof Completion,
    'taskId' | 'fencingToken' | 'resultBytes' | 'usage' | 'hash'
  > extends never
    ? Completion
    : never;

export function storedCommand(command: Command): StoredCommand {
  switch (command.type) {
    case 'task.submit':
      return submitColumns(command) ?? flowColumns(command) ?? command;
    case 'task.assign':
      return assignColumns(command) ?? command;
    case 'task.complete':
      return completeColumns(command) ?? command;
    default:
      return command;
  }
}

export function readCommand(stored: StoredCommand): Command {
  if (!Array.isArray(stored)) return stored;
  switch (stored[0]) {
    case TAG.submit:
      return readSubmit(stored);
    case TAG.flow:
      return readFlow(stored);
    case TAG.assign:
      return readAssign(stored);
    default:
      return readComplete(stored);
  }
}

/** What a submit has besides its tasks and specs: one that has any of it is kept as it is. */
const RARE_OF_SUBMIT: Readonly<
  Record<Exclude<keyof Submit, 'type' | 'specs' | 'tasks' | 'session'>, true>
> = {
  ends: true,
  flow: true,
};
const RARE_SUBMIT = Object.keys(RARE_OF_SUBMIT) as (keyof typeof RARE_OF_SUBMIT)[];

function submitColumns(submit: Submit): SubmitColumns | null {
  const { session, specs, tasks } = submit;
  for (const field of RARE_SUBMIT) if (submit[field] !== undefined) return null;
  if (session?.opens === true) return null;
  let ids = '';
  let isOneSpec = true;
  const first = tasks[0]?.spec ?? 0;
  const payloadBytes: number[] = [];
  for (const task of tasks) {
    if (task.id.length !== ID_LENGTH || !isPlain(task)) return null;
    ids += task.id;
    isOneSpec &&= task.spec === first;
    payloadBytes.push(task.payloadBytes);
  }
  const specOf = isOneSpec ? first : tasks.map((task) => task.spec);
  if (session === undefined) return [TAG.submit, ids, specs, specOf, payloadBytes];
  const { acknowledged, id, sequence } = session;
  const own: SubmitSession = [id, sequence, acknowledged];
  return [TAG.submit, ids, specs, specOf, payloadBytes, own];
}

function isPlain(task: NewTask): boolean {
  for (const field of RARE) if (task[field] !== undefined) return false;
  return true;
}

function readSubmit([, ids, specs, specOf, payloadBytes, own]: SubmitColumns): Submit {
  const texts = splitIds(ids);
  const tasks = payloadBytes.map((bytes, position) => ({
    id: texts[position] as TaskId,
    spec: typeof specOf === 'number' ? specOf : (specOf[position] as number),
    payloadBytes: bytes,
  }));
  if (own === undefined) return { type: 'task.submit', specs, tasks };
  const [id, sequence, acknowledged] = own;
  return { type: 'task.submit', specs, tasks, session: { id, sequence, acknowledged } };
}

function assignColumns({ taskIds, agentIds }: Assign): AssignColumns | null {
  let ids = '';
  let isOneAgent = true;
  const [first] = agentIds;
  for (const [position, id] of taskIds.entries()) {
    if (id.length !== ID_LENGTH) return null;
    ids += id;
    isOneAgent &&= agentIds[position] === first;
  }
  if (first === undefined || agentIds.length !== taskIds.length) return null;
  return [TAG.assign, ids, isOneAgent ? first : agentIds];
}

function readAssign([, ids, agents]: AssignColumns): Assign {
  const taskIds = splitIds(ids);
  const agentIds = typeof agents === 'string' ? taskIds.map(() => agents) : agents;
  return { type: 'task.assign', taskIds, agentIds };
}

function completeColumns({ items }: Complete): CompleteColumns | null {
  let ids = '';
  const fencingTokens: number[] = [];
  const resultBytes: number[] = [];
  const unforgotten: readonly Unforgotten[] = items;
  for (const item of unforgotten) {
    if (item.taskId.length !== ID_LENGTH || item.usage !== undefined) return null;
    if (item.hash !== undefined) return null;
    ids += item.taskId;
    fencingTokens.push(item.fencingToken);
    resultBytes.push(item.resultBytes);
  }
  return [TAG.complete, ids, fencingTokens, resultBytes];
}

function readComplete([, ids, fencingTokens, resultBytes]: CompleteColumns): Complete {
  const texts = splitIds(ids);
  const items = fencingTokens.map((fencingToken, position) => ({
    taskId: texts[position] as TaskId,
    fencingToken,
    resultBytes: resultBytes[position] as number,
  }));
  return { type: 'task.complete', items };
}
