/** The peers of a node: the transport to them, and the book of who is where. */
import { OrchestratorError } from '../../base/errors.ts';
import { membersOf, type Configuration, type NodeId } from '../../consensus/index.ts';
import type { PeerStatus } from './cluster-log.ts';
import type { Journal } from './journal/journal.ts';
import type { KnownPeer } from './journal/journal-record.ts';
import { PeerBook } from './peer-book.ts';
import type { RaftLogOptions } from './raft-log-options.ts';
import type { ShellClock, ShellLogger } from './shell-ports.ts';
import type { Lane } from './transport/outgoing-queue.ts';
import { parsePeerAddress } from './transport/peer-address.ts';
import type { RequestHandler } from './transport/request-channel.ts';
import { TcpTransport, type CarriedKind } from './transport/tcp-transport.ts';

export interface PeerDirectoryOptions {
  readonly options: RaftLogOptions;
  readonly journal: Journal;
  readonly clock: ShellClock;
  readonly logger: ShellLogger;
  readonly onFrame: (from: NodeId, kind: Exclude<CarriedKind, 'peers'>, payload: Buffer) => void;
  readonly onRequest: RequestHandler;
  readonly onUnreachable: (nodeId: NodeId) => void;
  readonly onGone: (nodeId: NodeId) => void;
  readonly onFailed: (error: unknown) => void;
}

interface Request {
  readonly kind: number;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
}

export class PeerDirectory {
  readonly #options: PeerDirectoryOptions;
  readonly #book: PeerBook;
  /** Addresses that were told of already as ones that are not called. */
  readonly #leftAside = new Set<string>();
  /** Members that say that this node is none any more; none once one of them lets it in. */
  readonly #removedBy = new Set<NodeId>();
  #isRemovalTold = false;
  #transport: TcpTransport | null = null;
  #isClosed = false;

  constructor(options: PeerDirectoryOptions) {
    this.#options = options;
    const { journal, options: node } = options;
    this.#book = new PeerBook(node.nodeId, journal.peers);
    // What the operator says now is newer than what was kept.
    for (const [nodeId, address] of Object.entries(node.peers ?? {})) {
      this.#book.place(nodeId, address);
    }
  }

  /** Whether this node was taken out of its cluster, as it knows itself or has been told. */
  get isRemoved(): boolean {
    return this.#book.isRemoved(this.#ownId) || this.#removedBy.size > 0;
  }

  get address(): string {
    return this.#transport?.address ?? this.#options.options.transport.listenAddress;
  }

