/** The queues of a server, for `client.queues`. */
import type { Static } from 'typebox';
import type { QueueList, QueueSettingsBody, QueueView } from '../contract/index.ts';
import type { HttpApi } from './http-api.ts';

/** Names are `name`, or `namespace/name`; those that must be there throw `QUEUE_NOT_FOUND`. */
export class Queues {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  async list(): Promise<readonly QueueView[]> {
    return ((await this.#http.call('GET', '/queues')) as QueueList).items;
  }

  get(name: string): Promise<QueueView> {
    return this.#call('GET', name);
  }

  /**
   * Makes a queue, or changes the settings given.
   *
   * @throws OrchestratorError `QUEUE_LIMIT`
   */
  set(name: string, settings: Static<typeof QueueSettingsBody>): Promise<QueueView> {
    return this.#call('PUT', name, '', settings);
  }

  /** Starts nothing more of it; what runs goes on. */
  pause(name: string): Promise<QueueView> {
    return this.#call('POST', name, '/pause');
  }

  resume(name: string): Promise<QueueView> {
    return this.#call('POST', name, '/resume');
  }

  /**
   * Forgets an empty queue and its settings: one that a submit makes anew has those of all queues.
   *
   * @throws OrchestratorError `QUEUE_NOT_EMPTY` with counts of what keeps it, `QUEUE_IS_DEFAULT`
   */
  async remove(name: string): Promise<void> {
    await this.#call('DELETE', name);
  }

  #call(method: string, name: string, action = '', body?: unknown): Promise<QueueView> {
    const path = `/queues/${encodeURIComponent(name)}${action}`;
    return this.#http.call(method, path, body) as Promise<QueueView>;
  }
}
