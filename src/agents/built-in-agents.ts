import type { AgentHandler } from '../contract/handler.ts';
import { analyzeData } from './data/data-agent.ts';
import { forecastSeries } from './forecast/forecast-agent.ts';
import {
  QUANTUM_TASK_TYPES,
  QuantumAgent,
  type QuantumAgentOptions,
} from './quantum/quantum-agent.ts';

/** An agent that comes with the orchestrator: what it registers as, and its work. */
export interface BuiltInAgent {
  readonly id: string;
  readonly kind: 'specialized' | 'quantum';
  readonly capabilities: readonly string[];
  /** Tasks it takes on at a time. */
  readonly slots: number;
  readonly description: string;
  /** Rejects with code `INVALID_PAYLOAD` for a payload that breaks a rule; pointless to retry. */
  readonly handler: AgentHandler<unknown>;
  /** Gives back what it holds, once it gets no more tasks; absent where it holds nothing. */
  readonly close?: () => Promise<void>;
}

export interface BuiltInAgentsOptions {
  readonly quantum?: QuantumAgentOptions;
}

/** The agents that need no set-up: data analysis, forecasting, and quantum circuits. */
export function builtInAgents(options: BuiltInAgentsOptions = {}): readonly BuiltInAgent[] {
  const quantum = new QuantumAgent(options.quantum);
  return [
    {
      id: 'data-agent',
      kind: 'specialized',
      capabilities: ['data.analyze'],
      slots: 2,
      description:
        'Profiles a table (CSV or rows): schema, quality, distributions, correlations, outliers, duplicates.',
      handler: analyzeData,
    },
    {
      id: 'forecast-agent',
      kind: 'specialized',
      capabilities: ['ml.forecast'],
      slots: 2,
      description:
        'Forecasts a time series by exponential smoothing chosen in a backtest, with prediction intervals.',
      handler: forecastSeries,
    },
    {
      id: 'quantum-agent',
      kind: 'quantum',
      capabilities: QUANTUM_TASK_TYPES,
      slots: 2,
      description:
        'Simulates and optimizes quantum circuits, analyzes states, and solves Ising, QUBO and assignment problems.',
      handler: quantum.handler,
      close: () => quantum.close(),
    },
  ];
}
