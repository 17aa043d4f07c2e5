/** The agents that this process serves itself, and how their handlers reach the orchestrator around them. */
import { randomUUID } from 'node:crypto';
import { isOrchestratorError } from '../base/errors.ts';
import type { AgentHandler, RegisterAgent, SubmitTask } from '../contract/index.ts';
import type { AgentId, CoreState, LeaseRef } from '../core/index.ts';
import type { AgentHub } from './agent-hub.ts';
import type { AgentService } from './agent-service.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import type { DetailsBuffer } from './details-buffer.ts';
import { HandlerHost, type HandlerHostParts } from './handler-host.ts';
import { InProcessAgent, type InProcessHost } from './in-process-agent.ts';
import type { InputService } from './input-service.ts';
import type { OutputService } from './output-service.ts';
import type { Recoveries } from './recoveries.ts';
import type { AttemptEnd } from './reports.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

export interface InProcessAgentsParts {
  readonly state: CoreState;
  readonly hub: AgentHub;
  readonly loop: CommandLoop;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly recoveries: Recoveries;
  readonly agents: AgentService;
  readonly inputs: InputService;
  readonly details: DetailsBuffer;
  readonly output: OutputService;
}

/** Ends in one command, which an entry takes whole; handlers that end together may be many. */
const REPORTED_AT_ONCE = 500;

/** Errors after which the same report may be taken a little later, and how much later. */
const PASSING_CODES = new Set(['OVERLOADED', 'LOG_FULL']);
const REPORT_AGAIN_MS = 1_000;

export class InProcessAgents {
  readonly #parts: InProcessAgentsParts;
  readonly #submit: (tasks: readonly SubmitTask[]) => Promise<readonly string[]>;
  readonly #links = new Map<string, InProcessAgent>();
  /** Cancels of the timers that report again. */
  readonly #deferred = new Set<() => void>();

  constructor(
    parts: InProcessAgentsParts,
    submit: (tasks: readonly SubmitTask[]) => Promise<readonly string[]>,
  ) {
    this.#parts = parts;
    this.#submit = submit;
  }

  /**
   * Serves an agent with `handler`; as durable and fenced as a remote one.
   *
   * @param restart - brings back what runs the handler, once an attempt says that it is gone; or null
   */
  async serve(
    agent: RegisterAgent,
    handler: AgentHandler,
    restart: HandlerHostParts['restart'] | null,
  ): Promise<void> {
    let host: HandlerHost | null = null;
    const own = this.#host();
    const report: InProcessHost['report'] = (ends) => {
      own.report(ends);
      host?.ended(ends);
    };
    const link = new InProcessAgent({ ...own, report }, handler);
    this.#links.set(agent.id, link);
    const incarnation = randomUUID();
    const bringBack = async (): Promise<void> => {
      await this.#parts.agents.connect(link, [agent], incarnation);
    };
    if (restart !== null) {
      const { clock, hub, recoveries } = this.#parts;
      const takeOut = (reason: string): void => {
        hub.detach(agent.id as AgentId, link);
        link.abandonAll(reason);
      };
      const parts = { agentId: agent.id, clock, recoveries, restart, takeOut, bringBack };
      const made = new HandlerHost(parts);
      host = made;
      this.#deferred.add(() => made.close());
    }
    await bringBack();
  }

  /** Lets running handlers end for at most `graceMs`, aborts the others and gives their leases back. */
  async drain(graceMs: number): Promise<void> {
    const { clock, hub, loop } = this.#parts;
    for (const [agentId, link] of this.#links) hub.detach(agentId as AgentId, link);
    const idle = Promise.all([...this.#links.values()].map((link) => link.idle()));
    const patience = Promise.withResolvers<void>();
    const cancel = clock.setTimer(graceMs, patience.resolve);
    await Promise.race([idle, patience.promise]);
    cancel();
    for (const link of this.#links.values()) link.abortAll('the orchestrator stops');
    // Reports of the handlers that ended just now are on their way into the loop.
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#parts.details.flush();
    this.#parts.output.flush();
    await loop.drained();
    await this.#releaseLeases();
    for (const cancelTimer of this.#deferred) cancelTimer();
  }

  /** Tells all handlers to stop, and says nothing more of them: another process decides about their leases. */
  abandon(): void {
    for (const link of this.#links.values()) link.abortAll('another process leads');
    for (const cancelTimer of this.#deferred) cancelTimer();
  }

  /** Gives back what in-process agents did not finish: it starts anew, and counts as no attempt. */
  async #releaseLeases(): Promise<void> {
    const { logger, state } = this.#parts;
    const items: LeaseRef[] = [];
    for (const agentId of this.#links.keys()) {
      for (const { fencingToken, id } of state.agents.get(agentId as AgentId)?.leases ?? [])
        items.push({ taskId: id, fencingToken });
    }
    if (items.length === 0) return;
    try {
      await this.#parts.agents.release(items, 'stopped');
    } catch (error) {
      logger.warn('leases could not be given back; their tasks wait for their agents to return', {
        error: String(error),
      });
    }
  }

  /** Reports until it is known what became of it: a result that is not taken would hold its slot for ever. */
  #report(ends: readonly AttemptEnd[]): void {
    for (let from = 0; from < ends.length; from += REPORTED_AT_ONCE)
      this.#reportSome(ends.slice(from, from + REPORTED_AT_ONCE));
  }

  #reportSome(ends: readonly AttemptEnd[]): void {
    const { agents, clock, logger } = this.#parts;
    agents.report(ends).catch((error: unknown) => {
      if (!isOrchestratorError(error) || !PASSING_CODES.has(error.code)) {
        logger.error('reports of in-process agents were not taken', { error: String(error) });
        return;
      }
      const cancel = clock.setTimer(REPORT_AGAIN_MS, () => {
        this.#deferred.delete(cancel);
        this.#reportSome(ends);
      });
      this.#deferred.add(cancel);
    });
  }

  #host(): InProcessHost {
    const { agents, inputs, logger } = this.#parts;
    return {
      report: (ends) => this.#report(ends),
      progress: (lease, fraction, note) => void agents.progress(lease, fraction, note),
      details: (lease, details) => void agents.details(lease, details),
      ask: async (lease, prompt) => (await inputs.ask(lease, prompt)).answer?.answer ?? null,
      emit: (lease, chunk) => void agents.emit(lease, chunk),
      submit: this.#submit,
      logger: (lease) => {
        const context = { taskId: lease.taskId, taskType: lease.type, attempt: lease.attempt };
        return {
          debug: (message, fields) => logger.debug(message, { ...context, ...fields }),
          info: (message, fields) => logger.info(message, { ...context, ...fields }),
          warn: (message, fields) => logger.warn(message, { ...context, ...fields }),
          error: (message, fields) => logger.error(message, { ...context, ...fields }),
        };
      },
    };
  }
}
