/** Carries a channel to the node that leads: bytes both ways, until either end closes. */
import { connect, type Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connect } from './cluster-door.ts';
import { FORWARDED_HEADER } from './forward-request.ts';

export interface Tunnel {
  readonly url: string;
  /** Of this node. */
  readonly nodeId: string;
  /** Null for plain TCP. */
  readonly connect: Connect | null;
}

/** Connections that carry nothing in either direction for so long have lost an end. */
const IDLE_MS_MAX = 120_000;
/** How long the other node may take to answer: it is there, or it does not lead. */
const ANSWER_MS_MAX = 1_000;
const SWITCHED = 'HTTP/1.1 101 ';

/** The other end of a channel that another node has taken. */
export interface Upstream {
  readonly socket: Socket;
  /** The beginning of its answer. */
  readonly answer: Buffer;
}

/** Asks the node that leads to take the channel; null where it is not there or does not take it. */
export function askUpstream(
  request: IncomingMessage,
  { connect: connectApi, nodeId, url }: Tunnel,
): Promise<Upstream | null> {
  const { hostname, port } = new URL(url);
  const address = { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) };
  const socket = connectApi?.(address) ?? connect({ ...address, noDelay: true });
  const host = connectApi === null ? `${hostname}:${port}` : 'localhost';
  return new Promise((resolve) => {
    const refused = (): void => {
      socket.destroy();
      resolve(null);
    };
    socket.setTimeout(ANSWER_MS_MAX, refused);
    socket.once('connect', () => socket.write(headOf(request, host, nodeId)));
    socket.once('error', refused).once('close', refused);
    let answer = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < SWITCHED.length) return;
      socket.pause().off('data', read).setTimeout(0, refused);
      if (answer.toString('latin1', 0, SWITCHED.length) !== SWITCHED) refused();
      else resolve({ socket, answer });
    };
    socket.on('data', read);
  });
}

/** Joins a client's connection and that of the node that took it; each closes with the other. Returns how to cut both. */
export function joinTunnel(socket: Duplex, head: Buffer, upstream: Upstream): () => void {
  const other = upstream.socket;
  const cut = (): void => {
    other.destroy();
    socket.destroy();
  };
  other.setTimeout(IDLE_MS_MAX, cut);
  other.once('error', cut).once('close', cut);
  socket.once('error', cut).once('close', cut);
  if (other.destroyed || socket.destroyed) cut();
  if (head.length > 0) other.write(head);
  socket.write(upstream.answer);
  socket.pipe(other).pipe(socket);
  return cut;
}

/** The request as it came, for another host, without what was checked here. */
function headOf(
  { method, rawHeaders, url }: IncomingMessage,
  host: string,
  nodeId: string,
): string {
  const lines = [`${method} ${url} HTTP/1.1`, `Host: ${host}`, `${FORWARDED_HEADER}: ${nodeId}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!/^(host|origin)$/i.test(name)) lines.push(`${name}: ${rawHeaders[i + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
