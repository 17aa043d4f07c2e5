/** One call of a webhook: a POST over a connection of its own, to an address that may be called. */
import { lookup, type LookupAddress } from 'node:dns';
import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
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

export const postWebhook: PostWebhook = async (call) => {
  const url = checkedUrl(call.url, call.policy);
  const { promise, reject, resolve } = Promise.withResolvers<WebhookResponse>();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // A connection that was left open may be half closed, and then the call may have arrived or not.
  const options = {
    method: 'POST',
    agent: false,
    signal: call.signal,
    lookup: lookupBy(call.policy),
  };
  const headers = { ...call.headers, 'content-length': String(Buffer.byteLength(call.body)) };
  const request = send(url, { ...options, headers } as RequestOptions);
  const isReached = reached(request, url.protocol);
  request.on('error', (error) => reject(callError(error, isReached())));
  request.on('response', (response) => {
    readAnswer(response, call.answerBytesMax).then(resolve, (error: unknown) => {
      request.destroy();
      reject(error instanceof OrchestratorError ? error : callError(error, true));
    });
  });
  request.end(call.body);
  return promise;
};

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
