import net from 'node:net';
import tls from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { parsePeerAddress } from './peer-address.ts';
import { TcpTransport } from './tcp-transport.ts';
import { CertificateAuthority } from './testing/certificates.ts';
import { TlsNetwork } from './tls-network.ts';

const authority = new CertificateAuthority('cluster');
const stranger = new CertificateAuthority('stranger');
const open: TcpTransport[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()));
});

interface Peer {
  readonly transport: TcpTransport;
  readonly heard: string[];
  readonly warnings: string[];
}

interface Shown {
  /** Who vouches for the node; it trusts the cluster's authority, whoever that is. */
  readonly from?: CertificateAuthority;
  /** Whom its certificate names. */
  readonly name?: string;
  readonly isAnyNode?: boolean;
}

async function start(
  nodeId: string,
  { from = authority, isAnyNode = false, name = nodeId }: Shown = {},
  listenAddress = '127.0.0.1:0',
): Promise<Peer> {
  const heard: string[] = [];
  const warnings: string[] = [];
  const note = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    warnings.push(`${message}: ${JSON.stringify(fields)}`);
  };
  const transport = await TcpTransport.open({
    local: { clusterId: 'test', nodeId, incarnation: `${nodeId}-1` },
    listenAddress,
    network: new TlsNetwork({
      credentials: { ...from.issue(name), ca: authority.cert },
      isAnyNode,
    }),
    admit: () => null,
    bounds: { backoffMsMin: 5, backoffMsMax: 20 },
    logger: { info: note, warn: note, error: note },
    events: {
      onFrame: (who, kind, payload) => void heard.push(`${who} ${kind} ${payload.toString()}`),
      onRequest: () => Promise.resolve(Buffer.alloc(0)),
      onMet: () => undefined,
      onReachable: () => undefined,
      onUnreachable: () => undefined,
      onGone: () => undefined,
    },
  });
  open.push(transport);
  return { transport, heard, warnings };
}

function connect(from: Peer, to: Peer, toId: string): void {
  from.transport.setPeers(new Map([[toId, to.transport.address]]));
}

test('nodes with certificates of one authority talk, and nobody else reads it', async () => {
  const a = await start('a');
  const b = await start('b');
  const passed: Buffer[] = [];
  const wire = net.createServer((socket) => {
    const port = Number(b.transport.address.split(':')[1]);
    const other = net.connect(port, '127.0.0.1');
    socket
      .on('data', (chunk: Buffer) => passed.push(chunk))
      .pipe(other)
      .pipe(socket);
    socket.on('error', () => other.destroy());
    other.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  const { port } = wire.address() as net.AddressInfo;
  a.transport.setPeers(new Map([['b', `127.0.0.1:${port}`]]));
  await expect.poll(() => a.transport.isReachable('b')).toBe(true);
  a.transport.send('b', 'message', Buffer.from('a secret of the cluster'), 'bulk');
  await expect.poll(() => b.heard).toEqual(['a message a secret of the cluster']);
  expect(Buffer.concat(passed).includes('a secret of the cluster')).toBe(false);
  wire.close();
});

test('a caller that another authority vouches for is not heard', async () => {
  const a = await start('a', { from: stranger });
  const b = await start('b');
  connect(a, b, 'b');
  await expect.poll(() => a.warnings.length).toBeGreaterThan(0);
  expect(a.transport.isReachable('b')).toBe(false);
  expect(b.heard).toEqual([]);
});

test('a node that another authority vouches for is not called', async () => {
  const a = await start('a');
  const b = await start('b', { from: stranger });
  connect(a, b, 'b');
  await expect.poll(() => a.warnings.join()).toMatch(/unable to verify|self-signed|signature/);
  expect(a.transport.isReachable('b')).toBe(false);
});

test('a caller is not heard under the id of a node that its certificate does not name', async () => {
  const a = await start('a', { name: 'c' });
  const b = await start('b');
  connect(a, b, 'b');
  await expect.poll(() => a.warnings.join()).toMatch(/PEER_CERTIFICATE_MISMATCH.*CN=a.*got.*CN=c/);
  expect(b.warnings.join()).toContain('PEER_CERTIFICATE_MISMATCH');
  expect(a.transport.isReachable('b')).toBe(false);
});

test('a node that answers with the certificate of another one is told nothing', async () => {
  const a = await start('a');
  const b = await start('b', { name: 'c' });
  connect(a, b, 'b');
  await expect.poll(() => a.warnings.join()).toContain('PEER_CERTIFICATE_MISMATCH');
  expect(a.transport.isReachable('b')).toBe(false);
  expect(b.warnings).toEqual([]);
});

test('where any certificate will do, it names whom it likes', async () => {
  const a = await start('a', { name: 'rack-7', isAnyNode: true });
  const b = await start('b', { name: 'rack-7', isAnyNode: true });
  connect(a, b, 'b');
  await expect.poll(() => a.transport.isReachable('b')).toBe(true);
});

test('who shows no certificate is told nothing, not even a challenge', async () => {
  const b = await start('b');
  const port = Number(b.transport.address.split(':')[1]);
  const heard: Buffer[] = [];
  const socket = tls.connect({ host: '127.0.0.1', port, ca: authority.cert });
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  await new Promise<void>((resolve) =>
    socket.on('error', () => undefined).on('close', () => resolve()),
  );
  expect(Buffer.concat(heard).length).toBe(0);
});

test('TLS needs no leave to listen beyond this machine, plain TCP does', async () => {
  const a = await start('a', {}, '0.0.0.0:0');
  expect(a.transport.address).toMatch(/^0\.0\.0\.0:\d+$/);
});

test('requests are carried to members and taken from members, and to and from nobody else', async () => {
  const networkOf = (name: string): TlsNetwork =>
    new TlsNetwork({ credentials: { ...authority.issue(name), ca: authority.cert } });
  const [a, b, removed] = ['a', 'b', 'gone'].map(networkOf) as [TlsNetwork, TlsNetwork, TlsNetwork];
  const heard: string[] = [];
  for (const [name, network] of [
    ['a', a],
    ['b', b],
    ['gone', removed],
  ] as const) {
    // Who was removed may still believe that it belongs to them.
    const members = (): string[] => (name === 'gone' ? ['a', 'b', 'gone'] : ['a', 'b']);
    const take = (socket: net.Socket): void => {
      socket.on('data', (chunk: Buffer) => void heard.push(`${name} ${chunk.toString()}`));
      socket.on('error', () => undefined).write('yes');
    };
    network.serveApi({ members, take });
  }
  const ask = async (from: TlsNetwork, to: TlsNetwork): Promise<string> => {
    const listener = await to.listen({ host: '127.0.0.1', port: 0 }, () => undefined);
    const socket = from.connectApi(parsePeerAddress(listener.address));
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      socket
        .once('error', (error) => resolve(error.message))
        .once('close', () => resolve('closed'));
      socket.write('secret');
    });
    socket.destroy();
    await listener.close();
    return answer;
  };
  expect(await ask(a, b)).toBe('yes');
  await expect.poll(() => heard).toEqual(['b secret']);
  expect(await ask(a, removed)).toMatch(/must name a member of the cluster.*CN=gone/);
  expect(await ask(removed, a)).not.toBe('yes');
  expect(heard).toEqual(['b secret']);
});
