/** What must never reach a cluster: over real connections, between whole nodes. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tcpNetwork, type PeerNetwork, type RaftLogOptions } from '../../src/log/index.ts';
import type { PeerSocket } from '../../src/log/raft/transport/peer-network.ts';
import { RaftCluster, type ClusterNode } from './raft-cluster.ts';

const clusters: RaftCluster[] = [];
let warnings: Record<string, unknown>[];
let common: Partial<RaftLogOptions>;

beforeEach(() => {
  warnings = [];
  const note = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    warnings.push({ message, ...fields });
  };
  common = { logger: { info: note, warn: note, error: note } };
});
afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.dispose()));
});

async function make(
  ids: readonly string[],
  extra: Partial<RaftLogOptions> = {},
): Promise<RaftCluster> {
  const cluster = await RaftCluster.make(ids, ['a', 'b', 'c'], { ...common, ...extra });
  clusters.push(cluster);
  return cluster;
}

/** Sends until it is acknowledged: leadership may change in between, so that some come twice. */
async function appendThrough(cluster: RaftCluster, body: string): Promise<void> {
  for (;;) {
    const leader = await cluster.leader();
    const isKept = await leader.log.append(Buffer.from(body)).then(
      () => true,
      () => false,
    );
    if (isKept) return;
  }
}

/** Appends until a peer was refused with a code. */
async function appendUntilRefused(cluster: RaftCluster, code: string): Promise<string[]> {
  const bodies: string[] = [];
  for (let at = 0; at < 1_000 && !warnings.some((one) => one['code'] === code); at += 1) {
    bodies.push(`entry ${at}`);
    await appendThrough(cluster, `entry ${at}`);
  }
  const why = expect.stringContaining('must') as string;
  expect(warnings).toContainEqual(expect.objectContaining({ code, why }));
  return bodies;
}

async function expectEqualNodes(cluster: RaftCluster, bodies: readonly string[]): Promise<void> {
  const nodes = [...cluster.nodes.values()];
  await expect
    .poll(() => nodes.every(({ applied }) => bodies.every((body) => applied.includes(body))))
    .toBe(true);
  const shortest = Math.min(...nodes.map(({ applied }) => applied.length));
  const [first] = nodes;
  for (const { applied } of nodes) {
    expect(applied.slice(0, shortest)).toEqual(first?.applied.slice(0, shortest));
  }
}

/** What becomes of a frame on its way out: several instead of it, or one. */
type Change = (frame: Uint8Array) => readonly Uint8Array[];

/** A network that changes what passes, in a way of its own for each connection. */
function tampering(changeOf: () => Change): PeerNetwork {
  const wrap = (socket: PeerSocket): PeerSocket => {
    const change = changeOf();
    const write = socket.write.bind(socket);
    socket.write = (frame: Uint8Array) =>
      change(frame)
        .map((bytes) => write(bytes))
        .every((hasRoom) => hasRoom);
    return socket;
  };
  return { ...tcpNetwork, connect: (address) => wrap(tcpNetwork.connect(address)) };
}

/** Changes one frame in `every`, behind the greeting. */
function nowAndThen(every: number, change: Change): Change {
  let count = 0;
  return (frame) => {
    count += 1;
    return count > 1 && count % every === 0 ? change(frame) : [frame];
  };
}

const flipped = (frame: Uint8Array): Uint8Array[] => {
  const copy = Uint8Array.from(frame);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 0x10;
  return [copy];
};
const huge = (frame: Uint8Array): Uint8Array[] => {
  const copy = Buffer.from(frame);
  copy.writeUInt32LE(0xffff_ffff, 4);
  return [copy];
};

