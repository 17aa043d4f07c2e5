import net from 'node:net';
import { formatPeerAddress, type PeerAddress } from './peer-address.ts';

/** A port that is being listened on. */
export interface PeerListener {
  /** `host:port`, with the port that was really taken. */
  readonly address: string;
  /** Takes no more calls; connections stay with whoever has them. */
  close(): Promise<void>;
}

/** What the links ask of a socket: an ordered stream of bytes in both directions. A `net.Socket` is one. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  /** @returns false where so much waits that the caller should wait for `drain` */
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
  /** Writes a last time; the other end reads that, and then that it was the last. */
  end(bytes: Uint8Array): unknown;
  /** Drops what waits; `close` follows, and nothing after it. */
  destroy(): unknown;
}

/** How sockets between nodes come to be. */
export interface PeerNetwork {
  /** Whether others can neither read nor change what passes. */
  readonly isSecure: boolean;
  /** Starts a call; the socket tells by its events what became of it. */
  connect(address: PeerAddress): PeerSocket;
  listen(address: PeerAddress, onSocket: (socket: PeerSocket) => void): Promise<PeerListener>;
  /** What the other end of an open connection has shown that is not of this node; null where nothing speaks against it. */
  doubtOf?(socket: PeerSocket, nodeId: string): string | null;
}

/** Plain TCP. */
export const tcpNetwork: PeerNetwork = {
  isSecure: false,
  connect: ({ host, port }) => net.connect({ host, port, noDelay: true }),
  listen: (address, onSocket) => listening(net.createServer({ noDelay: true }, onSocket), address),
};

/** Resolves once the server listens. */
export function listening(server: net.Server, address: PeerAddress): Promise<PeerListener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      // A call that fails while it is taken is one call less; the port stays open.
      server.on('error', () => undefined);
      const taken = server.address() as net.AddressInfo;
      resolve({
        address: formatPeerAddress({ host: address.host, port: taken.port }),
        close: () => new Promise((closed) => void server.close(() => closed())),
      });
    });
  });
}
