import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { setJournalAside } from '../../src/log/index.ts';
import { RaftCluster, type ClusterNode } from './raft-cluster.ts';

const FOUNDERS = ['a', 'b', 'c'];
let cluster: RaftCluster;
let warnings: Record<string, unknown>[];

beforeEach(async () => {
  warnings = [];
  const note = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    warnings.push({ message, ...fields });
  };
  cluster = await RaftCluster.make(['a', 'b', 'c', 'd', 'e'], FOUNDERS, {
    logger: { info: note, warn: note, error: note },
    snapshotEveryEntries: 100,
    settings: { heartbeatTicks: 6, electionTicks: 50, trailingEntries: 20, tailBytesMax: 2_000 },
  });
});
afterEach(async () => {
  await cluster.dispose();
});

async function appendMany(node: ClusterNode, from: number, to: number): Promise<string[]> {
  const bodies = Array.from({ length: to - from + 1 }, (_, at) => `entry ${from + at}`);
  await Promise.all(bodies.map((body) => node.log.append(Buffer.from(body))));
  return bodies;
}

function add(leader: ClusterNode, id: string): Promise<void> {
  const addresses = { [id]: cluster.address(id) };
  return leader.log.changeMembership([{ kind: 'addLearner', nodeId: id }], addresses);
}

