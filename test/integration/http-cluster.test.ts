/** Several servers on one log: every one takes every request, whoever leads. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApiServer, type ApiServer, type ClusterDoor } from '../../src/api/index.ts';
import { HttpApi } from '../../src/client/http-api.ts';
import { Agent, Client } from '../../src/client/index.ts';
import { OrchestratorError } from '../../src/base/errors.ts';
import { systemClock, type Runtime } from '../../src/runtime/index.ts';
import { FollowedCluster } from '../../src/runtime/testing/followed-cluster.ts';
import { createLogger, Metrics } from '../../src/telemetry/index.ts';

interface Node {
  readonly name: string;
  readonly runtime: Runtime;
  readonly server: ApiServer;
}

/** Nothing is waited for for long. */
const HASTY = {
  ...systemClock,
  setTimer: (ms: number, callback: () => void) => systemClock.setTimer(Math.min(ms, 100), callback),
};

/** Servers of a cluster whose leader the test names. */
class ServedCluster {
  readonly #cluster = new FollowedCluster();
  readonly nodes: Node[] = [];
  #leader: Node | null = null;
  #told: (() => void)[] = [];
  /** Takes what is carried to the leader, and never answers. */
  silent: string | null = null;
  /** Servers that cannot be reached. */
  readonly gone = new Set<ApiServer>();
  /** Nodes that were taken out. */
  readonly removed = new Set<string>();
  /** Whether the leader can prove that it leads. */
  hasQuorum = true;

  async add(): Promise<Node> {
    const name = `n${this.nodes.length + 1}`;
    const runtime = await this.#cluster.add();
    const logger = createLogger({ level: 'error', destination: { write: () => undefined } });
    const metrics = new Metrics({ version: '0' });
    const cluster = this.#doorOf(name);
    const options = { runtime, metrics, logger, version: '0', port: 0, cluster, clock: HASTY };
    const server = await createApiServer(options);
    await server.listen();
    const node = { name, runtime, server };
    this.nodes.push(node);
    return node;
  }

  async lead(node: Node | null): Promise<void> {
    if (node !== null) await this.#cluster.lead(node.runtime);
    this.#leader = node;
    for (const { server } of this.nodes) server.endChannels();
    for (const tell of this.#told.splice(0)) tell();
  }

  catchUp(): Promise<void> {
    return this.#cluster.catchUp();
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(({ server }) => server.close(0)));
    await this.#cluster.dispose();
  }

  /** What a test has to say about the barrier of a node. */
  barrierOf: (nodeId: string) => Promise<void> | null = () => null;

