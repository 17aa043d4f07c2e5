import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import {
  BreakerKindText,
  BreakerKindView,
  BreakerList,
  BreakerSettingsBody,
  BreakerStateText,
  BreakerView,
  BreakerWhy,
  Name,
} from '../contract/index.ts';
import { answers, CHANGE_CODES, json } from './answers.ts';
import type { ApiContext } from './api-context.ts';

const TAGS = ['Breakers'];

const KindParams = Type.Object({ kind: BreakerKindText });
const BreakerParams = Type.Object({ kind: BreakerKindText, name: Name });
const ListQuery = Type.Object({
  kind: Type.Optional(BreakerKindText),
  state: Type.Optional(BreakerStateText),
});

interface Params {
  readonly Params: Static<typeof BreakerParams>;
}

interface OfKind {
  readonly Params: Static<typeof KindParams>;
}

export function breakerRoutes(app: FastifyInstance, ctx: ApiContext): void {
  readRoutes(app, ctx);
  settingsRoutes(app, ctx);
  for (const [action, to] of Object.entries(FORCES)) forceRoute(app, ctx, { action, to });
}

function readRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/api/v1/breakers',
    {
      schema: {
        operationId: 'listBreakers',
        tags: TAGS,
        summary:
          'Breakers that counted a failure of late or were set, and what holds for each kind',
        querystring: ListQuery,
        response: answers({ 200: json('The breakers', BreakerList) }),
      },
    },
    (request) => {
      const { breakers } = runtime;
      const items = breakers.list(request.query);
      return Promise.resolve({ items, kinds: breakers.kinds(), nextCursor: null });
    },
  );
  app.get<Params>(
    '/api/v1/breakers/:kind/:name',
    {
      schema: {
        operationId: 'getBreaker',
        tags: TAGS,
        summary: 'A breaker, what it counted and why it is in its state',
        params: BreakerParams,
        response: answers({ 200: json('The breaker', BreakerView) }, ['BREAKER_NOT_FOUND']),
      },
    },
    ({ params }) => Promise.resolve().then(() => runtime.breakers.get(params.kind, params.name)),
  );
}

function settingsRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.put<OfKind & { Body: BreakerSettingsBody }>(
    '/api/v1/breakers/:kind',
    {
      schema: {
        operationId: 'setBreakersOfKind',
        tags: TAGS,
        summary: 'Replace what is set for all breakers of a kind',
        description: 'What is absent is as built in.',
        params: KindParams,
        body: BreakerSettingsBody,
        response: answers({ 200: json('What holds now', BreakerKindView) }, CHANGE_CODES),
      },
    },
    async ({ body, params }) => {
      await runtime.breakers.set(params.kind, null, isEmpty(body) ? null : body);
      return runtime.breakers.kind(params.kind);
    },
  );
  app.put<Params & { Body: BreakerSettingsBody }>(
    '/api/v1/breakers/:kind/:name',
    {
      schema: {
        operationId: 'setBreaker',
        tags: TAGS,
        summary: 'Replace what is set for one breaker',
        description: 'What is absent is as for its kind; nothing at all leaves it to that again.',
        params: BreakerParams,
        body: BreakerSettingsBody,
        response: answers({ 200: json('The breaker', BreakerView) }, [
          ...CHANGE_CODES,
          'BREAKER_NOT_FOUND',
          'BREAKER_LIMIT',
        ]),
      },
    },
    async ({ body, params }) => {
      await runtime.breakers.set(params.kind, params.name, isEmpty(body) ? null : body);
      return runtime.breakers.get(params.kind, params.name);
    },
  );
}

const FORCES = { open: 'open', close: 'closed', reset: 'auto' } as const;

const SUMMARIES: Readonly<Record<string, string>> = {
  open: 'Hold a breaker open: nothing starts there, whatever its calls say',
  close: 'Hold a breaker closed, whatever its calls say',
  reset: 'Let a breaker go by its calls again, closed at first',
};

function forceRoute(
  app: FastifyInstance,
  { runtime }: ApiContext,
  { action, to }: { readonly action: string; readonly to: 'open' | 'closed' | 'auto' },
): void {
  app.post<Params & { Body: BreakerWhy }>(
    `/api/v1/breakers/:kind/:name/${action}`,
    {
      schema: {
        operationId: `${action}Breaker`,
        tags: TAGS,
        summary: SUMMARIES[action] ?? action,
        params: BreakerParams,
        body: BreakerWhy,
        response: answers({ 200: json('The breaker', BreakerView) }, [
          ...CHANGE_CODES,
          'BREAKER_NOT_FOUND',
          'BREAKER_LIMIT',
        ]),
      },
    },
    async ({ body, params }) => {
      await runtime.breakers.force(params, to, body);
      return runtime.breakers.get(params.kind, params.name);
    },
  );
}

function isEmpty(settings: BreakerSettingsBody): boolean {
  return Object.keys(settings).length === 0;
}
