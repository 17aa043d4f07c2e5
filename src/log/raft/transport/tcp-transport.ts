/**
 * Frames between the nodes of one cluster, over one connection for each direction.
 *
 *   send(to, …) ─▶ OutgoingLink ══ connection ══▶ IncomingLink ─▶ onMessage(from, …)
 *
 * A frame may be lost, and frames may come twice after a reconnect; they are never damaged, and those of one lane keep
 * their order while a connection lasts. Requests are answered, or fail with whether they can have arrived.
 */
import { OrchestratorError } from '../../../base/errors.ts';
import { SILENT_SHELL_LOGGER, systemShellClock } from '../shell-ports.ts';
import { IncomingLink } from './incoming-link.ts';
import {
  NO_AUTHENTICATION,
  PROTOCOL_VERSIONS,
  type Hello,
  type ProtocolVersions,
} from './handshake.ts';
import {
  TRANSPORT_BOUNDS,
  type LinkContext,
  type LocalNode,
  type TransportBounds,
} from './link-context.ts';
import { OutgoingLink } from './outgoing-link.ts';
import type { Lane } from './outgoing-queue.ts';
import { parsePeerAddress, requireLoopback } from './peer-address.ts';
import { encodeFrame, type FrameKind, type PeerFrame } from './peer-frame.ts';
import { tcpNetwork, type PeerListener, type PeerNetwork } from './peer-network.ts';
import { RefusalNotes } from './refusal-notes.ts';
import { RequestChannel, type RequestHandler } from './request-channel.ts';

/** Frames that are handed to {@link TransportEvents.onFrame}. */
export type CarriedKind = Extract<FrameKind, 'message' | 'digest' | 'peers'>;

export interface TransportEvents {
  readonly onFrame: (from: string, kind: CarriedKind, payload: Buffer) => void;
  /** Answers a request of a peer. What it throws goes to the peer with its code. */
  readonly onRequest: RequestHandler;
  /** A peer proved itself: who it is and where it can be called. */
  readonly onMet: (peer: Pick<Hello, 'nodeId' | 'incarnation' | 'address'>) => void;
  /** Frames reach this peer from now on. */
  readonly onReachable: (peerId: string) => void;
  /** Frames to this peer were lost. */
  readonly onUnreachable: (peerId: string) => void;
  /** Nobody listens where this peer was, and it has no connection to this node: its process ended. May be told again. */
  readonly onGone: (peerId: string) => void;
  /** This peer does not speak with this node, and says why, with each call. */
  readonly onTurnedAway?: (peerId: string, code: string) => void;
}

export interface TransportOptions {
  readonly local: LocalNode;
  /** `host:port` to listen on; port 0 takes a free one. */
  readonly listenAddress: string;
  /** `host:port` that others are told, where it is not the one above. */
  readonly publicAddress?: string;
  readonly events: TransportEvents;
  /** Whether a node may speak with this one. */
  readonly admit: LinkContext['admit'];
  /** Default plain TCP. */
  readonly network?: PeerNetwork;
  readonly authentication?: LinkContext['authentication'];
  /** Allows plain TCP beyond loopback: anyone on the network between the nodes can then read and change everything. */
  readonly insecurePeers?: boolean;
  readonly clock?: LinkContext['clock'];
  readonly logger?: LinkContext['logger'];
  readonly bounds?: Partial<TransportBounds>;
  /** What is spoken with peers. Default all that this release can. */
  readonly versions?: ProtocolVersions;
  /** A number in [0, 1) for back-off. */
  readonly random?: () => number;
}

export class TcpTransport {
  readonly #options: TransportOptions;
  readonly #context: LinkContext;
  readonly #outgoing = new Map<string, OutgoingLink>();
  readonly #incoming = new Set<IncomingLink>();
  readonly #requests: RequestChannel;
  #listener: PeerListener | null = null;
  #isClosed = false;

