/**
 * The HTTP server on top of a runtime.
 *
 * Owns: the port, what requests look like, how errors are answered, who stays connected.
 * Does not own: what any of it means (runtime), the WebSocket channels (they attach to upgrades).
 */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { messageOf, OrchestratorError } from '../base/errors.ts';
import type { Problem } from '../contract/index.ts';
import { systemClock, type Clock, type Runtime } from '../runtime/index.ts';
import type { Logger, Metrics } from '../telemetry/index.ts';
import type { ApiContext } from './api-context.ts';
import { checkBind, isLoopback } from './bind-policy.ts';
import { attachChannels } from './channel/attach-channels.ts';
import { answerBrokenRequests } from './broken-requests.ts';
import type { ClusterDoor } from './cluster/cluster-door.ts';
import {
  forwardToLeader,
  unreadinessOf,
  type LeaderForwarding,
} from './cluster/leader-requests.ts';
import { OpenRequests, type OpenRequestLimits } from './open-requests.ts';
import { documentRoutes } from './openapi.ts';
import { problemOf } from './problems.ts';
import { handleRequests, sendProblem } from './request-handling.ts';
import { requestIdSource } from './request-id.ts';
import { takeStale } from './stale-reads.ts';
import { agentRoutes } from './routes-agents.ts';
import { artifactRoutes } from './routes-artifacts.ts';
import { backupRoutes } from './routes-backup.ts';
import { clusterRoutes } from './routes-cluster.ts';
import { deadLetterRoutes } from './routes-dead-letters.ts';
import { docsRoutes } from './routes-docs.ts';
import { outputRoutes } from './routes-output.ts';
import { eventRoutes } from './routes-events.ts';
import { flowRoutes } from './routes-flows.ts';
import { healthRoutes } from './routes-health.ts';
import { inputRoutes } from './routes-input.ts';
import { killRoutes } from './routes-kills.ts';
import { leaseRoutes } from './routes-leases.ts';
import { operationRoutes } from './routes-operations.ts';
import { failureGroupRoutes } from './routes-failure-groups.ts';
import { recoveryRoutes } from './routes-recoveries.ts';
import { breakerRoutes } from './routes-breakers.ts';
import { correlationRoutes } from './routes-correlations.ts';
import { limitRoutes } from './routes-limits.ts';
import { queueRoutes } from './routes-queues.ts';
import { scheduleRoutes } from './routes-schedules.ts';
import { statusRoutes } from './routes-status.ts';
import { topRoutes } from './routes-top.ts';
import { submitRoutes } from './routes-submit.ts';
import { taskRoutes } from './routes-tasks.ts';
import { collectRoutes, refuseUnmatched } from './unmatched.ts';
import { Upgrades, type UpgradeHandler } from './upgrades.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer goes on until its reader leaves. */
    isStream?: boolean;
    /** It brings new work. */
    isSubmit?: boolean;
  }
}

export interface ApiServerOptions {
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly version: string;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 8080; 0 for any free one. */
  readonly port?: number;
  /** Largest request, in bytes. Default 16 MiB. */
  readonly bodyBytesMax?: number;
  /** Largest payload or result, in bytes of JSON. Default 1 MiB. */
  readonly payloadBytesMax?: number;
  /** Listens on addresses that other machines can reach, although nothing asks who they are. */
  readonly allowInsecurePublicBind?: boolean;
  /** Names, besides those of this machine, that a request's `Host` may have. */
  readonly allowedHosts?: readonly string[];
  readonly openRequests?: OpenRequestLimits;
  /** Default 15 s. */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for a slow reader of an event stream, before one more event. Default 4 MiB. */
  readonly streamBytesMax?: number;
  readonly clock?: Clock;
  /** The cluster that this node belongs to, where it is not alone. */
  readonly cluster?: ClusterDoor;
}

const DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  bodyBytesMax: 16 * 1024 * 1024,
  payloadBytesMax: 1024 * 1024,
  heartbeatMs: 15_000,
  streamBytesMax: 4 * 1024 * 1024,
} as const;

