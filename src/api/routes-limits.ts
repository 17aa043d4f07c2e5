import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import {
  FairnessBody,
  FairnessView,
  LimitList,
  LimitSettingsBody,
  LimitView,
  Name,
} from '../contract/index.ts';
import { answers, CHANGE_CODES, json, nothing } from './answers.ts';
import type { ApiContext } from './api-context.ts';

const TAGS = ['Limits'];

const LimitParams = Type.Object({ name: Name });

interface Params {
  readonly Params: { readonly name: string };
}

export function limitRoutes(app: FastifyInstance, ctx: ApiContext): void {
  readRoutes(app, ctx);
  changeRoutes(app, ctx);
  fairnessRoutes(app, ctx);
}

function readRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get(
    '/api/v1/limits',
    {
      schema: {
        operationId: 'listLimits',
        tags: TAGS,
        summary: 'All named limits and what is left of them',
        response: answers({ 200: json('The limits', LimitList) }),
      },
    },
    () => Promise.resolve({ items: runtime.limits.limits(), nextCursor: null }),
  );
  app.get<Params>(
    '/api/v1/limits/:name',
    {
      schema: {
        operationId: 'getLimit',
        tags: TAGS,
        summary: 'A named limit and what is left of it',
        params: LimitParams,
        response: answers({ 200: json('The limit', LimitView) }, ['LIMIT_NOT_FOUND']),
      },
    },
    (request) => Promise.resolve().then(() => runtime.limits.limit(request.params.name)),
  );
}

function changeRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.put<Params & { Body: Static<typeof LimitSettingsBody> }>(
    '/api/v1/limits/:name',
    {
      schema: {
        operationId: 'setLimit',
        tags: TAGS,
        summary: 'Make a named limit, or replace its settings',
        description: 'Waiting tasks that name it are held to the new settings at once.',
        params: LimitParams,
        body: LimitSettingsBody,
        response: answers({ 200: json('The limit', LimitView) }, [...CHANGE_CODES, 'LIMIT_LIMIT']),
      },
    },
    async (request) => {
      await runtime.limits.setLimit(request.params.name, request.body);
      return runtime.limits.limit(request.params.name);
    },
  );
  app.delete<Params>(
    '/api/v1/limits/:name',
    {
      schema: {
        operationId: 'removeLimit',
        tags: TAGS,
        summary: 'Forget a named limit; tasks that wait for it pass freely',
        params: LimitParams,
        response: answers({ 204: nothing('It is forgotten') }, [
          ...CHANGE_CODES,
          'LIMIT_NOT_FOUND',
        ]),
      },
    },
    async (request, reply) => {
      await runtime.limits.removeLimit(request.params.name);
      return reply.code(204).send();
    },
  );
}

function fairnessRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get(
    '/api/v1/fairness',
    {
      schema: {
        operationId: 'getFairness',
        tags: TAGS,
        summary: 'How work is shared between namespaces, and what runs of each',
        response: answers({ 200: json('The shares', FairnessView) }),
      },
    },
    () => Promise.resolve(runtime.limits.fairness()),
  );
  app.put<{ Body: FairnessBody }>(
    '/api/v1/fairness',
    {
      schema: {
        operationId: 'setFairness',
        tags: TAGS,
        summary: 'Change weights of namespaces and what tokens and dollars count for',
        body: FairnessBody,
        response: answers({ 200: json('The shares', FairnessView) }, [
          ...CHANGE_CODES,
          'WEIGHT_LIMIT',
        ]),
      },
    },
    async (request) => {
      await runtime.limits.setFairness(request.body);
      return runtime.limits.fairness();
    },
  );
}
