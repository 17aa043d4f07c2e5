import { afterEach } from 'vitest';
import { TcpTransport, type TransportEvents, type TransportOptions } from '../tcp-transport.ts';

const open: TcpTransport[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()));
});

/** A node's transport, and what it was told. */
export interface Peer {
  readonly transport: TcpTransport;
  readonly heard: string[];
  readonly warnings: string[];
  /** Resolves when this node reaches the peer. */
  reached: Promise<string>;
}

/** Listens on a free port; closed after the test. */
export async function start(
  nodeId: string,
  extra: Partial<TransportOptions> & { readonly clusterId?: string } = {},
  events: Partial<TransportEvents> = {},
): Promise<Peer> {
  const heard: string[] = [];
  const warnings: string[] = [];
  const { promise: reached, resolve } = Promise.withResolvers<string>();
  const note = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    warnings.push(`${message}: ${JSON.stringify(fields)}`);
  };
  const transport = await TcpTransport.open({
    local: { clusterId: extra.clusterId ?? 'test', nodeId, incarnation: `${nodeId}-1` },
    listenAddress: '127.0.0.1:0',
    admit: () => null,
    bounds: { backoffMsMin: 5, backoffMsMax: 20, frameBytesMax: 100_000 },
    logger: { info: note, warn: note, error: note },
    events: {
      onFrame: (from, kind, payload) => void heard.push(`${from} ${kind} ${payload.toString()}`),
      onRequest: (from, kind, body) =>
        Promise.resolve(Buffer.from(`${from} ${kind} ${body.toString()}`)),
      onMet: () => undefined,
      onReachable: resolve,
      onUnreachable: () => undefined,
      onGone: () => undefined,
      ...events,
    },
    ...extra,
  });
  open.push(transport);
  return { transport, heard, warnings, reached };
}

/** Lets a node call another one, and nobody else. */
export function connect(from: Peer, to: Peer, toId: string): void {
  from.transport.setPeers(new Map([[toId, to.transport.address]]));
}
