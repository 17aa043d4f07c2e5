import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { TopView } from '../contract/index.ts';
import { answers, json } from './answers.ts';
import type { ApiContext } from './api-context.ts';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;

const Query = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMIT_MAX,
        default: LIMIT_DEFAULT,
        description: 'Names in each list',
      }),
    ),
  },
  { additionalProperties: false },
);

export function topRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/api/v1/top',
    {
      schema: {
        operationId: 'getTop',
        tags: ['Status'],
        summary: 'Who has most of the work of late, and of the failures',
        description:
          'Of the last five to ten minutes, in constant memory: counts may be too high by what `overBy` says.',
        querystring: Query,
        response: answers({ 200: json('The most', TopView) }),
      },
    },
    ({ query }) => Promise.resolve(runtime.top(query.limit ?? LIMIT_DEFAULT)),
  );
}
