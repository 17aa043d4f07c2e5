/** An etcd cluster on this machine, and a client of it that speaks gRPC with nothing in between. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { freePort } from './cluster.ts';

/** The version that is installed, or null. */
export function etcdVersion(): string | null {
  const { status, stdout } = spawnSync('etcd', ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/etcd Version: (\S+)/.exec(stdout)?.[1] ?? 'unknown') : null;
}

export class EtcdCluster {
  readonly #children: ChildProcess[] = [];
  readonly #clients: string[] = [];

  /** Each node with its own folder and its default settings: an fsync behind every batch of entries. */
  static async start(folder: string, count: number): Promise<EtcdCluster> {
    const cluster = new EtcdCluster();
    const nodes: { readonly id: string; readonly peer: string; readonly client: string }[] = [];
    for (let i = 0; i < count; i++) {
      const peer = `http://127.0.0.1:${await freePort()}`;
      nodes.push({ id: `e${i}`, peer, client: `http://127.0.0.1:${await freePort()}` });
    }
    const all = nodes.map(({ id, peer }) => `${id}=${peer}`).join(',');
    for (const { client, id, peer } of nodes) {
      const args = ['--name', id, '--data-dir', join(folder, id), '--initial-cluster', all];
      const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer];
      const clients = ['--listen-client-urls', client, '--advertise-client-urls', client];
      const child = spawn('etcd', [...args, ...peers, ...clients], { stdio: 'ignore' });
      cluster.#children.push(child);
      cluster.#clients.push(client);
    }
    return cluster;
  }

  /** Processes of the nodes. */
  get pids(): readonly number[] {
    return this.#children.map(({ pid }) => pid as number);
  }

  /** A client of the leader, once there is one: no node has to carry its puts on. */
  async client(): Promise<EtcdClient> {
    for (;;) {
      for (const url of this.#clients) {
        const client = new EtcdClient(url);
        // One that is not up yet does not lead.
        if (await client.isLeader().catch(() => false)) return client;
        client.close();
      }
      await new Promise((next) => setTimeout(next, 100));
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(this.#children.map((child) => once(child, 'exit')));
  }
}

/** Unary calls of etcd's v3 API, their few fields encoded by hand. */
export class EtcdClient {
  readonly #session: ClientHttp2Session;

  constructor(url: string) {
    this.#session = connect(url);
    this.#session.on('error', () => undefined);
  }

  /** Puts one key; resolves when it is committed. */
  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#call('/etcdserverpb.KV/Put', Buffer.concat([field(1, key), field(2, value)]));
  }

  /** Whether the node that is asked leads. */
  async isLeader(): Promise<boolean> {
    const status = await this.#call('/etcdserverpb.Maintenance/Status', Buffer.alloc(0));
    const fields = varintsOf(status);
    const own = varintsOf(fields.get(1) as Buffer).get(2);
    const leader = fields.get(4);
    return leader !== undefined && leader !== 0n && leader === own;
  }

  close(): void {
    this.#session.destroy();
  }

  #call(path: string, message: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const chunks: Buffer[] = [];
      let status = '0';
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('trailers', (trailers) => (status = String(trailers['grpc-status'])));
      stream.on('response', (headers) => (status = String(headers['grpc-status'] ?? status)));
      stream.once('error', reject);
      stream.once('end', () => {
        if (status === '0') resolve(Buffer.concat(chunks).subarray(5));
        else reject(new Error(`etcd answered with status ${status}`));
      });
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([head, message]));
    });
  }
}

/** A field of bytes in protobuf's encoding. */
function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}

/** Fields of a message by number: integers, and bytes as they are. */
function varintsOf(message: Buffer): Map<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>();
  let at = 0;
  const read = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(read());
    if (tag % 8 === 0) fields.set(tag >> 3, read());
    else {
      const length = Number(read());
      fields.set(tag >> 3, message.subarray(at, at + length));
      at += length;
    }
  }
  return fields;
}
