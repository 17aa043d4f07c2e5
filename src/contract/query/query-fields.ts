/** The one table of what can be searched. Moments and durations that a task does not have are NaN. */
import type { QueryOperator } from './query-ast.ts';
import type { SearchableTask } from './searchable-task.ts';

type Read<Value> = (task: SearchableTask, nowMs: number) => Value;

/** How a field is read, and with that which operators and values it takes. */
export type FieldAccess =
  | { readonly kind: 'state'; readonly read: Read<string> }
  | { readonly kind: 'text'; readonly read: Read<string | null> }
  | { readonly kind: 'texts'; readonly read: Read<readonly string[]> }
  | { readonly kind: 'number'; readonly read: Read<number> }
  | { readonly kind: 'bytes'; readonly read: Read<number> }
  | { readonly kind: 'moment'; readonly read: Read<number> }
  | { readonly kind: 'duration'; readonly read: Read<number> }
  /** One text by a name of the user's: `label.NAME`. */
  | { readonly kind: 'label' }
  /** Any JSON by a path of names: `metadata.a.b`. */
  | { readonly kind: 'metadata' };

export type FieldKind = FieldAccess['kind'];

const ORDER = ['<', '<=', '>', '>='] as const;

export const OPERATORS: Readonly<Record<FieldKind, readonly QueryOperator[]>> = {
  state: [':'],
  text: [':', '~'],
  texts: [':', '~'],
  label: [':', '~'],
  number: [':', ...ORDER],
  bytes: [':', ...ORDER],
  moment: [':', ...ORDER],
  duration: [':', ...ORDER],
  metadata: [':', '~', ...ORDER],
};

const text = (read: Read<string | null>): FieldAccess => ({ kind: 'text', read });
const texts = (read: Read<readonly string[]>): FieldAccess => ({ kind: 'texts', read });
const number = (read: Read<number>): FieldAccess => ({ kind: 'number', read });
const duration = (read: Read<number>): FieldAccess => ({ kind: 'duration', read });
/** A moment of 0 is none. */
const moment = (read: Read<number>): FieldAccess => ({
  kind: 'moment',
  read: (task, nowMs) => read(task, nowMs) || Number.NaN,
});

export const QUERY_FIELDS = {
  id: text((task) => task.id),
  state: { kind: 'state', read: (task) => task.state },
  type: text((task) => task.type),
  queue: text((task) => task.queue),
  namespace: text((task) => task.namespace),
  priority: number((task) => task.priority),
  attempt: number((task) => task.attempt),
  agent: text((task) => task.agentId),
  reason: text((task) => task.reason),
  error: texts(({ error }) => (error === null ? [] : [error.code, error.message])),
  'error.code': text(({ error }) => error?.code ?? null),
  'error.message': text(({ error }) => error?.message ?? null),
  affinityKey: text((task) => task.affinityKey),
  idempotencyKey: text((task) => task.idempotencyKey),
  concurrencyKey: text((task) => task.concurrencyKey ?? null),
  capability: texts((task) => task.capabilities),
  label: { kind: 'label' },
  created: moment((task) => task.createdAt),
  updated: moment((task) => task.stateAt),
  started: moment((task) => task.startedAt),
  runAt: moment((task) => task.runAt),
  deadline: moment((task) => task.deadlineAt),
  age: duration((task, nowMs) => nowMs - task.createdAt),
  idle: duration((task, nowMs) => nowMs - task.stateAt),
  duration: duration(({ endedAt, startedAt }, nowMs) =>
    startedAt === 0 ? Number.NaN : (endedAt || nowMs) - startedAt,
  ),
  payloadBytes: { kind: 'bytes', read: (task) => task.payloadBytes },
  metadata: { kind: 'metadata' },
  flow: text((task) => task.flow ?? null),
  parent: text((task) => task.parent ?? null),
  schedule: text((task) => task.schedule ?? null),
} as const satisfies Readonly<Record<string, FieldAccess>>;

export type QueryFieldName = keyof typeof QUERY_FIELDS;

/** Other names, most of them those of the API's JSON. */
const ALIASES: Readonly<Record<string, QueryFieldName>> = {
  agentId: 'agent',
  attempts: 'attempt',
  createdAt: 'created',
  deadlineAt: 'deadline',
  startedAt: 'started',
  stateAt: 'updated',
};

/** All names as they are written, for suggestions and help. */
export const QUERY_FIELD_NAMES: readonly string[] = [
  ...Object.keys(QUERY_FIELDS).map((name) =>
    name === 'label' ? 'label.NAME' : name === 'metadata' ? 'metadata.PATH' : name,
  ),
  ...Object.keys(ALIASES),
];

/** The field of a name or of another name of it; null for none. */
export function findField(name: string): QueryFieldName | null {
  if (Object.hasOwn(QUERY_FIELDS, name)) return name as QueryFieldName;
  return Object.hasOwn(ALIASES, name) ? (ALIASES[name] as QueryFieldName) : null;
}

export function accessOf(field: QueryFieldName): FieldAccess {
  return QUERY_FIELDS[field];
}
