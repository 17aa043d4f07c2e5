import { quantumMetrics, type SourceQuantum } from './quantum-metrics.ts';
import type { MetricDefinition, Sample } from './sample.ts';

/** One queue at the moment of the scrape. */
interface SourceQueue {
  readonly name: string;
  readonly paused: boolean;
  readonly scheduled: number;
  readonly blocked: number;
  readonly queued: number;
  readonly running: number;
  readonly input_required: number;
  readonly failed: number;
  readonly oldestReadyAgeMs: number;
}

/** What gauges are read from; the runtime fits it. */
export interface MetricsSource {
  readonly queues: { list(): readonly SourceQueue[] };
  readonly deadLetters: {
    counts(): {
      readonly groups: Readonly<Record<'open' | 'resolved' | 'ignored', number>>;
      readonly letters: number;
    };
  };
  readonly operations: { readonly running: number };
  readonly recoveries: { counts(): ReadonlyMap<string, number> };
  readonly checks: { list(): readonly { readonly name: string; readonly isOk: boolean }[] };
  readonly breakers: { counts(): Readonly<Record<string, Readonly<Record<string, number>>>> };
  distinct(): Readonly<Record<string, number>>;
  status(): {
    readonly agents: {
      readonly ready: number;
      readonly asleep: number;
      readonly draining: number;
      readonly lost: number;
      readonly slots: number;
      readonly slotsUsed: number;
    };
    readonly log: { readonly lastIndex: number; readonly checkpointIndex: number };
    readonly store: { readonly bytes: number; readonly backlog: number };
    readonly quantum: SourceQuantum;
    readonly admission: {
      readonly level: string;
      readonly floor: number;
      readonly held: { readonly tasks: number; readonly resting: number };
      readonly shed: { readonly byPriority: readonly number[]; readonly lists: number };
    };
  };
  /** Says for how many values the next one stands; 0 where it is left out. */
  readonly admission: { readonly thinning: { weigh(what: 'measure'): number } };
  readonly observed: {
    readonly loop: { readonly backlog: { readonly items: number } };
    readonly scheduler: {
      /** Null where nothing is planned. */
      readonly plans: { readonly placed: number } | null;
      /** Kinds are few, and fixed. */
      heldGates(): readonly {
        readonly kind: string;
        readonly gates: number;
        readonly tasks: number;
      }[];
    };
  };
}

type Status = ReturnType<MetricsSource['status']>;

interface QueueSum {
  readonly depth: Record<
    'ready' | 'blocked' | 'delayed' | 'running' | 'input_required' | 'dead',
    number
  >;
  oldestMs: number;
  paused: number;
}

/** Gauges of queues, agents, log and store. Past the cap queues are summed up under one name. */
export function sourceMetrics(
  source: () => MetricsSource | null,
  labelOf: (queue: string) => string,
): MetricDefinition[] {
  // All gauges of one scrape are read in one turn of the event loop: they share what was read.
  const status = oncePerTurn(() => source()?.status() ?? null);
  const queues = oncePerTurn(() => sumQueues(source()?.queues.list() ?? [], labelOf));
  return [
    ...queueMetrics(queues),
    ...statusMetrics(status),
    ...quantumMetrics(() => status()?.quantum ?? null),
    ...operatorMetrics(source),
    ...admissionMetrics(status),
    ...gateMetrics(source),
    backlogMetric(source),
  ];
}

function queueMetrics(queues: () => Map<string, QueueSum>): MetricDefinition[] {
  const each = (samplesOf: (queue: string, sum: QueueSum) => Sample[]): Sample[] =>
    [...queues()].flatMap(([queue, sum]) => samplesOf(queue, sum));
  return [
    gauge('uqo_queue_depth', 'Tasks in a queue, by state', () =>
      each((queue, { depth }) =>
        Object.entries(depth).map(([state, value]) => ({ labels: { queue, state }, value })),
      ),
    ),
    gauge(
      'uqo_queue_oldest_ready_age_seconds',
      'Age of the oldest task that could start now; 0 when none',
      () => each((queue, { oldestMs }) => [{ labels: { queue }, value: oldestMs / 1000 }]),
    ),
    gauge('uqo_queue_paused', '1 while the queue starts nothing', () =>
      each((queue, { paused }) => [{ labels: { queue }, value: paused }]),
    ),
  ];
}

function statusMetrics(status: () => Status | null): MetricDefinition[] {
  const read = (samplesOf: (status: Status) => Sample[]): Sample[] => {
    const now = status();
    return now === null ? [] : samplesOf(now);
  };
  return [
    gauge('uqo_agents', 'Registered agents, by state', () =>
      read(({ agents }) =>
        (['ready', 'asleep', 'draining', 'lost'] as const).map((state) => ({
          labels: { state },
          value: agents[state],
        })),
      ),
    ),
    gauge('uqo_agent_slots', 'Slots of the agents that are not lost', () =>
      read(({ agents }) => [
        { labels: { state: 'used' }, value: agents.slotsUsed },
        { labels: { state: 'free' }, value: Math.max(0, agents.slots - agents.slotsUsed) },
      ]),
    ),
    gauge('uqo_log_index', 'Newest entry of the log', () =>
      read(({ log }) => [{ value: log.lastIndex }]),
    ),
    gauge('uqo_checkpoint_index', 'Entry up to which the store holds the state', () =>
      read(({ log }) => [{ value: log.checkpointIndex }]),
    ),
    gauge('uqo_store_size_bytes', 'Size of the store on the disk', () =>
      read(({ store }) => [{ value: store.bytes }]),
    ),
    gauge('uqo_store_backlog', 'Finished tasks on their way to the store', () =>
      read(({ store }) => [{ value: store.backlog }]),
    ),
  ];
}