  /** Listens, and calls the members. */
  async open(configuration: Configuration, isCommitted: boolean): Promise<void> {
    const { clock, journal, logger, onFrame, onGone, onRequest, onUnreachable, options } =
      this.#options;
    for (const address of Object.values(options.peers ?? {})) parsePeerAddress(address);
    this.#book.configure(configuration, isCommitted);
    this.#transport = await TcpTransport.open({
      ...options.transport,
      local: journal.identity,
      clock,
      logger,
      admit: (peer) => this.#admit(peer),
      events: {
        onFrame: (from, kind, payload) => {
          if (kind === 'peers') this.#hear(payload);
          else onFrame(from, kind, payload);
        },
        onRequest,
        onMet: (peer) => {
          if (this.#book.met(peer)) this.#changed();
        },
        onReachable: (nodeId) => {
          this.#removedBy.clear();
          this.#tell(nodeId);
        },
        onTurnedAway: (nodeId, code) => {
          if (code === 'PEER_REMOVED') this.#removedBy.add(nodeId);
          this.#lookWhetherRemoved();
        },
        onUnreachable,
        onGone,
      },
    });
    for (const address of Object.values(options.peers ?? {})) {
      this.#transport.requireCallable(address);
    }
    this.#call();
  }

  /**
   * Takes over where an operator says that new nodes are. Those that are members say themselves where they are.
   *
   * @throws OrchestratorError `PEERS_INSECURE`, `PEER_ADDRESS_INVALID`, `PEER_ADDRESS_TAKEN`: then nothing is taken over
   */
  learn(addresses: Readonly<Record<NodeId, string>>): void {
    const entries = Object.entries(addresses).filter(([nodeId]) => this.#book.isNew(nodeId));
    for (const [nodeId, address] of entries) {
      this.#transport?.requireCallable(address);
      const owner = address === this.address ? this.#ownId : this.#book.memberAt(address);
      if (owner === null || owner === nodeId) continue;
      const message = `the address must be that of ${nodeId} alone, got ${address}, where ${owner} is`;
      throw new OrchestratorError('PEER_ADDRESS_TAKEN', message, { address, nodeId: owner });
    }
    for (const [nodeId, address] of entries) this.#book.place(nodeId, address);
    if (entries.length > 0) this.#changed();
  }

  /** @param isCommitted - then those that left are refused from now on */
  configure(configuration: Configuration, isCommitted: boolean): void {
    this.#book.configure(configuration, isCommitted);
    this.#call();
    if (!isCommitted) return;
    this.#lookWhetherRemoved();
    for (const nodeId of configuration.removed) this.#transport?.dropIncoming(nodeId);
  }

  send(to: NodeId, frame: Uint8Array, lane: Lane): boolean {
    return this.#transport?.send(to, 'message', frame, lane) ?? false;
  }

  broadcast(kind: 'digest' | 'peers', payload: Uint8Array): void {
    for (const nodeId of this.#book.targets.keys()) {
      this.#transport?.send(nodeId, kind, payload, 'bulk');
    }
  }

  request(to: NodeId, { body, kind, timeoutMs }: Request): Promise<Buffer> {
    if (this.#transport === null) {
      const message = 'this node must take part to ask another one';
      return Promise.reject(new OrchestratorError('PEER_UNREACHABLE', message));
    }
    return this.#transport.request(to, kind, body, timeoutMs);
  }

  /** All members but this node. */
  members(configuration: Configuration): Omit<PeerStatus, 'lagEntries'>[] {
    return membersOf(configuration)
      .filter((nodeId) => nodeId !== this.#ownId)
      .map((nodeId) => ({
        nodeId,
        address: this.#book.addressOf(nodeId),
        isReachable: this.#transport?.isReachable(nodeId) ?? false,
      }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#transport?.close();
  }

  #admit(peer: Parameters<PeerBook['refusalOf']>[0]): ReturnType<PeerBook['refusalOf']> {
    return this.#book.refusalOf(peer);
  }

  #hear(payload: Buffer): void {
    const peers = decodePeers(payload);
    if (peers === null) {
      throw new OrchestratorError('PEER_FRAME_MALFORMED', 'a list of peers must be one');
    }
    if (this.#book.heard(peers)) this.#changed();
  }

  #tell(nodeId: NodeId): void {
    this.#transport?.send(nodeId, 'peers', encodePeers(this.#book.peers), 'bulk');
  }

  /** Somebody is new, or moved: keeps it, calls, and lets the others know. */
  #changed(): void {
    if (this.#isClosed) return;
    const { journal, onFailed } = this.#options;
    journal.keepPeers(this.#book.peers).catch(onFailed);
    this.#call();
    this.broadcast('peers', encodePeers(this.#book.peers));
  }

  /**
   * Calls whom the book names. An address that must not be called is left aside: what peers say of where they are, and what
   * was kept of that, must never end this node.
   */
  #call(): void {
    const transport = this.#transport;
    if (transport === null) return;
    const targets = this.#book.targets;
    for (const [peer, address] of targets) {
      try {
        transport.requireCallable(address);
      } catch (error) {
        if (!(error instanceof OrchestratorError)) throw error;
        targets.delete(peer);
        if (this.#leftAside.has(address)) continue;
        this.#leftAside.add(address);
        const { logger } = this.#options;
        logger.warn('a peer has an address that must not be called', { peer, why: error.message });
      }
    }
    transport.setPeers(targets);
  }

  #lookWhetherRemoved(): void {
    if (!this.isRemoved || this.#isRemovalTold) return;
    this.#isRemovalTold = true;
    this.#options.logger.error(
      'this node was removed from its cluster, for ever: stop it; to use its machine again, add it under a new id with an empty folder',
      { nodeId: this.#ownId },
    );
  }

  get #ownId(): NodeId {
    return this.#options.options.nodeId;
  }
}

/** Ids and addresses; whom one has met is for each to find out. */
function encodePeers(peers: readonly KnownPeer[]): Buffer {
  return Buffer.from(JSON.stringify(peers.map(({ address, nodeId }) => [nodeId, address])));
}

function decodePeers(payload: Buffer): KnownPeer[] | null {
  let list: unknown;
  try {
    list = JSON.parse(payload.toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(list)) return null;
  const peers: KnownPeer[] = [];
  for (const pair of list) {
    if (!Array.isArray(pair)) return null;
    const [nodeId, address] = pair as readonly unknown[];
    if (typeof nodeId !== 'string' || typeof address !== 'string') return null;
    peers.push({ nodeId, address, incarnation: null });
  }
  return peers;
}
