/** The attempts that a process works on, wherever their leases come from. */
import { AttemptContext, type AttemptHost, type AttemptLease } from './attempt-context.ts';
import type { KeyedPrompt } from './attempt-questions.ts';
import type { AgentHandler } from './handler.ts';
import { runHandler, type AttemptReport } from './run-handler.ts';

/** An attempt that ended and may be reported. */
export interface EndedAttempt<Lease extends AttemptLease> {
  readonly lease: Lease;
  readonly report: AttemptReport;
}

/** Names an attempt. */
type AttemptName = Pick<AttemptLease, 'taskId' | 'fencingToken'>;

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

  /** Attempts that do not wait for an answer. O(attempts). */
  get active(): number {
    let active = 0;
    for (const { questions } of this.#running.values()) {
      if ((questions?.pending ?? null) === null) active += 1;
    }
    return active;
  }

  /** Questions whose answers are waited for. */
  questions(): readonly { readonly lease: Lease; readonly prompt: KeyedPrompt }[] {
    return [...this.#running.values()].flatMap(({ lease, questions }) => {
      const prompt = questions?.pending ?? null;
      return prompt === null ? [] : [{ lease, prompt }];
    });
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
    if (context.isAborted) return null;
    const { usage } = context;
    return { lease, report: usage === null ? report : { ...report, usage } };
  }

  abort(taskId: string, fencingToken: number, reason: string): void {
    this.#find(taskId, fencingToken)?.abort(reason);
  }

  /** Tells a handler to end by itself; its report still counts. */
  requestCancel(taskId: string, fencingToken: number, reason: string): void {
    this.#find(taskId, fencingToken)?.requestCancel(reason);
  }

  /** An answer, as JSON text, for whoever asked under that key; one that nobody waits for is ignored. */
  answered(attempt: AttemptName, key: string, answer: string): void {
    this.#find(attempt.taskId, attempt.fencingToken)?.questions?.answered(key, answer);
  }

  /** A question was not taken: its promise rejects. */
  refused(attempt: AttemptName, key: string, error: Error): void {
    this.#find(attempt.taskId, attempt.fencingToken)?.questions?.refused(key, error);
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

  #find(taskId: string, fencingToken: number): AttemptContext<Lease> | undefined {
    const newest = this.#running.get(taskId);
    if (newest?.fencingToken === fencingToken) return newest;
    return this.#running.get(olderKey(taskId, fencingToken));
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
