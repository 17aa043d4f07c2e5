/** The kill switch of a server, for `client.kills`. */
import type { Static } from 'typebox';
import type { KillBody, KillList, KillView } from '../contract/index.ts';
import type { HttpApi } from './http-api.ts';

/** Why it is done, and by whom. */
type Why = Static<typeof KillBody>;

/** Stops at once, for ever or until it is restored; each call resolves with all that is stopped then. */
export class Kills {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  list(): Promise<readonly KillView[]> {
    return this.#call('GET', '/kills');
  }

  /**
   * Cancels a task or flow and all that came from it, for good.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`
   */
  tree(id: string, why: Why): Promise<readonly KillView[]> {
    return this.#call('POST', `/trees/${encodeURIComponent(id)}/kill`, why);
  }

  /**
   * Takes its work from an agent and gives it nothing.
   *
   * @throws OrchestratorError `AGENT_NOT_FOUND`
   */
  agent(id: string, why: Why): Promise<readonly KillView[]> {
    return this.#call('POST', `/agents/${encodeURIComponent(id)}/kill`, why);
  }

  /** Stops, holds and refuses all tasks of a namespace. */
  namespace(name: string, why: Why): Promise<readonly KillView[]> {
    return this.#call('POST', `/namespaces/${encodeURIComponent(name)}/kill`, why);
  }

  /** @throws OrchestratorError `NOT_KILLED` */
  restoreAgent(id: string): Promise<readonly KillView[]> {
    return this.#call('POST', `/agents/${encodeURIComponent(id)}/restore`, {});
  }

  /** @throws OrchestratorError `NOT_KILLED` */
  restoreNamespace(name: string): Promise<readonly KillView[]> {
    return this.#call('POST', `/namespaces/${encodeURIComponent(name)}/restore`, {});
  }

  async #call(method: string, path: string, body?: unknown): Promise<readonly KillView[]> {
    return ((await this.#http.call(method, path, body)) as Static<typeof KillList>).items;
  }
}
