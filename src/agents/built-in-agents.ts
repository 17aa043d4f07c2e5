import type { AgentHandler } from '../contract/handler.ts';
import { analyzeData } from './data/data-agent.ts';
import { forecastSeries } from './forecast/forecast-agent.ts';

/** An agent that comes with the orchestrator: what it registers as, and its work. */
export interface BuiltInAgent {
  readonly id: string;
  readonly kind: 'specialized';
  readonly capabilities: readonly string[];
  /** Tasks it takes on at a time. */
  readonly slots: number;
  readonly description: string;
  /** Rejects with code `INVALID_PAYLOAD` for a payload that breaks a rule; pointless to retry. */
  readonly handler: AgentHandler<unknown>;
}

/** The agents that need no set-up: data analysis and forecasting. */
export function builtInAgents(): readonly BuiltInAgent[] {
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
  ];
}
