import {
  progressFacts,
  runHandler,
  type AgentHandler,
  type HandlerContext,
  type HandlerLogger,
  type SubmitTask,
} from '../contract/index.ts';
import type { AgentId, TaskId } from '../core/index.ts';
import type { AgentLink, Lease } from './agent-link.ts';
import type { AttemptEnd } from './reports.ts';

/** What an in-process agent needs of the orchestrator around it. */
export interface InProcessHost {
  report(ends: readonly AttemptEnd[]): void;
  seen(taskId: TaskId, fencingToken: number): void;
  progress(
    taskId: TaskId,
    fencingToken: number,
    fraction: number | null,
    note: string | null,
  ): void;
  submit(task: SubmitTask): Promise<string>;
  logger(lease: Lease): HandlerLogger;
}

/** Runs handlers in this process, over the same leases as any remote agent. */
export class InProcessAgent implements AgentLink {
  readonly kind = 'in-process';
  /** An in-process agent shares this process's fate: while it is attached it is present. */
  readonly lastHeardMs: number = Number.POSITIVE_INFINITY;
  readonly #host: InProcessHost;
  readonly #handler: AgentHandler;
  readonly #running = new Map<string, AbortController>();
  #granted: Lease[] = [];
  #ended: AttemptEnd[] = [];
  #reporting = false;
  #idle: (() => void)[] = [];

  constructor(host: InProcessHost, handler: AgentHandler) {
    this.#host = host;
    this.#handler = handler;
  }

  get running(): number {
    return this.#running.size;
  }

  lease(lease: Lease): void {
    this.#granted.push(lease);
  }

  flush(): void {
    const granted = this.#granted;
    this.#granted = [];
    for (const lease of granted) void this.#run(lease);
  }

  revoke(_agentId: AgentId, taskId: TaskId, fencingToken: number, reason: string): void {
    this.#running.get(keyOf(taskId, fencingToken))?.abort(new DOMException(reason, 'AbortError'));
  }

  replaced(): void {
    this.abortAll('replaced');
  }

  /** Tells every running handler to stop. */
  abortAll(reason: string): void {
    for (const controller of this.#running.values()) {
      controller.abort(new DOMException(reason, 'AbortError'));
    }
  }

  /** Resolves when no handler runs. */
  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(lease: Lease): Promise<void> {
    const { taskId, fencingToken } = lease;
    const key = keyOf(taskId, fencingToken);
    const controller = new AbortController();
    this.#running.set(key, controller);
    const payload = JSON.parse(lease.payload) as unknown;
    const task = { id: taskId, type: lease.type, payload };
    const report = await runHandler(this.#handler, task, this.#context(lease, controller.signal));
    this.#running.delete(key);
    // A revoked attempt's report would only be refused.
    if (!controller.signal.aborted) this.#end({ taskId, fencingToken, report });
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Attempts that end in the same turn of the event loop are reported as one command. */
  #end(end: AttemptEnd): void {
    this.#ended.push(end);
    if (this.#reporting) return;
    this.#reporting = true;
    setImmediate(() => {
      const ended = this.#ended;
      this.#ended = [];
      this.#reporting = false;
      this.#host.report(ended);
    });
  }

  #context(lease: Lease, signal: AbortSignal): HandlerContext {
    const { taskId, fencingToken, attempt } = lease;
    const host = this.#host;
    return {
      signal,
      fencingToken,
      attempt,
      heartbeat: () => host.seen(taskId, fencingToken),
      progress: (share, text) => {
        const { fraction, note } = progressFacts(share, text);
        host.progress(taskId, fencingToken, fraction, note);
      },
      submit: (task) => host.submit(task),
      get logger() {
        return host.logger(lease);
      },
    };
  }
}

function keyOf(taskId: string, fencingToken: number): string {
  return `${taskId} ${fencingToken}`;
}
