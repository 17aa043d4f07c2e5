/** The REST routes that the SDK uses: everything that is asked once in a while. */
import { OrchestratorError, messageOf } from '../base/errors.ts';
import type { Problem } from '../contract/index.ts';
import { ServerAddresses } from './server-addresses.ts';
import { readEvents } from './sse.ts';
import { problemError } from './task-error.ts';

/** One event of a stream: `type` as in the API, the rest depends on it. */
export interface ClientEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Delay before a lost stream is asked for again, in milliseconds. */
const RESUME_MS = 500;

export class HttpApi {
  readonly addresses: ServerAddresses;

  /** @param url - base address of the server; with commas between them, those of the nodes of a cluster */
  constructor(url: string) {
    this.addresses = new ServerAddresses(url);
  }

  /** The address that is asked now. */
  get url(): string {
    return this.addresses.url;
  }

  /**
   * Calls a route below `/api/v1`; resolves with the parsed answer.
   *
   * @throws OrchestratorError with the server's code, or `SERVER_UNREACHABLE`
   */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const content = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    for (let left = this.addresses.count; ; left--) {
      const { url } = this;
      const response = await this.#fetch(`/api/v1${path}`, {
        method,
        ...(body === undefined ? {} : content),
      });
      const text = await response.text();
      const answer = text === '' ? null : (JSON.parse(text) as unknown);
      if (response.ok) return answer;
      const problem = answer as Problem;
      if (left <= 1 || !ELSEWHERE.has(problem.code)) throw problemError(problem);
      this.addresses.leave(url);
    }
  }

  /**
   * Follows events, of one task (to its end) or of everything (for ever), and goes on where it was
   * after a lost connection.
   */
  async *events(options: {
    readonly taskId?: string;
    readonly signal?: AbortSignal;
  }): AsyncGenerator<ClientEvent> {
    const path = options.taskId === undefined ? '/events' : `/tasks/${options.taskId}/events`;
    let lastId: string | null = null;
    for (;;) {
      try {
        const response = await this.#fetch(`/api/v1${path}`, {
          headers: {
            accept: 'text/event-stream',
            ...(lastId === null ? {} : { 'last-event-id': lastId }),
          },
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        });
        if (!response.ok) throw problemError((await response.json()) as Problem);
        for await (const event of readEvents(response.body)) {
          lastId = event.id === '' ? lastId : event.id;
          yield event;
        }
        if (options.taskId !== undefined) return;
      } catch (error) {
        if (options.signal?.aborted === true) return;
        if (error instanceof OrchestratorError && error.code !== 'SERVER_UNREACHABLE') throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RESUME_MS));
    }
  }

  /**
   * One stream of events of a route below `/api/v1`, after the event with `lastId`; ends when the
   * connection does.
   *
   * @throws OrchestratorError with the server's code, or `SERVER_UNREACHABLE`
   */
  async *stream(
    path: string,
    lastId: string | null,
    signal?: AbortSignal,
  ): AsyncGenerator<ClientEvent> {
    const response = await this.#fetch(`/api/v1${path}`, {
      headers: {
        accept: 'text/event-stream',
        ...(lastId === null ? {} : { 'last-event-id': lastId }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok) throw problemError((await response.json()) as Problem);
    yield* readEvents(response.body);
  }

  /**
   * The bytes of a path of the server, such as an artifact's `href`, from byte `from` on. Reading fails
   * where the connection ends before all of them have come.
   *
   * @throws OrchestratorError with the server's code, or `SERVER_UNREACHABLE`
   */
  async bytes(
    path: string,
    { from = 0, signal }: { readonly from?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch(path, {
      ...(from === 0 ? {} : { headers: { range: `bytes=${from}-` } }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok) throw problemError((await response.json()) as Problem);
    return response.body ?? new Blob([]).stream();
  }

  /** Asks one node after the other, as long as it is certain that the one before did nothing. */
  async #fetch(path: string, init: RequestInit): Promise<Response> {
    for (let left = this.addresses.count; ; left--) {
      const { url } = this;
      try {
        const response = await fetch(url + path, init);
        // It stops soon: the next request goes to another node, where there is one.
        if (response.headers.has('uqo-leaving')) this.addresses.leave(url);
        return response;
      } catch (error) {
        if (init.signal?.aborted !== true) this.addresses.leave(url);
        if (left > 1 && wasNotAsked(error, init.method ?? 'GET')) continue;
        throw new OrchestratorError(
          'SERVER_UNREACHABLE',
          `a server must answer at ${url}, got: ${messageOf((error as { cause?: unknown }).cause ?? error)}`,
          { url },
          { cause: error },
        );
      }
    }
  }
}

/** Whether the request can be sent to another node: it only reads, or was never sent. */
function wasNotAsked(error: unknown, method: string): boolean {
  const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: string };
  const isUnsent = code !== undefined && UNSENT.has(code);
  return isUnsent || (method === 'GET' && !(error instanceof DOMException));
}

/** What a node says that did nothing, where another may do it. */
const ELSEWHERE = new Set(['STOPPED', 'NOT_LEADER', 'NO_LEADER', 'NODE_REMOVED']);

/** Errors of a connection that was never made. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
