/**
 * Lets every node take every request: what only the leader may answer goes to it, with a bound on how much
 * is on the way. A task is read where it is asked for, once that node is known to be up to date. A read that may be old (`?stale=ok`) is answered here, also while nobody leads.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isOrchestratorError, OrchestratorError } from '../../base/errors.ts';
import type { ApiContext } from '../api-context.ts';
import { readBody } from '../json-body.ts';
import { isRead, takeStale } from '../stale-reads.ts';
import { ArtifactsElsewhere } from './artifacts-elsewhere.ts';
import type { ClusterDoor } from './cluster-door.ts';
import { FORWARDED_HEADER, forwardRequest, NOT_LEADER_HEADER } from './forward-request.ts';
import { NodeAgent } from './node-agent.ts';

/** How long a request waits for somebody to lead. */
const LEADER_WAIT_MS = 5_000;
/** Requests on their way to the leader, with the bytes of their bodies. */
const UNDER_WAY_MAX = 2_000;
const BYTES_UNDER_WAY_MAX = 128 * 1024 * 1024;
/** How long a node that leads no more may still take to answer what was carried to it. */
const LATE_MS_MAX = 2_000;
/** How long a node that follows may take to be up to date before it lets the leader answer. */
const BARRIER_MS_MAX = 1_000;
/** Pause before a request that nobody took is carried to whoever leads then. */
const AGAIN_MS = 50;

/**
 * Reads of what is in the log and nowhere else: a node that follows answers them itself once it has applied all that the
 * leader, by the word of a majority, had committed when it was asked.
 */
const IN_THE_LOG = /^\/api\/v1\/tasks\/[0-9a-f-]{36}$/;

/** What every node answers itself. */
const LOCAL = ['/api/v1/cluster', '/api/v1/status'];

export interface LeaderRequests {
  readonly door: ClusterDoor;
  readonly ctx: ApiContext;
  readonly bodyBytesMax: number;
}

/** Answers a request elsewhere that this node refused with `NOT_LEADER`; false where it cannot. */
export type Rescue = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;

export interface LeaderForwarding {
  readonly rescue: Rescue;
  readonly artifacts: ArtifactsElsewhere;
  /** Another node leads, or none. */
  leaderChanged(): void;
}

/** Sets up `app`; call it before any route is added. */
export function forwardToLeader(app: FastifyInstance, parts: LeaderRequests): LeaderForwarding {
  const forwarder = new Forwarder(parts);
  app.addHook('onRequest', (request, reply) => forwarder.admit(request, reply));
  app.addHook('onClose', () => forwarder.close());
  const { artifacts } = forwarder;
  return {
    artifacts,
    rescue: (request, reply) => forwarder.rescue(request, reply),
    leaderChanged: () => forwarder.leaderChanged(),
  };
}

class Forwarder {
  readonly #parts: LeaderRequests;
  readonly #agent: NodeAgent;
  /** To this very node. */
  readonly #ownAgent = new NodeAgent(null);
  readonly artifacts: ArtifactsElsewhere;
  /** Of requests that were carried on and have no answer yet. */
  readonly #unanswered = new Set<AbortController>();
  #underWay = 0;
  #bytes = 0;

  constructor(parts: LeaderRequests) {
    this.#parts = parts;
    this.#agent = new NodeAgent(parts.door.connectApi);
    this.artifacts = new ArtifactsElsewhere(parts.door, parts.ctx, this.#agent);
  }

  close(): void {
    this.#agent.destroy();
    this.#ownAgent.destroy();
  }

  /** Resolves when the request is to be answered here, or has been answered elsewhere. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { door } = this.#parts;
    const [path = ''] = request.url.split('?', 1);
    const reads = isRead(request);
    if (!path.startsWith('/api/v1/') || (reads && LOCAL.includes(path))) return;
    if (takeStale(request)) return;
    const answered = reads ? await this.artifacts.answer(request, reply, path) : 'none';
    if (answered !== 'none') return;
    if (request.headers[FORWARDED_HEADER] !== undefined) {
      if (!door.isLeading) throw this.#notLeader(reply);
      // It goes no further: who forwarded it asks whoever leads then.
      if (reads) await door.readBarrier();
      return;
    }
    if (reads && IN_THE_LOG.test(path) && !door.isLeading && (await this.#isCaughtUp())) return;
    await this.#carry(request, reply, null);
  }

  /** Whether this node has everything that was acknowledged before; false too where nobody can say, or it takes long. */
  async #isCaughtUp(): Promise<boolean> {
    const { ctx, door } = this.#parts;
    const patience = Promise.withResolvers<boolean>();
    const cancel = ctx.clock.setTimer(BARRIER_MS_MAX, () => patience.resolve(false));
    const caughtUp = door.readBarrier().then(
      () => true,
      (error: unknown) => {
        if (!isOrchestratorError(error)) throw error;
        return false;
      },
    );
    try {
      return await Promise.race([caughtUp, patience.promise]);
    } finally {
      cancel();
    }
  }

