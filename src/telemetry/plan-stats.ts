import { Histogram } from './histogram.ts';
import type { MetricDefinition } from './sample.ts';

/** What became of one window of waiting tasks. */
export interface MeasuredPlan {
  /** Whose assignment is followed; `none` where no plan beats first come, first served. */
  readonly source: string;
  /** From the question to the answer, in milliseconds. */
  readonly durationMs: number;
  /** Whether the solver answered. */
  readonly isSolved: boolean;
  /** What the assignment costs less than first come, first served, by the wishes of its tasks. */
  readonly saved: number;
}

/** Upper bounds in seconds for what a plan takes. */
const PLAN_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What is counted about plans for waiting tasks. */
export class PlanStats {
  readonly #bySource = new Map<string, number>();
  readonly #seconds = new Histogram(PLAN_SECONDS);
  #failures = 0;
  #saved = 0;

  planned({ durationMs, isSolved, saved, source }: MeasuredPlan): void {
    this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + 1);
    this.#seconds.observe(durationMs / 1000);
    this.#saved += saved;
    if (!isSolved) this.#failures += 1;
  }

  /** @param placed - tasks that went where a plan meant them */
  metrics(placed: () => number): readonly MetricDefinition[] {
    const seconds = 'uqo_plan_seconds';
    return [
      {
        name: 'uqo_plans_total',
        type: 'counter',
        help: 'Windows of waiting tasks, by whose plan won: the solver, cheapest first, or none',
        samples: () =>
          [...this.#bySource].map(([source, value]) => ({ labels: { source }, value })),
      },
      {
        name: seconds,
        type: 'histogram',
        help: 'From the question of a window to its answer',
        samples: () => this.#seconds.samples(seconds, {}),
      },
      counter('uqo_plan_failures_total', 'Windows that the solver had no answer for', () => {
        return this.#failures;
      }),
      counter(
        'uqo_plan_cost_saved_total',
        'Cost by wishes that plans have less',
        () => this.#saved,
      ),
      counter('uqo_planned_tasks_total', 'Tasks that went where a plan meant them', placed),
    ];
  }
}

function counter(name: string, help: string, value: () => number): MetricDefinition {
  return { name, type: 'counter', help, samples: () => [{ value: value() }] };
}
