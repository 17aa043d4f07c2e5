/** The breakers of a server, for `client.breakers`. */
import type {
  BreakerKindText,
  BreakerKindView,
  BreakerList,
  BreakerSettingsBody,
  BreakerStateText,
  BreakerView,
  BreakerWhy,
} from '../contract/index.ts';
import type { HttpApi } from './http-api.ts';

/** A breaker that counted nothing of late and was not set throws `BREAKER_NOT_FOUND`. */
export class Breakers {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  /** Those that counted a failure of late or were set, and what holds for each kind. */
  list(
    filter: { readonly kind?: BreakerKindText; readonly state?: BreakerStateText } = {},
  ): Promise<BreakerList> {
    const wanted = new URLSearchParams(filter).toString();
    return this.#http.call('GET', `/breakers?${wanted}`) as Promise<BreakerList>;
  }

  get(kind: BreakerKindText, name: string): Promise<BreakerView> {
    return this.#call('GET', kind, name);
  }

  /** Replaces what is set for one breaker; `{}` leaves it to its kind again. */
  set(kind: BreakerKindText, name: string, settings: BreakerSettingsBody): Promise<BreakerView> {
    return this.#call('PUT', kind, name, settings);
  }

  /** Replaces what is set for all of a kind; `{}` leaves it as it is built in. */
  setKind(kind: BreakerKindText, settings: BreakerSettingsBody): Promise<BreakerKindView> {
    return this.#http.call('PUT', `/breakers/${kind}`, settings) as Promise<BreakerKindView>;
  }

  /** Holds it open: nothing starts there, whatever its calls say. */
  open(kind: BreakerKindText, name: string, why: BreakerWhy = {}): Promise<BreakerView> {
    return this.#call('POST', kind, name, why, '/open');
  }

  /** Holds it closed, whatever its calls say. */
  close(kind: BreakerKindText, name: string, why: BreakerWhy = {}): Promise<BreakerView> {
    return this.#call('POST', kind, name, why, '/close');
  }

  /** Lets it go by its calls again, closed at first. */
  reset(kind: BreakerKindText, name: string, why: BreakerWhy = {}): Promise<BreakerView> {
    return this.#call('POST', kind, name, why, '/reset');
  }

  #call(
    method: string,
    kind: BreakerKindText,
    name: string,
    ...[body, action = '']: [body?: unknown, action?: string]
  ): Promise<BreakerView> {
    const path = `/breakers/${kind}/${encodeURIComponent(name)}${action}`;
    return this.#http.call(method, path, body) as Promise<BreakerView>;
  }
}
