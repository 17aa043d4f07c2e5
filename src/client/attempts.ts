/** The attempts that this process works on. */
import { runHandler, type AgentHandler, type HandlerContext } from '../contract/index.ts';
import type { Ended } from './report-queue.ts';

/** A lease as the server hands it over. */
export interface Lease {
  /** Which of the connection's agents it is for. */
  readonly agent: number;
  readonly taskId: string;
  readonly fencingToken: number;
  readonly attempt: number;
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
}

/** Names an attempt on the wire. */
export type AttemptRef = readonly [taskId: string, fencingToken: number];

interface Running {
  readonly ref: AttemptRef;
  readonly controller: AbortController;
}

export class Attempts {
  readonly #running = new Map<string, Running>();

  get size(): number {
    return this.#running.size;
  }

  refs(): readonly AttemptRef[] {
    return [...this.#running.values()].map(({ ref }) => ref);
  }

  /**
   * Runs a lease's handler to its end. Resolves with what to report; null when there is nothing to,
   * because the attempt runs already or lost its right meanwhile.
   */
  async run(
    lease: Lease,
    handler: AgentHandler,
    contextOf: (signal: AbortSignal) => HandlerContext,
  ): Promise<Ended | null> {
    const { fencingToken, taskId, type } = lease;
    const key = keyOf(taskId, fencingToken);
    if (this.#running.has(key)) return null;
    const controller = new AbortController();
    this.#running.set(key, { ref: [taskId, fencingToken], controller });
    const task = { id: taskId, type, payload: JSON.parse(lease.payload) as unknown };
    const report = await runHandler(handler, task, contextOf(controller.signal));
    this.#running.delete(key);
    // A revoked attempt's report would only be refused.
    return controller.signal.aborted ? null : { taskId, fencingToken, report };
  }

  abort(taskId: string, fencingToken: number, reason: string): void {
    const running = this.#running.get(keyOf(taskId, fencingToken));
    running?.controller.abort(new DOMException(reason, 'AbortError'));
  }

  /** Tells every handler to stop, and counts none of them as running any more. Returns which they were. */
  abandonAll(reason: string): readonly AttemptRef[] {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const { controller } of running) controller.abort(new DOMException(reason, 'AbortError'));
    return running.map(({ ref }) => ref);
  }
}

function keyOf(taskId: string, fencingToken: number): string {
  return `${taskId} ${fencingToken}`;
}
