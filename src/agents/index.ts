export { builtInAgents, type BuiltInAgent } from './built-in-agents.ts';
export type { Analysis } from './data/analyze.ts';
export type { Forecast } from './forecast/forecast.ts';
