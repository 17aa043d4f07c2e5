import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { CorrelationView, Name } from '../contract/index.ts';
import { answers, json } from './answers.ts';
import type { AgentId, ApiContext } from './api-context.ts';

const Query = Type.Object(
  { agent: Type.Optional({ ...Name, description: 'Only pairs with this agent' }) },
  { additionalProperties: false },
);

export function correlationRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/api/v1/correlations',
    {
      schema: {
        operationId: 'getCorrelations',
        tags: ['Agents'],
        summary: 'Which agents and domains fail together',
        description:
          'What this leader has learned from how attempts ended and agents were lost; a new leader begins anew.',
        querystring: Query,
        response: answers({ 200: json('What was learned', CorrelationView) }, ['AGENT_NOT_FOUND']),
      },
    },
    ({ query }) => runtime.correlations((query.agent as AgentId | undefined) ?? null),
  );
}
