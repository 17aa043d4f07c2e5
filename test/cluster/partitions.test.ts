/** Real partitions under load, in network namespaces. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent } from '../../src/client/index.ts';
import { HttpApi } from '../../src/client/http-api.ts';
import { AcknowledgedLoad } from './acknowledged-load.ts';
import { ClusterProcesses } from './cluster-processes.ts';
import { canPartition, Namespaces } from './namespaces.ts';

const IDS = ['n1', 'n2', 'n3'];
const isAble = canPartition();
if (!isAble) {
  const reason = 'partitions are not tried: they need root, Linux and `ip netns`';
  if (process.env['CI'] !== undefined) throw new Error(reason);
  console.warn(reason);
}

let namespaces: Namespaces;
let cluster: ClusterProcesses;
beforeAll(async () => {
  if (!isAble) return;
  namespaces = new Namespaces(IDS);
  cluster = new ClusterProcesses();
  for (const id of IDS) {
    const address = namespaces.addressOf(id);
    cluster.settle(id, `${address}:9100`, `${address}:8080`);
  }
  const flags = ['--insecure-peers', '--insecure-public'];
  await Promise.all(IDS.map((id) => cluster.run(id, flags, { under: namespaces.under(id) })));
  await cluster.leader();
});
afterAll(async () => {
  if (!isAble) return;
  await cluster.dispose();
  namespaces.dispose();
});

/** The leader that a majority without `old` elects. */
function leaderBut(old: string): Promise<string> {
  return cluster.until(`nobody leads but ${old}`, async () => {
    for (const id of IDS.filter((one) => one !== old)) {
      const view = await cluster.view(id);
      if (view?.role === 'leader') return id;
    }
    return null;
  });
}

test.runIf(isAble)(
  'whatever is cut, nothing acknowledged is lost, and the larger side goes on',
  async () => {
    const handler = (task: { readonly payload: unknown }): unknown => task.payload;
    const terms = { id: 'echo', capabilities: ['echo'], slots: 50, handler };
    const agent = new Agent({ url: cluster.urls, ...terms });
    await agent.start();
    const load = new AcknowledgedLoad([cluster.urls, ...IDS.map((id) => cluster.urlOf(id))], true);
    load.start();

    // The leader alone: the others elect another, and the old one takes nothing.
    const first = await cluster.leader();
    for (const id of IDS) if (id !== first) namespaces.part(first, id);
    const second = await leaderBut(first);
    await cluster.until('the old leader still leads', async () =>
      (await cluster.view(first))?.role === 'leader' ? null : true,
    );
    const alone = new HttpApi(cluster.urlOf(first));
    await expect(alone.call('POST', '/tasks', { type: 'nobody' })).rejects.toMatchObject({
      code: 'NO_LEADER',
    });
    namespaces.heal();
    await cluster.settled();

    // One way: the leader's words arrive, the answers do not. It must give up by itself.
    const deaf = await cluster.leader();
    for (const id of IDS) if (id !== deaf) namespaces.block(id, deaf);
    await leaderBut(deaf);
    namespaces.heal();
    await cluster.settled();

    // A line: the ends cannot hear each other. Whoever leads, work goes on.
    const [left = '', middle = '', right = ''] = [second, ...IDS.filter((id) => id !== second)];
    namespaces.part(left, right);
    const before = load.count;
    await cluster.until('nothing is acknowledged', async () =>
      load.count > before + 20 ? true : null,
    );
    const { term } = (await cluster.view(middle)) ?? { term: 0 };
    await delay(3_000);
    // Terms do not run away: pre-votes of an end that hears no leader change nothing.
    expect(((await cluster.view(middle))?.term ?? Infinity) - term).toBeLessThanOrEqual(2);
    namespaces.heal();
    await cluster.settled();

    await load.stop();
    console.info({ acknowledged: load.count, repeated: load.repeated });
    const { ids, wrong } = await load.verdict();
    expect(wrong).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    await load.close();
    await agent.stop();
  },
  240_000,
);
