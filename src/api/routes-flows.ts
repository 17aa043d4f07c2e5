/** Tasks submitted together that depend on each other. */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import {
  CancelBody,
  checkFlowHead,
  FLOW_TASKS_MAX,
  FlowList,
  FlowView,
  SubmitFlow,
  SubmittedFlow,
  TaskIdText,
  type FlowHead,
} from '../contract/index.ts';
import { answers, CHANGE_CODES, Cursor, json, Limit, LIMIT_DEFAULT } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { SUBMIT_CODES } from './routes-submit.ts';
import { submissionInSlices } from './submit-tasks.ts';
import { submittedFlowJson } from './submitted-json.ts';

const TAGS = ['Flows'];
const FlowParams = Type.Object({ id: TaskIdText });
const PageQuery = Type.Object(
  { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);
type PageQuery = Static<typeof PageQuery>;

export function flowRoutes(app: FastifyInstance, ctx: ApiContext): void {
  submitRoute(app, ctx);
  readRoutes(app, ctx);
  cancelRoute(app, ctx);
}

function submitRoute(app: FastifyInstance, ctx: ApiContext): void {
  const { clock, payloadBytesMax, runtime } = ctx;
  app.post<{ Body: { readonly tasks?: unknown } }>(
    '/api/v1/flows',
    {
      schema: {
        operationId: 'submitFlow',
        tags: TAGS,
        summary: 'Submit tasks that depend on each other, as one',
        description: `Up to ${FLOW_TASKS_MAX} tasks, all taken or none. Tasks name each other by \`ref\`; their order does not matter.`,
        body: SubmitFlow,
        response: answers({ 201: json('Taken', SubmittedFlow) }, SUBMIT_CODES),
      },
      // The tasks are checked one by one in the handler, as those of other submits.
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const { head, tasks } = partsOf(request.body);
      const limits = { payloadBytesMax, nowMs: clock.now() };
      const bounds = { clock, countMax: FLOW_TASKS_MAX };
      const submission = { ...(await submissionInSlices(tasks, limits, bounds)), flow: head };
      const { flowId, ids, repeated } = await runtime.tasks.submit(submission);
      if (repeated.length > 0) reply.header('idempotent-replayed', 'true');
      const refs = submission.extras;
      reply.code(201).header('content-type', 'application/json; charset=utf-8');
      const flow = { id: flowId ?? '', taskIds: ids };
      return submittedFlowJson(clock, flow, (position) => refs?.[position]?.ref);
    },
  );
}

function partsOf(body: unknown): { readonly head: FlowHead; readonly tasks: unknown } {
  const { tasks, ...head } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  checkFlowHead(head);
  return { head, tasks };
}

function readRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: PageQuery }>(
    '/api/v1/flows',
    {
      schema: {
        operationId: 'listFlows',
        tags: TAGS,
        summary: 'List flows, newest first',
        querystring: PageQuery,
        response: answers({ 200: json('A page', FlowList) }),
      },
    },
    (request) => {
      const { cursor = null, limit = LIMIT_DEFAULT } = request.query;
      return Promise.resolve(runtime.flows.list(cursor, limit));
    },
  );
  app.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/api/v1/flows/:id',
    {
      schema: {
        operationId: 'getFlow',
        tags: TAGS,
        summary: 'A flow: how many of its tasks are in each state, and a page of them',
        params: FlowParams,
        querystring: PageQuery,
        response: answers({ 200: json('The flow', FlowView) }, [
          'FLOW_NOT_FOUND',
          'CURSOR_INVALID',
        ]),
      },
    },
    (request) => {
      const { limit = LIMIT_DEFAULT, ...rest } = request.query;
      return Promise.resolve(
        requireFlow(runtime.flows.get(request.params.id, { limit, ...rest }), request.params.id),
      );
    },
  );
}

function cancelRoute(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Params: { id: string }; Body: Static<typeof CancelBody> }>(
    '/api/v1/flows/:id/cancel',
    {
      schema: {
        operationId: 'cancelFlow',
        tags: TAGS,
        summary: 'Cancel all of a flow that has not ended, and what came from it',
        description: 'The last tasks of a large flow are canceled shortly after the answer.',
        params: FlowParams,
        body: CancelBody,
        response: answers({ 200: json('The flow', FlowView) }, [
          ...CHANGE_CODES,
          'FLOW_NOT_FOUND',
          'TASK_FINISHED',
        ]),
      },
    },
    async (request) => {
      const { id } = request.params;
      await runtime.flows.cancel(id, request.body.reason ?? 'canceled');
      return requireFlow(runtime.flows.get(id, { limit: LIMIT_DEFAULT }), id);
    },
  );
}

function requireFlow(flow: FlowView | null, id: string): FlowView {
  if (flow !== null) return flow;
  throw new OrchestratorError('FLOW_NOT_FOUND', `a flow must be known, got ${id}`, { flowId: id });
}