  /**
   * Carries on a request whose change was refused because this node leads no more: nothing was done.
   *
   * @returns whether it was answered
   */
  async rescue(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    if (request.headers[FORWARDED_HEADER] !== undefined || reply.sent) return false;
    const { body } = request;
    await this.#carry(request, reply, Buffer.from(body == null ? '' : JSON.stringify(body)));
    return true;
  }

  /**
   * Who leads no more may answer what it has begun, but is not waited for for ever: it may be paused, or cut off, and then
   * no connection breaks.
   */
  leaderChanged(): void {
    const before = [...this.#unanswered];
    if (before.length === 0) return;
    this.#parts.ctx.clock.setTimer(LATE_MS_MAX, () => {
      for (const patience of before) if (this.#unanswered.has(patience)) patience.abort();
    });
  }

  /** @param read - what was read of the request already; null while it can be answered here */
  async #carry(request: FastifyRequest, reply: FastifyReply, read: Buffer | null): Promise<void> {
    const { ctx, door } = this.#parts;
    const { clock } = ctx;
    const endMs = clock.monotonicMs() + LEADER_WAIT_MS;
    let body = read;
    for (;;) {
      if (door.isRemoved) throw nodeRemoved();
      const leader = await door.leader(Math.max(0, endMs - clock.monotonicMs()));
      if (leader === null) break;
      if (leader === 'self' && body === null) {
        if (isRead(request)) await door.readBarrier();
        return;
      }
      body ??= await readBody(request.raw, this.#parts.bodyBytesMax);
      // What was read cannot be read again here: it comes once more from outside.
      const to =
        leader === 'self'
          ? { url: ownUrl(request), agent: this.#ownAgent }
          : { url: leader.url, agent: this.#agent };
      if ((await this.#forward(request, reply, { ...to, body })) === 'answered') return;
      // It leads no more, or is gone, and who leads next is not known yet.
      if (clock.monotonicMs() >= endMs || reply.raw.destroyed) break;
      await new Promise<void>((resolve) => void clock.setTimer(AGAIN_MS, resolve));
    }
    throw noLeader();
  }

  #notLeader(reply: FastifyReply): OrchestratorError {
    reply.header(NOT_LEADER_HEADER, '1');
    return new OrchestratorError('NOT_LEADER', 'another node must be asked: this one follows', {
      retryAfterMs: 200,
    });
  }

  async #forward(
    request: FastifyRequest,
    reply: FastifyReply,
    { agent, body, url }: Destination,
  ): Promise<'answered' | 'again'> {
    const { ctx, door } = this.#parts;
    if (this.#underWay >= UNDER_WAY_MAX || this.#bytes + body.length > BYTES_UNDER_WAY_MAX) {
      ctx.metrics.cluster.forwarded('refused');
      const message = `at most ${UNDER_WAY_MAX} requests may be on their way to the leader, got one more`;
      throw new OrchestratorError('OVERLOADED', message, { retryAfterMs: 1_000 });
    }
    this.#underWay += 1;
    this.#bytes += body.length;
    // Others are answered within the grace of a stop; a stream of events has no end of its own.
    const left = ctx.open.add('poll', () => {
      if (isEventStream(reply)) reply.raw.end();
    });
    reply.raw.once('close', () => {
      this.#underWay -= 1;
      this.#bytes -= body.length;
      left();
    });
    const { nodeId } = door;
    const patience = new AbortController();
    this.#unanswered.add(patience);
    try {
      const parts = { agent, nodeId, url, body, signal: patience.signal };
      const outcome = await forwardRequest(request, reply, parts);
      ctx.metrics.cluster.forwarded(outcome);
      return outcome;
    } catch (error) {
      ctx.metrics.cluster.forwarded('lost');
      throw error;
    } finally {
      this.#unanswered.delete(patience);
    }
  }
}

/** Why a node of a cluster takes no work though it runs. */
export function unreadinessOf(door: ClusterDoor): OrchestratorError | null {
  if (door.isRemoved) return nodeRemoved();
  return door.ready ? null : noLeader();
}

function noLeader(): OrchestratorError {
  return new OrchestratorError(
    'NO_LEADER',
    'a majority of the nodes must agree on who leads; reads with ?stale=ok are answered meanwhile',
    { retryAfterMs: 1_000 },
  );
}

function nodeRemoved(): OrchestratorError {
  const message =
    'this node must be a member of its cluster, got removed: ask another one, and stop it';
  return new OrchestratorError('NODE_REMOVED', message);
}

interface Destination {
  readonly agent: NodeAgent;
  readonly url: string;
  readonly body: Buffer;
}

function isEventStream({ raw }: FastifyReply): boolean {
  return String(raw.getHeader('content-type')).startsWith('text/event-stream');
}

/** Where this very request came in. */
function ownUrl({ raw }: FastifyRequest): string {
  const { localAddress = '127.0.0.1', localPort } = raw.socket;
  return `http://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
