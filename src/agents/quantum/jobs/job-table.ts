/** Every kind of job, and how its code comes into a thread. */
import type { AnalyzeStateAnswer, AnalyzeStateRequest } from './analyze-state-job.ts';
import type { DescribeCircuitAnswer, DescribeCircuitRequest } from './describe-circuit-job.ts';
import type { DrawCircuitAnswer, DrawCircuitRequest } from './draw-circuit-job.ts';
import type { Job } from './job.ts';
import type { OptimizeCircuitAnswer, OptimizeCircuitRequest } from './optimize-circuit-job.ts';
import type { RunCircuitAnswer, RunCircuitRequest } from './run-circuit-job.ts';
import type { SolveAssignmentAnswer, SolveAssignmentRequest } from './solve-assignment-job.ts';
import type { SolveIsingAnswer, SolveIsingRequest } from './solve-ising-job.ts';

/** What each job takes and gives. */
interface JobTypes {
  readonly 'run-circuit': readonly [RunCircuitRequest, RunCircuitAnswer];
  readonly 'describe-circuit': readonly [DescribeCircuitRequest, DescribeCircuitAnswer];
  readonly 'draw-circuit': readonly [DrawCircuitRequest, DrawCircuitAnswer];
  readonly 'optimize-circuit': readonly [OptimizeCircuitRequest, OptimizeCircuitAnswer];
  readonly 'analyze-state': readonly [AnalyzeStateRequest, AnalyzeStateAnswer];
  readonly 'solve-ising': readonly [SolveIsingRequest, SolveIsingAnswer];
  readonly 'solve-assignment': readonly [SolveAssignmentRequest, SolveAssignmentAnswer];
}

export type JobName = keyof JobTypes;
export type JobRequest<Name extends JobName> = JobTypes[Name][0];
export type JobResult<Name extends JobName> = JobTypes[Name][1];

type Loaders = {
  readonly [Name in JobName]: () => Promise<Job<JobRequest<Name>, JobResult<Name>>>;
};

const LOADERS: Loaders = {
  'run-circuit': async () => (await import('./run-circuit-job.ts')).runCircuitJob,
  'describe-circuit': async () => (await import('./describe-circuit-job.ts')).describeCircuitJob,
  'draw-circuit': async () => (await import('./draw-circuit-job.ts')).drawCircuitJob,
  'optimize-circuit': async () => (await import('./optimize-circuit-job.ts')).optimizeCircuitJob,
  'analyze-state': async () => (await import('./analyze-state-job.ts')).analyzeStateJob,
  'solve-ising': async () => (await import('./solve-ising-job.ts')).solveIsingJob,
  'solve-assignment': async () => (await import('./solve-assignment-job.ts')).solveAssignmentJob,
};

/** The job of that name; its code is loaded when it is first wanted. */
export async function loadJob(name: JobName): Promise<Job<unknown, unknown>> {
  return (await LOADERS[name]()) as Job<unknown, unknown>;
}