describe('frames', () => {
  test.each([
    [
      'of another protocol',
      () => [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
      'PEER_FRAME_GARBAGE',
    ],
    ['with a flipped bit', flipped, 'PEER_FRAME_DAMAGED'],
    ['that say they are larger than any', huge, 'PEER_FRAME_TOO_LARGE'],
  ])('%s are refused with a reason, and the cluster goes on', async (_name, change, code) => {
    const cluster = await make(['a', 'b', 'c']);
    cluster.perNode = (id) =>
      id === 'a'
        ? {
            transport: {
              ...cluster.transport(id),
              network: tampering(() => nowAndThen(40, change)),
            },
          }
        : {};
    await cluster.startAll();
    const bodies = await appendUntilRefused(cluster, code);
    await appendThrough(cluster, 'after');
    await expectEqualNodes(cluster, [...bodies, 'after']);
  });

  test('that come twice, and old ones that come again, change nothing', async () => {
    const cluster = await make(['a', 'b', 'c']);
    let replayed = 0;
    const replaying = (): Change => {
      const old: Uint8Array[] = [];
      return nowAndThen(2, (frame) => {
        old.push(Uint8Array.from(frame));
        replayed += 1;
        return [frame, frame, old[Math.floor(old.length / 2)] ?? frame];
      });
    };
    const network = tampering(replaying);
    cluster.perNode = (id) => ({ transport: { ...cluster.transport(id), network } });
    await cluster.startAll();
    const bodies = Array.from({ length: 60 }, (_, at) => `entry ${at}`);
    for (const body of bodies) await appendThrough(cluster, body);
    await expectEqualNodes(cluster, bodies);
    expect(replayed).toBeGreaterThan(100);
    expect(warnings.filter(({ code }) => code !== undefined)).toEqual([]);
  });

  test('of one connection that come on another are refused, and the cluster goes on', async () => {
    const cluster = await make(['a', 'b', 'c']);
    let elsewhere: Uint8Array = new Uint8Array();
    const swapping = nowAndThen(40, (frame) => {
      const other = elsewhere;
      elsewhere = Uint8Array.from(frame);
      return other.length === 0 ? [frame] : [other, frame];
    });
    const network = tampering(() => swapping);
    cluster.perNode = (id) => ({ transport: { ...cluster.transport(id), network } });
    await cluster.startAll();
    const bodies = await appendUntilRefused(cluster, 'PEER_FRAME_MISROUTED');
    await appendThrough(cluster, 'after');
    await expectEqualNodes(cluster, [...bodies, 'after']);
  });
});

describe('two clusters whose addresses were mixed up', () => {
  test.each([
    ['of two names', 'other', 'PEER_CLUSTER_MISMATCH'],
    ['of one name, each founded on its own', 'test', 'PEER_LOST_ITS_DATA'],
  ])('%s stay apart, and say why', async (_name, clusterId, code) => {
    const one = await make(['a', 'b', 'c']);
    const other = await make(['a', 'b', 'c'], { clusterId });
    await Promise.all([one.startAll(), other.startAll()]);
    await appendThrough(one, 'of one');
    await appendThrough(other, 'of other');
    await Promise.all([expectEqualNodes(one, ['of one']), expectEqualNodes(other, ['of other'])]);
    await one.crash('a');
    await one.start('a', { peers: { b: other.address('b'), c: one.address('c') } });
    await expect.poll(() => warnings.some((warning) => warning['code'] === code)).toBe(true);
    await appendThrough(one, 'of one, later');
    await appendThrough(other, 'of other, later');
    await expectEqualNodes(one, ['of one', 'of one, later']);
    await expectEqualNodes(other, ['of other', 'of other, later']);
    for (const { applied } of other.nodes.values()) expect(applied).not.toContain('of one, later');
    for (const { applied } of one.nodes.values()) expect(applied).not.toContain('of other, later');
  });
});

describe('changes of members that conflict', () => {
  test('are taken one at a time', async () => {
    const cluster = await make(['a', 'b', 'c', 'd', 'e']);
    await cluster.startAll();
    const leader = await cluster.leader();
    const add = (nodeId: string): Promise<void> =>
      leader.log.changeMembership([{ kind: 'addLearner', nodeId }], {
        [nodeId]: cluster.address(nodeId),
      });
    const [first, second] = await Promise.allSettled([add('d'), add('e')]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CHANGE_PENDING' } });
    expect(leader.log.status().configuration.learners).toEqual(['d']);
  });

  test('within one command, or that leave nobody to decide, are refused whole', async () => {
    const cluster = await make(['a', 'b', 'c']);
    await cluster.startAll();
    const leader = await cluster.leader();
    const all = ['a', 'b', 'c'].map((nodeId) => ({ kind: 'remove' as const, nodeId }));
    const twice = [
      { kind: 'demote' as const, nodeId: 'a' },
      { kind: 'remove' as const, nodeId: 'a' },
    ];
    for (const [changes, code] of [
      [all, 'NO_VOTER_LEFT'],
      [twice, 'NODE_NAMED_TWICE'],
    ] as const) {
      await expect(leader.log.changeMembership(changes)).rejects.toMatchObject({ code });
    }
    expect(leader.log.status().configuration.voters).toEqual(['a', 'b', 'c']);
  });
});

describe('a node that founds a cluster of its own, and is added to another one', () => {
  test('stops at once and says how that came, and the others go on', async () => {
    const cluster = await make(['a', 'b', 'c', 'd']);
    await cluster.startAll();
    await appendThrough(cluster, 'before');
    const addresses = { d: cluster.address('d') };
    const leader = await cluster.leader();
    await leader.log.changeMembership([{ kind: 'addLearner', nodeId: 'd' }], addresses);
    const ids = ['a', 'b', 'c', 'd'];
    const peers = Object.fromEntries(ids.map((id) => [id, cluster.address(id)]));
    const stray = await cluster.start('d', { founders: ids, peers });
    expect(await stray.log.failed).toMatchObject({
      code: 'LOG_FAILED',
      cause: { code: 'LOG_DIVERGED', message: expect.stringContaining('--join') as string },
    });
    expect(stray.applied).toEqual([]);
    await appendThrough(cluster, 'after');
  });
});

describe('a journal that decays while its node runs', () => {
  test('is never served: its node stops, and who asked gets all of it from another one', async () => {
    const settings = { heartbeatTicks: 6, electionTicks: 50, tailBytesMax: 500 };
    const cluster = await make(['a', 'b', 'c'], { settings });
    await cluster.startAll();
    const leader = await cluster.leader();
    const away = cluster.others(leader.id)[0] as ClusterNode;
    await appendThrough(cluster, 'first');
    await away.log.appliedThrough(1);
    await cluster.crash(away.id);
    const bodies = Array.from({ length: 200 }, (_, at) => `entry ${at}`);
    for (const body of bodies) await leader.log.append(Buffer.from(body));
    flipBody(path.join(cluster.folder(leader.id), 'journal'), 'entry 100');
    await cluster.start(away.id);
    expect(await leader.log.failed).toMatchObject({ code: 'LOG_FAILED' });
    const why = { error: expect.stringContaining('this node from its peers') as string };
    expect(warnings).toContainEqual(
      expect.objectContaining({ message: 'this node failed and stopped', ...why }),
    );
    cluster.nodes.delete(leader.id);
    await appendThrough(cluster, 'after');
    await expectEqualNodes(cluster, ['first', ...bodies, 'after']);
  });
});

/** Flips one bit of an entry, wherever it lies. */
function flipBody(directory: string, body: string): void {
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.segment'))) {
    const file = path.join(directory, name);
    const bytes = readFileSync(file);
    const at = bytes.indexOf(body);
    if (at < 0) continue;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    return;
  }
  throw new Error(`an entry ${body} must be in the journal`);
}
