import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import {
  InvalidRequestError,
  isTraceparent,
  Key,
  SESSION_ID_LENGTH_MAX,
  SubmitTask,
  SubmitTasks,
  TaskView,
} from '../contract/index.ts';
import type { Submission } from '../runtime/index.ts';
import { answers, CHANGE_CODES, json } from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { SUBMIT_EXAMPLES } from './examples.ts';
import { admittedMsOf } from './held-submits.ts';
import { submissionInSlices, submissionOfOne } from './submit-tasks.ts';
import { submittedTaskJson, submittedTasksJson } from './submitted-json.ts';

const SessionId = Type.String({ pattern: `^[A-Za-z0-9_-]{16,${SESSION_ID_LENGTH_MAX}}$` });

/** What a submit can be refused with. */
export const SUBMIT_CODES: readonly string[] = [
  ...CHANGE_CODES,
  'PAYLOAD_TOO_LARGE',
  'IDEMPOTENCY_CONFLICT',
  'IDEMPOTENCY_FULL',
  'SESSION_EXPIRED',
  'SESSION_CONFLICT',
  'LIMIT_NOT_FOUND',
  'LIMIT_IMPOSSIBLE',
  'LIMIT_KEYS_FULL',
  'DEDUPE_FULL',
  'QUEUE_FULL',
  'QUEUE_LIMIT',
  'BUDGET_EXCEEDED',
  'DEPTH_EXCEEDED',
  'FAN_OUT_EXCEEDED',
  'LOOP_DETECTED',
  'TREE_KILLED',
  'NAMESPACE_KILLED',
  'LEASE_FENCED',
  'FLOW_CYCLE',
  'FLOW_DUPLICATE',
  'FLOW_TASK_NOT_FOUND',
];

export function submitRoutes(app: FastifyInstance, ctx: ApiContext): void {
  const { clock, payloadBytesMax, runtime } = ctx;
  app.post<{ Body: Record<string, unknown> | undefined }>(
    '/api/v1/tasks',
    {
      config: { isSubmit: true },
      schema: {
        operationId: 'submitTasks',
        tags: ['Tasks'],
        summary: 'Submit one task, or several at once',
        description:
          'Durable when answered. `{"tasks": […]}` takes all or none. With `Uqo-Session` (a random text of its sender) and `Uqo-Sequence` (1, 2, 3 … for its submits, one after the other) a submit that is sent again within the hour answers the tasks that are there; number 1 opens the session. `SESSION_EXPIRED`: whether it was taken is not known. With an idempotency key (for one task also as the header `Idempotency-Key`) a repeat answers the task that is there, with `idempotent-replayed: true`. The header `traceparent` is that of tasks which name none; one that is not valid is ignored, as W3C Trace Context asks.',
        headers: Type.Object({
          'idempotency-key': Type.Optional(Key),
          traceparent: Type.Optional(Type.String()),
          'uqo-session': Type.Optional(SessionId),
          'uqo-sequence': Type.Optional(Type.Integer({ minimum: 1 })),
        }),
        body: Type.Union([SubmitTask, SubmitTasks], { examples: SUBMIT_EXAMPLES }),
        response: answers(
          {
            201: json(
              'Taken. The tasks are as in a list: without payload',
              Type.Union([
                TaskView,
                Type.Object({ tasks: Type.Array(TaskView) }, { title: 'SubmittedTasks' }),
              ]),
            ),
          },
          SUBMIT_CODES,
        ),
      },
      // The body is checked task by task in the handler: a union could not say what is wrong.
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const { traceparent } = request.headers;
      const limits = {
        payloadBytesMax,
        nowMs: clock.now(),
        traceparent: isTraceparent(traceparent) ? traceparent : undefined,
      };
      const body = withKeyOfHeader(request.body, request.headers['idempotency-key']);
      const isMany = isBatch(body);
      const checked = isMany
        ? await submissionInSlices(body['tasks'], limits, { clock })
        : submissionOfOne(body, limits);
      const admittedMs = admittedMsOf(request);
      const { ids, repeated } = await runtime.tasks.submit({
        ...checked,
        ...(admittedMs === undefined ? {} : { admittedMs }),
        ...sessionOfHeaders(request.headers),
      });
      if (repeated.length > 0) reply.header('idempotent-replayed', 'true');
      reply.code(201).header('content-type', 'application/json; charset=utf-8');
      if (!isMany) return submittedTaskJson(runtime, ids[0] as TaskId);
      return submittedTasksJson(runtime, clock, ids);
    },
  );
}

function isBatch(body: unknown): body is { readonly tasks: unknown } {
  if (typeof body !== 'object' || body === null || !('tasks' in body)) return false;
  const other = Object.keys(body).find((key) => key !== 'tasks');
  if (other === undefined) return true;
  throw new InvalidRequestError(`/${other}`, 'is not a known field beside tasks');
}

const sessionId = Compile(SessionId);

/** What a submit says of its session. Its sender has one under way at a time: so it saw all answers before. */
function sessionOfHeaders({
  'uqo-session': id,
  'uqo-sequence': text,
}: IncomingHttpHeaders): Pick<Submission, 'session'> {
  if (id === undefined && text === undefined) return {};
  if (!sessionId.Check(id)) {
    const message = `must be 16 to ${SESSION_ID_LENGTH_MAX} letters, digits, "_" or "-"`;
    throw new InvalidRequestError('/headers/uqo-session', message);
  }
  const sequence = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (sequence < 1) {
    throw new InvalidRequestError('/headers/uqo-sequence', 'must be a whole number from 1 on');
  }
  const opens = sequence === 1 ? ({ opens: true } as const) : {};
  return { session: { id, sequence, acknowledged: sequence - 1, ...opens } };
}

const idempotencyKey = Compile(Key);

function withKeyOfHeader(body: unknown, key: string | string[] | undefined): unknown {
  if (key === undefined) return body;
  const fault = (message: string): InvalidRequestError =>
    new InvalidRequestError('/headers/idempotency-key', message);
  if (typeof key !== 'string' || !idempotencyKey.Check(key)) {
    throw fault('must be 1 to 255 characters, no control characters');
  }
  if (typeof body !== 'object' || body === null) return body;
  if ('tasks' in body) throw fault('must be absent for several tasks: give each its own');
  if ('idempotencyKey' in body && body.idempotencyKey !== key) {
    throw fault('must be the same as idempotencyKey in the body');
  }
  return { ...body, idempotencyKey: key };
}
