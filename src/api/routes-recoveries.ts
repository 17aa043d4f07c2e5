import type { FastifyInstance } from 'fastify';
import { RecoveryList } from '../contract/index.ts';
import { answers, json } from './answers.ts';
import type { ApiContext } from './api-context.ts';

export function recoveryRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get(
    '/api/v1/recoveries',
    {
      schema: {
        operationId: 'listRecoveries',
        tags: ['Status'],
        summary: 'What went wrong by itself since the start, and what became of it',
        response: answers({ 200: json('The recoveries, newest first', RecoveryList) }),
      },
    },
    () => {
      const { checks, recoveries } = runtime;
      return Promise.resolve({ items: recoveries.list(), checks: checks.list(), nextCursor: null });
    },
  );
}
