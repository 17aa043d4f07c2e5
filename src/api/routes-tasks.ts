import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import {
  CancelBody,
  ExplanationView,
  InvalidRequestError,
  Name,
  parseQuery,
  QUERY_FIELD_NAMES,
  QueueName,
  TASK_STATES,
  TaskList,
  TaskOutcome,
  TaskStateText,
  TaskView,
  type TaskStateName,
} from '../contract/index.ts';
import {
  answers,
  CHANGE_CODES,
  Cursor,
  EmptyBody,
  json,
  Limit,
  LIMIT_DEFAULT,
  TaskParams,
} from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { whenClientLeaves } from './client-leaves.ts';

const TAGS = ['Tasks'];

const SEARCH_DOC = `With \`q\` a page may be short or empty and not the last: a call looks at a bounded number of tasks. Only \`nextCursor: null\` ends the list.`;

const ListQuery = Type.Object(
  {
    q: Type.Optional(
      Type.String({
        description: `A query such as \`state:failed type:mail.* age>10m error~timeout metadata.customer=42\`, with \`or\`, \`not\` and brackets. Fields: ${QUERY_FIELD_NAMES.join(', ')}`,
      }),
    ),
    states: Type.Optional(
      Type.String({ description: `States joined by commas, of ${TASK_STATES.join(', ')}` }),
    ),
    state: Type.Optional(TaskStateText),
    namespace: Type.Optional(QueueName),
    queue: Type.Optional(QueueName),
    type: Type.Optional(Name),
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

const ResultQuery = Type.Object(
  {
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        default: 0,
        description: 'How long to wait for the task to finish',
      }),
    ),
  },
  { additionalProperties: false },
);

export function taskRoutes(app: FastifyInstance, ctx: ApiContext): void {
  readRoutes(app, ctx);
  resultRoute(app, ctx);
  recallRoutes(app, ctx);
}

function readRoutes(app: FastifyInstance, { clock, runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/api/v1/tasks',
    {
      schema: {
        operationId: 'listTasks',
        tags: TAGS,
        summary: 'List tasks, newest first',
        description: SEARCH_DOC,
        querystring: ListQuery,
        response: answers({ 200: json('A page', TaskList) }, [
          'CURSOR_INVALID',
          'QUERY_INVALID',
          'OVERLOADED',
        ]),
      },
    },
    (request) => {
      const { limit = LIMIT_DEFAULT, q, state, states, ...rest } = request.query;
      if (state !== undefined && states !== undefined)
        throw new InvalidRequestError('/query/state', 'must be absent when there are states');
      const named = state ?? states;
      const wanted = named === undefined ? {} : { states: readStates(named) };
      const listed = { ...rest, ...wanted, limit };
      if (q === undefined) return Promise.resolve(runtime.tasks.list(listed));
      return runtime.tasks.search({ ...listed, query: parseQuery(q) });
    },
  );
  app.get<{ Params: { id: TaskId } }>(
    '/api/v1/tasks/:id',
    {
      schema: {
        operationId: 'getTask',
        tags: TAGS,
        summary: 'A task with its payload and result',
        params: TaskParams,
        response: answers({ 200: json('The task', TaskView) }, ['TASK_NOT_FOUND']),
      },
    },
    (request) => Promise.resolve(requireTask(runtime.tasks.get(request.params.id), request.params)),
  );
  app.get<{ Params: { id: TaskId } }>(
    '/api/v1/tasks/:id/explain',
    {
      schema: {
        operationId: 'explainTask',
        tags: TAGS,
        summary: 'Why a task is where it is',
        params: TaskParams,
        response: answers({ 200: json('The explanation', ExplanationView) }, ['TASK_NOT_FOUND']),
      },
    },
    (request) => {
      const live = runtime.tasks.explain(request.params.id);
      if (live !== null) return Promise.resolve(live);
      const task = requireTask(runtime.tasks.get(request.params.id), request.params);
      return Promise.resolve({
        taskId: task.id,
        state: task.state,
        verdict: finishedVerdict(task, clock.now()),
        ...(task.schedule === undefined ? {} : { schedule: task.schedule }),
      });
    },
  );
}

