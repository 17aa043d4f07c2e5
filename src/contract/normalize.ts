import type { RegisterAgent } from './agent.ts';
import { normalizeAvailability } from './availability.ts';
import { resultSchemaText } from './result-schema.ts';
import { copyRules } from './copy-rules.ts';
import type { TaskOptions } from './task.ts';

/** Values of a task's fields where its submitter said nothing. */
export const TASK_DEFAULTS = {
  namespace: 'default',
  queue: 'default',
  priority: 4,
  retry: {
    attemptsMax: 3,
    strategy: 'exponential',
    delayMs: 1000,
    delayMsMax: 60_000,
    jitter: 0.2,
    nonRetryable: [],
  },
} as const;

/** The part of a submit that tasks share, with every default filled in. */
export interface NormalizedSpec {
  readonly namespace: string;
  readonly queue: string;
  readonly type: string;
  readonly priority: number;
  readonly requires: {
    readonly capabilities: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
    readonly agent?: string;
  };
  readonly retry: {
    readonly attemptsMax: number;
    readonly strategy: 'exponential' | 'linear' | 'fixed' | 'fibonacci' | 'decorrelated-jitter';
    readonly delayMs: number;
    readonly delayMsMax: number;
    readonly jitter: number;
    readonly nonRetryable: readonly string[];
  };
  readonly timeouts: {
    readonly queueMs?: number;
    readonly runMs?: number;
    readonly heartbeatMs?: number;
    readonly totalMs?: number;
  };
  /** What few ask for; its fields stand in this order. */
  readonly rules?: NormalizedRules;
}

export interface NormalizedRules {
  readonly concurrency?: {
    readonly limit: number;
    readonly policy: 'queue' | 'cancel-oldest' | 'cancel-newest';
  };
  readonly escalate?: readonly {
    readonly afterAttempt: number;
    readonly capabilities?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly queue?: string;
    readonly priority?: number;
  }[];
  readonly avoid?: 'none' | 'agent' | 'zone';
  readonly invalid?: { readonly attemptsMax: number; readonly critique: boolean };
  /** JSON text. */
  readonly resultSchema?: string;
  /** In alphabetical order, each once. */
  readonly downstreams?: readonly string[];
  readonly redundancy?: {
    readonly copies: number;
    readonly agree: number;
    readonly comparator?: 'canonical' | 'numbers' | 'text';
  };
  readonly hedge?: {
    readonly afterMs?: number;
    readonly percentile: number;
    readonly copiesMax: number;
  };
}

/** All that makes the spec of a task: tasks that have the same of each share one. */
export const SPEC_OPTIONS = [
  'type',
  'namespace',
  'queue',
  'priority',
  'requires',
  'retry',
  'timeouts',
  'concurrency',
  'resultSchema',
  'downstreams',
  'redundancy',
  'hedge',
] as const satisfies readonly (keyof TaskOptions)[];

/** What a spec is made of, and nothing else: an option that is not listed cannot be read. */
export type SpecOptions = Pick<TaskOptions, (typeof SPEC_OPTIONS)[number]>;

/**
 * Fills in the defaults of a checked submit.
 *
 * @throws InvalidRequestError for a schema of the result that is none, or not a safe one; for copies that
 *   cannot be
 */
export function normalizeSpec(options: SpecOptions): NormalizedSpec {
  return {
    namespace: options.namespace ?? TASK_DEFAULTS.namespace,
    queue: options.queue ?? TASK_DEFAULTS.queue,
    type: options.type,
    priority: options.priority ?? TASK_DEFAULTS.priority,
    requires: {
      capabilities: options.requires?.capabilities ?? [options.type],
      labels: options.requires?.labels ?? {},
      ...(options.requires?.agent === undefined ? {} : { agent: options.requires.agent }),
    },
    retry: options.retry === undefined ? TASK_DEFAULTS.retry : retryOf(options.retry),
    timeouts: options.timeouts ?? {},
    ...rulesOf(options),
  };
}

function retryOf(retry: NonNullable<TaskOptions['retry']>): NormalizedSpec['retry'] {
  const { avoid: _avoid, escalate: _escalate, invalid: _invalid, ...plain } = retry;
  return { ...TASK_DEFAULTS.retry, ...plain };
}

/** Written only where something is asked for, its fields in one order: equal rules are equal as JSON. */
function rulesOf(options: SpecOptions): Pick<NormalizedSpec, 'rules'> {
  const { concurrency, downstreams = [], hedge, redundancy, resultSchema, retry } = options;
  const hasCopies = redundancy !== undefined || hedge !== undefined;
  const isPlain = concurrency === undefined && resultSchema === undefined && retry === undefined;
  if (isPlain && !hasCopies && downstreams.length === 0) return {};
  const rules: NormalizedRules = {
    ...(concurrency === undefined
      ? {}
      : { concurrency: { limit: concurrency.limit ?? 1, policy: concurrency.policy ?? 'queue' } }),
    ...retryRules(options),
    ...(downstreams.length === 0 ? {} : { downstreams: [...new Set(downstreams)].toSorted() }),
    ...(hasCopies ? copyRules(options) : {}),
  };
  return Object.keys(rules).length === 0 ? {} : { rules };
}

function retryRules({ resultSchema, retry = {} }: TaskOptions): NormalizedRules {
  const { avoid, escalate = [], invalid } = retry;
  const isChecked = invalid !== undefined || resultSchema !== undefined;
  return {
    ...(escalate.length === 0 ? {} : { escalate: escalate.map(stepOf) }),
    ...(avoid === undefined ? {} : { avoid }),
    ...(isChecked
      ? {
          invalid: {
            attemptsMax: invalid?.attemptsMax ?? INVALID_ATTEMPTS_DEFAULT,
            critique: invalid?.critique ?? true,
          },
        }
      : {}),
    ...(resultSchema === undefined ? {} : { resultSchema: resultSchemaText(resultSchema) }),
  };
}

type Step = NonNullable<NormalizedRules['escalate']>[number];

function stepOf({ afterAttempt, capabilities, labels, priority, queue }: Step): Step {
  return {
    afterAttempt,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(labels === undefined ? {} : { labels }),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** Attempts whose result does not match, where the submitter names no number. */
const INVALID_ATTEMPTS_DEFAULT = 3;

/** Milliseconds since 1970 of a moment of the right form; NaN for a day that its month does not have. */
export function momentMs(moment: string | number): number {
  if (typeof moment === 'number') return moment;
  // `Date.parse` takes 31 February for 3 March.
  const [year = 0, month = 0, day = 0] = moment.slice(0, 10).split('-').map(Number);
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day > daysInMonth ? Number.NaN : Date.parse(moment);
}

/** Fills in the defaults of a checked registration. */
/** What an agent says of itself, with every default filled in; `availability` is absent for always. */
type NormalizedAgent = Required<Omit<RegisterAgent, 'id' | 'availability'>> & {
  readonly availability?: NonNullable<ReturnType<typeof normalizeAvailability>>;
};

export function normalizeAgent(agent: RegisterAgent): NormalizedAgent {
  const heartbeatMs = agent.heartbeatMs ?? 30_000;
  const availability = normalizeAvailability(agent.availability, heartbeatMs);
  return {
    kind: agent.kind ?? 'general',
    capabilities: agent.capabilities,
    slots: agent.slots ?? 1,
    labels: agent.labels ?? {},
    cost: agent.cost ?? 0,
    weight: agent.weight ?? 1,
    heartbeatMs,
    ...(availability === null ? {} : { availability }),
  };
}
