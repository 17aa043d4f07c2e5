/** Limits and weights of a server, for `client.limits` and `client.fairness`. */
import type { Static } from 'typebox';
import type {
  FairnessBody,
  FairnessView,
  LimitList,
  LimitSettingsBody,
  LimitView,
} from '../contract/index.ts';
import type { HttpApi } from './http-api.ts';

/** What tasks pass by name; one that must be there throws `LIMIT_NOT_FOUND`. */
export class Limits {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  async list(): Promise<readonly LimitView[]> {
    return ((await this.#http.call('GET', '/limits')) as LimitList).items;
  }

  get(name: string): Promise<LimitView> {
    return this.#http.call('GET', pathOf(name)) as Promise<LimitView>;
  }

  /** Makes a limit or replaces its settings; tasks that wait are held to the new ones at once. */
  set(name: string, settings: Static<typeof LimitSettingsBody>): Promise<LimitView> {
    return this.#http.call('PUT', pathOf(name), settings) as Promise<LimitView>;
  }

  /** Forgets it: tasks that wait for it pass freely. */
  async remove(name: string): Promise<void> {
    await this.#http.call('DELETE', pathOf(name));
  }
}

/** How work is shared between namespaces. */
export class Fairness {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  get(): Promise<FairnessView> {
    return this.#http.call('GET', '/fairness') as Promise<FairnessView>;
  }

  /** Changes what is given and leaves the rest. */
  set(settings: FairnessBody): Promise<FairnessView> {
    return this.#http.call('PUT', '/fairness', settings) as Promise<FairnessView>;
  }
}

function pathOf(name: string): string {
  return `/limits/${encodeURIComponent(name)}`;
}