function finishedVerdict(task: TaskView, nowMs: number): string {
  const agoMs = Math.max(0, nowMs - Date.parse(task.stateAt));
  const ago = `${(agoMs / 1000).toFixed(1)} s ago`;
  const attempts = task.attempt === 1 ? '1 attempt' : `${task.attempt} attempts`;
  if (task.state === 'completed') {
    return `completed ${ago} on agent ${task.agentId ?? 'unknown'} after ${attempts}`;
  }
  const why = task.error?.message ?? task.reason;
  return `${task.state} ${ago} after ${attempts}${why == null ? '' : `: ${why}`}`;
}

function resultRoute(app: FastifyInstance, { open, runtime }: ApiContext): void {
  app.get<{ Params: { id: TaskId }; Querystring: Static<typeof ResultQuery> }>(
    '/api/v1/tasks/:id/result',
    {
      schema: {
        operationId: 'getTaskResult',
        tags: TAGS,
        summary: 'How a task ended; waits for it if asked to',
        params: TaskParams,
        querystring: ResultQuery,
        response: answers(
          {
            200: json('It has finished', TaskOutcome),
            202: json('Not yet: the state it is in', TaskOutcome),
          },
          ['TASK_NOT_FOUND', 'STREAM_LIMIT'],
        ),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { waitMs = 0 } = request.query;
      let outcome = requireTask(runtime.tasks.outcome(id), request.params);
      if (waitMs > 0 && !isFinished(outcome.state)) {
        const stop = new AbortController();
        const left = open.add('poll', () => stop.abort());
        const forget = whenClientLeaves(reply.raw, () => stop.abort());
        try {
          const now = await runtime.tasks.wait(id, waitMs, stop.signal);
          outcome = requireTask(now, request.params);
        } finally {
          forget();
          left();
        }
      }
      return reply.code(isFinished(outcome.state) ? 200 : 202).send(outcome);
    },
  );
}

function recallRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Params: { id: TaskId }; Body: Static<typeof CancelBody> }>(
    '/api/v1/tasks/:id/cancel',
    {
      schema: {
        operationId: 'cancelTask',
        tags: TAGS,
        summary: 'Cancel a task; a running attempt is told to stop, at once or within a grace',
        params: TaskParams,
        body: CancelBody,
        response: answers({ 200: json('The task', TaskView) }, [
          ...CHANGE_CODES,
          'TASK_NOT_FOUND',
          'TASK_FINISHED',
        ]),
      },
    },
    async (request) => {
      const { id } = request.params;
      const { graceMs = 0, reason = 'canceled', tree = false } = request.body;
      if (tree) {
        await runtime.kills.cancelTree(id, reason);
      } else {
        const [refusal] = await runtime.tasks.cancel([id], reason, graceMs);
        if (refusal != null) throw refusal;
      }
      return requireTask(runtime.tasks.get(id), request.params);
    },
  );
  app.post<{ Params: { id: TaskId } }>(
    '/api/v1/tasks/:id/retry',
    {
      schema: {
        operationId: 'retryTask',
        tags: TAGS,
        summary: 'Queue a dead letter again, with all its attempts',
        params: TaskParams,
        body: EmptyBody,
        response: answers({ 200: json('The task', TaskView) }, [
          ...CHANGE_CODES,
          'TASK_NOT_FOUND',
          'TASK_NOT_FAILED',
          'TREE_KILLED',
        ]),
      },
    },
    async (request) => {
      const { id } = request.params;
      const [refusal] = await runtime.tasks.retry([id]);
      if (refusal != null) throw refusal;
      return requireTask(runtime.tasks.get(id), request.params);
    },
  );
}

function readStates(text: string): TaskStateName[] {
  return text.split(',').map((name) => {
    const state = TASK_STATES.find((known) => known === name);
    if (state !== undefined) return state;
    throw new InvalidRequestError(
      '/query/states',
      `must be of ${TASK_STATES.join(', ')}, got ${name}`,
    );
  });
}

function isFinished(state: TaskStateName): boolean {
  return state === 'completed' || state === 'failed' || state === 'canceled';
}

/** @throws OrchestratorError `TASK_NOT_FOUND` for null */
export function requireTask<Value>(found: Value | null, { id }: { readonly id: string }): Value {
  if (found !== null) return found;
  throw new OrchestratorError('TASK_NOT_FOUND', `a task must be known, got ${id}`, { taskId: id });
}
