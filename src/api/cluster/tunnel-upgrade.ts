/** Carries a channel to the node that leads: bytes both ways, until either end closes. */
import { connect } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { FORWARDED_HEADER } from './forward-request.ts';

export interface Tunnel {
  readonly url: string;
  /** Of this node. */
  readonly nodeId: string;
}

/** Connections that carry nothing in either direction for so long have lost an end. */
const IDLE_MS_MAX = 120_000;

/** Hands the socket over; it closes with the other end's. Returns how to cut it. */
export function tunnelUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { nodeId, url }: Tunnel,
): () => void {
  const { hostname, port } = new URL(url);
  const upstream = connect({
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: Number(port),
    noDelay: true,
  });
  const cut = (): void => {
    upstream.destroy();
    socket.destroy();
  };
  upstream.setTimeout(IDLE_MS_MAX, cut);
  upstream.once('connect', () => {
    upstream.write(headOf(request, `${hostname}:${port}`, nodeId));
    if (head.length > 0) upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.once('error', cut).once('close', cut);
  socket.once('error', cut).once('close', cut);
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
