/** TLS between the nodes of a cluster, with certificates made as the documentation says. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { runUqo } from '../e2e/uqo-process.ts';
import { ClusterProcesses } from './cluster-processes.ts';

const IDS = ['n1', 'n2', 'n3'];
const PAGE = join(import.meta.dirname, '../../docs/cluster.md');

let cluster: ClusterProcesses;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await cluster.dispose();
});

/** Runs the commands of the documentation in the cluster's folder, for other days or names where that is wanted. */
function makeCertificates(change = (commands: string): string => commands): void {
  const page = readFileSync(PAGE, 'utf8');
  const [, commands = ''] = /```sh\n(openssl req -x509[^`]+)```/.exec(page) ?? [];
  expect(commands).toContain('for node in n1 n2 n3');
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  execFileSync('sh', ['-ec', change(commands)], { cwd: cluster.folder, stdio: [...stdio] });
}

const tlsFlags = (cert: string, key: string, ca: string): readonly string[] => [
  '--peer-tls-cert',
  cert,
  '--peer-tls-key',
  key,
  '--peer-tls-ca',
  ca,
];
const flagsOf = (id: string): readonly string[] => tlsFlags(`${id}.pem`, `${id}.key`, 'ca.pem');

async function placed(ids = IDS): Promise<void> {
  cluster = new ClusterProcesses();
  for (const id of ids) await cluster.place(id);
}

/** Stands before a node's port for peers, and notes what passes. */
async function wiretap(id: string, heard: Buffer[]): Promise<number> {
  const real = cluster.addressOf(id);
  const port = Number(real.split(':')[1]);
  const wire = createServer((socket) => {
    const other = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => heard.push(Buffer.from(chunk)));
    other.on('data', (chunk) => heard.push(Buffer.from(chunk)));
    socket.on('error', () => other.destroy());
    other.on('error', () => socket.destroy());
    socket.pipe(other).pipe(socket);
  });
  servers.push(wire);
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  return (wire.address() as AddressInfo).port;
}

async function submit(id: string, payload: string): Promise<number> {
  const answer = await fetch(`${cluster.urlOf(id)}/api/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'nobody', payload }),
  });
  return answer.status;
}

test('nodes with certificates found a cluster, and carry requests and channels to the leader', async () => {
  await placed();
  makeCertificates();
  // Where a node says that its API is, nobody listens: what is carried goes another way.
  const nowhere = ['--api-url', 'http://127.0.0.1:1'];
  await Promise.all(IDS.map((id) => cluster.run(id, [...flagsOf(id), ...nowhere])));
  const leader = await cluster.leader();
  const [follower = ''] = IDS.filter((id) => id !== leader);
  expect(await submit(follower, 'over HTTP')).toBe(201);
  const client = new Client({ url: cluster.urlOf(follower) });
  const task = await client.submit({ type: 'nobody', payload: 'over a channel' });
  await client.close();
  const read = await fetch(`${cluster.urlOf(follower)}/api/v1/tasks/${task.id}`);
  expect(await read.json()).toMatchObject({ payload: 'over a channel' });
  const metrics = await (await fetch(`${cluster.urlOf(follower)}/metrics`)).text();
  expect(metrics).toMatch(/uqo_forwarded_requests_total\{outcome="answered"\} [1-9]/);
  for (const [certificate, days] of [
    ['node', 365],
    ['authority', 3_650],
  ] as const) {
    const sample = `uqo_peer_certificate_end_timestamp_seconds\\{certificate="${certificate}"\\} (\\d+)`;
    const end = Number(new RegExp(sample).exec(metrics)?.[1]);
    expect((end - Date.now() / 1000) / 86_400).toBeCloseTo(days, 1);
  }
}, 120_000);

test('what nodes say to each other and carry to the leader cannot be read, and strangers hear nothing', async () => {
  await placed(['n1']);
  makeCertificates();
  await cluster.run('n1', flagsOf('n1'));
  await cluster.leader();
  const heard: Buffer[] = [];
  const port = await wiretap('n1', heard);
  const read = (file: string): Buffer => readFileSync(join(cluster.folder, file));
  const shownBy = (id: string): { readonly cert: Buffer; readonly key: Buffer; ca: Buffer } => ({
    cert: read(`${id}.pem`),
    key: read(`${id}.key`),
    ca: read('ca.pem'),
  });
  const own = shownBy('n1');
  const request = 'GET /api/v1/cluster HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
  const ask = (options: tls.ConnectionOptions): Promise<string> =>
    new Promise((resolve) => {
      let answer = '';
      const socket = tls.connect({ host: '127.0.0.1', port, ...options });
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('error', () => resolve(answer)).on('close', () => resolve(answer));
      socket.write(request);
    });
  expect(await ask({ ...own, ALPNProtocols: ['uqo-api'] })).toContain('"clusterId":"uqo"');
  expect(Buffer.concat(heard).includes('clusterId')).toBe(false);
  // The authority vouches for it, but it is no member.
  expect(await ask({ ...shownBy('n2'), ALPNProtocols: ['uqo-api'] })).toBe('');
  expect(await ask({ ca: own.ca, ALPNProtocols: ['uqo-api'] })).toBe('');
  expect(await ask({ ...own, ALPNProtocols: ['h2'] })).toBe('');
  expect(await ask({ ...own, rejectUnauthorized: false, maxVersion: 'TLSv1.2' })).toBe('');
  // Garbage, and plain HTTP.
  for (const bytes of [Buffer.alloc(5_000, 7), Buffer.from(request), Buffer.from([22, 3, 1])]) {
    const socket = connect(port, '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', () => resolve(text)).on('close', () => resolve(text));
      socket.end(bytes);
    });
    expect(answer).not.toContain('HTTP/1.1');
  }
  expect(await submit('n1', 'it still serves')).toBe(201);
}, 60_000);

