import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/log/embedded/node-file-system.ts';
import type { FileSystem, LogFile } from '../../src/log/embedded/file-system.ts';
import { PeerProxies } from './peer-proxies.ts';
import { RaftCluster, type ClusterNode } from './raft-cluster.ts';

let cluster: RaftCluster;

beforeEach(async () => {
  cluster = await RaftCluster.make(['a', 'b', 'c']);
});
afterEach(async () => {
  await cluster.dispose();
});

async function append(node: ClusterNode, ...bodies: readonly string[]): Promise<number[]> {
  return Promise.all(bodies.map((body) => node.log.append(Buffer.from(body))));
}

async function appliedEverywhere(index: number): Promise<void> {
  await Promise.all([...cluster.nodes.values()].map((node) => node.log.appliedThrough(index)));
}

/** A disk that refuses every write once it is told to. */
function breakableDisk(code: string): { disk: FileSystem; isBroken: boolean } {
  const state = { isBroken: false, disk: nodeFileSystem };
  const wrap = (file: LogFile): LogFile => ({
    size: () => file.size(),
    read: (target, position) => file.read(target, position),
    write: (source, position) =>
      state.isBroken
        ? Promise.reject(Object.assign(new Error(code), { code }))
        : file.write(source, position),
    close: () => file.close(),
  });
  state.disk = {
    ...nodeFileSystem,
    create: async (path) => wrap(await nodeFileSystem.create(path)),
    open: async (path, access) => wrap(await nodeFileSystem.open(path, access)),
  };
  return state;
}

describe('three nodes', () => {
  test('give every node the same commands in the same order', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    expect(await append(leader, 'one', 'two', 'three')).toEqual([1, 2, 3]);
    await appliedEverywhere(3);
    for (const { applied } of cluster.nodes.values()) {
      expect(applied).toEqual(['one', 'two', 'three']);
    }
  });

  test('go on without a follower, which catches up when it comes back', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = cluster.others(leader.id)[0] as ClusterNode;
    await append(leader, 'before');
    await cluster.crash(follower.id);
    const bodies = Array.from({ length: 500 }, (_, at) => `meanwhile ${at}`);
    await append(leader, ...bodies);
    const back = await cluster.start(follower.id);
    await back.log.appliedThrough(501);
    expect(back.applied).toEqual(['before', ...bodies]);
  });

  test('keep what a leader acknowledged when it dies, and go on under another', async () => {
    await cluster.startAll();
    const first = await cluster.leader();
    await append(first, 'one', 'two');
    await cluster.crash(first.id);
    const second = await cluster.leader();
    expect(second.id).not.toBe(first.id);
    expect(await append(second, 'three')).toEqual([3]);
    const back = await cluster.start(first.id);
    await back.log.appliedThrough(3);
    expect(back.applied).toEqual(['one', 'two', 'three']);
    expect(back.log.role.role).toBe('follower');
  });

  test('lose nothing when all of them stop at once', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const bodies = Array.from({ length: 100 }, (_, at) => `entry ${at}`);
    await append(leader, ...bodies);
    await Promise.all(['a', 'b', 'c'].map((id) => cluster.crash(id)));
    await cluster.startAll();
    const next = await cluster.leader();
    expect(next.log.recovery.lastIndex).toBe(100);
    expect(await append(next, 'next')).toEqual([101]);
    await appliedEverywhere(101);
    for (const { applied } of cluster.nodes.values()) expect(applied).toEqual([...bodies, 'next']);
  });

  test('refuse appends at a follower, with the leader to ask', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = cluster.others(leader.id)[0] as ClusterNode;
    await follower.log.roleWhere(({ leader: known }) => known === leader.id);
    await expect(append(follower, 'x')).rejects.toMatchObject({
      code: 'NOT_LEADER',
      details: { leader: leader.id },
    });
    await expect(leader.log.append(Buffer.from('x'), 1)).rejects.toMatchObject({
      code: 'NOT_LEADER',
    });
  });

  test('answer a read at a follower with all that was acknowledged before it', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    for (let round = 1; round <= 20; round += 1) {
      await append(leader, `entry ${round}`);
      for (const follower of cluster.others(leader.id)) {
        expect(await follower.log.readBarrier()).toBeGreaterThanOrEqual(round);
        expect(follower.applied).toContain(`entry ${round}`);
      }
    }
  });

  test('carry requests to the leader, and its answers and refusals back', async () => {
    cluster.perNode = (id) => ({
      onForwarded: (kind, body, from) =>
        body.toString() === 'bad'
          ? Promise.reject(new RangeError('not that'))
          : Promise.resolve(Buffer.from(`${id} answers ${kind} ${body.toString()} of ${from}`)),
    });
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = cluster.others(leader.id)[0] as ClusterNode;
    await follower.log.roleWhere(({ leader: known }) => known === leader.id);
    const answer = await follower.log.forward(7, Buffer.from('hello'));
    const expected = `${leader.id} answers 7 hello of ${follower.id}`;
    expect(Buffer.from(answer).toString()).toBe(expected);
    await expect(follower.log.forward(7, Buffer.from('bad'))).rejects.toMatchObject({
      code: 'PEER_FAILED',
      message: 'not that',
    });
    const own = await leader.log.forward(1, Buffer.from('me'));
    expect(Buffer.from(own).toString()).toBe(`${leader.id} answers 1 me of ${leader.id}`);
  });

  test('hand leadership over when asked, without losing an append', async () => {
    await cluster.startAll();
    const leader = await cluster.leader();
    await append(leader, 'one');
    const target = cluster.others(leader.id)[0] as ClusterNode;
    await target.log.appliedThrough(1);
    await leader.log.transfer(target.id);
    await target.log.ready();
    expect(await append(target, 'two')).toEqual([2]);
    await expect(leader.log.transfer(target.id)).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });

  test.each(['EIO', 'ENOSPC'])(
    'go on when the disk of their leader fails with %s',
    async (code) => {
      const disks = new Map(['a', 'b', 'c'].map((id) => [id, breakableDisk(code)]));
      cluster.perNode = (id) => ({ fileSystem: disks.get(id)?.disk ?? nodeFileSystem });
      await cluster.startAll();
      const leader = await cluster.leader();
      await append(leader, 'kept');
      const state = disks.get(leader.id);
      if (state !== undefined) state.isBroken = true;
      await expect(append(leader, 'lost')).rejects.toMatchObject({ code: 'LOG_FAILED' });
      expect(await leader.log.failed).toMatchObject({ code: 'LOG_FAILED' });
      expect(leader.log.role.role).toBe('failed');
      await cluster.crash(leader.id);
      const next = await cluster.leader();
      await append(next, 'after');
      expect(next.applied[0]).toBe('kept');
      expect(next.applied.at(-1)).toBe('after');
      if (state !== undefined) state.isBroken = false;
      const back = await cluster.start(leader.id);
      await back.log.appliedThrough(next.log.lastIndex);
      expect(back.applied).toEqual(next.applied);
    },
  );
});