  private constructor(options: TransportOptions) {
    this.#options = options;
    const bounds = { ...TRANSPORT_BOUNDS, ...options.bounds };
    const clock = options.clock ?? systemShellClock;
    const logger = options.logger ?? SILENT_SHELL_LOGGER;
    this.#context = {
      local: options.local,
      versions: options.versions ?? PROTOCOL_VERSIONS,
      ownAddress: () => this.address,
      network: options.network ?? tcpNetwork,
      authentication: options.authentication ?? NO_AUTHENTICATION,
      clock,
      logger,
      refusals: new RefusalNotes(clock, logger),
      bounds,
      random: options.random ?? Math.random,
      admit: options.admit,
    };
    this.#requests = new RequestChannel({
      clock: this.#context.clock,
      requestsMax: bounds.requestsMax,
      handler: options.events.onRequest,
      send: (to, frame) => this.#outgoing.get(to)?.send(frame, 'bulk') ?? false,
    });
  }

  /**
   * Listens for peers.
   *
   * @throws OrchestratorError `PEERS_INSECURE`, `PEER_ADDRESS_INVALID`, `PEER_PORT_UNUSABLE`
   */
  static async open(options: TransportOptions): Promise<TcpTransport> {
    const transport = new TcpTransport(options);
    const address = parsePeerAddress(options.listenAddress);
    transport.#requireSafe(address.host);
    try {
      const { network } = transport.#context;
      transport.#listener = await network.listen(address, (socket) => transport.#accept(socket));
    } catch (cause) {
      const message = `the port for peers must be free to listen on, got none at ${options.listenAddress}: name another`;
      throw new OrchestratorError('PEER_PORT_UNUSABLE', message, {}, { cause });
    }
    return transport;
  }

  /** `host:port` where others call this node. */
  get address(): string {
    return this.#options.publicAddress ?? this.#listener?.address ?? this.#options.listenAddress;
  }

  /**
   * Calls these peers from now on, at these addresses, and nobody else.
   *
   * @throws OrchestratorError `PEERS_INSECURE`, `PEER_ADDRESS_INVALID`
   */
  setPeers(peers: ReadonlyMap<string, string>): void {
    if (this.#isClosed) return;
    for (const address of peers.values()) this.requireCallable(address);
    for (const [peerId, link] of this.#outgoing) {
      if (peers.has(peerId)) continue;
      this.#outgoing.delete(peerId);
      link.close();
    }
    for (const [peerId, address] of peers) {
      const link = this.#outgoing.get(peerId);
      if (link === undefined) this.#outgoing.set(peerId, this.#link(peerId, address));
      else link.address = address;
    }
  }

  isReachable(peerId: string): boolean {
    return this.#outgoing.get(peerId)?.isOpen ?? false;
  }

  /** Version of the protocol that is spoken to a peer; null while there is no connection. */
  versionWith(peerId: string): number | null {
    return this.#outgoing.get(peerId)?.version ?? null;
  }

  /** @returns false where the frame went nowhere: no connection, or too much waits already */
  send(to: string, kind: CarriedKind, payload: Uint8Array, lane: Lane): boolean {
    return this.#outgoing.get(to)?.send(encodeFrame(kind, payload), lane) ?? false;
  }

  /**
   * Asks a peer, which answers by {@link TransportEvents.onRequest}.
   *
   * @throws OrchestratorError what the peer threw; `PEER_UNREACHABLE` or `PEER_OVERLOADED` when it was never sent;
   *   `PEER_ANSWER_LOST` when it may or may not have been carried out
   */
  request(to: string, kind: number, body: Uint8Array, timeoutMs: number): Promise<Buffer> {
    return this.#requests.request(to, { kind, body, timeoutMs });
  }

  /** Closes everything. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#requests.close();
    for (const link of this.#outgoing.values()) link.close();
    this.#outgoing.clear();
    for (const link of this.#incoming) link.close();
    const listener = this.#listener;
    this.#listener = null;
    await listener?.close();
  }

  /** Drops connections of peers that {@link TransportOptions.admit} no longer lets in. */
  dropIncoming(peerId: string): void {
    for (const link of this.#incoming) if (link.peerId === peerId) link.close();
  }

  /**
   * Whether a peer at this address may be called at all.
   *
   * @throws OrchestratorError `PEERS_INSECURE`, `PEER_ADDRESS_INVALID`
   */
  requireCallable(address: string): void {
    const { host, port } = parsePeerAddress(address);
    if (port === 0) {
      const message = `a peer's address must have a port from 1 to 65535, got ${address}`;
      throw new OrchestratorError('PEER_ADDRESS_INVALID', message, { address });
    }
    this.#requireSafe(host);
  }

  #requireSafe(host: string): void {
    const isSafe = this.#context.network.isSecure || this.#options.insecurePeers === true;
    if (!isSafe) requireLoopback(host);
  }

  #link(peerId: string, address: string): OutgoingLink {
    const { onReachable, onTurnedAway, onUnreachable } = this.#options.events;
    return new OutgoingLink(this.#context, peerId, address, {
      onOpen: () => onReachable(peerId),
      onDown: () => {
        this.#requests.lost(peerId);
        onUnreachable(peerId);
      },
      onRefused: () => this.#refused(peerId),
      onTurnedAway: (code) => onTurnedAway?.(peerId, code),
    });
  }

  #accept(socket: ConstructorParameters<typeof IncomingLink>[1]): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const link = new IncomingLink(this.#context, socket, {
      onOpen: (opened, { address, incarnation, nodeId }) => {
        // The newest connection counts: an older one may be the half of one that broke.
        for (const other of this.#incoming) {
          if (other !== opened && other.peerId === nodeId) other.close();
        }
        this.#options.events.onMet({ address, incarnation, nodeId });
        this.#outgoing.get(nodeId)?.hurry();
      },
      onFrame: (peerId, frame) => this.#receive(peerId, frame),
      onDown: (closed) => {
        this.#incoming.delete(closed);
        if (closed.peerId !== null) this.#refused(closed.peerId);
      },
    });
    this.#incoming.add(link);
  }

  /** One of the two connections with a peer ended: looks whether that is all that can be heard of it. */
  #refused(peerId: string): void {
    if (this.#isClosed || this.#outgoing.get(peerId)?.isRefused !== true) return;
    for (const link of this.#incoming) if (link.peerId === peerId) return;
    this.#options.events.onGone(peerId);
  }

  #receive(from: string, { kind, payload }: PeerFrame): void {
    switch (kind) {
      case 'message':
      case 'digest':
      case 'peers':
        this.#options.events.onFrame(from, kind, payload);
        return;
      case 'request':
        this.#requests.receiveRequest(from, payload);
        return;
      case 'response':
        this.#requests.receiveResponse(from, payload);
        return;
      default:
        throw new OrchestratorError(
          'PEER_FRAME_UNEXPECTED',
          `a greeted peer must send messages, got ${kind}`,
          { kind },
        );
    }
  }
}
