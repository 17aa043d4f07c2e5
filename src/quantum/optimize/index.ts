export { type CircuitCost, type Metric } from './cost.ts';
export { type CouplingMap } from './coupling.ts';
export { type PassReport } from './optimization.ts';
export { optimizeCircuit, type OptimizeOptions, type OptimizeResult } from './optimize-circuit.ts';
export { type Level } from './portfolio.ts';
export { type StateRunner } from './state-runner.ts';