describe('a partition', () => {
  let proxies: PeerProxies;

  beforeEach(async () => {
    proxies = await PeerProxies.open(cluster);
    cluster.perNode = (id) => ({
      transport: { ...cluster.transport(id), network: proxies.networkOf(id) },
    });
    await cluster.startAll();
  });
  afterEach(async () => {
    await cluster.dispose();
    await proxies.close();
  });

  test('makes a leader that is cut off stop leading, and its appends end as unknown', async () => {
    const old = await cluster.leader();
    await append(old, 'one');
    proxies.isolate(old.id);
    const unknown = append(old, 'never acknowledged');
    await expect(unknown).rejects.toMatchObject({ code: 'LEADERSHIP_LOST' });
    const next = await Promise.any(
      cluster.others(old.id).map(async (node) => {
        await node.log.ready();
        return node;
      }),
    );
    expect(await append(next, 'two')).toEqual([2]);
    await expect(old.log.readBarrier()).rejects.toBeInstanceOf(Error);
    proxies.healAll();
    await appliedEverywhere(2);
    for (const { applied } of cluster.nodes.values()) expect(applied).toEqual(['one', 'two']);
    await old.log.roleWhere(({ leader }) => leader === next.id);
  });

  test('of one follower neither stops the others nor deposes their leader when it ends', async () => {
    const leader = await cluster.leader();
    const { term } = leader.log.role;
    const follower = cluster.others(leader.id)[0] as ClusterNode;
    proxies.isolate(follower.id);
    await follower.log.roleWhere(({ role }) => role === 'preCandidate');
    await append(leader, 'one', 'two');
    proxies.healAll();
    await follower.log.appliedThrough(2);
    expect(leader.log.role).toMatchObject({ role: 'leader', term });
  });

  test('in one direction alone leaves a leader that a majority hears', async () => {
    const leader = await cluster.leader();
    const [first, second] = cluster.others(leader.id) as [ClusterNode, ClusterNode];
    proxies.cut(leader.id, first.id);
    await append(leader, 'one');
    await second.log.appliedThrough(1);
    proxies.healAll();
    await first.log.appliedThrough(1);
  });
});
