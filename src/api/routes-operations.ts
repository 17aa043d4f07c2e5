import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import {
  AbortBody,
  DryRunView,
  OperationBody,
  OperationItemList,
  OperationList,
  OperationStateText,
  OperationView,
  TaskIdText,
} from '../contract/index.ts';
import { answers, CHANGE_CODES, Cursor, json, Limit, LIMIT_DEFAULT } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { BULK_EXAMPLES } from './examples.ts';

const TAGS = ['Operations'];

const Params = Type.Object({ id: { ...TaskIdText, description: 'Id of the operation' } });
type Named = { readonly Params: { readonly id: string } };

const ListQuery = Type.Object(
  { state: Type.Optional(OperationStateText) },
  { additionalProperties: false },
);
const ItemsQuery = Type.Object(
  { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);

/** Changes of many tasks at once. */
export function operationRoutes(app: FastifyInstance, ctx: ApiContext): void {
  startRoute(app, ctx);
  readRoutes(app, ctx);
  abortRoute(app, ctx);
}

function startRoute(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Body: OperationBody }>(
    '/api/v1/operations',
    {
      schema: {
        operationId: 'startOperation',
        tags: TAGS,
        summary: 'Cancel, retry, redrive, purge or reprioritise all tasks that a query means',
        description:
          'Goes on by itself, also after a restart, and deals with each task at most once; tasks submitted later are left alone. With `dryRun` nothing changes.',
        body: { ...OperationBody, examples: BULK_EXAMPLES },
        response: answers(
          {
            200: json('What a dry run found', DryRunView),
            201: json('It is under way', OperationView),
          },
          [...CHANGE_CODES, 'QUERY_INVALID', 'PAYLOAD_TOO_LARGE', 'OPERATION_LIMIT'],
        ),
      },
    },
    async (request, reply) => {
      const started = await runtime.operations.start(request.body);
      if ('dryRun' in started) return started;
      return reply.code(201).header('location', `/api/v1/operations/${started.id}`).send(started);
    },
  );
}

function readRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/api/v1/operations',
    {
      schema: {
        operationId: 'listOperations',
        tags: TAGS,
        summary: 'Operations under way and the newest that ended, newest first',
        querystring: ListQuery,
        response: answers({ 200: json('The operations', OperationList) }),
      },
    },
    (request) =>
      Promise.resolve({ items: runtime.operations.list(request.query), nextCursor: null }),
  );
  app.get<Named>(
    '/api/v1/operations/:id',
    {
      schema: {
        operationId: 'getOperation',
        tags: TAGS,
        summary: 'How far an operation is',
        params: Params,
        response: answers({ 200: json('The operation', OperationView) }, ['OPERATION_NOT_FOUND']),
      },
    },
    (request) => Promise.resolve(runtime.operations.get(request.params.id)),
  );
  app.get<Named & { Querystring: Static<typeof ItemsQuery> }>(
    '/api/v1/operations/:id/items',
    {
      schema: {
        operationId: 'listOperationItems',
        tags: TAGS,
        summary: 'What became of each task, newest first',
        description: 'The newest outcomes of all operations are kept; older ones are forgotten.',
        params: Params,
        querystring: ItemsQuery,
        response: answers({ 200: json('A page', OperationItemList) }, [
          'OPERATION_NOT_FOUND',
          'CURSOR_INVALID',
        ]),
      },
    },
    (request) => {
      const { limit = LIMIT_DEFAULT, ...rest } = request.query;
      return Promise.resolve(runtime.operations.items(request.params.id, { ...rest, limit }));
    },
  );
}

function abortRoute(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<Named & { Body: AbortBody }>(
    '/api/v1/operations/:id/abort',
    {
      schema: {
        operationId: 'abortOperation',
        tags: TAGS,
        summary: 'Stop an operation; what it has done stays done',
        params: Params,
        body: AbortBody,
        response: answers({ 200: json('The operation', OperationView) }, [
          ...CHANGE_CODES,
          'OPERATION_NOT_FOUND',
          'OPERATION_ENDED',
        ]),
      },
    },
    (request) => {
      const { by, reason } = request.body;
      return runtime.operations.abort(request.params.id, by, reason);
    },
  );
}
