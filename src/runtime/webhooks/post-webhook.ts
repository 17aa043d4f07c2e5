/** Calls of webhooks: a POST each, over connections that are kept for the next one, to addresses that may be called. */
import { lookup, type LookupAddress } from 'node:dns';
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import type { AddressPolicy } from './address-policy.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly policy: AddressPolicy;
  /** Longest answer that is read, in bytes. */
  readonly answerBytesMax: number;
  readonly signal: AbortSignal;
}

export interface WebhookResponse {
  readonly status: number;
  readonly body: string;
  /** As `Retry-After` says, in milliseconds; null where it says nothing. */
  readonly retryAfterMs: number | null;
}

/**
 * Calls a webhook. Follows no redirects: they would lead past the policy.
 *
 * @throws OrchestratorError `WEBHOOK_UNREACHABLE` where nothing was said to anybody, `WEBHOOK_ADDRESS_REFUSED`
 *   likewise; `WEBHOOK_BROKEN` where the call may have arrived; `RESULT_TOO_LARGE`
 */
export type PostWebhook = (request: WebhookRequest) => Promise<WebhookResponse>;

/** A connection that nothing was called over for so long is closed; the other end may ask for less. */
const IDLE_MS_MAX = 15_000;
/** Idle connections to one place that are kept. */
const IDLE_MAX = 64;
/** A kept connection that breaks so soon after a call was written to it was closed by the other end before. */
const STALE_MS_MAX = 1_000;

/** Calls webhooks, and keeps the connections. */
export class WebhookCaller {
  readonly #http = new HttpAgent({
    keepAlive: true,
    maxFreeSockets: IDLE_MAX,
    timeout: IDLE_MS_MAX,
  });
  readonly #https = new HttpsAgent({
    keepAlive: true,
    maxFreeSockets: IDLE_MAX,
    timeout: IDLE_MS_MAX,
  });

  readonly post: PostWebhook = async (call) => {
    const url = checkedUrl(call.url, call.policy);
    const agent = url.protocol === 'https:' ? this.#https : this.#http;
    const writtenMs = performance.now();
    try {
      return await postOver(url, call, agent);
    } catch (error) {
      const isStale = error instanceof StaleConnection;
      if (!isStale) throw error;
      if (performance.now() - writtenMs > STALE_MS_MAX || call.signal.aborted) throw error.broken;
      // Read or not: it has the same id, and whoever has seen that begins nothing anew.
      return await postOver(url, call, false).catch((second: unknown) => {
        throw asReached(second);
      });
    }
  };

  /** Closes the connections. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** A kept connection broke before anything was answered. */
class StaleConnection extends Error {
  readonly broken: OrchestratorError;

  constructor(broken: OrchestratorError) {
    super(broken.message);
    this.broken = broken;
  }
}

/** @param agent - keeps the connection; false for one of its own */
function postOver(
  url: URL,
  call: WebhookRequest,
  agent: HttpAgent | HttpsAgent | false,
): Promise<WebhookResponse> {
  const { promise, reject, resolve } = Promise.withResolvers<WebhookResponse>();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const options = { method: 'POST', agent, signal: call.signal, lookup: lookupBy(call.policy) };
  const headers = { ...call.headers, 'content-length': String(Buffer.byteLength(call.body)) };
  const request = send(url, { ...options, headers } as RequestOptions);
  const isReached = reached(request, url.protocol);
  request.on('error', (error) => {
    const broken = callError(error, isReached());
    reject(request.reusedSocket ? new StaleConnection(broken) : broken);
  });
  request.on('response', (response) => {
    readAnswer(response, call.answerBytesMax).then(resolve, (error: unknown) => {
      request.destroy();
      reject(error instanceof OrchestratorError ? error : callError(error, true));
    });
  });
  request.end(call.body);
  return promise;
}

/** Nobody is there any more, and the first time somebody may have been: the call counts. */
function asReached(error: unknown): unknown {
  const isUnreachable = error instanceof OrchestratorError && error.code === 'WEBHOOK_UNREACHABLE';
  return isUnreachable ? callError(error.cause, true) : error;
}

/**
 * The address to call, as far as it can be judged by itself: names are looked up with each call.
 *
 * @throws OrchestratorError `WEBHOOK_ADDRESS_REFUSED`
 */
export function checkedUrl(text: string, policy: AddressPolicy): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw refused(`a webhook must be an http or https URL, got ${text}`);
  if (url.username !== '' || url.password !== '')
    throw refused('a webhook must not have a user name or password in its URL');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !policy.allows(host)) throw refused(notAllowed(host));
  return url;
}

type Lookup = NonNullable<RequestOptions['lookup']>;

/** Looks names up, and gives only addresses that may be called: what a name means may change at any time. */
function lookupBy(policy: AddressPolicy): Lookup {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const allowed = found.filter(({ address }) => policy.allows(address));
      const [first] = allowed;
      if (first === undefined) callback(refused(notAllowed(found[0]?.address ?? hostname)), '', 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** Says whether the other end was there: before, nothing can have been said to it. */
function reached(request: ClientRequest, protocol: string): () => boolean {
  let isReached = false;
  request.once('socket', (socket) => {
    isReached = request.reusedSocket;
    if (isReached) return;
    socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => (isReached = true));
  });
  return () => isReached;
}

async function readAnswer(response: IncomingMessage, bytesMax: number): Promise<WebhookResponse> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new OrchestratorError(
        'RESULT_TOO_LARGE',
        `the answer of a webhook must have at most ${bytesMax} bytes, got more`,
      );
    }
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    body: Buffer.concat(chunks).toString(),
    retryAfterMs: retryAfterMs(response.headers['retry-after']),
  };
}

function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) * 1000 : null;
}

function callError(error: unknown, isReached: boolean): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  const code = isReached ? 'WEBHOOK_BROKEN' : 'WEBHOOK_UNREACHABLE';
  return new OrchestratorError(code, messageOf(error), {}, { cause: error });
}

function refused(message: string): OrchestratorError {
  return new OrchestratorError('WEBHOOK_ADDRESS_REFUSED', message);
}

function notAllowed(address: string): string {
  return `a webhook must be at a public address or one that is allowed, got ${address}`;
}
