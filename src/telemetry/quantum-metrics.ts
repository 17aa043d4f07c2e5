import type { MetricDefinition, Sample } from './sample.ts';

/** What gauges of the Born strategies are read from. What is null was not measured, and has no sample. */
export interface SourceQuantum {
  readonly dispatchFidelity: { readonly value: number; readonly alarmBelow: number } | null;
  readonly targetFidelity: number | null;
  readonly entropyBits: number | null;
  readonly alarms: readonly string[];
  readonly pools: number;
}

const MEASURES = ['dispatchFidelity', 'targetFidelity', 'entropyBits'];

/** No sample of any while no queue draws by Born's rule. */
export function quantumMetrics(quantum: () => SourceQuantum | null): MetricDefinition[] {
  const gauge = (
    name: string,
    help: string,
    samplesOf: (quantum: SourceQuantum) => Sample[],
  ): MetricDefinition => ({
    name,
    help,
    type: 'gauge',
    samples: () => {
      const now = quantum();
      return now === null || now.pools === 0 ? [] : samplesOf(now);
    },
  });
  const sample = (value: number | null | undefined): Sample[] =>
    value === null || value === undefined ? [] : [{ value }];
  return [
    gauge(
      'uqo_quantum_dispatch_fidelity',
      'How well dispatch follows the distribution it is drawn from, 0 to 1',
      ({ dispatchFidelity }) => sample(dispatchFidelity?.value),
    ),
    gauge(
      'uqo_quantum_dispatch_fidelity_alarm_below',
      'What that falls below by chance once in 1,000 windows',
      ({ dispatchFidelity }) => sample(dispatchFidelity?.alarmBelow),
    ),
    gauge(
      'uqo_quantum_target_fidelity',
      'Fidelity of what was learned with the shares of slots and weights, of the pool where it is lowest',
      ({ targetFidelity }) => sample(targetFidelity),
    ),
    gauge(
      'uqo_quantum_entropy_bits',
      'Entropy of the Born distribution, of the pool where it is lowest',
      ({ entropyBits }) => sample(entropyBits),
    ),
    gauge('uqo_quantum_alarm', '1 where a measure is lower than chance explains', ({ alarms }) =>
      MEASURES.map((measure) => ({
        labels: { measure },
        value: alarms.includes(measure) ? 1 : 0,
      })),
    ),
  ];
}
