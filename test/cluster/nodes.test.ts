/** Nodes in this process: one that was away for long, and one whose clock is wrong. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digest } from '../../src/core/index.ts';
import { ClusterNode, systemClock, type ClusterNodeOptions } from '../../src/runtime/index.ts';
import { Metrics } from '../../src/telemetry/index.ts';
import { freePort } from '../integration/free-port.ts';

const IDS = ['n1', 'n2', 'n3'];
let folder: string;
let addresses: Record<string, string>;
const nodes = new Map<string, ClusterNode>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-snapshot-'));
  addresses = {};
  for (const id of IDS) addresses[id] = `127.0.0.1:${await freePort()}`;
});
afterEach(async () => {
  await Promise.all([...nodes.values()].map((node) => node.close(0)));
  nodes.clear();
  rmSync(folder, { recursive: true, force: true });
});

async function open(
  nodeId: string,
  options: Partial<ClusterNodeOptions> = {},
): Promise<ClusterNode> {
  const node = await ClusterNode.open({
    dataDir: join(folder, nodeId),
    version: '0',
    apiUrl: () => `http://${nodeId}`,
    checkpointIntervalMs: 50,
    checkpointBytes: 1_000,
    ...options,
    cluster: {
      clusterId: 'c',
      nodeId,
      listenAddress: addresses[nodeId] ?? '',
      peers: Object.fromEntries(Object.entries(addresses).filter(([id]) => id !== nodeId)),
      founders: IDS,
      snapshotEveryEntries: 20,
      settings: { trailingEntries: 5, snapshotChunkBytes: 10_000 },
      segmentBytes: 1024 * 1024,
    },
  });
  nodes.set(nodeId, node);
  return node;
}

async function leading(): Promise<ClusterNode> {
  return expect
    .poll(() => [...nodes.values()].find((node) => node.isLeading), { timeout: 20_000 })
    .toBeDefined()
    .then(() => [...nodes.values()].find((node) => node.isLeading) as ClusterNode);
}

test('a node that was away for longer than the others keep their logs gets their state, and can lead', async () => {
  const metrics = new Map(IDS.map((id) => [id, new Metrics({ version: '0' })]));
  const openMeasured = async (id: string): Promise<ClusterNode> => {
    const own = metrics.get(id) as Metrics;
    const node = await open(id, { measures: own.cluster });
    own.observeCluster(node);
    return node;
  };
  await Promise.all(IDS.map((id) => openMeasured(id)));
  const first = await leading();
  const away = IDS.find((id) => nodes.get(id) !== first) ?? '';
  await nodes.get(away)?.close(0);
  nodes.delete(away);

  await first.runtime.serve({ id: 'w', capabilities: ['work'], slots: 4 }, (task) => task.payload);
  const done: string[] = [];
  const waiting: string[] = [];
  for (let n = 0; n < 60; n++) {
    done.push(await first.runtime.submitTask({ type: 'work', payload: { n } }));
    waiting.push(await first.runtime.submitTask({ type: 'later', payload: 'x'.repeat(500) }));
  }
  for (const id of done) await first.runtime.tasks.wait(id as never, 20_000);
  // The others have let go of what the one that is away would need.
  await expect
    .poll(() => first.log.status().raft.baseIndex, { timeout: 20_000 })
    .toBeGreaterThan(50);

  metrics.set(away, new Metrics({ version: '0' }));
  const back = await openMeasured(away);
  const { state } = first.runtime.observed;
  await expect.poll(() => back.runtime.observed.state.index, { timeout: 20_000 }).toBe(state.index);
  expect(digest(back.runtime.observed.state)).toBe(digest(state));
  const stores = (): readonly string[] =>
    readdirSync(join(folder, away)).filter((name) => name.startsWith('store-'));
  await expect.poll(stores).toEqual(['store-000002']);
  for (const [n, id] of done.entries()) {
    expect(back.runtime.tasks.get(id as never)).toMatchObject({
      state: 'completed',
      result: { n },
    });
  }
  expect(back.runtime.tasks.get(waiting[7] as never)).toMatchObject({
    state: 'queued',
    payload: 'x'.repeat(500),
  });

  const others = async (): Promise<string[]> =>
    (await back.others()).map(({ url }) => url).toSorted();
  await expect
    .poll(others, { timeout: 20_000 })
    .toEqual(IDS.filter((id) => id !== away).map((id) => `http://${id}`));
  const led = await (metrics.get(first.nodeId) as Metrics).render();
  expect(led).toContain('uqo_raft_role{role="leader"} 1');
  expect(led).toMatch(/uqo_raft_elections_total\{outcome="won"\} [1-9]/);
  expect(led).toMatch(/uqo_raft_snapshots_total\{what="made"\} [1-9]/);
  expect(led).toMatch(/uqo_raft_snapshots_total\{what="sent"\} [1-9]/);
  expect(led).toMatch(/uqo_raft_applied_index [1-9]/);
  expect(led).toMatch(/uqo_raft_commit_duration_seconds_count [1-9]/);
  await expect
    .poll(() => (metrics.get(first.nodeId) as Metrics).render(), { timeout: 20_000 })
    .toContain(`uqo_raft_peer_lag_entries{node="${away}"} 0`);
  const followed = await (metrics.get(away) as Metrics).render();
  expect(followed).toMatch(/uqo_raft_snapshots_total\{what="installed"\} [1-9]/);

  await first.transfer(away);
  await expect.poll(() => back.isLeading, { timeout: 20_000 }).toBe(true);
  await back.runtime.serve({ id: 'v', capabilities: ['later'], slots: 50 }, () => 'done');
  for (const id of waiting) {
    expect(await back.runtime.tasks.wait(id as never, 20_000)).toMatchObject({ result: 'done' });
  }
}, 120_000);

test('a node whose clock is ten minutes off says so', async () => {
  const errors: unknown[] = [];
  const quiet = (): void => undefined;
  const logger = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (message: string, fields?: object) => void errors.push({ message, ...fields }),
  };
  await Promise.all([open('n1'), open('n2')]);
  await leading();
  const now = (): number => Date.now() + 600_000;
  const late = await open('n3', { clock: { ...systemClock, now }, logger });
  await expect.poll(() => late.view().clockSkewMs, { timeout: 20_000 }).toBeGreaterThan(590_000);
  expect(errors).toContainEqual(
    expect.objectContaining({ message: expect.stringContaining('set it right (NTP)') as string }),
  );
}, 60_000);

test('a node that takes over compares itself with nobody, and the one before with it', async () => {
  const all = await Promise.all(IDS.map((id) => open(id)));
  const before = await leading();
  const next = all.find((node) => node !== before) as ClusterNode;
  const compared = (node: ClusterNode): unknown => {
    const { clockSkewMs, hasSameWebhooks } = node.view();
    return [clockSkewMs === null, hasSameWebhooks];
  };
  await expect.poll(() => compared(next), { timeout: 20_000 }).toEqual([false, true]);
  await before.transfer(next.view().nodeId);
  await expect.poll(() => next.isLeading, { timeout: 20_000 }).toBe(true);
  await expect.poll(() => compared(before), { timeout: 20_000 }).toEqual([false, true]);
  expect(compared(next)).toEqual([true, null]);
}, 60_000);
