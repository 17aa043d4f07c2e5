export { builtInAgents, type BuiltInAgent, type BuiltInAgentsOptions } from './built-in-agents.ts';
export type { Analysis } from './data/analyze.ts';
export type { Forecast } from './forecast/forecast.ts';
export { JobHost, type JobHostOptions, type JobRunOptions } from './quantum/host/job-host.ts';
export type { DescribeCircuitAnswer } from './quantum/jobs/describe-circuit-job.ts';
export type { JobName, JobRequest, JobResult } from './quantum/jobs/job-table.ts';
export type {
  OptimizeCircuitAnswer,
  OptimizeCircuitRequest,
} from './quantum/jobs/optimize-circuit-job.ts';
export type { RunCircuitAnswer, RunCircuitRequest } from './quantum/jobs/run-circuit-job.ts';
export type { SolveAssignmentAnswer } from './quantum/jobs/solve-assignment-job.ts';
export type { SolveIsingAnswer } from './quantum/jobs/solve-ising-job.ts';
export { METHOD_NAMES as ISING_METHOD_NAMES } from './quantum/payloads/ising-payload.ts';
export { METRIC_CHOICES, readCoupling } from './quantum/payloads/optimize-payload.ts';
export { METHOD_CHOICES } from './quantum/payloads/run-payload.ts';
