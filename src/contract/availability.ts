/** When an agent is there: most always are; others come by, have their hours, or are called. */
import Type from 'typebox';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const Span = Type.Integer({ minimum: 1000, maximum: YEAR_MS });

/** One object and not one for each kind, so that what is wrong is told by its field. */
const AvailabilityBody = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('always', { description: 'Silence means that it is lost' }),
      Type.Literal('poll', { description: 'Comes by for tasks, and sleeps in between' }),
      Type.Literal('schedule', { description: 'Has its hours, and sleeps in between' }),
      Type.Literal('webhook', { description: 'Is called when there is a task for it' }),
    ]),
    everyMs: Type.Optional({
      ...Span,
      description: 'poll: time between two visits. schedule: whole multiples of it since 1970',
    }),
    graceMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: YEAR_MS,
        description: 'poll: how late it may be before it counts as lost. Default: `heartbeatMs`',
      }),
    ),
    cron: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'schedule: instead of `everyMs`' }),
    ),
    timezone: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'Of `cron`. Default UTC' }),
    ),
    offsetMs: Type.Optional(Type.Integer({ minimum: 0, maximum: YEAR_MS })),
    openMs: Type.Optional(
      Type.Integer({
        minimum: 1000,
        maximum: 31 * DAY_MS,
        description: 'schedule: how long its hours last: it must be heard of before their end',
      }),
    ),
    url: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 600_000,
        default: 30_000,
        description: 'webhook: how long it may take to answer a call',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'When it is there. Default: always. An agent that sleeps as agreed is not lost; while it holds a lease `heartbeatMs` counts as for any other',
  },
);

/** When an agent is there. */
export type Availability =
  | { readonly kind: 'always' }
  | { readonly kind: 'poll'; readonly everyMs: number; readonly graceMs?: number }
  | {
      readonly kind: 'schedule';
      readonly cron?: string;
      readonly timezone?: string;
      readonly everyMs?: number;
      readonly offsetMs?: number;
      readonly openMs: number;
    }
  | { readonly kind: 'webhook'; readonly url: string; readonly timeoutMs?: number };

export const Availability: ReturnType<typeof Type.Unsafe<Availability>> =
  Type.Unsafe<Availability>(AvailabilityBody);

interface Fields {
  readonly must: readonly string[];
  readonly may: readonly string[];
}

const FIELDS: Readonly<Record<Availability['kind'], Fields>> = {
  always: { must: [], may: [] },
  poll: { must: ['everyMs'], may: ['graceMs'] },
  schedule: { must: ['openMs'], may: ['cron', 'timezone', 'everyMs', 'offsetMs'] },
  webhook: { must: ['url'], may: ['timeoutMs'] },
};

/** What is wrong with an availability that its schema lets pass: its kind asks for other fields. */
export interface AvailabilityFault {
  /** Of the field, or empty. */
  readonly path: string;
  readonly message: string;
}

export function findAvailabilityFault(availability: Availability): AvailabilityFault | null {
  const { kind } = availability;
  const { may, must } = FIELDS[kind];
  const given = Object.keys(availability);
  const missing = must.find((field) => !given.includes(field));
  if (missing !== undefined) return { path: '', message: `must have ${missing}, of kind ${kind}` };
  const odd = given.find((field) => field !== 'kind' && ![...must, ...may].includes(field));
  if (odd !== undefined) return { path: `/${odd}`, message: `must not be there, of kind ${kind}` };
  if (kind !== 'schedule') return null;
  const { cron, everyMs, offsetMs, timezone } = availability;
  if ((cron === undefined) === (everyMs === undefined))
    return { path: '', message: 'must have either cron or everyMs' };
  if (cron !== undefined && offsetMs !== undefined)
    return { path: '/offsetMs', message: 'must come with everyMs' };
  if (cron === undefined && timezone !== undefined)
    return { path: '/timezone', message: 'must come with cron' };
  return null;
}

/**
 * The same with every default filled in; null for an agent that is always there. A schedule without `cron` has
 * `everyMs`, which was checked. What comes out is written down once, as core's `AgentAvailability`.
 */
export function normalizeAvailability(availability: Availability | undefined, heartbeatMs: number) {
  if (availability === undefined || availability.kind === 'always') return null;
  const { kind } = availability;
  if (kind === 'webhook') {
    return { kind, url: availability.url, timeoutMs: availability.timeoutMs ?? 30_000 };
  }
  if (kind === 'poll') {
    return { kind, everyMs: availability.everyMs, graceMs: availability.graceMs ?? heartbeatMs };
  }
  const { cron, everyMs = 0, offsetMs = 0, openMs, timezone = 'UTC' } = availability;
  return cron === undefined
    ? { kind, everyMs, offsetMs, openMs }
    : { kind, cron, timezone, openMs };
}
