import { detailsText, progressFacts, type AttemptReport } from '../contract/index.ts';
import type { Lease } from '../runtime/index.ts';

/** What a lease needs of the agent that holds it. */
export interface LeaseHolder {
  report(lease: ScriptedLease, report: AttemptReport): Promise<void>;
  release(lease: ScriptedLease, reason: string): Promise<void>;
  details(lease: ScriptedLease, details: string): Promise<void>;
  progress(lease: ScriptedLease, fraction: number | null, note: string | null): Promise<void>;
}

/** An attempt in the hands of a test. */
export class ScriptedLease<Payload = unknown> {
  readonly taskId: string;
  readonly type: string;
  readonly payload: Payload;
  readonly attempt: number;
  readonly fencingToken: number;
  /** What an earlier attempt last said with a heartbeat; undefined where none did. */
  readonly lastDetails: unknown;
  readonly #holder: LeaseHolder;
  #revokedBecause: string | null = null;

  constructor(lease: Lease, holder: LeaseHolder) {
    this.taskId = lease.taskId;
    this.type = lease.type;
    this.payload = JSON.parse(lease.payload) as Payload;
    this.attempt = lease.attempt;
    this.fencingToken = lease.fencingToken;
    const details = lease.extra?.details ?? null;
    this.lastDetails = details === null ? undefined : JSON.parse(details);
    this.#holder = holder;
  }

  /** Why the agent was told to stop, or null; it may report all the same, and be refused. */
  get revokedBecause(): string | null {
    return this.#revokedBecause;
  }

  /** The orchestrator took it back and could say so. */
  revoke(reason: string): void {
    this.#revokedBecause ??= reason;
  }

  /**
   * Reports that it is done.
   *
   * @throws TypeError for what JSON cannot carry;
   *   OrchestratorError such as `LEASE_FENCED` when the attempt has lost its right
   */
  async complete(result?: unknown): Promise<void> {
    const text = JSON.stringify(result ?? null) as string | undefined;
    if (text === undefined) throw new TypeError(`a result must be JSON, got a ${typeof result}`);
    await this.#holder.report(this, { ok: true, result: text });
  }

  /**
   * Reports that it failed.
   *
   * @throws OrchestratorError as {@link complete}
   */
  async fail(
    code: string,
    message = 'failed by the test',
    options: { readonly retryable?: boolean; readonly retryAfterMs?: number } = {},
  ): Promise<void> {
    const { retryable = true, retryAfterMs = 0 } = options;
    await this.#holder.report(this, { ok: false, code, message, retryable, retryAfterMs });
  }

  /** Gives it back unstarted, which counts as no attempt. */
  release(reason = 'released'): Promise<void> {
    return this.#holder.release(this, reason);
  }

  /** Says that the attempt is alive, and what the next one is to find. */
  heartbeat(details?: unknown): Promise<void> {
    if (details === undefined) return this.#holder.progress(this, null, null);
    return this.#holder.details(this, detailsText(details));
  }

  /** Tells how far it is: `fraction` in 0..1. */
  progress(share: number, text?: string): Promise<void> {
    const { fraction, note } = progressFacts(share, text);
    return this.#holder.progress(this, fraction, note);
  }
}