/** A request must have arrived within this time. */
const REQUEST_MS_MAX = 60_000;
/** Longer than the keep-alive of common proxies, so that they close connections, not this server. */
const KEEP_ALIVE_MS = 75_000;
/** The runtime's names join two of the contract's, and may come percent-encoded. */
const PARAM_LENGTH_MAX = 1_024;

export interface ApiServer {
  /** The `http.Server` behind it. */
  readonly http: Server;
  /** Where it listens, such as `http://127.0.0.1:8080`; only after {@link ApiServer.listen}. */
  readonly url: string;
  /** Serves upgrade requests of `path` with `handler`, after the origin check. */
  onUpgrade(path: string, handler: UpgradeHandler): void;
  /** Ends all channels, also those that lead to another node: whoever leads now is to be asked. */
  endChannels(): void;
  /**
   * Answers as before, but closes each connection after its answer: clients that know other nodes go there,
   * and none is in the middle of a request when {@link ApiServer.close} cuts what is left.
   */
  leave(): void;
  /** Starts listening; resolves with the {@link ApiServer.url}. */
  listen(): Promise<string>;
  /**
   * Takes no more requests, ends streams and long polls with what there is, and lets the others
   * finish for at most `graceMs` (default 5 s), then cuts what is left. Channels are told that the
   * server stops. Safe to call twice.
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Builds the server; it listens after `listen()`.
 *
 * @throws OrchestratorError `INSECURE_BIND`
 */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { cluster, logger, metrics, runtime } = options;
  const host = options.host ?? DEFAULTS.host;
  checkBind(host, options.allowInsecurePublicBind ?? false);
  if (!isLoopback(host)) {
    logger.warn('listening for other machines without authentication', { host });
  }
  let isClosing = false;
  let isLeaving = false;
  let hasFailed = false;
  void runtime.failed.then(() => (hasFailed = true));
  const isOver = (): boolean => isClosing || isLeaving || hasFailed;
  const ctx = contextOf(options, isOver);
  metrics.observe(runtime);
  const allowedHosts = new Set(options.allowedHosts?.map((name) => name.toLowerCase()));
  const origins = { loopbackOnly: isLoopback(host), allowedHosts };
  const bodyBytesMax = options.bodyBytesMax ?? DEFAULTS.bodyBytesMax;
  const app = createApp(ctx, bodyBytesMax);
  let carryOn: LeaderForwarding | null = null;
  handleRequests(app, {
    ctx,
    origins,
    isClosing: () => isClosing,
    isLeaving: () => isLeaving,
    rescue: (request, reply) => carryOn?.rescue(request, reply) ?? Promise.resolve(false),
  });
  if (cluster !== undefined) carryOn = forwardToLeader(app, { door: cluster, ctx, bodyBytesMax });
  // What reads of a cluster may ask for, a single server understands too.
  else app.addHook('onRequest', async (request) => void takeStale(request));
  await addRoutes(app, ctx, { door: cluster ?? null, forwarding: carryOn });
  await app.ready();
  const sockets = trackSockets(app.server);
  const upgrades = new Upgrades(app.server, origins, cluster ?? null, ctx.clock);
  const channels = attachChannels({
    onUpgrade: (path, handler) => upgrades.add(path, handler),
    runtime,
    payloadBytesMax: ctx.payloadBytesMax,
    problemOf: (error) => channelProblem(ctx, error),
    clock: ctx.clock,
    connected: () => metrics.connected('websocket'),
  });
  let closed: Promise<void> | null = null;
  return {
    http: app.server,
    get url() {
      return urlOf(app.server, host);
    },
    onUpgrade: (path, handler) => upgrades.add(path, handler),
    leave: () => {
      isLeaving = true;
    },
    endChannels: () => {
      channels.endAll();
      upgrades.endTunnels();
      carryOn?.leaderChanged();
    },
    listen: async () => {
      await app.listen({ host, port: options.port ?? DEFAULTS.port });
      return urlOf(app.server, host);
    },
    close: (graceMs = 5_000) => {
      isClosing = true;
      upgrades.close();
      channels.close();
      closed ??= closeApp(app, ctx, { graceMs, sockets });
      return closed;
    },
  };
}

