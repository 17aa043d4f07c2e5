import type { Metric, Registry } from 'prom-client';

/** One line of a metric. */
export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Where it differs from the metric's name: the parts of a histogram. */
  readonly metricName?: string;
}

export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Called at each scrape. */
  readonly samples: () => readonly Sample[];
}

/** Adds a metric whose values are read at the scrape; nothing is counted through the registry. */
export function register(registry: Registry, definition: MetricDefinition): void {
  const { help, name, samples, type } = definition;
  const metric = {
    name,
    help,
    type,
    aggregator: 'sum',
    get: () => ({ name, help, type, aggregator: 'sum', values: samples() }),
    reset: () => undefined,
  };
  // The registry asks its metrics for nothing but `name` and `get`; its type names the four built-in classes.
  registry.registerMetric(metric as unknown as Metric);
}
