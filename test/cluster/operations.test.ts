/** What operators do to a cluster, with real processes. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { HttpApi } from '../../src/client/http-api.ts';
import { ClusterProcesses } from './cluster-processes.ts';

const THREE = ['n1', 'n2', 'n3'];
let cluster: ClusterProcesses;
afterEach(() => cluster.dispose());

async function submit(url: string, body: object = { type: 'nobody' }): Promise<string> {
  const task = (await new HttpApi(url).call('POST', '/tasks', body)) as { readonly id: string };
  return task.id;
}

async function stateOf(url: string, id: string): Promise<string> {
  const task = (await new HttpApi(url).call('GET', `/tasks/${id}`)) as { readonly state: string };
  return task.state;
}

test('nodes are restarted one after the other without a request that fails', async () => {
  cluster = await ClusterProcesses.start(THREE);
  const ids: string[] = [];
  const failures: unknown[] = [];
  let isOver = false;
  const asking = [0, 1, 2, 3].map(async () => {
    // No keys: a request whose outcome is not known would be a failure here.
    const api = new HttpApi(cluster.urls);
    while (!isOver) {
      try {
        const task = await api.call('POST', '/tasks', { type: 'nobody' });
        ids.push((task as { readonly id: string }).id);
      } catch (error) {
        failures.push(error);
      }
    }
  });
  // The leader is among them, and a new one leads when its turn comes.
  for (const id of cluster.ids) {
    expect(await cluster.stop(id)).toBe(0);
    await cluster.run(id);
    await cluster.settled();
  }
  isOver = true;
  await Promise.all(asking);
  expect(failures).toEqual([]);
  expect(ids.length).toBeGreaterThan(50);
  for (const id of ids.slice(-50)) expect(await stateOf(cluster.urls, id)).toBe('queued');
}, 180_000);

test('all nodes can be killed at once: what was acknowledged is there when they are back', async () => {
  cluster = await ClusterProcesses.start(THREE);
  const ids: string[] = [];
  for (let n = 0; n < 30; n++) ids.push(await submit(cluster.urls));
  await Promise.all(THREE.map((id) => cluster.kill(id)));
  await Promise.all(THREE.map((id) => cluster.run(id)));
  for (const id of ids) expect(await stateOf(cluster.urls, id)).toBe('queued');
}, 120_000);

test('a node joins, votes, and another leaves for ever', async () => {
  cluster = await ClusterProcesses.start(THREE);
  const before = await submit(cluster.urls);
  await cluster.place('n4');
  await cluster.change('n2', 'add', 'n4', cluster.addressOf('n4'));
  await cluster.run('n4', ['--join']);
  await cluster.settled();
  const answer = await fetch(`${cluster.urlOf('n4')}/api/v1/tasks/${before}?stale=ok`);
  expect(await answer.json()).toMatchObject({ id: before, state: 'queued' });
  await cluster.change('n4', 'promote', 'n4');
  // The hardest to take out is the one that leads.
  if ((await cluster.leader()) !== 'n1') {
    await cluster.change('n2', 'transfer', '--to', 'n1');
    await cluster.settled();
  }
  await cluster.change('n3', 'remove', 'n1');
  const view = await cluster.until('n1 is a member', async () => {
    const seen = await cluster.view('n2');
    return seen?.members.some(({ nodeId }) => nodeId === 'n1') === false ? seen : null;
  });
  expect(view.members.map(({ nodeId, role }) => [nodeId, role])).toEqual([
    ['n2', 'voter'],
    ['n3', 'voter'],
    ['n4', 'voter'],
  ]);
  expect(view.removed).toEqual(['n1']);
  await cluster.kill('n1');
  const again = await cluster.uqo('n2', 'cluster', 'add', 'n1', cluster.addressOf('n1'));
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('NODE_ID_USED');
  // Two of the three that are left are enough.
  await cluster.kill(await cluster.leader());
  const [left = 'n4'] = ['n2', 'n3', 'n4'].filter((id) => cluster.isRunning(id));
  expect(await stateOf(cluster.urlOf(left), await submit(cluster.urlOf(left)))).toBe('queued');
}, 180_000);

test('a node that lost its folder is not believed under its old id, and may come under a new one', async () => {
  cluster = await ClusterProcesses.start(THREE);
  await submit(cluster.urls);
  const leader = await cluster.leader();
  const lost = THREE.find((id) => id !== leader) ?? '';
  await cluster.kill(lost);
  rmSync(join(cluster.folder, lost), { recursive: true });
  const wiped = await cluster.run(lost);
  await wiped.said('PEER_LOST_ITS_DATA');
  const seen = await cluster.view(leader);
  expect(seen?.members.find(({ nodeId }) => nodeId === lost)).toMatchObject({ isReachable: false });
  await cluster.kill(lost);
  await cluster.place('n9');
  await cluster.change(leader, 'remove', lost);
  await cluster.change(leader, 'add', 'n9', cluster.addressOf('n9'));
  await cluster.run('n9', ['--join']);
  await cluster.settled();
  await cluster.change(leader, 'promote', 'n9');
}, 120_000);

test('without a majority nothing is taken, old reads are answered, and the other half is told why', async () => {
  cluster = await ClusterProcesses.start(THREE);
  const id = await submit(cluster.urls);
  await cluster.settled();
  await cluster.kill('n1');
  await cluster.kill('n2');
  const url = cluster.urlOf('n3');
  await cluster.until('n3 still knows a leader', async () =>
    (await cluster.view('n3'))?.leader === null ? true : null,
  );
  await expect(submit(url)).rejects.toMatchObject({ code: 'NO_LEADER' });
  const answer = await fetch(`${url}/api/v1/tasks/${id}?stale=ok`);
  expect(await answer.json()).toMatchObject({ state: 'queued' });
  await cluster.run('n1');
  expect(await stateOf(url, id)).toBe('queued');
}, 120_000);

test('one node goes on alone after the others are lost for good, and others join it', async () => {
  cluster = await ClusterProcesses.start(THREE);
  const id = await submit(cluster.urls);
  await cluster.settled();
  await Promise.all(THREE.map((node) => cluster.kill(node)));
  const recover = ['cluster', 'recover', '--data', 'n2', '--node-id', 'n2'];
  const asked = await cluster.uqo('n2', ...recover);
  expect(asked).toMatchObject({ exitCode: 2 });
  expect(asked.stderr).toContain('--majority-is-lost');
  const done = await cluster.uqo('n2', ...recover, '--majority-is-lost', '-o', 'json');
  expect(JSON.parse(done.stdout)).toMatchObject({ removed: ['n1', 'n3'] });
  const notes = readFileSync(join(cluster.folder, 'n2', 'cluster-recoveries.jsonl'), 'utf8');
  expect(notes.trimEnd().split('\n').map(stepOf)).toEqual(['begun', 'done']);
  const alone = await cluster.run('n2');
  await alone.said('to go on without a majority');
  expect(await stateOf(cluster.urlOf('n2'), id)).toBe('queued');
  const later = await submit(cluster.urlOf('n2'));
  await cluster.place('n4');
  await cluster.change('n2', 'add', 'n4', cluster.addressOf('n4'));
  await cluster.run('n4', ['--join']);
  await cluster.settled();
  await cluster.change('n2', 'promote', 'n4');
  // One of the old ones comes back after all: nobody listens to it.
  await cluster.run('n1');
  expect(await stateOf(cluster.urlOf('n4'), later)).toBe('queued');
  const seen = await cluster.view('n2');
  expect(seen?.members.map(({ nodeId }) => nodeId)).toEqual(['n2', 'n4']);
}, 120_000);

test('a node whose disk takes no more stops by itself; the others go on, and it comes back', async () => {
  cluster = new ClusterProcesses();
  for (const id of THREE) await cluster.place(id);
  // A file of that node cannot grow beyond this.
  const [poor] = await Promise.all([
    cluster.run('n3', [], { fileKibMax: 6 * 1024 }),
    cluster.run('n1'),
    cluster.run('n2'),
  ]);
  await cluster.leader();
  const payload = 'x'.repeat(500_000);
  const ids: string[] = [];
  let isDown = false;
  void poor.ended.then(() => (isDown = true));
  for (let n = 0; n < 60 && !isDown; n++) {
    // Where it leads when it stops, what became of a submit is not known: a key makes it safe to ask again.
    const task = { type: 'nobody', payload, idempotencyKey: `k${n}` };
    ids.push(
      await cluster.until('a submit is not taken', () =>
        submit(cluster.urls, task).catch(() => null),
      ),
    );
  }
  expect(await poor.ended).not.toBe(0);
  await cluster.kill('n3');
  ids.push(await submit(cluster.urls));
  await cluster.run('n3');
  await cluster.settled();
  const answer = await fetch(
    `${cluster.urlOf('n3')}/api/v1/tasks?stale=ok&limit=1000&state=queued`,
  );
  const { items } = (await answer.json()) as { items: { id: string }[] };
  expect(new Set(items.map(({ id }) => id))).toEqual(new Set(ids));
}, 180_000);

function stepOf(line: string): unknown {
  const { membersGone, step } = JSON.parse(line) as Record<string, unknown>;
  if (step === 'done') expect(membersGone).toEqual(['n1', 'n3']);
  return step;
}
