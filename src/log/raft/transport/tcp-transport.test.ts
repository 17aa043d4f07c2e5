import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemShellClock } from '../shell-ports.ts';
import type { Refusal } from './handshake.ts';
import { decodeRefusal, encodeHandshake, transcriptOf } from './handshake.ts';
import { encodeFrame, FrameReader, type PeerFrame } from './peer-frame.ts';
import { tcpNetwork, type PeerNetwork } from './peer-network.ts';
import { sharedSecretAuthentication } from './shared-secret.ts';
import { connect, start, type Peer } from './testing/peers.ts';

/** A stranger on the port: says what it is told to, and keeps what it hears. */
function stranger(peer: Peer): {
  readonly socket: net.Socket;
  readonly ended: Promise<PeerFrame[]>;
} {
  const [host = '', port = ''] = peer.transport.address.split(':');
  const socket = net.connect({ host, port: Number(port) });
  const reader = new FrameReader(10_000);
  const frames: PeerFrame[] = [];
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  });
  socket.on('error', () => undefined);
  return { socket, ended: new Promise((done) => socket.on('close', () => done(frames))) };
}

async function refusalOf(ended: Promise<PeerFrame[]>): Promise<Refusal | null> {
  const frame = (await ended).find(({ kind }) => kind === 'refusal');
  return frame === undefined ? null : decodeRefusal(frame.payload);
}

describe('frames', () => {
  test('arrive in order, and again after the peer came back', async () => {
    const a = await start('a');
    let b = await start('b');
    connect(a, b, 'b');
    await a.reached;
    for (const body of ['1', '2', '3']) a.transport.send('b', 'message', Buffer.from(body), 'bulk');
    await expect.poll(() => b.heard).toEqual(['a message 1', 'a message 2', 'a message 3']);
    const { address } = b.transport;
    await b.transport.close();
    await expect.poll(() => a.transport.isReachable('b')).toBe(false);
    expect(a.transport.send('b', 'message', Buffer.from('lost'), 'bulk')).toBe(false);
    b = await start('b', { listenAddress: address });
    await expect.poll(() => a.transport.isReachable('b')).toBe(true);
    a.transport.send('b', 'message', Buffer.from('4'), 'bulk');
    await expect.poll(() => b.heard).toEqual(['a message 4']);
  });

  test('are refused while more waits for a peer than is allowed', async () => {
    const a = await start('a', { bounds: { queueBytesMax: 100_000, frameBytesMax: 1_000_000 } });
    const b = await start('b', { bounds: { frameBytesMax: 1_000_000 } });
    connect(a, b, 'b');
    await a.reached;
    let refused = 0;
    for (let sent = 0; sent < 500; sent += 1) {
      if (!a.transport.send('b', 'message', Buffer.alloc(50_000), 'bulk')) refused += 1;
    }
    expect(refused).toBeGreaterThan(0);
    expect(a.transport.send('b', 'message', Buffer.from('alive'), 'heartbeat')).toBe(true);
    await expect.poll(() => b.heard.length).toBe(500 - refused + 1);
    expect(b.heard.at(-1)).not.toContain('alive');
  });
});

