import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import {
  DeadLetterView,
  FailureGroupBody,
  FailureGroupList,
  FailureGroupStateText,
  FailureGroupView,
  RedriveBody,
  TaskView,
} from '../contract/index.ts';
import { answers, CHANGE_CODES, json, Limit, LIMIT_DEFAULT, TaskParams } from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { requireTask } from './routes-tasks.ts';

const TAGS = ['Dead letters'];

const GroupsQuery = Type.Object(
  {
    state: Type.Optional(FailureGroupStateText),
    sort: Type.Optional(
      Type.Union([Type.Literal('live'), Type.Literal('lastAt')], {
        default: 'live',
        description: 'The largest first, or those with the newest failure',
      }),
    ),
    limit: Type.Optional(Limit),
  },
  { additionalProperties: false },
);

const GroupParams = Type.Object({ key: Type.String({ pattern: '^([0-9a-f]{16}|other)$' }) });

const ExportQuery = Type.Object(
  {
    q: Type.Optional(
      Type.String({ description: 'Which dead letters; see docs/search.md. Default: all' }),
    ),
  },
  { additionalProperties: false },
);

type OfTask = { readonly Params: { readonly id: TaskId } };

/** A reader of an export that takes nothing for so long is cut off. */
const STALL_MS = 60_000;

/** Dead letters that failed alike, and single ones with everything known of them. */
export function failureGroupRoutes(app: FastifyInstance, ctx: ApiContext): void {
  groupRoutes(app, ctx);
  exportRoute(app, ctx);
  letterRoutes(app, ctx);
}

function groupRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof GroupsQuery> }>(
    '/api/v1/dead-letters/groups',
    {
      schema: {
        operationId: 'listFailureGroups',
        tags: TAGS,
        summary: 'Dead letters that failed alike, counted together',
        querystring: GroupsQuery,
        response: answers({ 200: json('The groups', FailureGroupList) }),
      },
    },
    (request) => {
      const { limit = LIMIT_DEFAULT, ...filter } = request.query;
      const groups = runtime.deadLetters.groups(filter);
      return Promise.resolve({ items: groups.slice(0, limit), total: groups.length });
    },
  );
  app.post<{ Params: { key: string }; Body: FailureGroupBody }>(
    '/api/v1/dead-letters/groups/:key',
    {
      schema: {
        operationId: 'setFailureGroup',
        tags: TAGS,
        summary: 'Say that a group is open, resolved or ignored',
        description:
          'A new failure opens a resolved group again. Ignored ones stay so, and their dead letters do not count in `uqo_dead_letters`.',
        params: GroupParams,
        body: FailureGroupBody,
        response: answers({ 200: json('The group', FailureGroupView) }, [
          ...CHANGE_CODES,
          'FAILURE_GROUP_NOT_FOUND',
        ]),
      },
    },
    (request) => runtime.deadLetters.setGroup(request.params.key, request.body),
  );
}

function exportRoute(app: FastifyInstance, ctx: ApiContext): void {
  app.get<{ Querystring: Static<typeof ExportQuery> }>(
    '/api/v1/dead-letters/export',
    {
      exposeHeadRoute: false,
      config: { isStream: true },
      schema: {
        operationId: 'exportDeadLetters',
        tags: TAGS,
        summary: 'Dead letters with their payloads, as JSON lines, newest first',
        querystring: ExportQuery,
        response: answers(
          {
            200: {
              description: 'One task a line',
              content: { 'application/x-ndjson': { schema: TaskView } },
            },
          },
          ['QUERY_INVALID', 'STREAM_LIMIT'],
        ),
      },
    },
    (request, reply) => sendExport(ctx, request.query.q ?? 'state:failed', reply),
  );
}

function sendExport(ctx: ApiContext, query: string, reply: FastifyReply): FastifyReply {
  const tasks = ctx.runtime.deadLetters.export(query, () => reply.raw.destroyed);
  const stream = Readable.from(lines(tasks));
  const left = ctx.open.add('download', () => stream.destroy());
  stream.once('close', left);
  reply.raw.setTimeout(STALL_MS, () => reply.raw.destroy());
  return reply.header('content-type', 'application/x-ndjson; charset=utf-8').send(stream);
}

async function* lines(tasks: AsyncIterable<TaskView>): AsyncGenerator<string, void> {
  for await (const task of tasks) yield `${JSON.stringify(task)}\n`;
}

function letterRoutes(app: FastifyInstance, { payloadBytesMax, runtime }: ApiContext): void {
  app.get<OfTask>(
    '/api/v1/dead-letters/:id',
    {
      schema: {
        operationId: 'getDeadLetter',
        tags: TAGS,
        summary: 'A dead letter: payload, error, failed attempts, and the group it is in',
        params: TaskParams,
        response: answers({ 200: json('The dead letter', DeadLetterView) }, [
          'DEAD_LETTER_NOT_FOUND',
        ]),
      },
    },
    (request) => {
      const { id } = request.params;
      const letter = runtime.deadLetters.get(id);
      if (letter !== null) return Promise.resolve(letter);
      throw new OrchestratorError(
        'DEAD_LETTER_NOT_FOUND',
        `a dead letter must be known, got ${id}`,
        {
          taskId: id,
        },
      );
    },
  );
  app.post<OfTask & { Body: RedriveBody }>(
    '/api/v1/dead-letters/:id/redrive',
    {
      schema: {
        operationId: 'redriveDeadLetter',
        tags: TAGS,
        summary: 'Queue one dead letter again, changed as asked',
        params: TaskParams,
        body: RedriveBody,
        response: answers({ 200: json('The task', TaskView) }, [
          ...CHANGE_CODES,
          'TASK_NOT_FOUND',
          'TASK_NOT_FAILED',
          'TREE_KILLED',
          'TASK_FINISHED',
          'PAYLOAD_TOO_LARGE',
          'QUEUE_FULL',
          'QUEUE_LIMIT',
        ]),
      },
    },
    async (request) => {
      const { id } = request.params;
      await runtime.deadLetters.redrive(id, request.body, payloadBytesMax);
      return requireTask(runtime.tasks.get(id), request.params);
    },
  );
}
