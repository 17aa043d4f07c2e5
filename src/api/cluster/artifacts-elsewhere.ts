/**
 * Every node gets a copy of every artifact, but not at once: whoever is asked for one that it has not asks the others.
 *
 * They never change, so that any copy is as good as another, and who leads does not matter.
 */
import { request as httpRequest } from 'node:http';
import { json } from 'node:stream/consumers';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ArtifactList, ArtifactView } from '../../contract/index.ts';
import type { ApiContext } from '../api-context.ts';
import type { ClusterDoor } from './cluster-door.ts';
import { FORWARDED_HEADER, forwardRequest } from './forward-request.ts';
import type { NodeAgent } from './node-agent.ts';

/** Says that a node asks: the answer is of what this one has alone. */
const ONLY_HERE_HEADER = 'uqo-only-here';
const ONLY_HERE = { [ONLY_HERE_HEADER]: '1' };
/** How long another node may take to say what it has, in milliseconds. */
const LIST_MS_MAX = 2_000;
const ARTIFACT = /^\/api\/v1\/artifacts\/(?<id>[^/]+)$/;
const NOTHING = Buffer.alloc(0);

export class ArtifactsElsewhere {
  readonly #door: ClusterDoor;
  readonly #ctx: ApiContext;
  readonly #agent: NodeAgent;

  constructor(door: ClusterDoor, ctx: ApiContext, agent: NodeAgent) {
    this.#door = door;
    this.#ctx = ctx;
    this.#agent = agent;
  }

  /** Where a read of that path is to be answered; `none` where it is about no artifact. */
  async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    path: string,
  ): Promise<'here' | 'elsewhere' | 'none'> {
    if (isOnlyHere(request)) return 'here';
    const id = ARTIFACT.exec(path)?.groups?.['id'];
    if (id === undefined) return 'none';
    if (this.#ctx.runtime.artifacts.has(id)) return 'here';
    for (const { url } of await this.#door.others()) {
      const outcome = await forwardRequest(request, reply, {
        agent: this.#agent,
        nodeId: this.#door.nodeId,
        url,
        body: NOTHING,
        headers: ONLY_HERE,
        isMiss: (status) => status === 404,
      });
      if (outcome === 'answered') return 'elsewhere';
    }
    return 'here';
  }

  /** What all nodes that can be reached have of a task, oldest first. */
  async withOthers(
    request: FastifyRequest,
    own: ArtifactList,
    taskId: string,
  ): Promise<ArtifactList> {
    if (isOnlyHere(request)) return own;
    const path = `/api/v1/tasks/${encodeURIComponent(taskId)}/artifacts`;
    const others = await this.#door.others();
    const lists = await Promise.all(others.map(({ url }) => this.#list(new URL(path, url))));
    const all = new Map<string, ArtifactView>();
    for (const view of [...own.items, ...lists.flat()]) all.set(view.id, view);
    const items = [...all.values()].toSorted(
      (a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt),
    );
    return { items };
  }

  async #list(url: URL): Promise<readonly ArtifactView[]> {
    try {
      return await this.#ask(url);
    } catch {
      // Gone meanwhile: what it has is seen again when it is back.
      return [];
    }
  }

  #ask(url: URL): Promise<readonly ArtifactView[]> {
    const agent = this.#agent;
    const host = agent.isProtected ? { host: 'localhost' } : {};
    const headers = { ...ONLY_HERE, ...host, [FORWARDED_HEADER]: this.#door.nodeId };
    const { promise, reject, resolve } = Promise.withResolvers<readonly ArtifactView[]>();
    const request = httpRequest(url, { agent, headers, signal: AbortSignal.timeout(LIST_MS_MAX) });
    request.once('error', reject);
    request.once('response', (response) => {
      const read = json(response) as Promise<ArtifactList>;
      read.then(({ items }) => resolve(response.statusCode === 200 ? items : []), reject);
    });
    request.end();
    return promise;
  }
}

function isOnlyHere({ headers }: FastifyRequest): boolean {
  return headers[ONLY_HERE_HEADER] !== undefined && headers[FORWARDED_HEADER] !== undefined;
}
