import type { RegisterAgent } from './agent.ts';
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
  };
  /** Only where there is a rule. */
  readonly rules?: {
    readonly concurrency?: {
      readonly limit: number;
      readonly policy: 'queue' | 'cancel-oldest' | 'cancel-newest';
    };
  };
}

/** Fills in the defaults of a checked submit. */
export function normalizeSpec(options: TaskOptions): NormalizedSpec {
  return {
    namespace: options.namespace ?? TASK_DEFAULTS.namespace,
    queue: options.queue ?? TASK_DEFAULTS.queue,
    type: options.type,
    priority: options.priority ?? TASK_DEFAULTS.priority,
    requires: {
      capabilities: options.requires?.capabilities ?? [options.type],
      labels: options.requires?.labels ?? {},
    },
    retry:
      options.retry === undefined
        ? TASK_DEFAULTS.retry
        : { ...TASK_DEFAULTS.retry, ...options.retry },
    timeouts: options.timeouts ?? {},
    ...rulesOf(options),
  };
}

/** Fields in one order, whatever that of the request: equal rules must be equal as JSON. */
function rulesOf({ concurrency }: TaskOptions): Pick<NormalizedSpec, 'rules'> {
  if (concurrency === undefined) return {};
  const { limit = 1, policy = 'queue' } = concurrency;
  return { rules: { concurrency: { limit, policy } } };
}

/** Milliseconds since 1970 of a moment of the right form; NaN for a day that its month does not have. */
export function momentMs(moment: string | number): number {
  if (typeof moment === 'number') return moment;
  // `Date.parse` takes 31 February for 3 March.
  const [year = 0, month = 0, day = 0] = moment.slice(0, 10).split('-').map(Number);
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day > daysInMonth ? Number.NaN : Date.parse(moment);
}

/** Fills in the defaults of a checked registration. */
export function normalizeAgent(agent: RegisterAgent): Required<Omit<RegisterAgent, 'id'>> {
  return {
    kind: agent.kind ?? 'general',
    capabilities: agent.capabilities,
    slots: agent.slots ?? 1,
    labels: agent.labels ?? {},
    cost: agent.cost ?? 0,
    weight: agent.weight ?? 1,
    heartbeatMs: agent.heartbeatMs ?? 30_000,
  };
}
