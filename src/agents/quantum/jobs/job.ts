import type { KernelTeam } from '../../../quantum/kernels/kernel-team.ts';
import type { Watch } from '../../../quantum/watch.ts';

/** What a job may use. */
export interface JobContext {
  readonly watch: Watch;
  /** True once nobody waits for a result: unlike a job whose time is up, it needs none then. */
  readonly isUnwanted: () => boolean;
  /** Most bytes that states may take. */
  readonly bytesMax: number;
  /** Threads to share dense work with; null where the job is to work alone. */
  readonly team: () => Promise<KernelTeam | null>;
}

/** A computation that blocks its thread. Its request and result are plain data. */
export type Job<Request, Result> = (
  request: Request,
  context: JobContext,
) => Result | Promise<Result>;
