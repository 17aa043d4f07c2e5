import type { MetricDefinition } from './sample.ts';

/** What is counted about copies of tasks: hedges that race, results that disagree. Never with names of agents. */
export class CopyStats {
  #hedges = 0;
  #hedgesWon = 0;
  #dissents = 0;

  hedged(): void {
    this.#hedges += 1;
  }

  hedgeWon(): void {
    this.#hedgesWon += 1;
  }

  dissented(): void {
    this.#dissents += 1;
  }

  metrics(): readonly MetricDefinition[] {
    return [
      counter('uqo_hedges_total', 'Copies started beside attempts that took long', () => {
        return this.#hedges;
      }),
      counter('uqo_hedges_won_total', 'Hedges whose result their task has', () => this.#hedgesWon),
      counter('uqo_dissents_total', 'Results of copies that the others outvoted', () => {
        return this.#dissents;
      }),
    ];
  }
}

function counter(name: string, help: string, value: () => number): MetricDefinition {
  return { name, type: 'counter', help, samples: () => [{ value: value() }] };
}
