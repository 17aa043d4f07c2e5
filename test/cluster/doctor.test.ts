/** What the doctor sees in the folder of a node that is not running. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lookAtData } from '../../src/cli/doctor/look-at-data.ts';
import { ClusterNode } from '../../src/runtime/index.ts';
import { freePort } from '../integration/free-port.ts';

let dataDir: string;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'uqo-doctor-'));
  const node = await ClusterNode.open({
    dataDir,
    version: '0',
    apiUrl: () => null,
    checkpointIntervalMs: 20,
    checkpointBytes: 1_000,
    cluster: {
      clusterId: 'c',
      nodeId: 'n1',
      listenAddress: `127.0.0.1:${await freePort()}`,
      peers: {},
      founders: ['n1'],
      snapshotEveryEntries: 10,
      settings: { trailingEntries: 5 },
      segmentBytes: 1024 * 1024,
    },
  });
  await expect.poll(() => node.isLeading, { timeout: 20_000 }).toBe(true);
  for (let n = 0; n < 40; n++) await node.runtime.submitTask({ type: 'nobody', payload: n });
  await expect
    .poll(() => node.log.status().raft.snapshotIndex, { timeout: 20_000 })
    .toBeGreaterThan(0);
  await node.close(0);
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

async function statuses(): Promise<Record<string, string>> {
  const findings = await lookAtData(dataDir);
  return Object.fromEntries(findings.map(({ check, status }) => [check, status]));
}

test('a node whose folder is whole is told as whole, with who it is, and nothing is changed', async () => {
  const before = readdirSync(dataDir, { recursive: true }).toSorted();
  const findings = await lookAtData(dataDir);
  expect(await statuses()).toEqual({
    journal: 'ok',
    node: 'ok',
    snapshot: 'ok',
    state: 'ok',
    store: 'ok',
  });
  const node = findings.find(({ check }) => check === 'node');
  expect(node?.detail).toMatch(/^n1 of cluster c \(\w+\), term \d, voted for n1, committed to \d+/);
  expect(readdirSync(dataDir, { recursive: true }).toSorted()).toEqual(before);
});

test('a damaged segment is found, and the advice is a new id', async () => {
  const folder = join(dataDir, 'raft', 'journal');
  const [name = ''] = readdirSync(folder).filter(
    (one) => one.endsWith('.log') || one.includes('.seg'),
  );
  const path = join(folder, name);
  const bytes = readFileSync(path);
  // In the first group, with others behind it: no write that was broken off looks like this.
  bytes[4_200] = (bytes[4_200] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  const [journal] = await lookAtData(dataDir);
  expect(journal).toMatchObject({ check: 'journal', status: 'bad' });
  expect(journal?.advice).toContain('under a new id');
});

test('a snapshot whose file is gone, and a state of another origin, are told', async () => {
  for (const name of readdirSync(join(dataDir, 'raft', 'snapshots'))) {
    rmSync(join(dataDir, 'raft', 'snapshots', name));
  }
  expect(await statuses()).toMatchObject({ journal: 'ok', snapshot: 'odd', state: 'ok' });
  for (const name of readdirSync(dataDir).filter((one) => one.startsWith('store-'))) {
    rmSync(join(dataDir, name), { recursive: true });
  }
  const empty = await ClusterNode.open({
    dataDir,
    version: '0',
    apiUrl: () => null,
    cluster: {
      clusterId: 'c',
      nodeId: 'n1',
      listenAddress: '127.0.0.1:0',
      peers: {},
      founders: ['n1'],
    },
  }).catch((error: unknown) => error);
  expect(empty).toMatchObject({ code: 'LOG_STORE_MISMATCH' });
  expect(await statuses()).toMatchObject({ journal: 'ok', state: 'bad' });
});
