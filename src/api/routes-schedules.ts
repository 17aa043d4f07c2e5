import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import {
  BackfillAnswer,
  BackfillBody,
  checkSchedule,
  InvalidRequestError,
  NamedScheduleBody,
  PauseScheduleBody,
  QueueName,
  ScheduleBody,
  ScheduleList,
  ScheduleView,
  TriggerAnswer,
  TriggerScheduleBody,
  UpcomingAnswer,
} from '../contract/index.ts';
import {
  answers,
  CHANGE_CODES,
  Cursor,
  EmptyBody,
  json,
  Limit,
  LIMIT_DEFAULT,
  nothing,
} from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { SCHEDULE_EXAMPLE } from './examples.ts';

const TAGS = ['Schedules'];

const NAME = '[A-Za-z0-9][A-Za-z0-9._:-]{0,127}';

const ScheduleParams = Type.Object({
  name: Type.String({
    pattern: `^${NAME}(/${NAME})?$`,
    description:
      'The schedule; those of a namespace other than `default` as `namespace/name`, with `/` written as `%2F`',
  }),
});

interface Params {
  readonly Params: { readonly name: string };
}

const ListQuery = Type.Object(
  {
    namespace: Type.Optional(QueueName),
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

const SET_CODES = [
  ...CHANGE_CODES,
  'SCHEDULE_INVALID',
  'SCHEDULE_NEVER_FIRES',
  'SCHEDULE_LIMIT',
  'PAYLOAD_TOO_LARGE',
  'LIMIT_NOT_FOUND',
  'LIMIT_IMPOSSIBLE',
];

/** What a submit of a schedule's task may be refused with. */
const FIRE_CODES = [
  ...CHANGE_CODES,
  'SCHEDULE_NOT_FOUND',
  'QUEUE_FULL',
  'LIMIT_NOT_FOUND',
  'NAMESPACE_KILLED',
];

export function scheduleRoutes(app: FastifyInstance, ctx: ApiContext): void {
  readRoutes(app, ctx);
  setRoutes(app, ctx);
  switchRoutes(app, ctx);
  fireRoutes(app, ctx);
}

function readRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/api/v1/schedules',
    {
      schema: {
        operationId: 'listSchedules',
        tags: TAGS,
        summary: 'Schedules, in the order they were made',
        querystring: ListQuery,
        response: answers({ 200: json('The schedules', ScheduleList) }, ['CURSOR_INVALID']),
      },
    },
    ({ query }) =>
      Promise.resolve(runtime.schedules.list({ ...query, limit: query.limit ?? LIMIT_DEFAULT })),
  );
  app.get<Params>(
    '/api/v1/schedules/:name',
    {
      schema: {
        operationId: 'getSchedule',
        tags: TAGS,
        summary: 'A schedule: when it fires next, and what became of its newest firings',
        params: ScheduleParams,
        response: answers({ 200: json('The schedule', ScheduleView) }, ['SCHEDULE_NOT_FOUND']),
      },
    },
    ({ params }) => {
      const schedule = runtime.schedules.get(params.name);
      if (schedule !== null) return Promise.resolve(schedule);
      throw new OrchestratorError(
        'SCHEDULE_NOT_FOUND',
        `a schedule must exist, got ${params.name}`,
        {
          schedule: params.name,
        },
      );
    },
  );
  const UpcomingQuery = Type.Object(
    { count: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 10 })) },
    { additionalProperties: false },
  );
  app.get<Params & { Querystring: Static<typeof UpcomingQuery> }>(
    '/api/v1/schedules/:name/upcoming',
    {
      schema: {
        operationId: 'upcomingFirings',
        tags: TAGS,
        summary: 'The moments to come by its timing, before jitter, paused or not',
        params: ScheduleParams,
        querystring: UpcomingQuery,
        response: answers({ 200: json('The moments', UpcomingAnswer) }, ['SCHEDULE_NOT_FOUND']),
      },
    },
    ({ params, query }) =>
      Promise.resolve({ items: runtime.schedules.upcoming(params.name, query.count ?? 10) }),
  );
}

function setRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Body: NamedScheduleBody }>(
    '/api/v1/schedules',
    {
      schema: {
        operationId: 'createSchedule',
        tags: TAGS,
        summary: 'Make a schedule that is not there yet; its namespace is that of its task',
        body: { ...NamedScheduleBody, examples: [SCHEDULE_EXAMPLE] },
        response: answers({ 201: json('The schedule', ScheduleView) }, [
          ...SET_CODES,
          'SCHEDULE_EXISTS',
        ]),
      },
    },
    async ({ body }, reply) => {
      const { name, ...settings } = body;
      checkSchedule(settings);
      const namespace = settings.task.namespace ?? 'default';
      const key = namespace === 'default' ? name : `${namespace}/${name}`;
      if (runtime.schedules.get(key) !== null) {
        const message = `a new schedule must have a name of its own, got ${key}; PUT changes one`;
        throw new OrchestratorError('SCHEDULE_EXISTS', message, { schedule: key });
      }
      return reply.code(201).send(await runtime.schedules.set(key, settings));
    },
  );
  app.put<Params & { Body: ScheduleBody }>(
    '/api/v1/schedules/:name',
    {
      schema: {
        operationId: 'setSchedule',
        tags: TAGS,
        summary: 'Make a schedule or replace its settings; a paused one stays paused',
        description:
          'Safe to repeat: what it counted stays, and so does its next moment where the timing is as it was.',
        params: ScheduleParams,
        body: ScheduleBody,
        response: answers({ 200: json('The schedule', ScheduleView) }, SET_CODES),
      },
    },
    ({ body, params }) => {
      checkSchedule(body);
      return runtime.schedules.set(params.name, body);
    },
  );
  app.delete<Params>(
    '/api/v1/schedules/:name',
    {
      schema: {
        operationId: 'removeSchedule',
        tags: TAGS,
        summary: 'Remove a schedule; its tasks go on',
        params: ScheduleParams,
        response: answers({ 204: nothing('Removed') }, [...CHANGE_CODES, 'SCHEDULE_NOT_FOUND']),
      },
    },
    async ({ params }, reply) => {
      await runtime.schedules.remove(params.name);
      return reply.code(204).send();
    },
  );
}

function switchRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  const response = answers({ 200: json('The schedule', ScheduleView) }, [
    ...CHANGE_CODES,
    'SCHEDULE_NOT_FOUND',
  ]);
  app.post<Params & { Body: Static<typeof PauseScheduleBody> | undefined }>(
    '/api/v1/schedules/:name/pause',
    {
      schema: {
        operationId: 'pauseSchedule',
        tags: TAGS,
        summary: 'Let a schedule fire no more by itself, until it is resumed',
        params: ScheduleParams,
        body: PauseScheduleBody,
        response,
      },
    },
    ({ body, params }) => runtime.schedules.pause(params.name, body),
  );
  app.post<Params>(
    '/api/v1/schedules/:name/resume',
    {
      schema: {
        operationId: 'resumeSchedule',
        tags: TAGS,
        summary: 'Let a paused schedule fire again from now on; nothing is made up for',
        params: ScheduleParams,
        body: EmptyBody,
        response,
      },
    },
    ({ params }) => runtime.schedules.resume(params.name),
  );
}

function fireRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<Params & { Body: Static<typeof TriggerScheduleBody> | undefined }>(
    '/api/v1/schedules/:name/trigger',
    {
      schema: {
        operationId: 'triggerSchedule',
        tags: TAGS,
        summary: 'Fire now, paused or not',
        params: ScheduleParams,
        body: TriggerScheduleBody,
        response: answers({ 200: json('The task', TriggerAnswer) }, [
          ...FIRE_CODES,
          'SCHEDULE_BUSY',
        ]),
      },
    },
    ({ body, params }) => runtime.schedules.trigger(params.name, body?.overlap ?? null),
  );
  app.post<Params & { Body: BackfillBody }>(
    '/api/v1/schedules/:name/backfill',
    {
      schema: {
        operationId: 'backfillSchedule',
        tags: TAGS,
        summary: 'Fire for all moments of a range of time, all or none',
        params: ScheduleParams,
        body: BackfillBody,
        response: answers({ 200: json('What was made', BackfillAnswer) }, [
          ...FIRE_CODES,
          'BACKFILL_TOO_LARGE',
        ]),
      },
    },
    ({ body, params }) => {
      if ((body as BackfillBody | undefined) === undefined) {
        throw new InvalidRequestError('', 'must have a body with from and to');
      }
      return runtime.schedules.backfill(params.name, body);
    },
  );
}
