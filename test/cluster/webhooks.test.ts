/** Agents that are called, while the nodes that call them die: real processes, and a receiver that remembers all. */
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { ClusterProcesses } from './cluster-processes.ts';

const IDS = ['n1', 'n2', 'n3'];
const SECRET = 'a secret of sixteen bytes or more';
const TASKS = 300;
const ENV = { UQO_WEBHOOKS_SECRET_FILE: 'secret', UQO_WEBHOOKS_ALLOW: '127.0.0.1' };

interface Call {
  readonly id: string;
  readonly taskId: string;
  readonly n: number;
}

let cluster: ClusterProcesses;
let receiver: Server;
let url = '';
/** Calls that arrived, and how many of them did not bear the right signature. */
const calls: Call[] = [];
let unsigned = 0;

beforeEach(async () => {
  calls.length = 0;
  unsigned = 0;
  receiver = createServer((request, response) => {
    void text(request).then(async (body) => {
      const { headers } = request;
      const id = String(headers['webhook-id']);
      const hash = createHmac('sha256', SECRET)
        .update(`${id}.${String(headers['webhook-timestamp'])}.${body}`)
        .digest('base64');
      if (headers['webhook-signature'] !== `v1,${hash}`) unsigned += 1;
      const { lease } = JSON.parse(body) as { lease: { taskId: string; payload: { n: number } } };
      calls.push({ id, taskId: lease.taskId, n: lease.payload.n });
      await delay(20);
      response.end(JSON.stringify({ result: { n: lease.payload.n } }));
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  cluster = new ClusterProcesses();
  writeFileSync(join(cluster.folder, 'secret'), `${SECRET}\n`);
  for (const id of IDS) await cluster.place(id);
});
afterEach(async () => {
  await cluster.dispose();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

async function register(): Promise<void> {
  const answer = await fetch(`${cluster.urlOf('n1')}/api/v1/agents`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'called',
      capabilities: ['count'],
      slots: 8,
      availability: { kind: 'webhook', url, timeoutMs: 10_000 },
    }),
  });
  expect(answer.status).toBe(201);
}

/** Resolves once so many calls have come. */
function called(count: number): Promise<true> {
  return cluster.until(`no ${count} calls have come`, () =>
    Promise.resolve(calls.length >= count ? true : null),
  );
}

test('leaders die between calls: each task is called for at least once, none is lost, each ends once', async () => {
  await Promise.all(IDS.map((id) => cluster.run(id, [], { env: ENV })));
  await cluster.leader();
  await register();
  const client = new Client({ url: cluster.urls });
  const tasks = await Promise.all(
    Array.from({ length: TASKS }, (_, n) => client.submit({ type: 'count', payload: { n } })),
  );
  for (const share of [0.25, 0.55]) {
    await called(TASKS * share);
    const leader = await cluster.leader();
    const before = calls.length;
    await cluster.kill(leader);
    // Whoever leads next goes on calling by itself.
    await called(Math.min(TASKS, before + 40));
    await cluster.run(leader, [], { env: ENV });
    await cluster.settled();
  }
  const results = await Promise.all(tasks.map((task) => task.result()));
  expect(results).toEqual(Array.from({ length: TASKS }, (_, n) => ({ n })));
  await client.close();

  expect(new Set(calls.map(({ taskId }) => taskId)).size).toBe(TASKS);
  expect(unsigned).toBe(0);
  // What was under way when a leader died came again, under the id that it had: what was in eight slots, and no more than a few times.
  const ids = new Set(calls.map(({ id }) => id));
  expect(calls.length).toBeLessThanOrEqual(TASKS + 10 * 8);
  console.info({ calls: calls.length, ids: ids.size, tasks: TASKS });
  expect(ids.size).toBe(TASKS);
}, 120_000);

test('a node whose secret is another than that of the leader says so, and shows nothing of it', async () => {
  const other = 'quite another secret, of as many bytes';
  writeFileSync(join(cluster.folder, 'other'), other);
  const [first] = await Promise.all([
    cluster.run('n1', [], { env: ENV }),
    cluster.run('n2', [], { env: ENV }),
  ]);
  const leader = await cluster.leader();
  const third = await cluster.run('n3', [], { env: { ...ENV, UQO_WEBHOOKS_SECRET_FILE: 'other' } });
  await third.said('must be the same on all nodes, and are not those of the leader');
  const views = await cluster.until('nothing was compared', async () => {
    const [own, third3] = await Promise.all(['n1', 'n3'].map((id) => cluster.view(id)));
    return third3?.hasSameWebhooks === false && own != null ? { own, third3 } : null;
  });
  expect(views.own.hasSameWebhooks).toBe(leader === 'n1' ? null : true);
  const shown = await cluster.uqo('n3', 'cluster', 'status');
  expect(`${shown.stdout}${shown.stderr}`).toContain('are not those of the leader');
  const metrics = await (await fetch(`${cluster.urlOf('n3')}/metrics`)).text();
  expect(metrics).toContain('uqo_webhook_settings_differ 1');
  expect(`${JSON.stringify(views)}${shown.stdout}${shown.stderr}${metrics}`).not.toContain(other);
  expect(first.stdout()).not.toContain(SECRET);
}, 60_000);