test('a node of another authority, or whose certificate has ended, does not get in', async () => {
  await placed();
  makeCertificates();
  for (const file of ['n3.pem', 'n3.key', 'ca.pem']) {
    copyFileSync(join(cluster.folder, file), join(cluster.folder, `good-${file}`));
  }
  makeCertificates((commands) => commands.replaceAll('ca.', 'stranger.').replace('n1 n2 n3', 'n3'));
  const [first, , third] = await Promise.all([
    cluster.run('n1', flagsOf('n1')),
    cluster.run('n2', flagsOf('n2')),
    // It trusts the others, and nobody vouches for it.
    cluster.run('n3', flagsOf('n3')),
  ]);
  await cluster.leader();
  await first.said('a connection of a peer was refused');
  await third.said('a peer cannot be reached');
  const view = await cluster.view('n1');
  expect(view?.members.find(({ nodeId }) => nodeId === 'n3')?.isReachable).toBe(false);

  // With the right files it needs no restart.
  for (const file of ['n3.key', 'n3.pem']) {
    copyFileSync(join(cluster.folder, `good-${file}`), join(cluster.folder, file));
  }
  await third.said('use the new certificate from now on');
  await cluster.settled();
  // A new one that is none changes nothing.
  writeFileSync(join(cluster.folder, 'n3.pem'), 'garbage');
  await third.said('the new certificate cannot be used');
  await cluster.settled();
  expect(await submit('n3', 'still there')).toBe(201);
}, 120_000);

test('a node does not get in with the certificate of another one', async () => {
  await placed();
  makeCertificates();
  const [first, , third] = await Promise.all([
    cluster.run('n1', flagsOf('n1')),
    cluster.run('n2', flagsOf('n2')),
    cluster.run('n3', [...flagsOf('n2'), '--peer-tls-any-node']),
  ]);
  await cluster.leader();
  await first.said('PEER_CERTIFICATE_MISMATCH');
  await third.said('PEER_CERTIFICATE_MISMATCH');
  const view = await cluster.view('n1');
  expect(view?.members.find(({ nodeId }) => nodeId === 'n3')?.isReachable).toBe(false);
}, 60_000);

test('settings that cannot be right are refused at the start, and say what is wrong', async () => {
  await placed(['n1']);
  makeCertificates();
  const ended = `openssl x509 -req -in n2.csr -copy_extensions copy -CA ca.pem -CAkey ca.key -days 1 -out ended.pem`;
  makeCertificates(() => ended.replace('-days 1', '-days -1'));
  writeFileSync(join(cluster.folder, 'garbage.pem'), 'not a certificate');
  const start = async (...flags: readonly string[]): Promise<string> => {
    const node = ['--log', 'raft', '--node-id', 'n1', '--peers', 'n1=127.0.0.1:1', '--data', 'd'];
    const ran = await runUqo(['start', ...node, ...flags], { cwd: cluster.folder });
    expect(ran.exitCode).not.toBe(0);
    return ran.stderr;
  };
  expect(await start('--peer-tls-cert', 'n1.pem')).toMatch(/must be given together/);
  expect(await start(...tlsFlags('n1.pem', 'n2.key', 'ca.pem'))).toMatch(/must belong together/);
  expect(await start(...tlsFlags('n2.pem', 'n2.key', 'ca.pem'))).toMatch(
    /must name this node \(CN=n1.*CN=n2/,
  );
  expect(await start(...tlsFlags('garbage.pem', 'n1.key', 'ca.pem'))).toMatch(
    /PEM with a certificate/,
  );
  expect(await start(...tlsFlags('n1.pem', 'n1.key', 'garbage.pem'))).toMatch(
    /--peer-tls-ca must be PEM/,
  );
  expect(await start(...tlsFlags('none.pem', 'n1.key', 'ca.pem'))).toMatch(/must be readable/);
  expect(await start(...tlsFlags('ended.pem', 'n2.key', 'ca.pem'))).toMatch(/must not have ended/);
  const far = ['--peers', 'n1=192.0.2.1:9101'];
  expect(await start(...far)).toMatch(/PEERS_INSECURE|without TLS/);
}, 60_000);
