/** What every request goes through: its id, the origin check, the log line, the answer to errors. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isOrchestratorError, OrchestratorError } from '../base/errors.ts';
import type { ApiContext } from './api-context.ts';
import { NOT_LEADER_HEADER } from './cluster/forward-request.ts';
import type { Rescue } from './cluster/leader-requests.ts';
import { holdSubmit } from './held-submits.ts';
import {
  checkContentEncoding,
  LARGE_BYTES,
  readJsonBody,
  readJsonBodyInSlices,
} from './json-body.ts';
import { checkOrigin, type OriginPolicy } from './origin-policy.ts';
import { PROBLEM_TYPE, problemOf } from './problems.ts';
import { validatorOf } from './schema-validator.ts';

export interface RequestHandling {
  readonly ctx: ApiContext;
  readonly origins: OriginPolicy;
  /** True once the server stops. */
  readonly isClosing: () => boolean;
  /** True while it still answers, and its clients are to look for another. */
  readonly isLeaving: () => boolean;
  /** Answers elsewhere what this node refused because it does not lead. */
  readonly rescue: Rescue;
}

/** Sets up `app`; call it before any route is added. */
export function handleRequests(app: FastifyInstance, handling: RequestHandling): void {
  const { ctx, isClosing, isLeaving, origins } = handling;
  app.setValidatorCompiler((place) => validatorOf(place as Parameters<typeof validatorOf>[0]));
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done) => {
      try {
        checkContentEncoding(request.headers['content-encoding']);
        if (request.routeOptions.config.isSubmit !== true) return read(body, ctx, done);
        checkUnreadSubmit(ctx, body);
        const waiting = { read: () => read(body, ctx, done), refuse: done };
        if (!holdSubmit(ctx, request, body, waiting)) waiting.read();
      } catch (error) {
        done(error as Error);
      }
    },
  );
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.setHeader('x-request-id', request.id);
    reply.raw.setHeader('x-content-type-options', 'nosniff');
    checkOrigin(request.headers, origins);
    if (isLeaving()) {
      reply.raw.setHeader('connection', 'close');
      reply.raw.setHeader('uqo-leaving', '1');
    }
    if (isClosing() && !request.url.startsWith('/health/')) {
      reply.raw.setHeader('connection', 'close');
      throw new OrchestratorError('STOPPED', 'the server must be running');
    }
    done();
  });
  app.setErrorHandler((error, request, reply) => answerError(handling, { error, request, reply }));
  observeRequests(app, ctx);
}

type Done = (error: Error | null, value?: unknown) => void;

function read(body: Buffer, ctx: ApiContext, done: Done): void {
  if (body.length > LARGE_BYTES) {
    void readLarge(body, ctx, done);
    return;
  }
  let value: unknown;
  try {
    value = readJsonBody(body);
  } catch (error) {
    return done(error as Error);
  }
  done(null, value);
}

async function readLarge(body: Buffer, { clock }: ApiContext, done: Done): Promise<void> {
  try {
    done(null, await readJsonBodyInSlices(body, clock));
  } catch (error) {
    done(error as Error);
  }
}

/** What another node can do is done there; all else is told. */
async function answerError(
  { ctx, rescue }: RequestHandling,
  failed: Failed,
): Promise<FastifyReply> {
  const { error, reply, request } = failed;
  if (!isOrchestratorError(error) || error.code !== 'NOT_LEADER') return sendProblem(ctx, failed);
  // Nothing was done: whoever carried it here may carry it elsewhere.
  reply.header(NOT_LEADER_HEADER, '1');
  try {
    if (await rescue(request, reply)) return reply;
  } catch (fault) {
    return sendProblem(ctx, { ...failed, error: fault });
  }
  return sendProblem(ctx, failed);
}

const PRIORITY_DEFAULT = 4;
const PRIORITY_NAME = Buffer.from('"priority"');
/** A name may be written with escapes; then only reading it tells. */
const ESCAPE = Buffer.from('\\u');

/**
 * Refuses a submit while nearly everything is, before it costs more than looking for the one word without
 * which its tasks have the default priority.
 */
function checkUnreadSubmit({ runtime }: ApiContext, body: Buffer): void {
  if (!runtime.admission.isCritical || body.includes(PRIORITY_NAME) || body.includes(ESCAPE))
    return;
  runtime.admission.submitUnread(PRIORITY_DEFAULT);
}

function observeRequests(app: FastifyInstance, { logger, metrics, runtime }: ApiContext): void {
  const logsRequests = logger.isLevelEnabled('debug');
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? null;
    const isStream = request.routeOptions.config.isStream === true;
    // The time of a stream is its reader's: it says nothing about this server.
    if (!isStream) metrics.requested(request.method, route, reply.statusCode, reply.elapsedTime);
    if (logsRequests && runtime.admission.thinning.weigh('log') > 0) {
      const { id: requestId, method, url } = request;
      const durationMs = Math.round(reply.elapsedTime * 100) / 100;
      logger.debug('request', { requestId, method, url, status: reply.statusCode, durationMs });
    }
    done();
  });
}

export interface Failed {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Answers an error; what the answer does not tell goes to the log. */
export function sendProblem(ctx: ApiContext, { error, reply, request }: Failed): FastifyReply {
  const { isFailure, problem, retryAfterSeconds } = problemOf(error, request.id);
  if (isFailure) {
    const { method, url } = request;
    const stack = error instanceof Error ? error.stack : String(error);
    ctx.logger.error('a request failed', { requestId: request.id, method, url, error: stack });
  }
  if (retryAfterSeconds !== null) reply.header('retry-after', retryAfterSeconds);
  // Where the path itself is broken no hook has run that would have set it.
  reply.raw.setHeader('x-request-id', request.id);
  return reply
    .code(problem.status)
    .header('content-type', PROBLEM_TYPE)
    .serializer(JSON.stringify)
    .send(problem);
}