test('a connection that swallows everything is given up, and another one is made', async () => {
  const bounds = { pingIntervalMs: 10, backoffMsMin: 5, backoffMsMax: 20 };
  const lost = Promise.withResolvers<string>();
  const a = await start('a', { bounds }, { onUnreachable: lost.resolve });
  const b = await start('b', { bounds });
  const calls: net.Socket[] = [];
  const proxy = net.createServer((inside) => {
    const [host = '', port = ''] = b.transport.address.split(':');
    const outside = net.connect({ host, port: Number(port) });
    for (const socket of [inside, outside]) socket.on('error', () => undefined);
    inside.pipe(outside).pipe(inside);
    calls.push(inside, outside);
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const { port } = proxy.address() as net.AddressInfo;
  a.transport.setPeers(new Map([['b', `127.0.0.1:${port}`]]));
  await a.reached;
  for (const socket of calls) socket.unpipe().pause();
  expect(await lost.promise).toBe('b');
  await expect.poll(() => a.transport.isReachable('b')).toBe(true);
  await a.transport.close();
  for (const socket of calls) socket.destroy();
  await new Promise((closed) => proxy.close(closed));
});

describe('requests', () => {
  test('are answered, and what the handler throws comes back', async () => {
    const a = await start('a');
    const b = await start('b');
    connect(a, b, 'b');
    connect(b, a, 'a');
    await a.reached;
    await b.reached;
    const answer = await a.transport.request('b', 5, Buffer.from('hello'), 1000);
    expect(answer.toString()).toBe('a 5 hello');
  });

  test('end as lost when the connection breaks, and as unreachable when there is none', async () => {
    const a = await start('a');
    const asked = Promise.withResolvers<void>();
    const b = await start(
      'b',
      {},
      {
        onRequest: () => {
          asked.resolve();
          return new Promise(() => undefined);
        },
      },
    );
    connect(a, b, 'b');
    await a.reached;
    const lost = a.transport.request('b', 1, Buffer.from('x'), 10_000);
    await asked.promise;
    await b.transport.close();
    await expect(lost).rejects.toMatchObject({ code: 'PEER_ANSWER_LOST' });
    await expect(a.transport.request('b', 1, Buffer.from('x'), 1000)).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
    });
  });

  test('past the bound are refused at once', async () => {
    const a = await start('a', { bounds: { requestsMax: 2 } });
    const b = await start('b', {}, { onRequest: () => new Promise(() => undefined) });
    connect(a, b, 'b');
    await a.reached;
    const waiting = [1, 2].map((kind) => a.transport.request('b', kind, Buffer.from(''), 10_000));
    await expect(a.transport.request('b', 3, Buffer.from(''), 10_000)).rejects.toMatchObject({
      code: 'PEER_OVERLOADED',
    });
    const ended = Promise.allSettled(waiting);
    await a.transport.close();
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('who is refused', () => {
  test('comes back again and again, and is told of once', async () => {
    const refused = (code: string) => () => ({ code, message: 'not this one' });
    const b = await start('b', { admit: refused('PEER_UNKNOWN') });
    let calls = 0;
    const a = await start('a', {}, { onTurnedAway: () => void (calls += 1) });
    connect(a, b, 'b');
    await expect.poll(() => calls).toBeGreaterThan(5);
    expect(b.warnings).toEqual([
      'a peer was refused: {"peer":"a","code":"PEER_UNKNOWN","why":"not this one"}',
    ]);
  });

  test('because it was removed is told so, and calls no more for long', async () => {
    const timers: number[] = [];
    const clock = {
      ...systemShellClock,
      setTimer: (ms: number, callback: () => void) => {
        timers.push(ms);
        return systemShellClock.setTimer(ms, callback);
      },
    };
    const admit = (): Refusal => ({ code: 'PEER_REMOVED', message: 'for ever' });
    const b = await start('b', { admit });
    const told = Promise.withResolvers<string>();
    const onTurnedAway = (peerId: string, code: string): void => told.resolve(`${peerId} ${code}`);
    const a = await start('a', { clock }, { onTurnedAway });
    connect(a, b, 'b');
    expect(await told.promise).toBe('b PEER_REMOVED');
    expect(timers.at(-1)).toBeGreaterThanOrEqual(15_000);
  });
});

describe('strangers', () => {
  test.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'PEER_FRAME_GARBAGE'],
    ['random bytes', Buffer.alloc(4096, 0xa7), 'PEER_FRAME_GARBAGE'],
    ['a huge frame', encodeFrame('hello', Buffer.alloc(9000)), 'PEER_FRAME_TOO_LARGE'],
    [
      'a message before a hello',
      encodeFrame('message', Buffer.from('x')),
      'PEER_HANDSHAKE_MALFORMED',
    ],
    ['a hello that is no JSON', encodeFrame('hello', Buffer.from('{')), 'PEER_HANDSHAKE_MALFORMED'],
    ['a hello that lacks all', encodeFrame('hello', Buffer.from('{}')), 'PEER_HANDSHAKE_MALFORMED'],
  ])('that send %s are told why and cut off', async (_name, bytes, code) => {
    const peer = await start('a');
    const { ended, socket } = stranger(peer);
    socket.write(bytes);
    expect(await refusalOf(ended)).toMatchObject({ code });
    expect(peer.heard).toEqual([]);
    expect(peer.warnings.join()).toContain(code);
  });

  test.each([0, 3])(
    'that speak version %i, which was not offered, are refused',
    async (version) => {
      const peer = await start('a');
      const { ended, socket } = stranger(peer);
      const names = { clusterId: 'test', nodeId: 'b', targetId: 'a', incarnation: '', address: '' };
      const hello = { version, ...names, nonce: '', proof: '' };
      socket.write(encodeFrame('hello', encodeHandshake(hello)));
      expect(await refusalOf(ended)).toMatchObject({ code: 'PEER_VERSION_UNSUPPORTED' });
    },
  );

  test('of the first release, which knew of one version, are understood', async () => {
    const peer = await start('a');
    const { ended, socket } = stranger(peer);
    const names = { clusterId: 'test', nodeId: 'b', targetId: 'a', incarnation: '', address: '' };
    const hello = { version: 1, ...names, nonce: '', proof: '' };
    socket.write(encodeFrame('hello', encodeHandshake(hello)));
    socket.write(encodeFrame('message', Buffer.from('from before')));
    await expect.poll(() => peer.heard).toEqual(['b message from before']);
    await peer.transport.close();
    const [challenge] = await ended;
    // It looked at this field alone, and wanted a 1.
    expect(JSON.parse(challenge?.payload.toString() ?? '')).toMatchObject({ version: 1 });
  });

  test('that replay all that a member said are refused: each connection asks anew', async () => {
    const authentication = sharedSecretAuthentication(Buffer.alloc(32, 7));
    const said: Uint8Array[] = [];
    const listening: PeerNetwork = {
      ...tcpNetwork,
      connect: (address) => {
        const socket = tcpNetwork.connect(address);
        const write = socket.write.bind(socket);
        socket.write = (bytes: Uint8Array) => {
          said.push(Uint8Array.from(bytes));
          return write(bytes);
        };
        return socket;
      },
    };
    const a = await start('a', { authentication });
    const b = await start('b', { authentication, network: listening });
    connect(b, a, 'a');
    await b.reached;
    b.transport.send('a', 'message', Buffer.from('once'), 'bulk');
    await expect.poll(() => a.heard).toEqual(['b message once']);
    await b.transport.close();
    const { ended, socket } = stranger(a);
    for (const bytes of said) socket.write(bytes);
    expect(await refusalOf(ended)).toMatchObject({ code: 'PEER_UNAUTHENTICATED' });
    expect(a.heard).toEqual(['b message once']);
  });

  test('that say nothing are cut off in time', async () => {
    const peer = await start('a', { bounds: { greetingTimeoutMs: 20 } });
    const { ended } = stranger(peer);
    expect((await ended).map(({ kind }) => kind)).toEqual(['challenge']);
  });
});

describe('releases', () => {
  const authentication = sharedSecretAuthentication(Buffer.alloc(32, 7));
  const first = { authentication, versions: { oldest: 1, newest: 1 } };
  const second = { authentication, versions: { oldest: 1, newest: 2 } };
  const third = { authentication, versions: { oldest: 2, newest: 3 } };

  test.each([
    ['equal', second, second, 2],
    ['the second and the first', second, first, 1],
    ['the third and the second', third, second, 2],
  ])(
    '%s speak the newest version that both know, in both directions',
    async (_n, one, other, version) => {
      const a = await start('a', one);
      const b = await start('b', other);
      connect(a, b, 'b');
      connect(b, a, 'a');
      await Promise.all([a.reached, b.reached]);
      expect([a.transport.versionWith('b'), b.transport.versionWith('a')]).toEqual([
        version,
        version,
      ]);
      a.transport.send('b', 'message', Buffer.from('x'), 'bulk');
      await expect.poll(() => b.heard).toEqual(['a message x']);
    },
  );

  test.each([
    [third, first],
    [first, third],
  ])('with no version in common do not meet, and say so', async (one, other) => {
    const a = await start('a', one);
    const b = await start('b', other);
    connect(a, b, 'b');
    await expect.poll(() => a.warnings.join()).toContain('PEER_VERSION_UNSUPPORTED');
    expect(a.transport.versionWith('b')).toBeNull();
  });

  test('a node that is upgraded is spoken to in the newer version from then on', async () => {
    const a = await start('a', second);
    let b = await start('b', first);
    connect(a, b, 'b');
    await a.reached;
    expect(a.transport.versionWith('b')).toBe(1);
    const { address } = b.transport;
    await b.transport.close();
    b = await start('b', { ...second, listenAddress: address });
    await expect.poll(() => a.transport.versionWith('b')).toBe(2);
  });

  test('an offer that was changed on its way proves nothing to who made it', () => {
    const hello = {
      version: 2,
      clusterId: 'test',
      nodeId: 'b',
      targetId: 'a',
      incarnation: 'b-1',
      address: '127.0.0.1:1',
      nonce: 'n',
    };
    const made = transcriptOf({ version: 2, newest: 3, nonce: 'm' }, hello);
    const heard = transcriptOf({ version: 2, newest: 2, nonce: 'm' }, hello);
    const proof = authentication.prove('caller', heard);
    expect(authentication.verify('caller', heard, proof)).toBe(true);
    expect(authentication.verify('caller', made, proof)).toBe(false);
  });
});

describe('peers that must not meet', () => {
  test.each([
    ['of another cluster', { clusterId: 'other' }, 'PEER_CLUSTER_MISMATCH'],
    [
      'that are not admitted',
      { admit: () => ({ code: 'PEER_REMOVED', message: 'gone' }) },
      'PEER_REMOVED',
    ],
    [
      'without the secret',
      { authentication: sharedSecretAuthentication(Buffer.alloc(16, 1)) },
      'PEER_UNAUTHENTICATED',
    ],
  ])('%s are refused with a reason for their log', async (_name, extra, code) => {
    const a = await start('a');
    const b = await start('b', extra);
    connect(a, b, 'b');
    await expect.poll(() => a.warnings.join()).toContain(code);
    expect(a.transport.isReachable('b')).toBe(false);
    expect(b.heard).toEqual([]);
  });

  test('by mixed-up addresses are refused', async () => {
    const a = await start('a');
    const b = await start('b');
    a.transport.setPeers(new Map([['c', b.transport.address]]));
    await expect.poll(() => a.warnings.join()).toContain('PEER_IDENTITY_MISMATCH');
  });

  test('with the same secret meet', async () => {
    const authentication = sharedSecretAuthentication(Buffer.alloc(32, 7));
    const a = await start('a', { authentication });
    const b = await start('b', { authentication });
    connect(a, b, 'b');
    expect(await a.reached).toBe('b');
  });

  test('a proof of one role proves nothing in the other, nor for another transcript', () => {
    const secret = sharedSecretAuthentication(Buffer.alloc(32, 7));
    const proof = secret.prove('caller', Buffer.from('x'));
    expect(secret.verify('caller', Buffer.from('x'), proof)).toBe(true);
    expect(secret.verify('called', Buffer.from('x'), proof)).toBe(false);
    expect(secret.verify('caller', Buffer.from('y'), proof)).toBe(false);
    expect(secret.verify('caller', Buffer.from('x'), '')).toBe(false);
    expect(() => sharedSecretAuthentication(Buffer.alloc(15))).toThrow(
      expect.objectContaining({ code: 'PEER_SECRET_TOO_SHORT' }),
    );
  });

  test('plain TCP stays on loopback unless the operator says otherwise', async () => {
    await expect(start('a', { listenAddress: '0.0.0.0:0' })).rejects.toMatchObject({
      code: 'PEERS_INSECURE',
    });
    const a = await start('a');
    const away = new Map([['b', '192.0.2.1:7']]);
    expect(() => a.transport.setPeers(away)).toThrow(
      expect.objectContaining({ code: 'PEERS_INSECURE' }),
    );
    const open = await start('c', { listenAddress: '0.0.0.0:0', insecurePeers: true });
    expect(open.transport.address).toMatch(/^0\.0\.0\.0:\d+$/);
  });
});
