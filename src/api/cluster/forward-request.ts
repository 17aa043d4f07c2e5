/** Carries a request to the node that leads, and its answer back. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import type { NodeAgent } from './node-agent.ts';

/** Says that a node has forwarded the request: it goes no further. */
export const FORWARDED_HEADER = 'uqo-forwarded-by';
/** Says on an answer that nothing was done, for this node does not lead. */
export const NOT_LEADER_HEADER = 'uqo-not-leader';

/** What speaks of one connection only, and what was checked here already. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
  'origin',
  'referer',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
]);

export interface Forwarding {
  readonly agent: NodeAgent;
  /** Of the node that forwards. */
  readonly nodeId: string;
  readonly url: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gives up waiting for an answer. */
  readonly signal?: AbortSignal;
  /** Whether an answer of that status is to be left aside, as one of a node that does not lead is. */
  readonly isMiss?: (status: number) => boolean;
}

/** Errors of a connection that was never made: the request was not read by anybody. */
const UNREACHED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** Methods that may be carried out twice. */
const SAFE = new Set(['GET', 'HEAD']);

/**
 * Sends the request on, and begins the answer; `'again'` where it is certain that nothing was done.
 *
 * @throws OrchestratorError `LEADERSHIP_LOST` where it may have been carried out
 */
export async function forwardRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  forwarding: Forwarding,
): Promise<'answered' | 'again'> {
  let answer: IncomingMessage;
  try {
    answer = await ask(request, reply, forwarding);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (SAFE.has(request.method) || (code !== undefined && UNREACHED.has(code))) return 'again';
    throw new OrchestratorError(
      'LEADERSHIP_LOST',
      `the leader must answer, got: ${messageOf(error)}; with an idempotency key the request can be repeated`,
      {},
      { cause: error },
    );
  }
  const isMiss = forwarding.isMiss?.(answer.statusCode ?? 502) === true;
  if (isMiss || answer.headers[NOT_LEADER_HEADER] !== undefined) {
    answer.resume();
    return 'again';
  }
  passBack(answer, reply);
  return 'answered';
}

function ask(
  { headers, id, method, url: path }: FastifyRequest,
  reply: FastifyReply,
  { agent, body, headers: extra, nodeId, signal, url }: Forwarding,
): Promise<IncomingMessage> {
  const kept = Object.entries(headers).filter(([name]) => !DROPPED.has(name));
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(new URL(path, url), {
      agent,
      method,
      ...(signal === undefined ? {} : { signal }),
      headers: {
        ...Object.fromEntries(kept),
        ...(body.length === 0 ? {} : { 'content-length': body.length }),
        // The node that is asked listens for its own machine alone, perhaps, and this one may ask it all the same.
        ...(agent.isProtected ? { host: 'localhost' } : {}),
        [FORWARDED_HEADER]: nodeId,
        'x-request-id': id,
        ...extra,
      },
    });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    // Who asked has left: nobody needs the answer.
    reply.raw.once('close', () => outgoing.destroy());
    outgoing.end(body);
  });
}

function passBack(answer: IncomingMessage, reply: FastifyReply): void {
  const kept = Object.entries(answer.headers).filter(
    ([name]) => !DROPPED.has(name) || name === 'content-length',
  );
  reply.hijack();
  reply.raw.removeHeader(NOT_LEADER_HEADER);
  for (const [name, value] of kept) reply.raw.setHeader(name, value as string | string[]);
  reply.raw.writeHead(answer.statusCode ?? 502);
  // An answer that breaks off must not look whole.
  answer.once('error', () => reply.raw.destroy());
  answer.once('aborted', () => reply.raw.destroy());
  answer.pipe(reply.raw);
}
