import type { FastifyRequest } from 'fastify';
import { OrchestratorError } from '../base/errors.ts';

/** The query parameter as the OpenAPI document shows it. */
export const STALE_PARAMETER = {
  name: 'stale',
  in: 'query',
  required: false,
  schema: { type: 'string', enum: ['ok'] },
  description:
    'In a cluster: answered at once by the node that is asked, from what it has, also while nobody leads. A single server is never old.',
} as const;

/**
 * Takes `?stale=ok` out of a read's query: routes know nothing of it.
 *
 * @returns whether the reader is content with what this node has
 * @throws OrchestratorError `INVALID_REQUEST` for another value
 */
export function takeStale(request: FastifyRequest): boolean {
  const query = request.query as Record<string, unknown>;
  const { stale } = query;
  if (stale === undefined || !isRead(request)) return false;
  if (stale !== 'ok') {
    const path = '/query/stale';
    const message = `${path} must be ok, got ${JSON.stringify(stale)}`;
    throw new OrchestratorError('INVALID_REQUEST', message, { path });
  }
  delete query['stale'];
  return true;
}

/** Whether a request changes nothing. */
export function isRead({ method }: Pick<FastifyRequest, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD';
}
