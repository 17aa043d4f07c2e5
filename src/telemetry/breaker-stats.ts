import type { MetricDefinition } from './sample.ts';

/** What is counted about breakers. Labels are core's own few words, never names. */
export class BreakerStats {
  readonly #changes = new Map<string, { kind: string; to: string; count: number }>();

  changed(kind: string, to: string): void {
    const key = `${kind} ${to}`;
    const known = this.#changes.get(key);
    if (known === undefined) this.#changes.set(key, { kind, to, count: 1 });
    else known.count += 1;
  }

  metrics(): readonly MetricDefinition[] {
    return [
      {
        name: 'uqo_breaker_transitions_total',
        type: 'counter',
        help: 'Changes of breakers, by kind and the state they came into',
        samples: () =>
          [...this.#changes.values()].map(({ count, kind, to }) => ({
            labels: { kind, to },
            value: count,
          })),
      },
    ];
  }
}