  #doorOf(nodeId: string): ClusterDoor {
    const known = (): Node | null => this.#leader;
    const { removed } = this;
    return {
      nodeId,
      connectApi: null,
      get isLeading() {
        return known()?.name === nodeId;
      },
      get ready() {
        return known() !== null;
      },
      get isRemoved() {
        return removed.has(nodeId);
      },
      leader: async (waitMs) => {
        if (known() === null && waitMs > 0) {
          const patience = setTimeout(() => this.#told.splice(0).forEach((tell) => tell()), 300);
          await new Promise<void>((resolve) => this.#told.push(resolve));
          clearTimeout(patience);
        }
        const leader = known();
        if (leader === null) return null;
        return leader.name === nodeId ? 'self' : { url: this.silent ?? leader.server.url };
      },
      others: () =>
        Promise.resolve(
          this.nodes
            .filter(({ name, server }) => name !== nodeId && !this.gone.has(server))
            .map(({ server }) => ({ url: server.url })),
        ),
      view: () => expect.unreachable('nobody looks'),
      changeMember: () => expect.unreachable('nobody changes members'),
      transfer: () => expect.unreachable('the test says who leads'),
      readBarrier: () =>
        this.barrierOf(nodeId) ??
        // One that follows cannot be up to date by itself here: it asks whoever leads.
        (this.hasQuorum && known()?.name === nodeId
          ? Promise.resolve()
          : Promise.reject(new OrchestratorError('READ_TIMEOUT', 'no quorum'))),
    };
  }
}

let cluster: ServedCluster;
beforeEach(async () => {
  cluster = new ServedCluster();
  for (let n = 0; n < 3; n++) await cluster.add();
  await cluster.lead(cluster.nodes[0]!);
});
afterEach(() => cluster.close());

const submit = async (node: Node, body: object = { type: 'work' }): Promise<Response> =>
  fetch(`${node.server.url}/api/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('an artifact', () => {
  async function keep(node: Node, text: string): Promise<{ taskId: string; href: string }> {
    const taskId = await node.runtime.submitTask({ type: 'nobody' });
    const contentType = 'text/plain';
    const order = { taskId, fencingToken: 1, name: 'text.txt', contentType, bytes: text.length };
    const draft = await node.runtime.artifacts.begin(order);
    writeFileSync(draft.file, text);
    const { href } = await draft.keep(createHash('sha256').update(text).digest('hex'));
    return { taskId, href };
  }

  test('is read from the node that has it, whoever is asked and whoever leads', async () => {
    const [first, second, third] = cluster.nodes as [Node, Node, Node];
    await cluster.lead(third);
    const { href, taskId } = await keep(third, 'made while the third one led');
    await cluster.lead(first);
    for (const { server } of [first, second, third]) {
      const answer = await fetch(server.url + href);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('made while the third one led');
      const part = await fetch(server.url + href, { headers: { range: 'bytes=5-9' } });
      expect([part.status, await part.text()]).toEqual([206, 'while']);
      const head = await fetch(server.url + href, { method: 'HEAD' });
      expect(head.headers.get('content-length')).toBe('28');
      const list = await fetch(`${server.url}/api/v1/tasks/${taskId}/artifacts`);
      expect(await list.json()).toMatchObject({ items: [{ href, bytes: 28 }] });
    }
    const unknown = href.replaceAll(/\d/g, '0');
    expect((await fetch(third.server.url + unknown)).status).toBe(404);
  });

  test('is not found while the only node that has it is away', async () => {
    const [first, second] = cluster.nodes as [Node, Node, Node];
    const { href, taskId } = await keep(first, 'x');
    await cluster.lead(second);
    cluster.gone.add(first.server);
    expect((await fetch(second.server.url + href)).status).toBe(404);
    const list = await fetch(`${second.server.url}/api/v1/tasks/${taskId}/artifacts`);
    expect(await list.json()).toEqual({ items: [] });
  });
});

describe('a node that follows', () => {
  test('carries requests to the leader and its answers back, refusals too', async () => {
    const [, second] = cluster.nodes as [Node, Node, Node];
    const answer = await submit(second, { type: 'work', payload: { größe: '✓' } });
    expect(answer.status).toBe(201);
    const { id } = (await answer.json()) as { id: string };
    const got = await fetch(`${second.server.url}/api/v1/tasks/${id}`);
    expect(await got.json()).toMatchObject({ id, state: 'queued', payload: { größe: '✓' } });
    const refused = await submit(second, { type: '' });
    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const missing = await fetch(`${second.server.url}/api/v1/tasks/${id.replaceAll(/\d/g, '0')}`);
    expect(missing.status).toBe(404);
  });

  test('reads a task itself once it is up to date, and lets the leader answer where that takes long', async () => {
    const [leader, follower] = cluster.nodes;
    const { id } = (await (
      await fetch(`${follower!.server.url}/api/v1/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'nobody' }),
      })
    ).json()) as { id: string };
    const asked: string[] = [];
    const read = async (barrier: () => Promise<void>): Promise<number> => {
      asked.length = 0;
      cluster.barrierOf = (nodeId) => {
        asked.push(nodeId);
        return nodeId === follower!.name ? barrier() : null;
      };
      return (await fetch(`${follower!.server.url}/api/v1/tasks/${id}`)).status;
    };
    expect(await read(() => cluster.catchUp())).toBe(200);
    expect(asked).toEqual([follower!.name]);
    // The leader asks whether it leads before it answers what was carried to it.
    expect(await read(() => new Promise<void>(() => undefined))).toBe(200);
    expect(asked).toEqual([follower!.name, leader!.name]);
  });

  test('answers from what it has where that is asked for, also while nobody leads', async () => {
    const [, second] = cluster.nodes as [Node, Node, Node];
    const { id } = (await (await submit(second)).json()) as { id: string };
    await cluster.lead(null);
    const stale = `${second.server.url}/api/v1/tasks/${id}?stale=ok`;
    expect((await fetch(stale)).status).toBe(404);
    await cluster.catchUp();
    expect(await (await fetch(stale)).json()).toMatchObject({ id, state: 'queued' });
    const fresh = await fetch(`${second.server.url}/api/v1/tasks/${id}`);
    expect(fresh.status).toBe(503);
    expect(fresh.headers.get('retry-after')).toBe('1');
    expect(await fresh.json()).toMatchObject({ code: 'NO_LEADER' });
    expect((await fetch(`${second.server.url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${second.server.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ code: 'NO_LEADER' });
  });

  test('refuses any other word for how old an answer may be', async () => {
    const [, second] = cluster.nodes as [Node, Node, Node];
    for (const path of ['/api/v1/tasks?stale=yes', '/api/v1/tasks?stale=ok&stale=ok']) {
      const answer = await fetch(`${second.server.url}${path}`);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 'INVALID_REQUEST', path: '/query/stale' });
    }
  });

  test('says at once that it was removed, where it was', async () => {
    const [, second] = cluster.nodes as [Node, Node, Node];
    cluster.removed.add(second.name);
    for (const path of ['/health/ready', '/api/v1/tasks']) {
      const answer = await fetch(`${second.server.url}${path}`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: 'NODE_REMOVED' });
    }
    expect((await fetch(`${second.server.url}/api/v1/tasks?stale=ok`)).status).toBe(200);
    // Who knows another one asks there.
    const [first] = cluster.nodes as [Node];
    const api = new HttpApi(`${second.server.url},${first.server.url}`);
    expect(await api.call('GET', '/tasks')).toMatchObject({ items: [] });
  });

  test('does not wait for ever for one that led and says nothing', async () => {
    const [, second, third] = cluster.nodes as [Node, Node, Node];
    const asked = Promise.withResolvers<void>();
    let connections = 0;
    const silent = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined).resume();
      if (connections === 2) asked.resolve();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cluster.silent = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const read = fetch(`${second.server.url}/api/v1/queues`);
    const written = submit(second);
    await asked.promise;
    cluster.silent = null;
    await cluster.lead(third);
    expect((await read).status).toBe(200);
    // It may have been carried out: whoever sent it decides.
    expect(await (await written).json()).toMatchObject({ code: 'LEADERSHIP_LOST' });
    silent.close();
  });

  test('lets requests wait until somebody leads', async () => {
    const [, second, third] = cluster.nodes as [Node, Node, Node];
    await cluster.lead(null);
    const answer = submit(second);
    await cluster.lead(third);
    expect((await answer).status).toBe(201);
  });

  test('answers itself what it has read already when it leads meanwhile', async () => {
    const [, second] = cluster.nodes as [Node, Node, Node];
    const [first] = cluster.nodes as [Node];
    await first.server.close(0);
    // The door still names the old leader: the connection is refused, and it asks again.
    const answer = submit(second);
    await cluster.lead(second);
    expect((await answer).status).toBe(201);
  });

  test('sends nothing on that another node sent on: two that take each other for the leader end it', async () => {
    const [, second] = cluster.nodes as [Node, Node, Node];
    const answer = await fetch(`${second.server.url}/api/v1/tasks?limit=1`, {
      headers: { 'uqo-forwarded-by': 'n3' },
    });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'NOT_LEADER' });
  });

  test('carries channels too: a client and an agent work through any node', async () => {
    const [, second, third] = cluster.nodes as [Node, Node, Node];
    const handler = (task: { readonly payload: unknown }): unknown => task.payload;
    const agent = new Agent({ url: second.server.url, id: 'a', capabilities: ['work'], handler });
    await agent.start();
    const client = new Client({ url: third.server.url });
    const task = await client.submit({ type: 'work', payload: 42 });
    expect(await task.result()).toBe(42);
    await cluster.lead(third);
    const next = await client.submit({ type: 'work', payload: 43, idempotencyKey: 'k' });
    expect(await next.result()).toBe(43);
    await client.close();
    await agent.stop();
  });
});

test('a request that the leader had begun when it lost the lead is done by the next one', async () => {
  const [first, second] = cluster.nodes as [Node, Node];
  // It leads no more, and nobody knows yet.
  first.runtime.stepDown();
  const answer = submit(first, { type: 'work', payload: [1, 'é'] });
  await cluster.lead(second);
  const task = (await (await answer).json()) as { id: string };
  expect((await answer).status).toBe(201);
  expect(second.runtime.tasks.get(task.id as never)).toMatchObject({ payload: [1, 'é'] });
});

test('a leader that cannot prove it leads answers no read', async () => {
  const [first] = cluster.nodes as [Node];
  cluster.hasQuorum = false;
  const answer = await fetch(`${first.server.url}/api/v1/tasks`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: 'READ_TIMEOUT' });
});
