/** An agent that speaks plain HTTP: it leases by long poll and reports each lease until it is answered. */
import { setTimeout as delay } from 'node:timers/promises';
import { isOrchestratorError } from '../../../src/base/errors.ts';
import { HttpApi } from '../../../src/client/index.ts';
import type { LeaseView, RegisterAgent } from '../../../src/contract/index.ts';
import type { Journal } from './journal.ts';
import { durationMs, failureOf, resultOf, type Work } from './work.ts';

const AWAY_MS = 100;
/** Answers that mean that it should be asked again. */
const PASSING = new Set([429, 503]);

export class PollAgent {
  readonly #http: HttpApi;
  readonly #registration: RegisterAgent;
  readonly #journal: Journal;
  readonly #held = new Set<string>();

  constructor(url: string, registration: RegisterAgent, journal: Journal) {
    this.#http = new HttpApi(url);
    this.#registration = registration;
    this.#journal = journal;
  }

  /** Resolves once it is registered, and goes on for ever. */
  async run(): Promise<void> {
    while ((await this.#ask('/agents', this.#registration)) === 'away') await delay(AWAY_MS);
    void this.#poll();
  }

  async #poll(): Promise<void> {
    const { id, slots = 1 } = this.#registration;
    for (;;) {
      const free = slots - this.#held.size;
      if (free <= 0) {
        await delay(5);
        continue;
      }
      const answer = await this.#ask(`/agents/${id}/lease`, { max: free, waitMs: 500 });
      if (typeof answer === 'string') {
        await delay(AWAY_MS);
        continue;
      }
      // What comes again after a restart is worked on already.
      const { leases } = answer as { readonly leases: readonly LeaseView[] };
      for (const lease of leases) if (!this.#held.has(keyOf(lease))) void this.#work(lease);
    }
  }

  async #work(lease: LeaseView): Promise<void> {
    const { attempt, fencingToken: token, taskId: id } = lease;
    const { id: agentId } = this.#registration;
    this.#held.add(keyOf(lease));
    this.#journal.write({ type: 'ran', id, token, agentId });
    const work = lease.payload as Work;
    await delay(durationMs(agentId, work));
    const usage = work.tokens === undefined ? {} : { usage: { tokens: work.tokens } };
    const failure = failureOf(agentId, attempt, work);
    if (failure !== null) {
      const { code, downstream, message, retryAfterMs, retryable } = failure;
      const after = retryAfterMs === undefined ? {} : { retryAfterMs };
      const blame = downstream === undefined ? {} : { downstream };
      const error = { code, message, retryable, ...after };
      await this.#report(`/leases/${id}/fail`, { fencingToken: token, error, ...blame, ...usage });
    } else {
      const result = resultOf(agentId, token, work);
      const body = { fencingToken: token, result, ...usage };
      const answer = await this.#report(`/leases/${id}/complete`, body);
      if (typeof answer === 'string') this.#journal.write({ type: 'fenced', id, token });
      else this.#journal.write({ type: 'completed', id, token, result });
    }
    this.#held.delete(keyOf(lease));
  }

  async #report(path: string, body: unknown): Promise<unknown> {
    for (;;) {
      const answer = await this.#ask(path, body);
      if (answer !== 'away') return answer;
      await delay(AWAY_MS);
    }
  }

  /** The answer, or `refused`, or `away` where it should be asked again. */
  async #ask(path: string, body: unknown): Promise<unknown> {
    try {
      return await this.#http.call('POST', path, body);
    } catch (error) {
      if (!isOrchestratorError(error)) return 'away';
      const status = error.details['status'];
      return typeof status === 'number' && !PASSING.has(status) ? 'refused' : 'away';
    }
  }
}

function keyOf({ fencingToken, taskId }: LeaseView): string {
  return `${taskId} ${fencingToken}`;
}
