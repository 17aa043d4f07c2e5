import type { AgentId, TaskId } from '../../core/index.ts';
import type { AgentLink, HeldLease, Lease } from '../agent-link.ts';
import type { Clock } from '../clock.ts';
import type { CallOutcome } from './call-outcome.ts';

/** Where an agent is called, and how long it may take to answer, in milliseconds. */
export interface WebhookTarget {
  readonly url: string;
  readonly timeoutMs: number;
}

/** What a link needs of the orchestrator around it. Nothing of it rejects. */
export interface WebhookHost {
  readonly clock: Clock;
  call(lease: Lease, target: WebhookTarget, signal: AbortSignal): Promise<CallOutcome>;
  ended(lease: Lease, outcome: Extract<CallOutcome, { type: 'answered' | 'failed' }>): void;
  taken(lease: Lease): void;
  away(lease: Lease, reason: string): void;
  /** How many leases the agent may be given from now on. */
  setCredit(agentId: AgentId, link: WebhookLink, credit: number): void;
}

/** Rest after the first call that failed, doubled with each further one up to the longest. */
const REST_MS = 1_000;
const REST_MS_MAX = 300_000;
/** Longest rest that an agent may ask for. */
const ASKED_REST_MS_MAX = 3_600_000;

interface Call {
  readonly fencingToken: number;
  readonly controller: AbortController;
}

/**
 * Calls an agent with each of its leases. After a call that failed the agent rests, longer each time,
 * and then gets one task to show that it is there again.
 */
export class WebhookLink implements AgentLink {
  readonly kind = 'webhook';
  /** Who is called does not have to say that it is there. */
  readonly lastHeardMs: number = Number.POSITIVE_INFINITY;
  readonly #agentId: AgentId;
  readonly #host: WebhookHost;
  #target: WebhookTarget;
  #fresh: Lease[] = [];
  readonly #calls = new Map<TaskId, Call>();
  #failures = 0;
  #restsUntil: number | null = null;
  #cancelRest: (() => void) | null = null;

  constructor(agentId: AgentId, target: WebhookTarget, host: WebhookHost) {
    this.#agentId = agentId;
    this.#target = target;
    this.#host = host;
  }

  get restsUntil(): number | null {
    return this.#restsUntil;
  }

  /** The agent registered again: calls from now on go there, and it does not rest any more. */
  retarget(target: WebhookTarget): void {
    this.#target = target;
    this.#wake(Number.POSITIVE_INFINITY);
    this.#failures = 0;
  }

  lease(lease: Lease): void {
    this.#fresh.push(lease);
  }

  revoke(_agentId: AgentId, taskId: TaskId, fencingToken: number): void {
    this.#fresh = this.#fresh.filter(
      (lease) => lease.taskId !== taskId || lease.fencingToken !== fencingToken,
    );
    const call = this.#calls.get(taskId);
    if (call?.fencingToken !== fencingToken) return;
    this.#calls.delete(taskId);
    call.controller.abort();
  }

  /** One that took its lease asks for its answers itself, */
  answer(_attempt: HeldLease): void {}

  /** and hears of a cancel in what its calls about the lease are answered. */
  cancelRequested(): void {}

  flush(): void {
    const leases = this.#fresh;
    this.#fresh = [];
    for (const lease of leases) void this.#call(lease);
  }

  replaced(): void {
    this.close();
  }

  /** Ends all calls; what they were about stays with the agent, to be delivered again. */
  close(): void {
    this.#cancelRest?.();
    this.#cancelRest = null;
    this.#fresh = [];
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { controller } of calls) controller.abort();
  }

  async #call(lease: Lease): Promise<void> {
    const { fencingToken, taskId } = lease;
    const controller = new AbortController();
    const call = { fencingToken, controller };
    this.#calls.set(taskId, call);
    const outcome = await this.#host.call(lease, this.#target, controller.signal);
    // Revoked, or closed: nobody waits for it any more.
    if (this.#calls.get(taskId) !== call) return;
    this.#calls.delete(taskId);
    if (outcome.type === 'answered' || outcome.type === 'taken') this.#succeeded();
    else this.#failed(outcome.type === 'away' ? outcome.retryAfterMs : null);
    if (outcome.type === 'away') this.#host.away(lease, outcome.reason);
    else if (outcome.type === 'taken') this.#host.taken(lease);
    else this.#host.ended(lease, outcome);
  }

  #succeeded(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#wake(Number.POSITIVE_INFINITY);
  }

  /** Several calls that were under way together are one failure. */
  #failed(askedMs: number | null): void {
    const { clock } = this.#host;
    if (this.#restsUntil === null) this.#failures += 1;
    const ownMs = Math.min(REST_MS * 2 ** Math.min(this.#failures - 1, 30), REST_MS_MAX);
    const restMs = Math.max(ownMs, Math.min(askedMs ?? 0, ASKED_REST_MS_MAX));
    const until = clock.now() + restMs;
    if (this.#restsUntil !== null && this.#restsUntil >= until) return;
    this.#cancelRest?.();
    this.#restsUntil = until;
    this.#cancelRest = clock.setTimer(restMs, () => this.#wake(1));
    this.#host.setCredit(this.#agentId, this, 0);
  }

  #wake(credit: number): void {
    this.#cancelRest?.();
    this.#cancelRest = null;
    this.#restsUntil = null;
    this.#host.setCredit(this.#agentId, this, credit);
  }
}
