/** An agent that speaks plain HTTP: leases by long poll, reports each lease. */
import { setTimeout as delay } from 'node:timers/promises';
import { isOrchestratorError, messageOf } from '../../base/errors.ts';
import type { HttpApi } from '../../client/index.ts';
import type { LeaseView, RegisterAgent } from '../../contract/index.ts';
import { pathOf } from '../server-api.ts';

/** How long one request for leases waits, in milliseconds. */
const LEASE_WAIT_MS = 2_000;
/** Wait before asking again a server that is away, in milliseconds. */
const AWAY_MS = 50;
const LEASES_MAX = 4;

export type LeaseWork = (lease: LeaseView) => Promise<unknown>;

export class PollAgent {
  /** Tokens of the completions that the server took, by task. */
  readonly taken: Map<string, number[]> = new Map();
  readonly #http: HttpApi;
  readonly #registration: RegisterAgent;
  readonly #work: LeaseWork;
  readonly #held = new Set<string>();
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(http: HttpApi, registration: RegisterAgent, work: LeaseWork) {
    this.#http = http;
    this.#registration = registration;
    this.#work = work;
  }

  async start(): Promise<void> {
    await this.#http.call('POST', '/agents', this.#registration);
    this.#loop = this.#poll();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async #poll(): Promise<void> {
    const path = pathOf('agents', this.#registration.id, 'lease');
    while (!this.#isStopped) {
      const free = LEASES_MAX - this.#held.size;
      const body = { max: Math.max(1, free), waitMs: free > 0 ? LEASE_WAIT_MS : 0 };
      const answer = (await this.#ask(path, body)) as { leases: readonly LeaseView[] } | null;
      // What comes again after a restart is worked on already.
      const fresh = (answer?.leases ?? []).filter((lease) => !this.#held.has(keyOf(lease)));
      await Promise.all(fresh.map((lease) => this.#run(lease)));
    }
  }

  async #run(lease: LeaseView): Promise<void> {
    const { fencingToken, taskId } = lease;
    this.#held.add(keyOf(lease));
    const report = await this.#work(lease).then(
      (result) => ({ action: 'complete', body: { fencingToken, result } }),
      (error: unknown) => ({
        action: 'fail',
        body: { fencingToken, error: { code: 'WORK_FAILED', message: messageOf(error) } },
      }),
    );
    await this.#report(taskId, fencingToken, report);
    this.#held.delete(keyOf(lease));
  }

  async #report(
    taskId: string,
    fencingToken: number,
    { action, body }: { readonly action: string; readonly body: unknown },
  ): Promise<void> {
    const path = pathOf('leases', taskId, action);
    while (!this.#isStopped) {
      const answer = await this.#ask(path, body);
      if (answer === null) continue;
      if (action !== 'complete' || answer === 'refused') return;
      const tokens = this.taken.get(taskId) ?? [];
      this.taken.set(taskId, [...tokens, fencingToken]);
      return;
    }
  }

  /** The answer; `'refused'` for a no of the server, null while it is away. */
  async #ask(path: string, body: unknown): Promise<unknown> {
    try {
      return await this.#http.call('POST', path, body);
    } catch (error) {
      if (isOrchestratorError(error) && typeof error.details['status'] === 'number') {
        const isPassing = error.details['status'] === 503 || error.details['status'] === 429;
        if (!isPassing) return 'refused';
      }
      await delay(AWAY_MS);
      return null;
    }
  }
}

function keyOf({ fencingToken, taskId }: LeaseView): string {
  return `${taskId} ${fencingToken}`;
}
