/** Who is where, and who has been met: what a cluster must know of its nodes beside who votes. */
import { membersOf, type Configuration, type NodeId } from '../../consensus/index.ts';
import type { KnownPeer } from './journal/journal-record.ts';
import type { Refusal } from './transport/handshake.ts';
import { parsePeerAddress } from './transport/peer-address.ts';

interface Met {
  readonly nodeId: NodeId;
  readonly incarnation: string;
  /** Empty where it was not told. */
  readonly address: string;
}

export class PeerBook {
  readonly #nodeId: NodeId;
  readonly #peers = new Map<NodeId, KnownPeer>();
  #configuration: Configuration | null = null;
  /** The newest configuration that is known to be committed. */
  #committed: Configuration | null = null;

  constructor(nodeId: NodeId, known: readonly KnownPeer[]) {
    this.#nodeId = nodeId;
    for (const peer of known) if (peer.nodeId !== nodeId) this.#peers.set(peer.nodeId, peer);
  }

  get peers(): readonly KnownPeer[] {
    return [...this.#peers.values()];
  }

  addressOf(nodeId: NodeId): string | null {
    return this.#peers.get(nodeId)?.address ?? null;
  }

  /**
   * Members as of now. Those that left are forgotten once that is committed: until then a leader that leaves
   * still counts who keeps the entry.
   */
  configure(configuration: Configuration, isCommitted: boolean): void {
    this.#configuration = configuration;
    if (!isCommitted) return;
    this.#committed = configuration;
    for (const nodeId of configuration.removed) this.#peers.delete(nodeId);
  }

  /**
   * Whom to call, and where: all members, and whoever was met, for it may lead by a configuration that is yet to
   * come here, and only an answer brings it; everyone known while there are no members yet.
   */
  get targets(): Map<NodeId, string> {
    const members = this.#members;
    const targets = new Map<NodeId, string>();
    for (const { address, incarnation, nodeId } of this.#peers.values()) {
      const isWanted = members.size === 0 || members.has(nodeId) || incarnation !== null;
      if (isWanted && nodeId !== this.#nodeId) targets.set(nodeId, address);
    }
    return targets;
  }

  /** Whether a node was taken out, as far as that is certain here. */
  isRemoved(nodeId: NodeId): boolean {
    return this.#committed?.removed.includes(nodeId) ?? false;
  }

  /** Whether a node neither is a member nor was one. */
  isNew(nodeId: NodeId): boolean {
    return !this.#members.has(nodeId) && !this.isRemoved(nodeId);
  }

  /** The member that is known to be at an address. */
  memberAt(address: string): NodeId | null {
    const members = this.#members;
    const found = [...this.#peers.values()].find(
      (peer) => peer.address === address && members.has(peer.nodeId),
    );
    return found?.nodeId ?? null;
  }

  /** An operator says where a node is. */
  place(nodeId: NodeId, address: string): void {
    if (nodeId === this.#nodeId) return;
    const incarnation = this.#peers.get(nodeId)?.incarnation ?? null;
    this.#peers.set(nodeId, { nodeId, address, incarnation });
  }

  /** @returns true where something new was learned */
  met({ address, incarnation, nodeId }: Met): boolean {
    const known = this.#peers.get(nodeId);
    const at = address === '' ? known?.address : address;
    if (at === undefined || !isAddress(at)) return false;
    if (known?.incarnation === incarnation && known.address === at) return false;
    this.#peers.set(nodeId, { nodeId, address: at, incarnation });
    return true;
  }

  /** Takes over what others say of nodes that this one does not know. */
  heard(peers: readonly KnownPeer[]): boolean {
    let isNew = false;
    for (const { address, nodeId } of peers) {
      if (nodeId === this.#nodeId || this.#peers.has(nodeId) || this.isRemoved(nodeId)) continue;
      if (!isAddress(address)) continue;
      this.#peers.set(nodeId, { nodeId, address, incarnation: null });
      isNew = true;
    }
    return isNew;
  }

  /** Why a node may not speak with this one; null where it may. */
  refusalOf({ incarnation, nodeId }: Omit<Met, 'address'>): Refusal | null {
    if (this.isRemoved(nodeId)) {
      const message = `node ${nodeId} must not come back after it left the cluster: give it a new id and an empty folder, and add it`;
      return { code: 'PEER_REMOVED', message };
    }
    const known = this.#peers.get(nodeId);
    if (known === undefined && !this.#isMember(nodeId)) {
      const message = `a peer must be a member of the cluster, got ${nodeId}: add it by the leader first`;
      return { code: 'PEER_UNKNOWN', message };
    }
    const wasMet = known !== undefined && known.incarnation !== null;
    if (!wasMet || known.incarnation === incarnation) return null;
    const message = `node ${nodeId} must come back with the data it had, got an empty or another folder: what it promised is lost, so remove it and add it under a new id`;
    return { code: 'PEER_LOST_ITS_DATA', message };
  }

  /** Members of the newest configuration, and of the newest committed one. */
  get #members(): Set<NodeId> {
    const known = [this.#configuration, this.#committed];
    return new Set(known.flatMap((one) => (one === null ? [] : membersOf(one))));
  }

  /** Everyone may be one while this node does not know of any. */
  #isMember(nodeId: NodeId): boolean {
    const members = this.#members;
    return members.size === 0 || members.has(nodeId);
  }
}

function isAddress(text: string): boolean {
  try {
    parsePeerAddress(text);
    return true;
  } catch {
    return false;
  }
}
