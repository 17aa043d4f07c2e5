import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { FLUSH_SECONDS, Histogram } from './histogram.ts';
import { RequestStats } from './request-stats.ts';
import { register, type MetricDefinition, type Sample } from './sample.ts';
import { BreakerStats } from './breaker-stats.ts';
import { ClusterStats, type ClusterSource } from './cluster-stats.ts';
import { CopyStats } from './copy-stats.ts';
import { PlanStats, type MeasuredPlan } from './plan-stats.ts';
import { ScheduleStats } from './schedule-stats.ts';
import { sourceMetrics, type MetricsSource } from './source-metrics.ts';
import { TaskStats, type MeasuredFailure, type MeasuredTask } from './task-stats.ts';
import { WebhookStats } from './webhook-stats.ts';

/** Ways in which clients stay connected. */
const TRANSPORTS = ['sse', 'websocket', 'poll', 'download'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/**
 * Everything that is counted, and its text for Prometheus.
 *
 * Takes the runtime's reports (it is its metrics port): about 100 ns for a task from submit to end.
 * Nothing has an agent's or a task's id for a label, and names that callers choose are capped.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #tasks = new TaskStats();
  readonly #requests = new RequestStats();
  readonly #schedules = new ScheduleStats();
  readonly #breakers = new BreakerStats();
  readonly #copies = new CopyStats();
  readonly #webhooks = new WebhookStats();
  readonly #plans = new PlanStats();
  /** What a node of a cluster counts; shown once {@link observeCluster} was called. */
  readonly cluster: ClusterStats = new ClusterStats();
  readonly #flushes = new Histogram(FLUSH_SECONDS);
  readonly #clients: Record<Transport, number> = {
    sse: 0,
    websocket: 0,
    poll: 0,
    download: 0,
  };
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #source: MetricsSource | null = null;

  constructor(options: { readonly version: string }) {
    collectDefaultMetrics({ register: this.#registry });
    const labels = { version: options.version, node_version: process.version };
    this.#add('uqo_build_info', 'gauge', 'Always 1; what runs is in the labels', () => [
      { labels, value: 1 },
    ]);
    this.#addTaskMetrics();
    this.#addProcessMetrics();
    for (const definition of this.#schedules.metrics()) register(this.#registry, definition);
    for (const definition of this.#breakers.metrics()) register(this.#registry, definition);
    for (const definition of this.#copies.metrics()) register(this.#registry, definition);
    for (const definition of this.#webhooks.metrics()) register(this.#registry, definition);
    const placed = (): number => this.#source?.observed.scheduler.plans?.placed ?? 0;
    for (const definition of this.#plans.metrics(placed)) register(this.#registry, definition);
    for (const definition of sourceMetrics(
      () => this.#source,
      (queue) => this.#tasks.queueLabel(queue),
    )) {
      register(this.#registry, definition);
    }
  }

  submitted(task: MeasuredTask): void {
    this.#tasks.submitted(task);
  }

  started(task: MeasuredTask, waitMs: number): void {
    this.#tasks.started(task, waitMs, this.#weight());
  }

  completed(task: MeasuredTask, runMs: number): void {
    this.#tasks.completed(task, runMs, this.#weight());
  }

  attemptFailed(task: MeasuredTask, failure: MeasuredFailure): void {
    this.#tasks.attemptFailed(task, failure);
  }

  failed(task: MeasuredTask): void {
    this.#tasks.failed(task);
  }

  canceled(task: MeasuredTask): void {
    this.#tasks.canceled(task);
  }

  /** A queue is gone, and its series with it. */
  queueRemoved(name: string): void {
    this.#tasks.queueRemoved(name);
  }

  /** A schedule made a task. What was asked for by hand is not late. */
  scheduleFired(lateMs: number, outcome: string): void {
    this.#schedules.fired(lateMs, outcome);
  }

  scheduleSkipped(reason: string, count: number): void {
    this.#schedules.skipped(reason, count);
  }

  /** A breaker of that kind came into a state. */
  breakerChanged(kind: string, state: string): void {
    this.#breakers.changed(kind, state);
  }

  /** A hedge was started. */
  hedged(): void {
    this.#copies.hedged();
  }

  /** A task took over the result of a hedge. */
  hedgeWon(): void {
    this.#copies.hedgeWon();
  }

  /** An agent's result was not the one that was agreed on. */
  dissented(): void {
    this.#copies.dissented();
  }

  /** A window of waiting tasks was planned for. */
  planned(plan: MeasuredPlan): void {
    this.#plans.planned(plan);
  }

  /** An agent was called. */
  webhookCalled(outcome: string): void {
    this.#webhooks.called(outcome);
  }

  /** The log was flushed to the disk; fits the runtime's `onFlush`. */
  flushed(durationMs: number): void {
    this.#flushes.observe(durationMs / 1000);
  }

  /** A request was answered. `route` is the template, null when none matched. */
  requested(method: string, route: string | null, status: number, durationMs: number): void {
    this.#requests.observe(method, route, status, durationMs);
  }

  /** A client came that stays connected; call the returned function once when it left. */
  connected(transport: Transport): () => void {
    this.#clients[transport] += 1;
    let isHere = true;
    return () => {
      if (isHere) this.#clients[transport] -= 1;
      isHere = false;
    };
  }

  /** Reads queues, agents and the log from `source` at every scrape from now on. */
  observe(source: MetricsSource): void {
    this.#source = source;
  }

  /** Shows the cluster as `source` sees it, and what {@link cluster} counted; called at most once. */
  observeCluster(source: ClusterSource): void {
    for (const definition of this.cluster.metrics(source)) register(this.#registry, definition);
  }

  /** `content-type` of {@link render}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format. O(agents + lines). */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  /** How many values the next one stands for: under load some are left out, counters never. */
  #weight(): number {
    return this.#source?.admission.thinning.weigh('measure') ?? 1;
  }

  #add(
    name: string,
    type: MetricDefinition['type'],
    help: string,
    samples: () => readonly Sample[],
  ): void {
    register(this.#registry, { name, type, help, samples });
  }

  #addTaskMetrics(): void {
    const tasks = this.#tasks;
    this.#add('uqo_tasks_submitted_total', 'counter', 'Tasks taken', () =>
      tasks.submittedSamples(),
    );
    this.#add('uqo_tasks_finished_total', 'counter', 'Tasks that ended, by how', () =>
      tasks.finishedSamples(),
    );
    this.#add(
      'uqo_task_attempts_total',
      'counter',
      'Attempts that ended, with the code of what failed them',
      () => tasks.attemptSamples(),
    );
    this.#add(
      'uqo_task_wait_seconds',
      'histogram',
      'From ready to the start of an attempt; priorities 0-3 are low, 4-6 normal, 7-9 high',
      () => tasks.waitSamples('uqo_task_wait_seconds'),
    );
    this.#add('uqo_task_run_seconds', 'histogram', 'Run time of attempts that completed', () =>
      tasks.runSamples('uqo_task_run_seconds'),
    );
    this.#add('uqo_dead_letters_total', 'counter', 'Tasks that failed for good, by why', () =>
      tasks.deadLetterSamples(),
    );
  }

  #addProcessMetrics(): void {
    this.#add(
      'uqo_wal_fsync_duration_seconds',
      'histogram',
      'One flush of the log to the disk',
      () => this.#flushes.samples('uqo_wal_fsync_duration_seconds', {}),
    );
    this.#add('uqo_stream_clients', 'gauge', 'Clients that stay connected', () =>
      TRANSPORTS.map((transport) => ({ labels: { transport }, value: this.#clients[transport] })),
    );
    const requests = 'http_server_request_duration_seconds';
    this.#add(requests, 'histogram', 'From the request to the end of its answer', () =>
      this.#requests.samples(requests),
    );
    this.#add(
      'nodejs_eventloop_utilization_ratio',
      'gauge',
      'Share of the time since the last scrape in which the event loop was busy',
      () => {
        const before = this.#utilization;
        this.#utilization = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(this.#utilization, before);
        return [{ value: utilization }];
      },
    );
  }
}
