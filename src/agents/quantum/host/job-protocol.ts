/** What the host and its threads say to each other. */
import type { ErrorDetails } from '../../../base/errors.ts';
import type { JobName } from '../jobs/job-table.ts';

/** What a thread is given when it starts. */
export interface JobThreadData {
  /** How much the thread stands back behind others of the machine, 0 to 19, where the platform can tell. */
  readonly niceness: number;
}

/** One job for a thread. */
export interface JobOrder {
  readonly id: number;
  readonly name: JobName;
  /** What the job of that name takes; checked by whoever made it. */
  readonly request: unknown;
  /** One 32-bit integer, shared: other than 0 once the job shall end. */
  readonly cancel: Int32Array;
  /** Most bytes that states may take. */
  readonly bytesMax: number;
  /** Threads that the job may work with, its own among them. */
  readonly threads: number;
  /** Milliseconds after which the job ends with `QUANTUM_TIME_EXCEEDED`. */
  readonly timeMs: number;
}

/** An error as it crosses from one thread to another. */
export interface JobFault {
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly stack: string | undefined;
}

/** What a thread tells. */
export type JobReply =
  | { readonly kind: 'progress'; readonly id: number; readonly fraction: number }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly fault: JobFault };
