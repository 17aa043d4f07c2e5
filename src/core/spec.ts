/** Ways to space attempts; see `retry.ts` for their formulas. */
export const RETRY_STRATEGIES = [
  'exponential',
  'linear',
  'fixed',
  'fibonacci',
  'decorrelated-jitter',
] as const;
export type RetryStrategy = (typeof RETRY_STRATEGIES)[number];

/** When and how often a failed attempt is followed by another. */
export interface RetryPolicy {
  /** Attempts in all, the first included; 1..1000. */
  readonly attemptsMax: number;
  readonly strategy: RetryStrategy;
  /** Base delay before the second attempt, in milliseconds; 0 means at once. */
  readonly delayMs: number;
  /** Ceiling of one delay, in milliseconds. */
  readonly delayMsMax: number;
  /** Share of each delay that is drawn at random, 0..1: 0.2 spreads a delay d over [0.8·d, d]. */
  readonly jitter: number;
  /** Error codes after which no further attempt is made. */
  readonly nonRetryable: readonly string[];
}

/** How long a task may stay in one place. An absent bound means no bound. */
export interface TaskTimeouts {
  /** From becoming ready to the start of an attempt, in milliseconds. Past it the task fails. */
  readonly queueMs?: number;
  /** One attempt's run, in milliseconds. Past it the attempt fails and may be retried. */
  readonly runMs?: number;
  /** Longest silence of the agent about this task while it runs, in milliseconds. */
  readonly heartbeatMs?: number;
  /** From submission to the end, all attempts and waits included, in milliseconds. Past it the task fails. */
  readonly totalMs?: number;
}

/** What changes for the attempts after one has failed; what is absent stays. */
export interface EscalationStep {
  /** Number of the failed attempt, from 1. */
  readonly afterAttempt: number;
  readonly capabilities?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly queue?: string;
  readonly priority?: number;
}

/** What an agent must offer to be given a task. */
export interface Requirement {
  /** `name` is met by `name` and `name@version`; `name@version` only by itself. */
  readonly capabilities: readonly string[];
  /** Every label must be equal on the agent. */
  readonly labels: Readonly<Record<string, string>>;
  /** The only agent that may have it, which need not be registered; absent for any. */
  readonly agent?: string;
}

/**
 * What few kinds of task ask for beyond that; each rule is absent where it is not asked for.
 *
 * Equal rules must be equal as JSON: the reader of a submit writes their fields in one order.
 */
export interface TaskRules {
  /** How many live attempts the tasks of one `concurrencyKey` may have, and what happens past that. */
  readonly concurrency?: {
    readonly limit: number;
    readonly policy: 'queue' | 'cancel-oldest' | 'cancel-newest';
  };
  readonly escalate?: readonly EscalationStep[];
  /**
   * Whom a retry is kept from: nobody (`none`); the agents it failed on while another is ready
   * (`agent`); also their zones where there is an agent elsewhere (`zone`). Absent, the last agent it
   * failed on comes last.
   */
  readonly avoid?: 'none' | 'agent' | 'zone';
  /** How often a result may be other than asked for, apart from all other failures. */
  readonly invalid?: { readonly attemptsMax: number; readonly critique: boolean };
  /** JSON Schema that results must meet, as JSON text. Core does not read it. */
  readonly resultSchema?: string;
  /** Services that its attempts call: tasks wait while the breaker of one is open. */
  readonly downstreams?: readonly string[];
  /** It is done by so many copies, and has the result that `agree` of them have. */
  readonly redundancy?: {
    /** 2..7. */
    readonly copies: number;
    /** 1..copies. */
    readonly agree: number;
    /** What counts as the same; absent: what is registered for its type, else `canonical`. */
    readonly comparator?: 'canonical' | 'numbers' | 'text';
  };
  /** A copy is started while it runs, where that takes long. */
  readonly hedge?: {
    /** In milliseconds; absent: after what `percentile` of its type took. */
    readonly afterMs?: number;
    readonly percentile: number;
    readonly copiesMax: number;
  };
}

/** Everything that tasks submitted alike have in common; held once, whatever their number. */
export interface TaskSpec {
  readonly namespace: string;
  readonly queue: string;
  readonly type: string;
  /** 0..9, 9 first. */
  readonly priority: number;
  readonly requires: Requirement;
  readonly retry: RetryPolicy;
  readonly timeouts: TaskTimeouts;
  /** Absent for most. */
  readonly rules?: TaskRules;
}

/** Load-balancing strategies a queue can choose; implemented in `scheduling`. */
export const STRATEGY_NAMES = [
  'round-robin',
  'weighted-round-robin',
  'least-loaded',
  'shortest-expected-delay',
  'power-of-two-choices',
  'consistent-hash',
  'latency-aware',
  'born',
  'born+p2c',
  'born+zones',
  'born+zones+p2c',
] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** So many units in so much time, refilled evenly. */
export interface Rate {
  /** Above 0. */
  readonly units: number;
  /** In milliseconds, above 0. */
  readonly perMs: number;
  /** Most units that can be taken at once after a pause. Default `units`. */
  readonly burst?: number;
  /** Units are tokens: what an attempt reports to have used takes the place of what it declared. */
  readonly counts?: 'tokens';
}

/** What a limit holds its tasks to; without either it lets everything pass. */
export interface LimitSettings {
  /** Attempts at once, at most; above 0. */
  readonly concurrencyMax?: number;
  readonly rate?: Rate;
}

/** What an operator sets for a queue. Its limits count each attempt as one unit. */
export interface QueueSettings extends LimitSettings {
  readonly strategy: StrategyName;
  /** Most tasks that may wait (scheduled or queued) at once; further submits are refused. */
  readonly depthMax: number;
}

/** Changes to settings: what is absent stays, null takes a limit away. */
export interface QueueChange extends Partial<Omit<QueueSettings, keyof LimitSettings>> {
  readonly concurrencyMax?: number | null;
  readonly rate?: Rate | null;
}

/** When an agent that is not always there comes. Core does not read it: whoever leads works out the moments. */
export type AgentAvailability =
  /** Comes by for tasks every so often, and counts as lost where it is later than the grace. */
  | { readonly kind: 'poll'; readonly everyMs: number; readonly graceMs: number }
  /** Has hours that last `openMs`, and must be heard of before the end of each. */
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
  /** Is called with each task, and has `timeoutMs` to answer. */
  | { readonly kind: 'webhook'; readonly url: string; readonly timeoutMs: number };

/** What an agent says of itself when it registers. */
export interface AgentSpec {
  readonly kind: string;
  readonly capabilities: readonly string[];
  /** Tasks it runs at once; 1..100,000. */
  readonly slots: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Relative price of using it; strategies prefer lower. 0 when unknown. */
  readonly cost: number;
  /** Relative share of work under weighted strategies; above 0. */
  readonly weight: number;
  /** Silence after which it counts as lost, in milliseconds. */
  readonly heartbeatMs: number;
  /** Absent for one that is always there. */
  readonly availability?: AgentAvailability;
}