describe('membership', () => {
  test('lets a new node listen, then vote, and others learn where it is', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const bodies = await appendMany(leader, 1, 50);
    const joiner = await cluster.start('d');
    await add(leader, 'd');
    await joiner.log.appliedThrough(50);
    expect(joiner.applied).toEqual(bodies);
    expect(joiner.log.role.role).toBe('learner');
    // The leader may not have heard yet how far the new node is.
    await vi.waitFor(() => leader.log.changeMembership([{ kind: 'promote', nodeId: 'd' }]));
    await joiner.log.roleWhere(({ role }) => role === 'follower');
    await cluster.crash(leader.id);
    const next = await cluster.leader();
    await next.log.append(Buffer.from('after'));
    await joiner.log.appliedThrough(51);
    const { peers } = next.log.status();
    if (next.id !== 'd') {
      expect(peers.find(({ nodeId }) => nodeId === 'd')?.address).toBe(cluster.address('d'));
    }
  });

  test('a node that was away comes back to a leader that joined meanwhile', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    await appendMany(leader, 1, 5);
    const away = cluster.others(leader.id)[0] as ClusterNode;
    await cluster.crash(away.id);
    await cluster.start('d');
    await add(leader, 'd');
    await vi.waitFor(() => leader.log.changeMembership([{ kind: 'promote', nodeId: 'd' }]));
    await leader.log.transfer('d');
    const next = cluster.node('d');
    await next.log.ready();
    await appendMany(next, 6, 10);
    const back = await cluster.start(away.id);
    await back.log.appliedThrough(10);
    expect(back.applied).toHaveLength(10);
    expect(back.log.role.leader).toBe('d');
  });

  test('removes a node, which is refused for ever after', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const gone = cluster.others(leader.id)[0] as ClusterNode;
    await leader.log.changeMembership([{ kind: 'remove', nodeId: gone.id }]);
    expect(leader.log.status().configuration.voters).not.toContain(gone.id);
    // It still runs, and may not have heard of its end from the log.
    await expect.poll(() => gone.log.status().isRemoved).toBe(true);
    expect(warnings.filter(({ message }) => String(message).includes('was removed'))).toEqual([
      expect.objectContaining({ nodeId: gone.id }),
    ]);
    expect(leader.log.status().isRemoved).toBe(false);
    await cluster.crash(gone.id);
    await rm(cluster.folder(gone.id), { recursive: true });
    await cluster.start(gone.id);
    await expect(add(leader, gone.id)).rejects.toMatchObject({ code: 'NODE_ID_USED' });
    await leader.log.append(Buffer.from('one'));
    expect(cluster.node(gone.id).applied).toEqual([]);
  });

  test('lets a leader leave, which hears that its own removal is committed', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const bodies = appendMany(leader, 1, 50);
    await leader.log.changeMembership([{ kind: 'remove', nodeId: leader.id }]);
    expect(leader.log.status().configuration.removed).toEqual([leader.id]);
    expect(leader.log.role.role).not.toBe('leader');
    await bodies;
  });

  test('refuses conflicting and senseless changes with a reason', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const refused = [
      [{ kind: 'addLearner' as const, nodeId: 'a' }, 'NODE_EXISTS'],
      [{ kind: 'promote' as const, nodeId: 'zz' }, 'NODE_NOT_FOUND'],
      [{ kind: 'addLearner' as const, nodeId: 'no way' }, 'NODE_ID_INVALID'],
    ] as const;
    for (const [change, code] of refused) {
      await expect(leader.log.changeMembership([change])).rejects.toMatchObject({ code });
    }
    const follower = cluster.others(leader.id)[0] as ClusterNode;
    await expect(add(follower, 'd')).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });

  test('refuses an address that must not be called, or is that of another member, and nobody is hurt', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = cluster.others(leader.id)[0] as ClusterNode;
    const at = (nodeId: string, address: string): Promise<void> =>
      leader.log.changeMembership([{ kind: 'addLearner', nodeId }], { [nodeId]: address });
    await expect(at('d', '10.0.0.4:9104')).rejects.toMatchObject({ code: 'PEERS_INSECURE' });
    await expect(at('d', '127.0.0.1:0')).rejects.toMatchObject({ code: 'PEER_ADDRESS_INVALID' });
    for (const { id } of cluster.nodes.values()) {
      await expect(at('d', cluster.address(id))).rejects.toMatchObject({
        code: 'PEER_ADDRESS_TAKEN',
      });
    }
    // Neither does a refused change of a member move it.
    await expect(at(follower.id, '127.0.0.1:1')).rejects.toMatchObject({ code: 'NODE_EXISTS' });
    const { peers } = leader.log.status();
    const address = peers.find(({ nodeId }) => nodeId === follower.id)?.address;
    expect(address).toBe(cluster.address(follower.id));
    await cluster.start('d');
    await add(leader, 'd');
    await appendMany(leader, 1, 5);
    await cluster.node('d').log.appliedThrough(5);
  });

  test('where a peer says it is never ends a node that must not call there, nor keeps it from starting', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    await leader.log.changeMembership([{ kind: 'addLearner', nodeId: 'd' }], {
      d: cluster.address('d'),
    });
    const transport = { ...cluster.transport('d'), publicAddress: '10.0.0.4:9104' };
    const peers = Object.fromEntries(FOUNDERS.map((id) => [id, cluster.address(id)]));
    await cluster.start('d', { transport, peers });
    const leftAside = (): number =>
      warnings.filter(({ message }) => String(message).includes('must not be called')).length;
    await expect.poll(leftAside).toBe(FOUNDERS.length);
    // Members change, which lets each node look again whom to call.
    await cluster.start('e');
    await add(leader, 'e');
    await appendMany(leader, 1, 5);
    await Promise.all(FOUNDERS.map((id) => cluster.node(id).log.appliedThrough(5)));
    await Promise.all(FOUNDERS.map((id) => cluster.crash(id)));
    await cluster.startAll();
    const next = await cluster.leader();
    await next.log.append(Buffer.from('after'));
  });

  test('a node that lost its disk is refused under its old id', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    await appendMany(leader, 1, 10);
    const wiped = cluster.others(leader.id)[0] as ClusterNode;
    await wiped.log.appliedThrough(10);
    await cluster.crash(wiped.id);
    await rm(cluster.folder(wiped.id), { recursive: true });
    const back = await cluster.start(wiped.id);
    await appendMany(leader, 11, 20);
    await expect.poll(() => warnings.some(({ code }) => code === 'PEER_LOST_ITS_DATA')).toBe(true);
    expect(back.applied).toEqual([]);
  });
});

