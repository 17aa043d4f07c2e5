/** The kill switch. */
import type { FastifyInstance } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import { KillBody, KillList, Name, QueueName, TaskIdText } from '../contract/index.ts';
import { answers, CHANGE_CODES, EmptyBody, json } from './answers.ts';
import type { ApiContext } from './api-context.ts';

const TAGS = ['Kill switch'];

interface Switch {
  readonly kind: 'tree' | 'agent' | 'namespace';
  readonly path: string;
  readonly id: TSchema;
  readonly kill: string;
  readonly restore: string | null;
  readonly codes: readonly string[];
}

const SWITCHES: readonly Switch[] = [
  {
    kind: 'tree',
    path: 'trees',
    id: TaskIdText,
    kill: 'Cancel a task or flow and all that came from it, and let nothing more into it',
    restore: null,
    codes: ['TASK_NOT_FOUND', 'TASK_FINISHED'],
  },
  {
    kind: 'agent',
    path: 'agents',
    id: Name,
    kill: 'Take its work from an agent, and give it nothing until it is restored',
    restore: 'Let a killed agent work again',
    codes: ['AGENT_NOT_FOUND'],
  },
  {
    kind: 'namespace',
    path: 'namespaces',
    id: QueueName,
    kill: 'Stop all that runs of a namespace, hold what waits and refuse what comes',
    restore: 'Let a killed namespace work again',
    codes: [],
  },
];

export function killRoutes(app: FastifyInstance, ctx: ApiContext): void {
  listRoute(app, ctx);
  for (const each of SWITCHES) {
    killRoute(app, ctx, each);
    if (each.restore !== null) restoreRoute(app, ctx, each);
  }
}

function listRoute(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get(
    '/api/v1/kills',
    {
      schema: {
        operationId: 'listKills',
        tags: TAGS,
        summary: 'Everything that is stopped, why and by whom',
        response: answers({ 200: json('All of it', KillList) }),
      },
    },
    () => Promise.resolve({ items: runtime.kills.list() }),
  );
}

function killRoute(app: FastifyInstance, { runtime }: ApiContext, each: Switch): void {
  const { codes, id, kill, kind, path } = each;
  app.post<{ Params: { id: string }; Body: Static<typeof KillBody> }>(
    `/api/v1/${path}/:id/kill`,
    {
      schema: {
        operationId: `kill${kind[0]?.toUpperCase()}${kind.slice(1)}`,
        tags: TAGS,
        summary: kill,
        params: Type.Object({ id }),
        body: KillBody,
        response: answers({ 200: json('Everything that is stopped now', KillList) }, [
          ...CHANGE_CODES,
          ...codes,
        ]),
      },
    },
    async (request) => {
      await runtime.kills.kill(kind, request.params.id, request.body);
      return { items: runtime.kills.list() };
    },
  );
}

function restoreRoute(app: FastifyInstance, { runtime }: ApiContext, each: Switch): void {
  const { id, kind, path, restore } = each;
  if (kind === 'tree') return;
  app.post<{ Params: { id: string } }>(
    `/api/v1/${path}/:id/restore`,
    {
      schema: {
        operationId: `restore${kind[0]?.toUpperCase()}${kind.slice(1)}`,
        tags: TAGS,
        summary: restore ?? '',
        params: Type.Object({ id }),
        body: EmptyBody,
        response: answers({ 200: json('Everything that is stopped now', KillList) }, [
          ...CHANGE_CODES,
          'NOT_KILLED',
        ]),
      },
    },
    async (request) => {
      await runtime.kills.restore(kind, request.params.id);
      return { items: runtime.kills.list() };
    },
  );
}
