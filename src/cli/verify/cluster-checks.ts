/** What is promised of three nodes that keep their log together, and of backups. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterView, StatusView, TaskView } from '../../contract/index.ts';
import { restoreBackup } from '../../runtime/index.ts';
import { saveBackup } from '../backup/save-backup.ts';
import { pathOf, ServerApi } from '../server-api.ts';
import type { CheckGroup } from './check.ts';
import { expect } from './expect.ts';
import { ScratchServer } from './scratch-server.ts';
import type { World } from './world.ts';

const IDS = ['n1', 'n2', 'n3'] as const;
const WAIT_MS = 20_000;
/** Tasks that must outlive the node that took them. */
const TASKS = 50;

export function clusterChecks(): CheckGroup {
  return {
    name: 'Clusters, backups',
    checks: [
      {
        title: 'three nodes lose the one that leads, and none of what it acknowledged',
        run: failover,
      },
      { title: 'a backup of a running server becomes a folder with all of it', run: backup },
    ],
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function failover(world: World): Promise<string> {
  const addresses: string[] = [];
  for (const id of IDS) addresses.push(`${id}=127.0.0.1:${await freePort()}`);
  const nodes = new Map<string, ScratchServer>();
  const start = async (id: string): Promise<void> => {
    const flags = ['--log', 'raft', '--node-id', id, '--peers', addresses.join(','), '--no-agents'];
    const dataDir = join(world.workDir, `cluster-${id}`);
    const { entry, workDir } = world;
    nodes.set(id, await ScratchServer.start({ entry, workDir, dataDir, port: 0, flags }));
  };
  try {
    await Promise.all(IDS.map(start));
    const first = await leaderOf(nodes);
    const tasks = Array.from({ length: TASKS }, () => ({ type: 'verify.nobody' }));
    const made = await apiOf(nodes, first).post<{ tasks: readonly TaskView[] }>('/tasks', {
      tasks,
    });
    const startMs = performance.now();
    await nodes.get(first)?.kill();
    nodes.delete(first);
    const second = await leaderOf(nodes);
    const electedMs = Math.round(performance.now() - startMs);
    const follower = IDS.find((id) => id !== first && id !== second) ?? second;
    for (const { id } of made.tasks) {
      const { state } = await apiOf(nodes, follower).get<TaskView>(pathOf('tasks', id));
      expect(state === 'queued', 'a task that was acknowledged must be there', state);
    }
    await apiOf(nodes, follower).post<TaskView>('/tasks', { type: 'verify.nobody' });
    await start(first);
    const { members } = await apiOf(nodes, first).get<ClusterView>('/cluster');
    expect(members.length === 3, 'the node must be back among three', String(members.length));
    return `another led after ${electedMs} ms`;
  } finally {
    await Promise.all([...nodes.values()].map((node) => node.kill()));
  }
}

function apiOf(nodes: ReadonlyMap<string, ScratchServer>, id: string): ServerApi {
  return new ServerApi(nodes.get(id)?.url ?? '', WAIT_MS);
}

async function leaderOf(nodes: ReadonlyMap<string, ScratchServer>): Promise<string> {
  const endMs = performance.now() + WAIT_MS;
  while (performance.now() < endMs) {
    for (const id of nodes.keys()) {
      const { leader } = await apiOf(nodes, id).get<ClusterView>('/cluster');
      if (leader === id) return id;
    }
    await delay(20);
  }
  throw new Error(`a node must lead within ${WAIT_MS} ms`);
}

async function backup({ api, workDir }: World): Promise<string> {
  const file = join(workDir, 'backup.tar');
  const { bytes } = await saveBackup(api.http, file, false);
  const { log } = await api.get<StatusView>('/status');
  const dataDir = join(workDir, 'restored');
  const { lastIndex } = await restoreBackup({ file, dataDir });
  expect(lastIndex <= log.lastIndex, 'a backup must end where the log was', String(lastIndex));
  expect(lastIndex > 0, 'a backup must hold what was done', String(lastIndex));
  return `${bytes} bytes, ${lastIndex} entries`;
}
