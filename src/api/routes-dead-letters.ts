import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import {
  BULK_IDS_MAX,
  BulkAnswer,
  DeadLetterSelection,
  InvalidRequestError,
  Name,
  QueueName,
  TaskList,
} from '../contract/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { answers, CHANGE_CODES, Cursor, json, Limit, LIMIT_DEFAULT } from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';

const TAGS = ['Dead letters'];
const PAGE_ITEMS = 1_000;

const ListQuery = Type.Object(
  {
    queue: Type.Optional(QueueName),
    type: Type.Optional(Name),
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

/** Tasks that failed for good and wait for someone to look at them. */
export function deadLetterRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/api/v1/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        tags: TAGS,
        summary: 'List dead letters, newest first',
        querystring: ListQuery,
        response: answers({ 200: json('A page', TaskList) }, ['CURSOR_INVALID']),
      },
    },
    (request) => {
      const { limit = LIMIT_DEFAULT, ...rest } = request.query;
      const page = runtime.tasks.deadLetters({ ...rest, limit });
      return Promise.resolve({
        ...page,
        items: page.items.filter(({ id }) => isDead(runtime, id)),
      });
    },
  );
  const actions = {
    redrive: 'Queue dead letters again, with all their attempts',
    purge: 'Let dead letters go to the history',
  } as const;
  for (const [action, summary] of Object.entries(actions)) {
    app.post<{ Body: DeadLetterSelection }>(
      `/api/v1/dead-letters/${action}`,
      {
        schema: {
          operationId: `${action}DeadLetters`,
          tags: TAGS,
          summary,
          description: `Named by \`ids\`, or all that match \`queue\` and \`type\`, newest first, at most \`limit\` (${BULK_IDS_MAX} by default). With \`dryRun\` nothing changes.`,
          body: DeadLetterSelection,
          response: answers({ 200: json('How many', BulkAnswer) }, CHANGE_CODES),
        },
      },
      async (request) => {
        const { dryRun = false } = request.body;
        const ids = select(runtime, request.body);
        if (dryRun || ids.length === 0) return { matched: ids.length, done: 0, dryRun };
        const refusals = await (action === 'redrive'
          ? runtime.tasks.retry(ids)
          : runtime.tasks.purge(ids));
        const done = refusals.filter((refusal) => refusal === null).length;
        return { matched: ids.length, done, dryRun };
      },
    );
  }
}

function select(runtime: Runtime, selection: DeadLetterSelection): TaskId[] {
  const { ids, limit = BULK_IDS_MAX, queue, type } = selection;
  if (ids !== undefined) {
    if (queue !== undefined || type !== undefined || selection.limit !== undefined) {
      throw new InvalidRequestError('/ids', 'must be alone: no queue, type or limit beside it');
    }
    return [...new Set(ids as TaskId[])].filter((id) => isDead(runtime, id));
  }
  const filter = {
    ...(queue === undefined ? {} : { queue }),
    ...(type === undefined ? {} : { type }),
  };
  const selected: TaskId[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null && selected.length < limit) {
    const at = cursor === undefined ? {} : { cursor };
    const page = runtime.tasks.deadLetters({ ...filter, ...at, limit: PAGE_ITEMS });
    const dead = page.items.map(({ id }) => id as TaskId).filter((id) => isDead(runtime, id));
    selected.push(...dead.slice(0, limit - selected.length));
    cursor = page.nextCursor;
  }
  return selected;
}

/** Purged ones are in the history as failed; only what core still holds can be brought back. */
function isDead(runtime: Runtime, id: string): boolean {
  return runtime.observed.state.tasks.get(id as TaskId)?.state === 'failed';
}
