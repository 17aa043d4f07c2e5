import { OrchestratorError } from '../base/errors.ts';
import { HttpApi } from '../client/http-api.ts';
import { usageError } from './usage-error.ts';

/** Time a request whose answer is waited for may take beyond that wait, in milliseconds. */
const ANSWER_MS = 10_000;

/** The server's routes as commands call them: with a bound on the time, and errors that say what to do. */
export class ServerApi {
  readonly http: HttpApi;
  readonly #timeoutMs: number;
  readonly #isStale: boolean;

  /**
   * @param isStale - reads are content with what the node that is asked has
   * @throws OrchestratorError `URL_INVALID`
   */
  constructor(url: string, timeoutMs: number, isStale = false) {
    if (!url.split(',').every((one) => isHttp(one.trim()))) {
      throw usageError(
        'URL_INVALID',
        `the server's address must be an http:// or https:// URL, got ${url}`,
      );
    }
    this.http = new HttpApi(url);
    this.#timeoutMs = timeoutMs;
    this.#isStale = isStale;
  }

  get url(): string {
    return this.http.url;
  }

  get<Answer>(path: string): Promise<Answer> {
    const stale = this.#isStale ? `${path.includes('?') ? '&' : '?'}stale=ok` : '';
    return this.#call('GET', `${path}${stale}`) as Promise<Answer>;
  }

  post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
    return this.#call('POST', path, body) as Promise<Answer>;
  }

  put<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#call('PUT', path, body) as Promise<Answer>;
  }

  delete(path: string): Promise<unknown> {
    return this.#call('DELETE', path);
  }

  /** A request that the server answers after at most `waitMs`. */
  wait<Answer>(path: string, waitMs: number): Promise<Answer> {
    const call = this.http.call('GET', path);
    return this.#within(waitMs + ANSWER_MS, call) as Promise<Answer>;
  }

  #call(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#within(this.#timeoutMs, this.http.call(method, path, body));
  }

  async #within(ms: number, answer: Promise<unknown>): Promise<unknown> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const message = `the server at ${this.url} must answer within ${ms} ms, got nothing`;
      late.reject(new OrchestratorError('REQUEST_TIMEOUT', message, { url: this.url }));
    }, ms);
    try {
      return await Promise.race([answer, late.promise]);
    } catch (error) {
      throw this.#isForeign(error) ? this.#foreign(error) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Text that is no JSON, or a refusal without a code: some other program listens there. */
  #isForeign(error: unknown): boolean {
    if (error instanceof SyntaxError || error instanceof TypeError) return true;
    return error instanceof OrchestratorError && typeof error.code !== 'string';
  }

  #foreign(cause: unknown): OrchestratorError {
    const message = `an orchestrator must answer at ${this.url}, got an answer of some other program`;
    return new OrchestratorError('NOT_A_SERVER', message, { url: this.url }, { cause });
  }
}

/** A path below `/api/v1`, its parts escaped: `pathOf('queues', 'a/b')` is `/queues/a%2Fb`. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

/** `?a=1&b=2` of the values that are there; empty without any. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
