/** The attempts that a process works on, wherever their leases come from. */
import type { AgentHandler, HandlerContext, HandlerLogger } from './handler.ts';
import { chunkText, progressFacts } from './progress.ts';
import { runHandler, type AttemptReport } from './run-handler.ts';
import type { SubmitTask } from './task.ts';

/** An attempt to run, as its lease describes it. */
export interface AttemptLease {
  readonly taskId: string;
  readonly fencingToken: number;
  readonly attempt: number;
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
}

/** What handlers' contexts need of the process around them. */
export interface AttemptHost<Lease extends AttemptLease> {
  /** The attempt lives; how far it is, where it said so. */
  progress(lease: Lease, fraction: number | null, note: string | null): void;
  /** A part of the output, as JSON text. */
  emit(lease: Lease, chunk: string): void;
  submit(task: SubmitTask): Promise<string>;
  logger(lease: Lease): HandlerLogger;
}

/** An attempt that ended and may be reported. */
export interface EndedAttempt<Lease extends AttemptLease> {
  readonly lease: Lease;
  readonly report: AttemptReport;
}

export class Attempts<Lease extends AttemptLease> {
  readonly #host: AttemptHost<Lease>;
  /** By task; an older attempt of a task, which lost its right but has not ended, has its token in the key. */
  readonly #running = new Map<string, AttemptContext<Lease>>();

  constructor(host: AttemptHost<Lease>) {
    this.#host = host;
  }

  get size(): number {
    return this.#running.size;
  }

  leases(): readonly Lease[] {
    return [...this.#running.values()].map(({ lease }) => lease);
  }

  /**
   * Runs a lease's handler to its end. Resolves with what to report; null when there is nothing to,
   * because the attempt runs already or lost its right meanwhile. Never rejects.
   */
  async run(lease: Lease, handler: AgentHandler): Promise<EndedAttempt<Lease> | null> {
    const context = this.#begin(lease);
    if (context === null) return null;
    const payload = JSON.parse(lease.payload) as unknown;
    const task = { id: lease.taskId, type: lease.type, payload };
    const report = await runHandler(handler, task, context);
    this.#end(context);
    // A revoked attempt's report would only be refused.
    return context.isAborted ? null : { lease, report };
  }

  abort(taskId: string, fencingToken: number, reason: string): void {
    const newest = this.#running.get(taskId);
    const isNewest = newest?.fencingToken === fencingToken;
    const context = isNewest ? newest : this.#running.get(olderKey(taskId, fencingToken));
    context?.abort(reason);
  }

  /** Tells every handler to stop. */
  abortAll(reason: string): void {
    for (const context of this.#running.values()) context.abort(reason);
  }

  /** Tells every handler to stop, and counts none of them as running any more. Returns which they were. */
  abandonAll(reason: string): readonly Lease[] {
    const leases = this.leases();
    this.abortAll(reason);
    this.#running.clear();
    return leases;
  }

  #begin(lease: Lease): AttemptContext<Lease> | null {
    const { fencingToken, taskId } = lease;
    const known = this.#running.get(taskId);
    if (known?.fencingToken === fencingToken) return null;
    if (known !== undefined) this.#running.set(olderKey(taskId, known.fencingToken), known);
    const context = new AttemptContext(this.#host, lease);
    this.#running.set(taskId, context);
    return context;
  }

  #end(context: AttemptContext<Lease>): void {
    const { fencingToken, taskId } = context.lease;
    if (this.#running.get(taskId) === context) this.#running.delete(taskId);
    else this.#running.delete(olderKey(taskId, fencingToken));
  }
}

function olderKey(taskId: string, fencingToken: number): string {
  return `${taskId} ${fencingToken}`;
}

/**
 * A handler's context. What costs something is made when it is asked for: most handlers ask for
 * nothing, and an AbortController costs as much as all the rest of a short attempt.
 */
class AttemptContext<Lease extends AttemptLease> implements HandlerContext {
  readonly lease: Lease;
  readonly fencingToken: number;
  readonly attempt: number;
  readonly #host: AttemptHost<Lease>;
  #controller: AbortController | null = null;
  #abortReason: string | null = null;

  constructor(host: AttemptHost<Lease>, lease: Lease) {
    this.#host = host;
    this.lease = lease;
    this.fencingToken = lease.fencingToken;
    this.attempt = lease.attempt;
  }

  get isAborted(): boolean {
    return this.#abortReason !== null;
  }

  abort(reason: string): void {
    if (this.#abortReason !== null) return;
    this.#abortReason = reason;
    this.#controller?.abort(new DOMException(reason, 'AbortError'));
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abortReason !== null) {
        this.#controller.abort(new DOMException(this.#abortReason, 'AbortError'));
      }
    }
    return this.#controller.signal;
  }

  // Functions from getters, not methods: handlers may take them out of the context.

  get heartbeat(): HandlerContext['heartbeat'] {
    return () => this.#host.progress(this.lease, null, null);
  }

  get progress(): HandlerContext['progress'] {
    return (share, text) => {
      const { fraction, note } = progressFacts(share, text);
      this.#host.progress(this.lease, fraction, note);
    };
  }

  get emit(): HandlerContext['emit'] {
    return (chunk) => this.#host.emit(this.lease, chunkText(chunk));
  }

  get submit(): HandlerContext['submit'] {
    return (task) => this.#host.submit(task);
  }

  get logger(): HandlerLogger {
    return this.#host.logger(this.lease);
  }
}
