import type { MetricDefinition } from './sample.ts';

/** What is counted about calls of agents. Never with names of agents: outcomes are few, and fixed. */
export class WebhookStats {
  readonly #calls = new Map<string, number>();

  called(outcome: string): void {
    this.#calls.set(outcome, (this.#calls.get(outcome) ?? 0) + 1);
  }

  metrics(): readonly MetricDefinition[] {
    return [
      {
        name: 'uqo_webhook_calls_total',
        type: 'counter',
        help: 'Calls of agents: answered, taken (it reports by itself), away (not begun) or failed',
        samples: () => [...this.#calls].map(([outcome, value]) => ({ labels: { outcome }, value })),
      },
    ];
  }
}
