import { Attempts, type AgentHandler, type AttemptHost } from '../contract/index.ts';
import type { AgentId, TaskId } from '../core/index.ts';
import type { AgentLink, HeldLease, Lease } from './agent-link.ts';
import type { AttemptEnd } from './reports.ts';

/** What an in-process agent needs of the orchestrator around it. */
export interface InProcessHost extends AttemptHost<Lease> {
  report(ends: readonly AttemptEnd[]): void;
}

/** Runs handlers in this process, over the same leases as any remote agent. */
export class InProcessAgent implements AgentLink {
  readonly kind = 'in-process';
  /** An in-process agent shares this process's fate: while it is attached it is present. */
  readonly lastHeardMs: number = Number.POSITIVE_INFINITY;
  readonly #host: InProcessHost;
  readonly #handler: AgentHandler;
  readonly #attempts: Attempts<Lease>;
  #granted: Lease[] = [];
  #ended: AttemptEnd[] = [];
  #idle: (() => void)[] = [];

  constructor(host: InProcessHost, handler: AgentHandler) {
    this.#host = host;
    this.#handler = handler;
    this.#attempts = new Attempts({
      progress: (lease, fraction, note) => host.progress(lease, fraction, note),
      details: (lease, details) => host.details(lease, details),
      emit: (lease, chunk) => host.emit(lease, chunk),
      submit: (tasks) => host.submit(tasks),
      logger: (lease) => host.logger(lease),
      ask: (lease, prompt) => {
        this.#settleIdle();
        return host.ask(lease, prompt);
      },
    });
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
    this.#attempts.abort(taskId, fencingToken, reason);
  }

  answer(attempt: HeldLease, key: string, answer: string): void {
    this.#attempts.answered(attempt, key, answer);
  }

  cancelRequested({ fencingToken, taskId }: HeldLease, reason: string): void {
    this.#attempts.requestCancel(taskId, fencingToken, reason);
  }

  replaced(): void {
    this.abortAll('replaced');
  }

  /** Tells every running handler to stop. */
  abortAll(reason: string): void {
    this.#attempts.abortAll(reason);
  }

  /** Tells every running handler to stop, and lets their leases be delivered anew. */
  abandonAll(reason: string): void {
    this.#granted = [];
    this.#attempts.abandonAll(reason);
    this.#settleIdle();
  }

  /** Resolves when no handler runs but those that wait for an answer, which may take days. */
  async idle(): Promise<void> {
    if (this.#attempts.active > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(lease: Lease): Promise<void> {
    const ended = await this.#attempts.run(lease, this.#handler);
    if (ended !== null) this.#end(lease, ended.report);
    this.#settleIdle();
  }

  #settleIdle(): void {
    if (this.#idle.length === 0 || this.#attempts.active > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Attempts that end in the same turn of the event loop are reported as one command. */
  #end({ fencingToken, taskId }: Lease, report: AttemptEnd['report']): void {
    if (this.#ended.length === 0) {
      setImmediate(() => {
        const ended = this.#ended;
        this.#ended = [];
        this.#host.report(ended);
      });
    }
    this.#ended.push({ taskId, fencingToken, report });
  }
}