describe('snapshots', () => {
  beforeEach(() => {
    cluster.hasSnapshots = true;
  });

  test('bring a node up that lacks entries nobody has any more', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const bodies = await appendMany(leader, 1, 500);
    await leader.log.releaseThrough(500);
    expect(leader.log.status().raft.baseIndex).toBeGreaterThan(400);
    const joiner = await cluster.start('d');
    await add(leader, 'd');
    await joiner.log.appliedThrough(500);
    expect(joiner.applied).toEqual(bodies);
    const more = await appendMany(leader, 501, 520);
    await joiner.log.appliedThrough(520);
    expect(joiner.applied).toEqual([...bodies, ...more]);
    expect(warnings.some(({ message }) => message === 'a snapshot was installed')).toBe(true);
    await expect(joiner.log.read(0).next()).rejects.toMatchObject({ code: 'LOG_RELEASED' });
    const indexes: number[] = [];
    for await (const { index } of joiner.log.read(515)) indexes.push(index);
    expect(indexes).toEqual([516, 517, 518, 519, 520]);
  });

  test('that were noted and not installed when a node died are installed at its next start', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const bodies = await appendMany(leader, 1, 300);
    await leader.log.releaseThrough(300);
    const asked = Promise.withResolvers<number>();
    await cluster.start('d', {
      snapshots: {
        take: () => Promise.reject(new Error('nothing to copy')),
        install: ({ appliedIndex }) => {
          asked.resolve(appliedIndex);
          return new Promise(() => undefined);
        },
      },
    });
    await add(leader, 'd');
    expect(await asked.promise).toBe(300);
    await cluster.crash('d');
    const back = await cluster.start('d');
    expect(back.applied).toEqual(bodies);
    const more = await appendMany(leader, 301, 305);
    await back.log.appliedThrough(305);
    expect(back.applied).toEqual([...bodies, ...more]);
  });

  test('are installed again at a start when the state machine has less', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const bodies = await appendMany(leader, 1, 300);
    await leader.log.releaseThrough(300);
    await Promise.all(FOUNDERS.map((id) => cluster.crash(id)));
    await cluster.startAll();
    const next = await cluster.leader();
    const more = await appendMany(next, 301, 310);
    await Promise.all([...cluster.nodes.values()].map((node) => node.log.appliedThrough(310)));
    for (const { applied } of cluster.nodes.values()) expect(applied).toEqual([...bodies, ...more]);
  });
});

describe('a damaged journal', () => {
  test('is refused, kept aside, and its node comes back under a new id', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const bodies = await appendMany(leader, 1, 100);
    const odd = cluster.others(leader.id)[0] as ClusterNode;
    await odd.log.appliedThrough(100);
    await cluster.crash(odd.id);
    flipByte(path.join(cluster.folder(odd.id), 'journal'), 5_000);
    await expect(cluster.start(odd.id)).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    const aside = await setJournalAside(cluster.folder(odd.id));
    expect(aside).toBe(`${cluster.folder(odd.id)}.corrupt-1`);
    await leader.log.changeMembership([{ kind: 'remove', nodeId: odd.id }]);
    const fresh = await cluster.start('e');
    await add(leader, 'e');
    await fresh.log.appliedThrough(100);
    expect(fresh.applied).toEqual(bodies);
  });
});

describe('digests of the state', () => {
  test('stop the one node whose state differs, and nobody else', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    await appendMany(leader, 1, 10);
    await Promise.all([...cluster.nodes.values()].map((node) => node.log.appliedThrough(10)));
    const [first, odd] = cluster.others(leader.id) as [ClusterNode, ClusterNode];
    leader.log.offerDigest(10, Buffer.from('same'));
    first.log.offerDigest(10, Buffer.from('same'));
    odd.log.offerDigest(10, Buffer.from('different'));
    expect(await odd.log.failed).toMatchObject({
      code: 'LOG_FAILED',
      cause: { code: 'STATE_DIVERGED' },
    });
    await expect(odd.log.append(Buffer.from('x'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await appendMany(leader, 11, 12);
    await first.log.appliedThrough(12);
  });
});

/** Damages an entry in the middle of a journal, far from its end. */
function flipByte(directory: string, offset: number): void {
  const name = readdirSync(directory).find((one) => one.endsWith('.segment')) ?? '';
  const file = path.join(directory, name);
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}
