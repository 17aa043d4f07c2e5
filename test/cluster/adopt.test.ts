/** The folder of a single server, or a restored backup, becomes the first node of a cluster. */
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lookAtData } from '../../src/cli/doctor/look-at-data.ts';
import { digest } from '../../src/core/index.ts';
import { adoptFolder, ClusterNode, openRuntime } from '../../src/runtime/index.ts';
import { runUqo } from '../e2e/uqo-process.ts';
import { freePort } from '../integration/free-port.ts';

let folder: string;
let addresses: Record<string, string>;
const nodes: ClusterNode[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-adopt-'));
  addresses = {};
  for (const id of ['n1', 'n2']) addresses[id] = `127.0.0.1:${await freePort()}`;
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close(0)));
  rmSync(folder, { recursive: true, force: true });
});

async function openNode(nodeId: string, founders: readonly string[]): Promise<ClusterNode> {
  const node = await ClusterNode.open({
    dataDir: join(folder, nodeId),
    version: '0',
    apiUrl: () => null,
    cluster: {
      clusterId: 'uqo',
      nodeId,
      listenAddress: addresses[nodeId] ?? '',
      peers: Object.fromEntries(Object.entries(addresses).filter(([id]) => id !== nodeId)),
      founders,
      segmentBytes: 1024 * 1024,
    },
  });
  nodes.push(node);
  return node;
}

/** A single server with work that is done and work that waits. */
async function single(dataDir: string): Promise<{ done: string; waiting: string }> {
  const runtime = await openRuntime({ dataDir, version: '0' });
  await runtime.serve({ id: 'w', capabilities: ['work'], slots: 1 }, (task) => task.payload);
  const done = await runtime.submitTask({ type: 'work', payload: { n: 1 } });
  const waiting = await runtime.submitTask({ type: 'later', payload: 'x'.repeat(500) });
  await runtime.tasks.wait(done as never, 20_000);
  await runtime.close(0);
  return { done, waiting };
}

async function expectAll(node: ClusterNode, ids: { done: string; waiting: string }): Promise<void> {
  const { tasks } = node.runtime;
  await expect.poll(() => tasks.get(ids.done as never)?.state).toBe('completed');
  expect(tasks.get(ids.done as never)).toMatchObject({ result: { n: 1 } });
  expect(tasks.get(ids.waiting as never)).toMatchObject({ payload: 'x'.repeat(500) });
}

test('a single server becomes the first node, and nodes that join get all that it had', async () => {
  const dataDir = join(folder, 'n1');
  const ids = await single(dataDir);
  await expect(openNode('n1', ['n1'])).rejects.toMatchObject({ code: 'FOLDER_OF_SINGLE_SERVER' });
  const ran = await runUqo(['cluster', 'adopt', '--data', 'n1', '--node-id', 'n1'], {
    cwd: folder,
  });
  expect(ran.stderr).toBe('');
  expect(ran.exitCode).toBe(0);
  const first = await openNode('n1', ['n1']);
  await expect.poll(() => first.isLeading, { timeout: 20_000 }).toBe(true);
  await expectAll(first, ids);
  const more = await first.runtime.submitTask({ type: 'later', payload: 2 });

  const address = addresses['n2'] ?? '';
  await first.changeMember({ kind: 'addLearner', nodeId: 'n2', address });
  const second = await openNode('n2', []);
  const { state } = first.runtime.observed;
  await expect
    .poll(() => second.runtime.observed.state.index, { timeout: 20_000 })
    .toBe(state.index);
  expect(digest(second.runtime.observed.state)).toBe(digest(state));
  await expectAll(second, ids);
  expect(second.runtime.tasks.get(more as never)).toMatchObject({ payload: 2 });

  // Both keep it from now on: it is there again after a restart.
  await first.changeMember({ kind: 'promote', nodeId: 'n2' });
  await Promise.all(nodes.splice(0).map((node) => node.close(0)));
  const again = await Promise.all([openNode('n1', ['n1']), openNode('n2', [])]);
  await expect.poll(() => again.some((node) => node.isLeading), { timeout: 20_000 }).toBe(true);
  for (const node of again) await expectAll(node, ids);
}, 120_000);

