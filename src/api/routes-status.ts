import type { FastifyInstance } from 'fastify';
import { StatusView } from '../contract/index.ts';
import { answers, json } from './answers.ts';
import type { ApiContext } from './api-context.ts';

export function statusRoutes(app: FastifyInstance, ctx: ApiContext): void {
  app.get(
    '/api/v1/status',
    {
      schema: {
        operationId: 'getStatus',
        tags: ['Status'],
        summary: 'The state of the whole orchestrator',
        response: answers({ 200: json('The state', StatusView) }),
      },
    },
    () => Promise.resolve({ ...ctx.runtime.status(), ready: ctx.unreadiness() === null }),
  );
  app.get('/', { schema: { hide: true } }, (_request, reply) =>
    reply.send({
      name: 'unified-quantum-orchestrator',
      version: ctx.version,
      docs: '/docs/api/',
      openapi: '/openapi.json',
      status: '/api/v1/status',
    }),
  );
}
