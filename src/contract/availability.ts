/** When an agent is there: most always are; others come by, have their hours, or are called. */
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const OpenMs = Type.Integer({
  minimum: 1000,
  maximum: 31 * DAY_MS,
  description: 'How long each of its hours lasts: it must be heard of before the end of each',
});

export const Availability = Type.Union(
  [
    Type.Object(
      { kind: Type.Literal('always', { description: 'Silence means that it is lost' }) },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('poll', { description: 'Comes by for tasks, and sleeps in between' }),
        everyMs: Type.Integer({ minimum: 1000, maximum: YEAR_MS }),
        graceMs: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: YEAR_MS,
            description: 'How late it may be before it counts as lost. Default: `heartbeatMs`',
          }),
        ),
      },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('schedule', { description: 'Has its hours, and sleeps in between' }),
        cron: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
        timezone: Type.Optional(
          Type.String({ minLength: 1, maxLength: 100, description: 'Of `cron`. Default UTC' }),
        ),
        everyMs: Type.Optional(
          Type.Integer({
            minimum: 1000,
            maximum: YEAR_MS,
            description: 'Instead of `cron`: every whole multiple of it since 1970',
          }),
        ),
        offsetMs: Type.Optional(Type.Integer({ minimum: 0, maximum: YEAR_MS })),
        openMs: OpenMs,
      },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('webhook', { description: 'Is called when there is a task for it' }),
        url: Type.String({ minLength: 1, maxLength: 2000 }),
        timeoutMs: Type.Optional(
          Type.Integer({
            minimum: 100,
            maximum: 600_000,
            default: 30_000,
            description: 'How long it may take to answer a call',
          }),
        ),
      },
      closed,
    ),
  ],
  {
    description:
      'When it is there. Default: always. An agent that sleeps as agreed is not lost; while it holds a lease `heartbeatMs` counts as for any other',
  },
);
export type Availability = Static<typeof Availability>;

/** The same with every default filled in. Those that are always there have none. */
export type NormalizedAvailability =
  | { readonly kind: 'poll'; readonly everyMs: number; readonly graceMs: number }
  | {
      readonly kind: 'schedule';
      readonly cron: string;
      readonly timezone: string;
      readonly openMs: number;
    }
  | {
      readonly kind: 'schedule';
      readonly everyMs: number;
      readonly offsetMs: number;
      readonly openMs: number;
    }
  | { readonly kind: 'webhook'; readonly url: string; readonly timeoutMs: number };

/** Null for an agent that is always there. A schedule without `cron` has `everyMs`, which was checked. */
export function normalizeAvailability(
  availability: Availability | undefined,
  heartbeatMs: number,
): NormalizedAvailability | null {
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
