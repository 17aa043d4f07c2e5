import { Histogram, TASK_SECONDS } from './histogram.ts';
import type { MetricDefinition, Sample } from './sample.ts';

/** What is counted about schedules. Labels are core's own few words, never names of schedules. */
export class ScheduleStats {
  readonly #fired = new Map<string, number>();
  readonly #skipped = new Map<string, number>();
  readonly #lateness = new Histogram(TASK_SECONDS);

  fired(lateMs: number, outcome: string): void {
    this.#fired.set(outcome, (this.#fired.get(outcome) ?? 0) + 1);
    if (outcome === 'scheduled') this.#lateness.observe(lateMs / 1000);
  }

  skipped(reason: string, count: number): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + count);
  }

  metrics(): readonly MetricDefinition[] {
    const lateness = 'uqo_schedule_lateness_seconds';
    return [
      {
        name: 'uqo_schedule_firings_total',
        type: 'counter',
        help: 'Tasks that schedules made, by how they came to fire',
        samples: () => counts(this.#fired, 'outcome'),
      },
      {
        name: 'uqo_schedule_skipped_total',
        type: 'counter',
        help: 'Firings of schedules without a task, by why',
        samples: () => counts(this.#skipped, 'reason'),
      },
      {
        name: lateness,
        type: 'histogram',
        help: 'From the moment a firing was meant for to its task, jitter included',
        samples: () => this.#lateness.samples(lateness, {}),
      },
    ];
  }
}

function counts(map: ReadonlyMap<string, number>, label: string): Sample[] {
  return [...map].map(([name, value]) => ({ labels: { [label]: name }, value }));
}
