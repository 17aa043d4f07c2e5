import { OrchestratorError } from '../../base/errors.ts';
import type { JobName, JobRequest, JobResult } from '../../agents/index.ts';
import type { Output } from '../output/output.ts';
import { WorkLine } from './work-line.ts';

/** How long a command's computation may take. */
export interface LocalJobOptions {
  readonly output: Output;
  /** Milliseconds; Infinity where no bound was given. */
  readonly timeMs: number;
}

/** Longest delay of a timer. */
const TIMER_MS_MAX = 2_147_000_000;

/**
 * Runs one job on this machine, in a thread: with a line of progress on a terminal, until Ctrl-C.
 *
 * @throws OrchestratorError with the job's code, `INTERRUPTED`
 */
export async function runJob<Name extends JobName>(
  name: Name,
  request: JobRequest<Name>,
  { output, timeMs }: LocalJobOptions,
): Promise<JobResult<Name>> {
  const { JobHost } = await import('../../agents/index.ts');
  const host = new JobHost({ jobsMax: 1 });
  const controller = new AbortController();
  const interrupt = (): void => {
    controller.abort(new OrchestratorError('INTERRUPTED', 'interrupted'));
  };
  const line = new WorkLine(output);
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await host.run(name, request, {
      signal: controller.signal,
      progress: (fraction) => line.update(fraction),
      timeMs: Math.min(timeMs, TIMER_MS_MAX),
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    line.clear();
    await host.close();
  }
}
