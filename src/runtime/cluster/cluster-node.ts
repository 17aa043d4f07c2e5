/** A node of a cluster, from outside. */
import type { Socket } from 'node:net';
import { isOrchestratorError, messageOf, OrchestratorError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import type { MemberChange, PeerAddress, PeerStatus, RaftLog } from '../../log/index.ts';
import type { ClusterView } from '../../contract/index.ts';
import { ClusterSeat } from './cluster-seat.ts';
import { clusterView } from './cluster-view.ts';
import type { Runtime } from '../runtime.ts';
import type { ClusterNodeOptions } from './cluster-options.ts';
import type { NodePorts } from './node-ports.ts';
import { ASK_NODE, type About, type KnownLeader } from './leadership.ts';

/** How long other nodes may take to say where they are, in milliseconds. */
const OTHERS_MS_MAX = 1_000;
/** How long a hand-over may take at a stop, in milliseconds. */
const HAND_OVER_MS = 2_000;

export class ClusterNode {
  readonly runtime: Runtime;
  readonly log: RaftLog;
  readonly #seat: ClusterSeat;

  private constructor(seat: ClusterSeat, runtime: Runtime, log: RaftLog) {
    this.#seat = seat;
    this.runtime = runtime;
    this.log = log;
  }

  /**
   * Opens a node: brings back what its folder holds, and takes part in its cluster.
   *
   * @throws OrchestratorError `DATA_DIR_LOCKED`, `PEERS_INSECURE`, `PEER_PORT_UNUSABLE`, `LOG_STORE_MISMATCH` and others
   */
  static async open(options: ClusterNodeOptions, ports?: NodePorts): Promise<ClusterNode> {
    const seat = await ClusterSeat.open(options, ports);
    const { log, runtime } = seat;
    invariant(log !== null && runtime !== null, 'an open seat has a log and a runtime');
    return new ClusterNode(seat, runtime, log);
  }

  get nodeId(): string {
    return this.#seat.options.cluster.nodeId;
  }

  /** Whether this node leads and takes work. */
  get isLeading(): boolean {
    return this.#seat.leadership.term !== null;
  }

  /** Whether somebody leads. */
  get ready(): boolean {
    return this.isLeading || this.log.role.leader !== null;
  }

  /** Whether this node was taken out of its cluster. */
  get isRemoved(): boolean {
    return this.log.status().isRemoved;
  }

  async leader(waitMs: number): Promise<KnownLeader | null> {
    const leader = await this.#seat.leadership.leader(waitMs);
    if (leader === null || leader === 'self') return leader;
    return { nodeId: leader.nodeId, url: this.#urlOf(leader.nodeId, leader.url) };
  }

  /** A connection to another node's API at one of the URLs given here; null where plain HTTP is spoken. */
  get connectApi(): ((address: PeerAddress) => Socket) | null {
    const { network } = this.#seat.options.cluster;
    return network?.connectApi === undefined ? null : network.connectApi.bind(network);
  }

  /** Resolves once what is read here is at least as new as anything acknowledged before the call. */
  async readBarrier(): Promise<void> {
    await this.log.readBarrier();
  }

  /** The other nodes that can be reached, and where their APIs are. */
  async others(): Promise<readonly { readonly url: string }[]> {
    const reachable = this.log.status().peers.filter(({ isReachable }) => isReachable);
    const asked = reachable.map(async ({ nodeId }) => {
      try {
        const answer = await this.log.ask(nodeId, ASK_NODE, new Uint8Array(), OTHERS_MS_MAX);
        const about = JSON.parse(Buffer.from(answer).toString()) as About;
        return about.url === '' ? about : { ...about, url: this.#urlOf(nodeId, about.url) };
      } catch (error) {
        // Gone meanwhile, or of a version that does not know the question.
        if (!isOrchestratorError(error)) throw error;
        return null;
      }
    });
    const answered = await Promise.all(asked);
    return answered.filter((about): about is About => about !== null && about.url !== '');
  }

  view(): ClusterView {
    const { copier, skew, webhooks } = this.#seat;
    return clusterView(this.log.status(), {
      isReady: this.ready,
      clockSkewMs: skew.ms,
      hasSameWebhooks: webhooks.isSame,
      artifacts: copier?.view ?? { kept: 0, missing: 0, missingBytes: 0 },
      artifactsMissingOf: (nodeId) => copier?.missingOf(nodeId) ?? null,
    });
  }

  /** Changes one member; resolves when that is committed. Only the leader can. */
  async changeMember(change: MemberChange & { readonly address?: string }): Promise<void> {
    const { address, kind, nodeId } = change;
    await this.log.changeMembership(
      [{ kind, nodeId }],
      address === undefined ? {} : { [nodeId]: address },
    );
  }

  /**
   * Hands leadership over, to the voter that lacks least where none is named.
   *
   * @throws OrchestratorError `TRANSFER_ABORTED`
   */
  async transfer(to: string | null): Promise<void> {
    const next = to ?? this.#successor();
    if (next === null) {
      const message = 'another voter must be reachable, got none';
      throw new OrchestratorError('TRANSFER_ABORTED', message);
    }
    await this.log.transfer(next);
  }

  /** Leaves, lets what runs end for at most `graceMs`, and closes. */
  async close(graceMs?: number): Promise<void> {
    await this.leave();
    await this.#seat.close(graceMs);
  }

  /** Hands leadership over before a stop, where that is possible: nobody has to wait for an election. */
  async leave(): Promise<void> {
    if (this.log.role.role !== 'leader' || this.#successor() === null) return;
    const patience = Promise.withResolvers<void>();
    const cancel = this.#seat.clock.setTimer(HAND_OVER_MS, patience.resolve);
    const handedOver = this.transfer(null).catch((error: unknown) => {
      this.#seat.logger.warn('leadership was not handed over', { error: messageOf(error) });
    });
    await Promise.race([handedOver, patience.promise]);
    cancel();
  }

  /** Where a node's API is asked: where it says, or where its peers reach it, if that is how requests are protected. */
  #urlOf(nodeId: string, url: string): string {
    if (this.connectApi === null) return url;
    const peer = this.log.status().peers.find((one) => one.nodeId === nodeId);
    return peer?.address == null ? url : `http://${peer.address}`;
  }

  /** The reachable voter that lacks least. */
  #successor(): string | null {
    const { configuration, peers } = this.log.status();
    const able = peers.filter(
      ({ isReachable, nodeId }) => isReachable && configuration.voters.includes(nodeId),
    );
    const lag = ({ lagEntries }: PeerStatus): number => lagEntries ?? Infinity;
    return able.toSorted((a, b) => lag(a) - lag(b))[0]?.nodeId ?? null;
  }
}
