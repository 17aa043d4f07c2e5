/** Schedules on the wire. */
import Type, { type Static } from 'typebox';
import { Moment, QueueName } from './names.ts';
import { SubmitTask } from './task.ts';

const closed = { additionalProperties: false } as const;

export const OverlapText = Type.Union(
  [
    Type.Literal('allow'),
    Type.Literal('skip'),
    Type.Literal('queue-one'),
    Type.Literal('cancel-running'),
  ],
  {
    description:
      'What happens to a firing while a task of an earlier one is not finished: it makes its task all the same, makes none, waits (one at most), or takes its place',
  },
);

const YEAR_MS = 31_536_000_000;

const FAMILY = 'a parent must run while it submits, and does not when the schedule fires';

/** Fields of a submit that a schedule's tasks cannot have, and why. */
export const NOT_OF_FIRINGS: Readonly<Record<string, string>> = {
  runAt: 'the moment of a task is that of its firing',
  delayMs: 'the moment of a task is that of its firing; offsetMs and jitterMs move firings',
  idempotencyKey:
    'each moment is fired for once, and the same key would let only the first be made',
  dependsOn:
    'tasks that have ended are forgotten in time, and each firing after that would be refused',
  parentId: FAMILY,
  parentToken: FAMILY,
  allowLoop: FAMILY,
};

/** What each firing submits; its moment and identity are the firing's. */
export const ScheduledTaskBody = Type.Omit(
  SubmitTask,
  ['runAt', 'delayMs', 'idempotencyKey', 'dependsOn', 'parentId', 'parentToken', 'allowLoop'],
  { ...closed, title: 'ScheduledTask' },
);
export type ScheduledTaskBody = Static<typeof ScheduledTaskBody>;

const settings = {
  cron: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      description:
        'Minute, hour, day of month, month and day of week; or six fields with seconds first; or @daily and the like',
    }),
  ),
  timezone: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      default: 'UTC',
      description: 'Of cron: a name of the IANA database, such as Europe/Berlin',
    }),
  ),
  everyMs: Type.Optional(
    Type.Integer({
      minimum: 100,
      maximum: YEAR_MS,
      description: 'Instead of cron: at every whole multiple of it since 1970',
    }),
  ),
  offsetMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: YEAR_MS,
      default: 0,
      description: 'Of everyMs: that much later',
    }),
  ),
  at: Type.Optional(
    Type.Array(Moment, {
      minItems: 1,
      maxItems: 1000,
      description: 'Instead of cron: at these moments',
    }),
  ),
  overlap: Type.Optional({ ...OverlapText, default: 'skip' }),
  catchUp: Type.Optional(
    Type.Union([Type.Literal('latest'), Type.Literal('all')], {
      default: 'latest',
      description: 'Of several firings that are due together: the latest only, or all',
    }),
  ),
  catchUpMs: Type.Optional(
    Type.Integer({
      minimum: 10_000,
      maximum: YEAR_MS,
      default: 3_600_000,
      description: 'How late a firing may be made up for; what is older is missed for good',
    }),
  ),
  jitterMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      default: 0,
      description: 'Each firing comes up to this much later, by its own fixed share',
    }),
  ),
  startAt: Type.Optional({ ...Moment, description: 'No firing before it' }),
  endAt: Type.Optional({ ...Moment, description: 'No firing after it' }),
  runsMax: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'Tasks that it makes by itself, in all',
    }),
  ),
  task: ScheduledTaskBody,
};

export const ScheduleBody = Type.Object(settings, { ...closed, title: 'ScheduleSettings' });
export type ScheduleBody = Static<typeof ScheduleBody>;

export const NamedScheduleBody = Type.Object(
  { name: QueueName, ...settings },
  { ...closed, title: 'NewSchedule' },
);
export type NamedScheduleBody = Static<typeof NamedScheduleBody>;

export const PauseScheduleBody = Type.Object(
  {
    reason: Type.Optional(Type.String({ maxLength: 1000 })),
    by: Type.Optional(Type.String({ maxLength: 255 })),
  },
  closed,
);

export const TriggerScheduleBody = Type.Object({ overlap: Type.Optional(OverlapText) }, closed);

/** Firings of one backfill, at most. */
export const BACKFILL_MAX = 10_000;

