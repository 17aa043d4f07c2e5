/** Questions of attempts and the answers to them, for people and for agents that poll. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Static } from 'typebox';
import {
  AnswerBody,
  AskAnswer,
  AskLease,
  InputQuery,
  readPrompt,
  TaskView,
} from '../contract/index.ts';
import { answers, CHANGE_CODES, json, LeaseParams, TaskParams } from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { whenClientLeaves } from './client-leaves.ts';
import { ANSWER_EXAMPLE, ASK_EXAMPLE } from './examples.ts';
import { fencedIfFinished } from './routes-leases.ts';
import { requireTask } from './routes-tasks.ts';

const ASK_ANSWERS = {
  200: json('The answer', AskAnswer),
  202: json('Not yet: the task waits for it', AskAnswer),
};

type Asked = Awaited<ReturnType<ApiContext['runtime']['inputs']['ask']>>;

export function inputRoutes(app: FastifyInstance, ctx: ApiContext): void {
  answerRoute(app, ctx);
  askRoute(app, ctx);
  waitRoute(app, ctx);
}

function answerRoute(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Params: { id: TaskId }; Body: AnswerBody }>(
    '/api/v1/tasks/:id/input',
    {
      schema: {
        operationId: 'answerTask',
        tags: ['Tasks'],
        summary: 'Answer the question that a task waits on; saying it again is fine',
        description:
          'The task shows the question as `input`. The answer is kept with the task: a later attempt that asks under the same key gets it at once.',
        params: TaskParams,
        body: { ...AnswerBody, examples: [ANSWER_EXAMPLE] },
        response: answers({ 200: json('The task', TaskView) }, [
          ...CHANGE_CODES,
          'TASK_NOT_FOUND',
          'TASK_FINISHED',
          'INPUT_INVALID',
          'INPUT_NOT_ASKED',
          'INPUT_KEY_MISMATCH',
          'INPUT_NOT_ALLOWED',
        ]),
      },
    },
    async (request) => {
      const { id } = request.params;
      await runtime.inputs.answer(id, request.body);
      return requireTask(runtime.tasks.get(id), request.params);
    },
  );
}

function askRoute(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Params: { taskId: TaskId }; Body: Static<typeof AskLease> }>(
    '/api/v1/leases/:taskId/ask',
    {
      schema: {
        operationId: 'askLease',
        tags: ['Leases'],
        summary: 'Ask a person; the attempt keeps its lease, and its slot is free until the answer',
        description:
          'Answers 200 where the answer is kept from an earlier attempt, else 202: then ask for it with `GET …/input`. Run and heartbeat time-outs stand still meanwhile. Give a `key` to be able to ask again safely.',
        params: LeaseParams,
        body: { ...AskLease, examples: [ASK_EXAMPLE] },
        response: answers(ASK_ANSWERS, [
          ...CHANGE_CODES,
          'TASK_NOT_FOUND',
          'LEASE_FENCED',
          'INPUT_PROMPT_INVALID',
          'INPUT_PENDING',
          'INPUT_LIMIT',
        ]),
      },
    },
    async (request, reply) => {
      const { taskId } = request.params;
      const { fencingToken, prompt } = request.body;
      const asked = await runtime.inputs
        .ask({ taskId, fencingToken }, readPrompt(prompt))
        .catch((error: unknown) => {
          throw fencedIfFinished(runtime, taskId, error);
        });
      return sendAsked(reply, taskId, asked);
    },
  );
}

function waitRoute(app: FastifyInstance, { open, runtime }: ApiContext): void {
  app.get<{ Params: { taskId: TaskId }; Querystring: Static<typeof InputQuery> }>(
    '/api/v1/leases/:taskId/input',
    {
      schema: {
        operationId: 'getLeaseInput',
        tags: ['Leases'],
        summary: 'The answer to a question of the attempt; waits for it if asked to',
        params: LeaseParams,
        querystring: InputQuery,
        response: answers(ASK_ANSWERS, [
          'TASK_NOT_FOUND',
          'LEASE_FENCED',
          'INPUT_NOT_ASKED',
          'STREAM_LIMIT',
        ]),
      },
    },
    async (request, reply) => {
      const { taskId } = request.params;
      const { fencingToken, key = null, waitMs = 0 } = request.query;
      const stop = new AbortController();
      const left = waitMs === 0 ? undefined : open.add('poll', () => stop.abort());
      const forget = whenClientLeaves(reply.raw, () => stop.abort());
      try {
        const ref = { taskId, fencingToken };
        const wait = { ms: waitMs, signal: stop.signal };
        return sendAsked(reply, taskId, await runtime.inputs.standing(ref, key, wait));
      } catch (error) {
        throw fencedIfFinished(runtime, taskId, error);
      } finally {
        forget();
        left?.();
      }
    },
  );
}

function sendAsked(reply: FastifyReply, taskId: TaskId, { answer, key }: Asked): FastifyReply {
  if (answer === null) return reply.code(202).send({ taskId, state: 'input_required', key });
  const { by, reason } = answer;
  return reply.code(200).send({
    taskId,
    state: 'running',
    key,
    answer: JSON.parse(answer.answer) as unknown,
    by,
    ...(reason === null ? {} : { reason }),
  });
}
