/**
 * A submit whose tasks depend on each other, as columns: a parent of the same submit is its place in it.
 *
 * A flow of 100,000 tasks names each of them several times, 36 bytes each time; so it fits an entry.
 */
import type { Command, Dependency, TaskId } from '../core/index.ts';
import { ID_LENGTH, splitIds } from './id-columns.ts';

type Submit = Extract<Command, { type: 'task.submit' }>;
type NewTask = Submit['tasks'][number];

/** An id, or a place in the submit. */
type StoredParent = string | number;
type StoredEdge = StoredParent | readonly [StoredParent, Dependency['onFailure']];

/** What a task has besides its id, spec and size. */
type Rest = Omit<NewTask, 'id' | 'spec' | 'payloadBytes' | 'dependsOn'>;

export type FlowColumns = [
  tag: 4,
  ids: string,
  rest: Omit<Submit, 'type' | 'tasks'>,
  specOf: readonly number[],
  payloadBytes: readonly number[],
  dependsOn: readonly (readonly StoredEdge[] | null)[],
  /** Null where all it has is a ref, or nothing. */
  rests: readonly (Rest | string | null)[],
];

/** Null for a submit without dependencies, or with ids of another form. */
export function flowColumns({ tasks, type: _type, ...rest }: Submit): FlowColumns | null {
  if (!tasks.some(({ dependsOn }) => dependsOn !== undefined)) return null;
  if (!tasks.every(({ id }) => id.length === ID_LENGTH)) return null;
  const places = new Map<TaskId, number>(tasks.map(({ id }, place) => [id, place]));
  return [
    4,
    tasks.map(({ id }) => id).join(''),
    rest,
    tasks.map(({ spec }) => spec),
    tasks.map(({ payloadBytes }) => payloadBytes),
    tasks.map(({ dependsOn }) => dependsOn?.map((edge) => storedEdge(edge, places)) ?? null),
    tasks.map((task) => restOf(task)),
  ];
}

function storedEdge(
  { onFailure, taskId }: Dependency,
  places: ReadonlyMap<TaskId, number>,
): StoredEdge {
  const parent = places.get(taskId) ?? taskId;
  return onFailure === undefined ? parent : [parent, onFailure];
}

function restOf(task: NewTask): Rest | string | null {
  const { dependsOn: _edges, id: _id, payloadBytes: _bytes, spec: _spec, ...rest } = task;
  const names = Object.keys(rest);
  if (names.length === 0) return null;
  return names.length === 1 && rest.ref !== undefined ? rest.ref : rest;
}

export function readFlow(columns: FlowColumns): Submit {
  const [, joined, rest, specOf, payloadBytes, dependsOn, rests] = columns;
  const ids = splitIds(joined);
  const tasks = ids.map((id, place): NewTask => {
    const edges = dependsOn[place] ?? null;
    const own = rests[place] ?? null;
    return {
      id,
      spec: specOf[place] as number,
      payloadBytes: payloadBytes[place] as number,
      ...(edges === null ? {} : { dependsOn: edges.map((edge) => readEdge(edge, ids)) }),
      ...(typeof own === 'string' ? { ref: own } : own),
    };
  });
  return { type: 'task.submit', ...rest, tasks };
}

function readEdge(stored: StoredEdge, ids: readonly TaskId[]): Dependency {
  if (typeof stored !== 'object') return { taskId: idOf(stored, ids) };
  const [parent, onFailure] = stored;
  return { taskId: idOf(parent, ids), ...(onFailure === undefined ? {} : { onFailure }) };
}

function idOf(stored: StoredParent, ids: readonly TaskId[]): TaskId {
  return (typeof stored === 'number' ? ids[stored] : stored) as TaskId;
}
