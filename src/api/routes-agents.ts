import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import {
  AgentList,
  AgentView,
  LeaseList,
  LeaseRequest,
  Name,
  RegisterAgent,
} from '../contract/index.ts';
import { leaseJson, type Lease } from '../runtime/index.ts';
import {
  AgentParams,
  answers,
  CHANGE_CODES,
  Cursor,
  EmptyBody,
  json,
  Limit,
  LIMIT_DEFAULT,
  nothing,
} from './answers.ts';
import type { AgentId, ApiContext } from './api-context.ts';
import { whenClientLeaves } from './client-leaves.ts';
import { AGENT_EXAMPLE } from './examples.ts';
import { PollLink } from './poll-link.ts';

const TAGS = ['Agents'];

const ListQuery = Type.Object(
  {
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor),
    state: Type.Optional(AgentView.properties.state),
    capability: Type.Optional(Name),
    zone: Type.Optional(Type.String({ maxLength: 256, description: 'Value of the label `zone`' })),
    label: Type.Optional(
      Type.String({ pattern: '^[^=]+=', maxLength: 512, description: 'As `name=value`' }),
    ),
  },
  { additionalProperties: false },
);

export function agentRoutes(app: FastifyInstance, ctx: ApiContext): void {
  registerRoutes(app, ctx);
  stateRoutes(app, ctx);
  leaseRoute(app, ctx);
}

function registerRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Body: RegisterAgent }>(
    '/api/v1/agents',
    {
      schema: {
        operationId: 'registerAgent',
        tags: TAGS,
        summary: 'Register an agent, or bring it up to date',
        description:
          'Says that the agent starts afresh: tasks that an earlier run of it still held go to other agents.',
        body: { ...RegisterAgent, examples: [AGENT_EXAMPLE] },
        response: answers({ 201: json('The agent', AgentView) }, [
          ...CHANGE_CODES,
          'AGENT_LIMIT',
          'SCHEDULE_INVALID',
          'SCHEDULE_NEVER_FIRES',
          'WEBHOOKS_OFF',
          'WEBHOOK_ADDRESS_REFUSED',
        ]),
      },
    },
    async (request, reply) => {
      await runtime.agents.register([request.body], randomUUID());
      reply.code(201);
      return requireAgent(runtime.agents.get(request.body.id as AgentId), request.body);
    },
  );
  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/api/v1/agents',
    {
      schema: {
        operationId: 'listAgents',
        tags: TAGS,
        summary: 'List agents, each once',
        description:
          'In no order to rely on. With filters a page may hold fewer agents than `limit`, or none, and still have a `nextCursor`: one page looks at 100,000 agents at most.',
        querystring: ListQuery,
        response: answers({ 200: json('A page', AgentList) }, ['CURSOR_INVALID']),
      },
    },
    ({ query: { cursor, limit = LIMIT_DEFAULT, ...filter } }) =>
      runtime.agents.list(cursor ?? null, limit, filter),
  );
  app.get<{ Params: { id: AgentId } }>(
    '/api/v1/agents/:id',
    {
      schema: {
        operationId: 'getAgent',
        tags: TAGS,
        summary: 'An agent',
        params: AgentParams,
        response: answers({ 200: json('The agent', AgentView) }, ['AGENT_NOT_FOUND']),
      },
    },
    (request) =>
      Promise.resolve(requireAgent(runtime.agents.get(request.params.id), request.params)),
  );
}

function stateRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.delete<{ Params: { id: AgentId } }>(
    '/api/v1/agents/:id',
    {
      schema: {
        operationId: 'removeAgent',
        tags: TAGS,
        summary: 'Remove an agent; its tasks go to others',
        params: AgentParams,
        response: answers({ 204: nothing('Removed') }, [...CHANGE_CODES, 'AGENT_NOT_FOUND']),
      },
    },
    async (request, reply) => {
      await runtime.agents.remove(request.params.id);
      return reply.code(204).send();
    },
  );
  const actions = {
    drain: 'Let an agent finish what it has and give it nothing more',
    heartbeat: 'Say that an agent is there; one that was lost is welcomed back',
  } as const;
  for (const [action, summary] of Object.entries(actions)) {
    app.post<{ Params: { id: AgentId } }>(
      `/api/v1/agents/:id/${action}`,
      {
        schema: {
          operationId: `${action}Agent`,
          tags: TAGS,
          summary,
          params: AgentParams,
          body: EmptyBody,
          response: answers({ 200: json('The agent', AgentView) }, [
            ...CHANGE_CODES,
            'AGENT_NOT_FOUND',
          ]),
        },
      },
      async (request) => {
        const { id } = request.params;
        await (action === 'drain' ? runtime.agents.drain(id) : runtime.agents.seen(id));
        return requireAgent(runtime.agents.get(id), request.params);
      },
    );
  }
}

function leaseRoute(app: FastifyInstance, ctx: ApiContext): void {
  app.post<{ Params: { id: AgentId }; Body: Static<typeof LeaseRequest> }>(
    '/api/v1/agents/:id/lease',
    {
      schema: {
        operationId: 'leaseTasks',
        tags: TAGS,
        summary: 'Take tasks to work on; waits for some if there are none',
        description:
          'Answers as soon as there is at least one, or empty after `waitMs`. Each lease is ended by a report with its `fencingToken`. A second request of the same agent ends the first.',
        params: AgentParams,
        body: LeaseRequest,
        response: answers({ 200: json('The leases; none after the wait', LeaseList) }, [
          ...CHANGE_CODES,
          'AGENT_NOT_FOUND',
          'AGENT_IS_CALLED',
          'STREAM_LIMIT',
        ]),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { max = 1, waitMs = 0 } = request.body;
      // One that was lost gets nothing before it is back.
      await ctx.runtime.agents.seen(id);
      const leases = await poll(ctx, { id, max, waitMs, response: reply.raw });
      whenClientLeaves(reply.raw, () => giveBack(ctx, leases));
      if (reply.raw.destroyed) giveBack(ctx, leases);
      reply.header('content-type', 'application/json; charset=utf-8');
      return `{"leases":[${leases.map(leaseJson).join(',')}]}`;
    },
  );
}

interface PollRequest {
  readonly id: AgentId;
  readonly max: number;
  readonly waitMs: number;
  readonly response: Parameters<typeof whenClientLeaves>[0];
}

async function poll(ctx: ApiContext, request: PollRequest): Promise<readonly Lease[]> {
  const { clock, open, runtime } = ctx;
  const { id, max, response, waitMs } = request;
  const link = new PollLink(() => void runtime.agents.disconnect(link, [id]));
  const left = open.add('poll', () => link.end());
  const forget = whenClientLeaves(response, () => link.end());
  try {
    runtime.agents.poll(id, link, max);
    // What waits already must be granted before the wait counts, or a short one would miss it: an
    // empty change is answered together with the assignments of its turn.
    if (runtime.observed.scheduler.hasWork()) await runtime.agents.release([], 'poll');
    const cancelTimer = clock.setTimer(waitMs, () => link.end());
    const leases = await link.leases;
    cancelTimer();
    return leases;
  } finally {
    link.end();
    forget();
    left();
  }
}

/** The agent was gone before its leases were out: they go to whoever asks next. */
function giveBack({ logger, runtime }: ApiContext, leases: readonly Lease[]): void {
  if (leases.length === 0) return;
  const refs = leases.map(({ fencingToken, taskId }) => ({ fencingToken, taskId }));
  runtime.agents.release(refs, 'undelivered').catch((error: unknown) => {
    logger.warn('undelivered leases were not given back', { error: String(error) });
  });
}

function requireAgent(agent: AgentView | null, { id }: { readonly id: string }): AgentView {
  if (agent !== null) return agent;
  throw new OrchestratorError('AGENT_NOT_FOUND', `an agent must be registered, got ${id}`, {
    agentId: id,
  });
}
