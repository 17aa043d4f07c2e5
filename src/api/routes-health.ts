import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { answers, json } from './answers.ts';
import type { ApiContext } from './api-context.ts';

const TAGS = ['Health'];

const Health = Type.Object(
  { status: Type.Literal('ok'), version: Type.String() },
  { title: 'Health' },
);

/** Probes of whatever keeps this process running. */
export function healthRoutes(app: FastifyInstance, ctx: ApiContext): void {
  const ok = { status: 'ok', version: ctx.version } as const;
  const probes = {
    live: 'The process answers',
    ready:
      'Work is taken; 503 while it stops, after its log failed, while nobody leads its cluster or once it was removed from that',
    startup: 'Everything stored is loaded: answered from the moment the port listens',
  };
  for (const [name, summary] of Object.entries(probes)) {
    app.get(
      `/health/${name}`,
      {
        schema: {
          operationId: `health_${name}`,
          tags: TAGS,
          summary,
          response: answers({ 200: json('Yes', Health) }),
        },
      },
      () => {
        const error = name === 'ready' ? ctx.unreadiness() : null;
        if (error !== null) throw error;
        return Promise.resolve(ok);
      },
    );
  }
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        tags: TAGS,
        summary: 'Metrics in the text format of Prometheus',
        response: answers({
          200: {
            description: 'All metrics',
            content: { 'text/plain': { schema: Type.String() } },
          },
        }),
      },
    },
    async (_request, reply) => {
      reply.header('content-type', ctx.metrics.contentType);
      return ctx.metrics.render();
    },
  );
}