export const BackfillBody = Type.Object(
  {
    from: Moment,
    to: Moment,
    overlap: Type.Optional({ ...OverlapText, default: 'allow' }),
    perSecond: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 10_000,
        description: 'Starts the tasks at this rate instead of at once',
      }),
    ),
    dryRun: Type.Optional(Type.Boolean({ default: false })),
  },
  { ...closed, title: 'Backfill' },
);
export type BackfillBody = Static<typeof BackfillBody>;

export const BackfillAnswer = Type.Object(
  {
    count: Type.Integer({ description: 'Moments of the schedule in the range' }),
    first: Type.Union([Type.String(), Type.Null()]),
    last: Type.Union([Type.String(), Type.Null()]),
    made: Type.Integer({ description: 'Tasks made now; overlap may leave some out' }),
    dryRun: Type.Boolean(),
  },
  { title: 'BackfillAnswer' },
);
export type BackfillAnswer = Static<typeof BackfillAnswer>;

export const TriggerAnswer = Type.Object(
  {
    taskId: Type.String({ description: 'The task, now or once the firing no longer waits' }),
    isWaiting: Type.Boolean({ description: 'Whether it waits for the end of an earlier one' }),
  },
  { title: 'TriggerAnswer' },
);
export type TriggerAnswer = Static<typeof TriggerAnswer>;

export const UpcomingAnswer = Type.Object(
  { items: Type.Array(Type.String({ description: 'Moments, before jitter' })) },
  { title: 'Upcoming' },
);
export type UpcomingAnswer = Static<typeof UpcomingAnswer>;

const nullable = Type.Union([Type.String(), Type.Null()]);

/** A schedule as it is shown. Moments are ISO 8601 in UTC. */
export const ScheduleView = Type.Object(
  {
    name: Type.String(),
    namespace: Type.String(),
    state: Type.Union([Type.Literal('active'), Type.Literal('paused'), Type.Literal('finished')]),
    cron: Type.Optional(Type.String()),
    timezone: Type.Optional(Type.String()),
    everyMs: Type.Optional(Type.Integer()),
    offsetMs: Type.Optional(Type.Integer()),
    at: Type.Optional(Type.Array(Type.String())),
    overlap: OverlapText,
    catchUp: Type.String(),
    catchUpMs: Type.Integer(),
    jitterMs: Type.Integer(),
    startAt: Type.Optional(Type.String()),
    endAt: Type.Optional(Type.String()),
    runsMax: Type.Optional(Type.Integer()),
    task: Type.Unknown({ description: 'What each firing submits, with its defaults' }),
    paused: Type.Union([
      Type.Object({ at: Type.String(), reason: nullable, by: nullable }),
      Type.Null(),
    ]),
    nextAt: Type.Union([Type.String(), Type.Null()], {
      description: 'Before jitter; null while paused, and where none is left',
    }),
    lastAt: nullable,
    runs: Type.Integer({ description: 'Tasks that it made by itself' }),
    skipped: Type.Integer({ description: 'Firings without a task: overlap, or a full queue' }),
    missed: Type.Integer({ description: 'Firings that were not made up for' }),
    live: Type.Integer({ description: 'Tasks of it that are not finished' }),
    liveTaskIds: Type.Array(Type.String(), { description: 'Some of them' }),
    waiting: Type.Union([
      Type.Object({ nominalAt: Type.String(), taskId: Type.String() }),
      Type.Null(),
    ]),
    recent: Type.Array(
      Type.Object({
        nominalAt: Type.String({ description: 'The moment it was meant for' }),
        at: Type.String(),
        taskId: nullable,
        outcome: Type.String({
          description:
            'scheduled, triggered, backfilled; else overlap, throttled, missed, or what its submit was refused for, such as queue_full',
        }),
      }),
      { description: 'The newest firings, oldest first' },
    ),
    createdAt: Type.String(),
    changedAt: Type.String(),
  },
  { title: 'Schedule' },
);
export type ScheduleView = Static<typeof ScheduleView>;

export const ScheduleList = Type.Object(
  { items: Type.Array(ScheduleView), nextCursor: nullable },
  { title: 'ScheduleList' },
);
export type ScheduleList = Static<typeof ScheduleList>;