function contextOf(options: ApiServerOptions, isOver: () => boolean): ApiContext {
  const { cluster, logger, metrics, runtime, version } = options;
  return {
    runtime,
    metrics,
    logger,
    open: new OpenRequests(metrics, options.openRequests),
    clock: options.clock ?? systemClock,
    version,
    payloadBytesMax: options.payloadBytesMax ?? DEFAULTS.payloadBytesMax,
    heartbeatMs: options.heartbeatMs ?? DEFAULTS.heartbeatMs,
    streamBytesMax: options.streamBytesMax ?? DEFAULTS.streamBytesMax,
    unreadiness: () => {
      if (!isOver() && cluster !== undefined) return unreadinessOf(cluster);
      if (!isOver() && runtime.ready) return null;
      return new OrchestratorError('STOPPED', 'the orchestrator must be taking work');
    },
  };
}

/** What a channel tells its peer of an error; the cause of a failure goes to the log. */
function channelProblem(ctx: ApiContext, error: unknown): Problem {
  const requestId = randomUUID();
  const { isFailure, problem } = problemOf(error, requestId);
  if (isFailure) ctx.logger.error('a channel frame failed', { requestId, error: messageOf(error) });
  return problem;
}

function createApp(ctx: ApiContext, bodyLimit: number): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit,
    genReqId: requestIdSource(),
    requestIdHeader: false,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    clientErrorHandler: answerBrokenRequests,
    frameworkErrors: (error, request, reply) => void sendProblem(ctx, { error, request, reply }),
  });
}

async function addRoutes(
  app: FastifyInstance,
  ctx: ApiContext,
  cluster: { readonly door: ClusterDoor | null; readonly forwarding: LeaderForwarding | null },
): Promise<void> {
  const routes = collectRoutes(app);
  await documentRoutes(app, ctx.version);
  submitRoutes(app, ctx);
  taskRoutes(app, ctx);
  artifactRoutes(app, ctx, cluster.forwarding?.artifacts);
  agentRoutes(app, ctx);
  leaseRoutes(app, ctx);
  inputRoutes(app, ctx);
  queueRoutes(app, ctx);
  flowRoutes(app, ctx);
  killRoutes(app, ctx);
  breakerRoutes(app, ctx);
  correlationRoutes(app, ctx);
  recoveryRoutes(app, ctx);
  limitRoutes(app, ctx);
  scheduleRoutes(app, ctx);
  deadLetterRoutes(app, ctx);
  failureGroupRoutes(app, ctx);
  operationRoutes(app, ctx);
  statusRoutes(app, ctx);
  topRoutes(app, ctx);
  backupRoutes(app, ctx);
  clusterRoutes(app, cluster.door);
  eventRoutes(app, ctx);
  outputRoutes(app, ctx);
  healthRoutes(app, ctx);
  docsRoutes(app);
  refuseUnmatched(app, routes);
}

/** Every open connection, also those that were upgraded: the server waits for them when it closes. */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function closeApp(
  app: FastifyInstance,
  ctx: ApiContext,
  { graceMs, sockets }: { readonly graceMs: number; readonly sockets: ReadonlySet<Socket> },
): Promise<void> {
  const cancelTimer = ctx.clock.setTimer(graceMs, () => {
    for (const socket of sockets) socket.destroy();
  });
  const closed = app.close();
  ctx.open.endAll();
  // Browsers and clients connect ahead of their requests: the server does not count those as idle.
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  await closed;
  cancelTimer();
}

function urlOf(server: Server, host: string): string {
  const address = server.address() as AddressInfo | null;
  const name = host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host;
  return `http://${name}:${address?.port ?? 0}`;
}