test('an adoption that broke off goes on, and what is no single server is refused', async () => {
  const dataDir = join(folder, 'n1');
  const ids = await single(dataDir);
  const options = { dataDir, clusterId: 'uqo', nodeId: 'n1', version: '0' };
  const { appliedIndex, oldLog } = await adoptFolder(options);
  expect(existsSync(oldLog)).toBe(true);
  // Asked for again it says the same; for another node it is no single server's any more.
  expect(await adoptFolder(options)).toEqual({ appliedIndex, oldLog });
  await expect(adoptFolder({ ...options, nodeId: 'n2' })).rejects.toMatchObject({
    code: 'FOLDER_NOT_SINGLE',
  });
  // As a crash before the last rename leaves it, and before the first one.
  for (const back of [['raft'], ['raft', 'log.before-cluster', 'store-000001']]) {
    const names = { raft: 'raft-adopting', 'log.before-cluster': 'log', 'store-000001': 'store' };
    for (const name of back) {
      renameSync(join(dataDir, name), join(dataDir, names[name as keyof typeof names]));
    }
    expect(await adoptFolder(options)).toEqual({ appliedIndex, oldLog });
  }
  await expect(openRuntime({ dataDir, version: '0' })).rejects.toMatchObject({
    code: 'FOLDER_OF_NODE',
  });
  const node = await openNode('n1', ['n1']);
  await expect.poll(() => node.isLeading, { timeout: 20_000 }).toBe(true);
  await expectAll(node, ids);
}, 60_000);

test('an adoption that crashes at any step is told of, starts nothing, and goes on', async () => {
  const origin = join(folder, 'origin');
  const ids = await single(origin);
  const steps: string[] = [];
  const whole = join(folder, 'whole');
  cpSync(origin, whole, { recursive: true });
  const options = { clusterId: 'uqo', nodeId: 'n1', version: '0' };
  await adoptFolder({ ...options, dataDir: whole, onStep: (step) => steps.push(step) });
  expect(steps).toEqual([
    'make the log',
    'name the log',
    'rename store',
    'rename log',
    'rename raft-adopting',
    'say so',
  ]);
  for (const crash of steps) {
    const dataDir = join(folder, 'n1');
    cpSync(origin, dataDir, { recursive: true });
    const onStep = (step: string): void => {
      if (step === crash) throw new Error(`crashed before ${step}`);
    };
    await expect(adoptFolder({ ...options, dataDir, onStep })).rejects.toThrow(crash);
    const isHalf = crash.startsWith('rename');
    const findings = await lookAtData(dataDir);
    const adoption = findings.find(({ check }) => check === 'adoption');
    if (isHalf) {
      expect(adoption).toMatchObject({ status: 'bad' });
      expect(adoption?.advice).toContain('--node-id n1 --cluster-id uqo');
      const refused = { code: 'ADOPTION_UNFINISHED' };
      await expect(openRuntime({ dataDir, version: '0' })).rejects.toMatchObject(refused);
      await expect(openNode('n1', ['n1'])).rejects.toMatchObject(refused);
      await expect(adoptFolder({ ...options, dataDir, nodeId: 'n2' })).rejects.toMatchObject({
        code: 'ADOPTION_OF_OTHER_NODE',
      });
    } else expect(adoption?.status).toBe(crash === 'name the log' ? 'odd' : undefined);
    expect(findings.filter(({ check, status }) => check !== 'adoption' && status !== 'ok')).toEqual(
      [],
    );
    expect(await adoptFolder({ ...options, dataDir })).toMatchObject({
      oldLog: join(dataDir, 'log.before-cluster'),
    });
    const node = await openNode('n1', ['n1']);
    await expect.poll(() => node.isLeading, { timeout: 20_000 }).toBe(true);
    await expectAll(node, ids);
    await node.close(0);
    nodes.splice(0);
    rmSync(dataDir, { recursive: true });
  }
}, 120_000);
