import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import { QueueList, QueueSettingsBody, QueueView } from '../contract/index.ts';
import { answers, CHANGE_CODES, EmptyBody, json, nothing } from './answers.ts';
import type { ApiContext } from './api-context.ts';

const TAGS = ['Queues'];

const NAME = '[A-Za-z0-9][A-Za-z0-9._:-]{0,127}';

const QueueParams = Type.Object({
  name: Type.String({
    pattern: `^${NAME}(/${NAME})?$`,
    description:
      'The queue; those of a namespace other than `default` as `namespace/queue`, with `/` written as `%2F`',
  }),
});

interface Params {
  readonly Params: { readonly name: string };
}

export function queueRoutes(app: FastifyInstance, ctx: ApiContext): void {
  readRoutes(app, ctx);
  changeRoutes(app, ctx);
  removeRoute(app, ctx);
}

function readRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get(
    '/api/v1/queues',
    {
      schema: {
        operationId: 'listQueues',
        tags: TAGS,
        summary: 'All queues and what is in them',
        response: answers({ 200: json('The queues', QueueList) }),
      },
    },
    () => Promise.resolve({ items: runtime.queues.list(), nextCursor: null }),
  );
  app.get<Params>(
    '/api/v1/queues/:name',
    {
      schema: {
        operationId: 'getQueue',
        tags: TAGS,
        summary: 'A queue and what is in it',
        params: QueueParams,
        response: answers({ 200: json('The queue', QueueView) }, ['QUEUE_NOT_FOUND']),
      },
    },
    (request) => Promise.resolve(requireQueue(runtime.queues.get(request.params.name), request)),
  );
}

function changeRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.put<Params & { Body: Static<typeof QueueSettingsBody> }>(
    '/api/v1/queues/:name',
    {
      schema: {
        operationId: 'setQueue',
        tags: TAGS,
        summary: 'Make a queue, or change the settings given',
        params: QueueParams,
        body: QueueSettingsBody,
        response: answers({ 200: json('The queue', QueueView) }, [...CHANGE_CODES, 'QUEUE_LIMIT']),
      },
    },
    async (request) => {
      await runtime.queues.set(request.params.name, request.body);
      return requireQueue(runtime.queues.get(request.params.name), request);
    },
  );
  const actions = {
    pause: 'Start nothing more of a queue; what runs goes on',
    resume: 'Start tasks of a paused queue again',
  } as const;
  for (const [action, summary] of Object.entries(actions)) {
    app.post<Params>(
      `/api/v1/queues/:name/${action}`,
      {
        schema: {
          operationId: `${action}Queue`,
          tags: TAGS,
          summary,
          params: QueueParams,
          body: EmptyBody,
          response: answers({ 200: json('The queue', QueueView) }, [
            ...CHANGE_CODES,
            'QUEUE_NOT_FOUND',
          ]),
        },
      },
      async (request) => {
        const { name } = request.params;
        await (action === 'pause' ? runtime.queues.pause(name) : runtime.queues.resume(name));
        return requireQueue(runtime.queues.get(name), request);
      },
    );
  }
}

function removeRoute(app: FastifyInstance, { runtime }: ApiContext): void {
  app.delete<Params>(
    '/api/v1/queues/:name',
    {
      schema: {
        operationId: 'removeQueue',
        tags: TAGS,
        summary: 'Forget an empty queue and its settings; a submit makes it anew with those of all',
        params: QueueParams,
        response: answers({ 204: nothing('It is forgotten') }, [
          ...CHANGE_CODES,
          'QUEUE_NOT_FOUND',
          'QUEUE_NOT_EMPTY',
          'QUEUE_IS_DEFAULT',
        ]),
      },
    },
    async (request, reply) => {
      await runtime.queues.remove(request.params.name);
      return reply.code(204).send();
    },
  );
}

function requireQueue(
  queue: QueueView | null,
  { params }: { readonly params: { readonly name: string } },
): QueueView {
  if (queue !== null) return queue;
  throw new OrchestratorError('QUEUE_NOT_FOUND', `a queue must exist, got ${params.name}`, {
    queue: params.name,
  });
}
