/** Calls the agents that are there when they are called: see `availability` of an agent. */
import { OrchestratorError } from '../../base/errors.ts';
import type { RegisterAgent } from '../../contract/index.ts';
import type { Agent, AgentId } from '../../core/index.ts';
import type { AgentHub } from '../agent-hub.ts';
import type { Lease } from '../agent-link.ts';
import type { Clock } from '../clock.ts';
import { leaseJson } from '../lease-json.ts';
import type { RuntimeMetrics } from '../metrics-port.ts';
import type { AttemptEnd } from '../reports.ts';
import type { RuntimeLogger } from '../runtime-logger.ts';
import { AddressPolicy } from './address-policy.ts';
import { outcomeOfError, outcomeOfResponse, type CallOutcome } from './call-outcome.ts';
import { checkedUrl, WebhookCaller, type PostWebhook } from './post-webhook.ts';
import { signWebhook, webhookKey } from './sign-webhook.ts';
import { WebhookLink, type WebhookHost, type WebhookTarget } from './webhook-link.ts';

export interface WebhookOptions {
  /** Signs calls, at least 16 bytes; `whsec_` and base64, or any other text. Without it no agent is called. */
  readonly secret?: string;
  /** Networks that may be called though they are not public, such as `10.1.0.0/16`. Default none. */
  readonly allow?: readonly string[];
  /** Longest answer that is read, in bytes. Default 1 MiB. */
  readonly answerBytesMax?: number;
  /** Who calls. Default: HTTP over connections that are kept. */
  readonly post?: PostWebhook;
}

export interface WebhooksParts {
  readonly options: WebhookOptions;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly metrics: RuntimeMetrics;
  readonly hub: () => AgentHub;
  readonly report: (end: AttemptEnd) => Promise<unknown>;
  readonly release: (lease: Lease, reason: string) => Promise<unknown>;
  /** Has a turn of the loop come soon. */
  readonly wake: () => void;
}

const ANSWER_BYTES_MAX: number = 1024 * 1024;
/** Calls under way at once; others wait their turn. */
const CALLS_MAX = 256;

export class Webhooks {
  readonly #parts: WebhooksParts;
  readonly #key: Buffer | null;
  readonly #policy: AddressPolicy;
  readonly #links = new Map<AgentId, WebhookLink>();
  readonly #host: WebhookHost;
  readonly #caller = new WebhookCaller();
  #callsUnderWay = 0;
  readonly #turns: (() => void)[] = [];

  /** @throws OrchestratorError `WEBHOOK_OPTION_INVALID` */
  constructor(parts: WebhooksParts) {
    const { options } = parts;
    this.#parts = parts;
    this.#key = options.secret === undefined ? null : webhookKey(options.secret);
    this.#policy = new AddressPolicy(options.allow ?? []);
    this.#host = this.#hostOfLinks();
  }

  /**
   * Refuses an agent that this server may not call.
   *
   * @throws OrchestratorError `WEBHOOKS_OFF`, `WEBHOOK_ADDRESS_REFUSED`
   */
  check({ availability }: RegisterAgent): void {
    if (availability?.kind !== 'webhook') return;
    if (this.#key === null) {
      throw new OrchestratorError(
        'WEBHOOKS_OFF',
        'a secret must be set for agents that are called, got none: see webhooks.secretFile',
      );
    }
    checkedUrl(availability.url, this.#policy);
  }

  /** An agent is registered: it is called from now on, or no more, as it says. */
  present({ id, spec }: Agent): void {
    const link = this.#links.get(id);
    if (spec.availability?.kind === 'webhook') this.#serve(id, spec.availability);
    else if (link !== undefined) {
      this.#links.delete(id);
      this.#parts.hub().detach(id, link);
      link.close();
    }
  }

  removed(agentId: AgentId): void {
    this.#links.delete(agentId);
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    for (const turn of this.#turns.splice(0)) turn();
    this.#caller.close();
  }

  #serve(id: AgentId, target: WebhookTarget): void {
    const known = this.#links.get(id);
    if (known !== undefined) {
      known.retarget(target);
      return;
    }
    const link = new WebhookLink(id, target, this.#host);
    this.#links.set(id, link);
    this.#parts.hub().attach(id, link, []);
    // After a start nothing else may come that would let its leases out.
    link.flush();
  }

  #hostOfLinks(): WebhookHost {
    const { clock, hub, logger, metrics, release, report, wake } = this.#parts;
    return {
      clock,
      call: async (lease, target, signal) => {
        const outcome = await this.#call(lease, target, signal);
        metrics.webhookCalled(outcome.type);
        return outcome;
      },
      ended: (lease, { report: end }) => {
        const { fencingToken, taskId } = lease;
        // A report that could not be kept is as good as none: the attempt is watched until it ends.
        report({ taskId, fencingToken, report: end }).catch(() => hub().watchLease(lease));
      },
      taken: (lease) => hub().watchLease(lease),
      away: (lease, reason) => {
        logger.warn('an agent could not be called', { agentId: lease.agentId, reason });
        release(lease, 'webhook_away').catch(() => hub().watchLease(lease));
      },
      setCredit: (agentId, link, credit) => {
        hub().setCredit(agentId, link, credit);
        // What waits for it comes with no command of its own.
        if (credit > 0) wake();
      },
    };
  }

  async #call(lease: Lease, target: WebhookTarget, signal: AbortSignal): Promise<CallOutcome> {
    const { clock, options } = this.#parts;
    await this.#turn();
    const late = new AbortController();
    const cancelTimer = clock.setTimer(target.timeoutMs, () => late.abort());
    try {
      signal.throwIfAborted();
      const post = options.post ?? this.#caller.post;
      const response = await post({
        url: target.url,
        ...this.#signed(lease),
        policy: this.#policy,
        answerBytesMax: options.answerBytesMax ?? ANSWER_BYTES_MAX,
        signal: AbortSignal.any([signal, late.signal]),
      });
      return outcomeOfResponse(response);
    } catch (error) {
      return outcomeOfError(error, target.timeoutMs, late.signal.aborted);
    } finally {
      cancelTimer();
      this.#callsUnderWay -= 1;
      this.#turns.shift()?.();
    }
  }

  /** Waits until fewer calls are under way than may be. */
  async #turn(): Promise<void> {
    while (this.#callsUnderWay >= CALLS_MAX) {
      await new Promise<void>((resolve) => this.#turns.push(resolve));
    }
    this.#callsUnderWay += 1;
  }

  #signed(lease: Lease): { readonly headers: Record<string, string>; readonly body: string } {
    const body = `{"agentId":${JSON.stringify(lease.agentId)},"lease":${leaseJson(lease)}}`;
    // The same for each delivery of one attempt: who has seen it begins nothing anew.
    const id = `${lease.taskId}.${lease.fencingToken}`;
    const nowMs = this.#parts.clock.now();
    const signature = this.#key === null ? {} : signWebhook(this.#key, { id, nowMs, body });
    return { body, headers: { 'content-type': 'application/json', ...signature } };
  }
}
