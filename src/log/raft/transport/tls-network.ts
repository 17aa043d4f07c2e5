import net from 'node:net';
import tls from 'node:tls';
import { messageOf } from '../../../base/errors.ts';
import type { PeerAddress } from './peer-address.ts';
import { listening, type PeerListener, type PeerNetwork, type PeerSocket } from './peer-network.ts';

/** Key, certificate and authorities of the cluster as PEM, as for `node:tls`. */
export type PeerCredentials = Readonly<
  Required<Pick<tls.SecureContextOptions, 'ca' | 'cert' | 'key'>>
>;

/** What the two kinds of connections on one port say that they are (ALPN, RFC 7301). */
const PEER = 'uqo-peer';
const API = 'uqo-api';

export interface TlsNetworkOptions {
  readonly credentials: PeerCredentials;
  /** Somebody could not show a certificate that is good here, or did not like this node's. */
  readonly onRefused?: (from: string, why: string) => void;
}

/**
 * TLS in which both ends show a certificate.
 *
 * The port takes connections of peers and, under another name of protocol, requests that a peer carries to this node.
 */
export class TlsNetwork implements PeerNetwork {
  readonly isSecure = true;
  readonly #options: TlsNetworkOptions;
  readonly #servers = new Set<tls.Server>();
  #credentials: PeerCredentials;
  #takeApi: ((socket: net.Socket) => void) | null = null;

  /** @throws Error where the credentials are not what they should be */
  constructor(options: TlsNetworkOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
    tls.createSecureContext(options.credentials);
  }

  connect(address: PeerAddress): PeerSocket {
    return this.#call(address, PEER);
  }

  /** A connection to the API of the node that has this address for its peers. */
  connectApi(address: PeerAddress): net.Socket {
    return this.#call(address, API);
  }

  /** Who takes requests that peers carry here; before, they are turned away. */
  serveApi(take: (socket: net.Socket) => void): void {
    this.#takeApi = take;
  }

  /**
   * Shows and asks for others from now on; connections that stand are left as they are.
   *
   * @throws Error where they are not what they should be: then nothing changes
   */
  replace(credentials: PeerCredentials): void {
    tls.createSecureContext(credentials);
    for (const server of this.#servers) server.setSecureContext(credentials);
    this.#credentials = credentials;
  }

  async listen(
    address: PeerAddress,
    onSocket: (socket: PeerSocket) => void,
  ): Promise<PeerListener> {
    const bounds = { ...this.#bounds(), requestCert: true, ALPNProtocols: [PEER, API] };
    const server = tls.createServer(bounds, (socket) => {
      socket.setNoDelay(true);
      if (socket.alpnProtocol === PEER) onSocket(socket);
      else if (socket.alpnProtocol === API && this.#takeApi !== null) this.#takeApi(socket);
      else socket.destroy();
    });
    server.on('tlsClientError', (error, socket) => {
      this.#options.onRefused?.(socket.remoteAddress ?? 'unknown', messageOf(error));
    });
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
    return listening(server, address);
  }

  #call({ host, port }: PeerAddress, protocol: string): tls.TLSSocket {
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    const bounds = { ...this.#bounds(), ...servername, ALPNProtocols: [protocol] };
    return tls.connect({ ...bounds, host, port }).setNoDelay(true);
  }

  #bounds(): PeerCredentials & { minVersion: 'TLSv1.3'; rejectUnauthorized: true } {
    return { ...this.#credentials, minVersion: 'TLSv1.3', rejectUnauthorized: true };
  }
}
