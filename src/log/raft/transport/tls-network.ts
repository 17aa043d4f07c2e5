import { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { messageOf } from '../../../base/errors.ts';
import { namesNode, namesOf } from './node-certificate.ts';
import type { PeerAddress } from './peer-address.ts';
import { listening, type PeerListener, type PeerNetwork, type PeerSocket } from './peer-network.ts';

/** Key, certificate and authorities of the cluster as PEM, as for `node:tls`. */
export type PeerCredentials = Readonly<
  Required<Pick<tls.SecureContextOptions, 'ca' | 'cert' | 'key'>>
>;

/** Where requests go that peers carry here. */
export interface ApiService {
  readonly take: (socket: net.Socket) => void;
  /** Ids of the nodes that may. */
  readonly members: () => readonly string[];
}

/** What the two kinds of connections on one port say that they are (ALPN, RFC 7301). */
const PEER = 'uqo-peer';
const API = 'uqo-api';

export interface TlsNetworkOptions {
  readonly credentials: PeerCredentials;
  /** Every certificate is as good as any other: none needs to name the node that shows it. Default false. */
  readonly isAnyNode?: boolean;
  /** Somebody could not show a certificate that is good here, or did not like this node's. */
  readonly onRefused?: (from: string, why: string) => void;
}

/**
 * TLS in which both ends show a certificate.
 *
 * The port takes connections of peers and, under another name of protocol, requests that a peer carries to this node. A
 * certificate is that of one node, whose id it bears: whoever gets hold of it, or was removed, is nobody else.
 */
export class TlsNetwork implements PeerNetwork {
  readonly isSecure = true;
  readonly #options: TlsNetworkOptions;
  readonly #servers = new Set<tls.Server>();
  #credentials: PeerCredentials;
  #api: ApiService | null = null;

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
    const checkServerIdentity: tls.ConnectionOptions['checkServerIdentity'] = (host, shown) =>
      tls.checkServerIdentity(host, shown) ?? this.#strangerOf(new X509Certificate(shown.raw));
    return this.#call(address, API, { checkServerIdentity });
  }

  /** Who takes requests that peers carry here; before, they are turned away. */
  serveApi(service: ApiService): void {
    this.#api = service;
  }

  doubtOf(socket: PeerSocket, nodeId: string): string | null {
    if (this.#options.isAnyNode === true) return null;
    const shown = socket instanceof tls.TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (shown === undefined) return 'none';
    return namesNode(shown, nodeId) ? null : `one of ${namesOf(shown)}`;
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
      else if (socket.alpnProtocol === API) this.#serve(socket);
      else socket.destroy();
    });
    server.on('tlsClientError', (error, socket) => {
      this.#options.onRefused?.(socket.remoteAddress ?? 'unknown', messageOf(error));
    });
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
    return listening(server, address);
  }

  /** Takes what a member carries here, and nothing of others. */
  #serve(socket: tls.TLSSocket): void {
    const api = this.#api;
    const shown = socket.getPeerX509Certificate();
    const stranger = shown === undefined ? new Error('none') : this.#strangerOf(shown);
    if (api !== null && stranger === undefined) {
      api.take(socket);
      return;
    }
    socket.destroy();
    if (stranger === undefined) return;
    this.#options.onRefused?.(socket.remoteAddress ?? 'unknown', stranger.message);
  }

  /** Why nothing is carried to or from whoever shows a certificate; undefined where it is that of a member. */
  #strangerOf(shown: X509Certificate): Error | undefined {
    const api = this.#api;
    if (this.#options.isAnyNode === true || api === null) return undefined;
    if (api.members().some((nodeId) => namesNode(shown, nodeId))) return undefined;
    const text = `a certificate must name a member of the cluster, got one of ${namesOf(shown)}`;
    return new Error(text);
  }

  #call(
    { host, port }: PeerAddress,
    protocol: string,
    more: Pick<tls.ConnectionOptions, 'checkServerIdentity'> = {},
  ): tls.TLSSocket {
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    const bounds = { ...this.#bounds(), ...servername, ...more, ALPNProtocols: [protocol] };
    return tls.connect({ ...bounds, host, port }).setNoDelay(true);
  }

  #bounds(): PeerCredentials & { minVersion: 'TLSv1.3'; rejectUnauthorized: true } {
    return { ...this.#credentials, minVersion: 'TLSv1.3', rejectUnauthorized: true };
  }
}