function operatorMetrics(source: () => MetricsSource | null): MetricDefinition[] {
  const counts = oncePerTurn(() => source()?.deadLetters.counts() ?? null);
  return [
    gauge('uqo_dead_letters', 'Dead letters, without those of ignored groups', () => {
      const now = counts();
      return now === null ? [] : [{ value: now.letters }];
    }),
    gauge('uqo_failure_groups', 'Groups of dead letters that failed alike, by state', () =>
      Object.entries(counts()?.groups ?? {}).map(([state, value]) => ({
        labels: { state },
        value,
      })),
    ),
    gauge('uqo_breakers', 'Breakers that counted a failure of late or were set', () =>
      Object.entries(source()?.breakers.counts() ?? {}).flatMap(([kind, states]) =>
        Object.entries(states).map(([state, value]) => ({ labels: { kind, state }, value })),
      ),
    ),
    gauge('uqo_self_check_ok', '1 while the last look at it found nothing wrong', () =>
      (source()?.checks.list() ?? []).map(({ isOk, name }) => ({
        labels: { check: name },
        value: isOk ? 1 : 0,
      })),
    ),
    gauge('uqo_distinct_names', 'Different names of the last minutes, estimated to 2 %', () =>
      Object.entries(source()?.distinct() ?? {}).map(([kind, value]) => ({
        labels: { kind },
        value,
      })),
    ),
    {
      name: 'uqo_recoveries_total',
      help: 'What went wrong by itself, by kind',
      type: 'counter',
      samples: () =>
        [...(source()?.recoveries.counts() ?? [])].map(([kind, value]) => ({
          labels: { kind },
          value,
        })),
    },
    gauge('uqo_operations_running', 'Bulk operations under way', () => {
      const now = source();
      return now === null ? [] : [{ value: now.operations.running }];
    }),
  ];
}

const LEVELS = ['normal', 'elevated', 'critical'];

function admissionMetrics(status: () => Status | null): MetricDefinition[] {
  const read = (samplesOf: (admission: Status['admission']) => Sample[]): Sample[] => {
    const now = status();
    return now === null ? [] : samplesOf(now.admission);
  };
  return [
    gauge('uqo_admission_level', '0 normal, 1 elevated, 2 critical', () =>
      read(({ level }) => [{ value: LEVELS.indexOf(level) }]),
    ),
    gauge('uqo_admission_floor', 'Priorities below it are refused', () =>
      read(({ floor }) => [{ value: floor }]),
    ),
    gauge('uqo_admission_held_tasks', 'Tasks that were let in and wait, undecoded, for room', () =>
      read(({ held }) => [{ value: held.tasks }]),
    ),
    gauge('uqo_admission_resting_channels', 'Channels left unread until their next turn', () =>
      read(({ held }) => [{ value: held.resting }]),
    ),
    {
      name: 'uqo_admission_shed_total',
      help: 'Tasks refused because too much was under way, by priority',
      type: 'counter',
      samples: () =>
        read(({ shed }) =>
          shed.byPriority.map((value, priority) => ({
            labels: { priority: String(priority) },
            value,
          })),
        ),
    },
    {
      name: 'uqo_admission_shed_lists_total',
      help: 'Lists refused because too much was under way',
      type: 'counter',
      samples: () => read(({ shed }) => [{ value: shed.lists }]),
    },
  ];
}

function gateMetrics(source: () => MetricsSource | null): MetricDefinition[] {
  const held = oncePerTurn(() => source()?.observed.scheduler.heldGates() ?? []);
  return [
    gauge(
      'uqo_gates_closed',
      'Limits, keys, queues and budgets that hold tasks back, by kind',
      () => held().map(({ gates, kind }) => ({ labels: { kind }, value: gates })),
    ),
    gauge('uqo_gate_waiting_tasks', 'Tasks in lines that a gate holds back, by its kind', () =>
      held().map(({ kind, tasks }) => ({ labels: { kind }, value: tasks })),
    ),
  ];
}

function backlogMetric(source: () => MetricsSource | null): MetricDefinition {
  return gauge('uqo_command_backlog', 'Changes that wait for the log', () => {
    const now = source();
    return now === null ? [] : [{ value: now.observed.loop.backlog.items }];
  });
}

function gauge(name: string, help: string, samples: () => Sample[]): MetricDefinition {
  return { name, help, type: 'gauge', samples };
}

function sumQueues(
  queues: readonly SourceQueue[],
  labelOf: (queue: string) => string,
): Map<string, QueueSum> {
  const sums = new Map<string, QueueSum>();
  for (const queue of queues) {
    const label = labelOf(queue.name);
    const sum = sums.get(label) ?? {
      depth: { ready: 0, blocked: 0, delayed: 0, running: 0, input_required: 0, dead: 0 },
      oldestMs: 0,
      paused: 0,
    };
    sums.set(label, sum);
    sum.depth.ready += queue.queued;
    sum.depth.blocked += queue.blocked;
    sum.depth.delayed += queue.scheduled;
    sum.depth.running += queue.running;
    sum.depth.input_required += queue.input_required;
    sum.depth.dead += queue.failed;
    sum.oldestMs = Math.max(sum.oldestMs, queue.oldestReadyAgeMs);
    sum.paused = Math.max(sum.paused, queue.paused ? 1 : 0);
  }
  return sums;
}

/** Reads at most once until the microtasks of this turn are done. */
function oncePerTurn<Value>(read: () => Value): () => Value {
  let kept: { readonly value: Value } | null = null;
  return () => {
    if (kept === null) {
      kept = { value: read() };
      setImmediate(() => (kept = null));
    }
    return kept.value;
  };
}
