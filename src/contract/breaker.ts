import Type, { type Static } from 'typebox';
import { Name } from './names.ts';

const closed = { additionalProperties: false } as const;

/** Services that attempts call, as a task declares them. */
export const Downstreams = Type.Array(Name, {
  maxItems: 16,
  uniqueItems: true,
  description: 'Services that its attempts call: it waits while the breaker of one is open',
});

export const BreakerKindText = Type.Union(
  [Type.Literal('agent'), Type.Literal('capability'), Type.Literal('downstream')],
  { title: 'BreakerKind' },
);
export type BreakerKindText = Static<typeof BreakerKindText>;

export const BreakerStateText = Type.Union(
  [Type.Literal('closed'), Type.Literal('open'), Type.Literal('half-open')],
  { title: 'BreakerState' },
);
export type BreakerStateText = Static<typeof BreakerStateText>;

const Part = Type.Number({ exclusiveMinimum: 0, maximum: 1 });
const Codes = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 64 });

const settingsFields = {
  enabled: Type.Boolean(),
  failureRate: { ...Part, description: 'Part of the calls in the window that must have failed' },
  callsMin: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description: 'Calls in the window before it judges',
  }),
  windowMs: Type.Integer({ minimum: 10, maximum: 86_400_000 }),
  slowMs: Type.Integer({
    minimum: 0,
    maximum: 86_400_000,
    description: 'An attempt that ran so long counts as slow; 0 for none',
  }),
  slowRate: { ...Part, description: 'Part of the calls that must have been slow' },
  openMs: Type.Integer({
    minimum: 1,
    maximum: 86_400_000,
    description: 'From opening to the first probes; doubles each time these fail',
  }),
  openMsMax: Type.Integer({ minimum: 1, maximum: 604_800_000 }),
  jitter: Type.Number({ minimum: 0, maximum: 1 }),
  probesMax: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    description: 'Attempts at once while it is half-open',
  }),
  successesMin: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    description: 'Probes that must succeed before it closes',
  }),
  count: { ...Codes, description: 'Codes that count although they end the task' },
  ignore: { ...Codes, description: 'Codes that never count' },
};

/** What is absent is as for all breakers of the kind, or as built in. */
export const BreakerSettingsBody = Type.Partial(Type.Object(settingsFields), {
  ...closed,
  title: 'BreakerSettings',
});
export type BreakerSettingsBody = Static<typeof BreakerSettingsBody>;

const SettingsView = Type.Object(settingsFields, { description: 'As they hold now' });

export const BreakerWhy = Type.Object(
  {
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
    by: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'Who says so' })),
  },
  { ...closed, title: 'BreakerWhy' },
);
export type BreakerWhy = Static<typeof BreakerWhy>;

export const BreakerView = Type.Object(
  {
    kind: BreakerKindText,
    name: Type.String(),
    state: BreakerStateText,
    stateAt: Type.String(),
    summary: Type.String({ description: 'Its state as a sentence' }),
    forced: Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Null()], {
      description: 'What an operator holds it at; null for automatic',
    }),
    reason: Type.Union([Type.String(), Type.Null()], { description: 'Why it is in that state' }),
    by: Type.Union([Type.String(), Type.Null()], { description: 'Who brought it there' }),
    calls: Type.Integer({ description: 'Calls in the window' }),
    failed: Type.Integer(),
    slow: Type.Integer(),
    openUntil: Type.Optional(Type.String({ description: 'When it lets probes through' })),
    probes: Type.Integer({ description: 'Probes that run' }),
    successes: Type.Integer({ description: 'Probes that succeeded since it let them through' }),
    trips: Type.Integer({ description: 'Times it opened' }),
    settings: SettingsView,
    own: Type.Optional(BreakerSettingsBody),
  },
  { title: 'Breaker' },
);
export type BreakerView = Static<typeof BreakerView>;

export const BreakerKindView = Type.Object(
  { kind: BreakerKindText, settings: SettingsView },
  { title: 'BreakersOfKind', description: 'What holds for breakers without settings of their own' },
);
export type BreakerKindView = Static<typeof BreakerKindView>;

export const BreakerList = Type.Object(
  {
    items: Type.Array(BreakerView, { description: 'Those that counted a failure, or were set' }),
    kinds: Type.Array(BreakerKindView),
    nextCursor: Type.Null(),
  },
  { title: 'BreakerList' },
);
export type BreakerList = Static<typeof BreakerList>;
