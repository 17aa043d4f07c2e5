/** Random queries and tasks that have something to do with each other. */
import fc from 'fast-check';
import { TASK_STATES } from '../../task.ts';
import {
  joinQueries,
  negateQuery,
  type QueryTerm,
  type QueryValue,
  type TaskQueryAst,
} from '../query-ast.ts';
import {
  accessOf,
  OPERATORS,
  QUERY_FIELDS,
  type FieldKind,
  type QueryFieldName,
} from '../query-fields.ts';
import type { SearchableTask } from '../searchable-task.ts';

/** The moment that all random times lie around. */
export const NOW_MS = Date.UTC(2026, 0, 15, 12);
const SPAN_MS = 4 * 86_400_000;

const word = fc.constantFrom(
  'a',
  'ab',
  'abab',
  'AB',
  'b.a',
  'timed out',
  '42',
  '7',
  '0042',
  'é',
  '*',
  '"',
  '\\',
  '',
);
const anyText = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'customer', 'nvidia.com/gpu') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }) },
);
const plainNumber = fc.oneof(
  fc.constantFrom(42, 7, 0, -1, 0.5, 1e-8),
  fc.integer({ min: -99, max: 99 }),
);

const literal = anyText.map((text): QueryValue => ({ type: 'text', text }));
const glob = fc
  .tuple(
    anyText,
    fc.array(
      anyText.filter((text) => text !== ''),
      { maxLength: 2 },
    ),
    anyText,
  )
  .map(([first, middle, last]): QueryValue => {
    const pieces = [first, ...middle, last];
    return pieces.every((piece) => piece === '') ? { type: 'any' } : { type: 'glob', pieces };
  });
const any = fc.constant<QueryValue>({ type: 'any' });
const number = plainNumber.map((value): QueryValue => ({ type: 'number', value }));
const duration = fc.nat(SPAN_MS).map((ms): QueryValue => ({ type: 'duration', ms }));
const relative = fc
  .integer({ min: -SPAN_MS, max: SPAN_MS })
  .map((offsetMs): QueryValue => ({ type: 'relative', offsetMs: offsetMs + 0 }));
const moment = fc
  .tuple(
    fc.integer({ min: NOW_MS - SPAN_MS, max: NOW_MS + SPAN_MS }),
    fc.constantFrom(1, 1000, 60_000, 86_400_000),
  )
  .map(([ms, lengthMs]): QueryValue => {
    const fromMs = ms - (ms % lengthMs);
    return { type: 'moment', fromMs, toMs: fromMs + lengthMs };
  });

const isText = (kind: FieldKind): boolean =>
  kind === 'text' || kind === 'texts' || kind === 'label';

function valueOf(kind: FieldKind, operator: string): fc.Arbitrary<QueryValue> {
  const isEqual = operator === ':';
  const choices: fc.Arbitrary<QueryValue>[] = [];
  if (isText(kind)) choices.push(literal);
  if (kind === 'metadata') choices.push(literal, number);
  if (isEqual && (isText(kind) || kind === 'metadata')) choices.push(glob);
  if (kind === 'state')
    choices.push(
      fc.constantFrom(...TASK_STATES).map((text): QueryValue => ({ type: 'text', text })),
    );
  if (kind === 'number') choices.push(number);
  if (kind === 'bytes')
    choices.push(fc.nat(4).map((value): QueryValue => ({ type: 'number', value })));
  if (kind === 'duration') choices.push(duration);
  if (kind === 'moment') choices.push(moment, relative);
  if (isEqual) choices.push(any);
  return fc.oneof(...choices);
}

const term: fc.Arbitrary<TaskQueryAst> = fc
  .constantFrom(...(Object.keys(QUERY_FIELDS) as QueryFieldName[]))
  .chain((field) =>
    fc.constantFrom(...OPERATORS[accessOf(field).kind]).map((operator) => ({ field, operator })),
  )
  .chain(({ field, operator }) => {
    const { kind } = accessOf(field);
    const isOrder = operator !== ':' && operator !== '~';
    const values = fc.array(valueOf(kind, operator), { minLength: 1, maxLength: isOrder ? 1 : 6 });
    const depth =
      kind === 'metadata'
        ? { minLength: 1, maxLength: 2 }
        : kind === 'label'
          ? { minLength: 1, maxLength: 1 }
          : { maxLength: 0 };
    return fc
      .record({ path: fc.array(name, depth), values })
      .map(({ path, values: chosen }): QueryTerm => ({
        type: 'term',
        field,
        path,
        operator,
        values: chosen,
      }));
  });

/** Queries as the parser makes them. */
export const anyQuery: fc.Arbitrary<TaskQueryAst> = fc.letrec<{ query: TaskQueryAst }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 3, arbitrary: term },
    { weight: 1, arbitrary: tie('query').map(negateQuery) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom('and' as const, 'or' as const),
          fc.array(tie('query'), { minLength: 1, maxLength: 4 }),
        )
        .map(([type, terms]) => joinQueries(type, terms)),
    },
  ),
})).query;

const maybeText = fc.oneof(word, fc.constant(null));
const moments = fc.oneof(
  fc.constant(0),
  fc.integer({ min: NOW_MS - SPAN_MS, max: NOW_MS + SPAN_MS }),
);
const scalar = fc.oneof(word, plainNumber, fc.boolean(), fc.constant(null));
const metadataValue = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(name, scalar, { maxKeys: 3 }),
);

export const anyTask: fc.Arbitrary<SearchableTask> = fc.record<SearchableTask>({
  id: word,
  state: fc.constantFrom(...TASK_STATES),
  type: word,
  queue: word,
  namespace: word,
  priority: fc.nat(9),
  attempt: fc.nat(9),
  agentId: maybeText,
  reason: maybeText,
  error: fc.oneof(fc.constant(null), fc.record({ code: word, message: word })),
  affinityKey: maybeText,
  idempotencyKey: maybeText,
  concurrencyKey: maybeText,
  labels: fc.dictionary(name, word, { maxKeys: 2 }),
  capabilities: fc.array(word, { maxLength: 2 }),
  createdAt: moments.filter((ms) => ms > 0),
  stateAt: moments.filter((ms) => ms > 0),
  startedAt: moments,
  endedAt: moments,
  runAt: moments,
  deadlineAt: moments,
  payloadBytes: fc.nat(4),
  metadata: fc.oneof(fc.constant(null), fc.dictionary(name, metadataValue, { maxKeys: 3 })),
  flow: maybeText,
  parent: maybeText,
  schedule: maybeText,
});
