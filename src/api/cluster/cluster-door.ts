/** What the API must know of the cluster that its node belongs to. */
import type { Socket } from 'node:net';
import type { ClusterView } from '../../contract/index.ts';

/** Who answers: this node, or the one whose API is there. */
export type Leader = 'self' | { readonly url: string };

/** Begins a connection; the socket tells by its events what became of it. */
export type Connect = (address: { readonly host: string; readonly port: number }) => Socket;

export interface ClusterDoor {
  readonly nodeId: string;
  /** True while this node leads and knows everything that was acknowledged before. */
  readonly isLeading: boolean;
  /** True while somebody leads: then requests can be taken here, and may be carried on. */
  readonly ready: boolean;
  /** True once this node was taken out of the cluster: it will never know who leads. */
  readonly isRemoved: boolean;
  /** Resolves with who leads, as soon as anybody does; with null where nobody does for so long. */
  leader(waitMs: number): Promise<Leader | null>;
  /**
   * Resolves once what is read here is at least as new as anything acknowledged before the call.
   *
   * @throws OrchestratorError `NOT_LEADER`, `OVERLOADED`, `READ_TIMEOUT`
   */
  readBarrier(): Promise<void>;
  /** How the URLs of other nodes are connected to, where that is not plain HTTP. */
  readonly connectApi: Connect | null;
  /** The other nodes that can be reached, by where their APIs are. */
  others(): Promise<readonly { readonly url: string }[]>;
  /** The cluster as this node sees it. */
  view(): ClusterView;
  /**
   * Carries one change of the members out; resolves when a quorum keeps it.
   *
   * @throws OrchestratorError with the code of the refusal, such as `NODE_NOT_CAUGHT_UP`
   */
  changeMember(change: MemberChange): Promise<void>;
  /**
   * Hands leadership over, to the voter that lacks least where none is named.
   *
   * @throws OrchestratorError `TRANSFER_ABORTED`
   */
  transfer(to: string | null): Promise<void>;
}

export type MemberChange =
  | { readonly kind: 'addLearner'; readonly nodeId: string; readonly address: string }
  | { readonly kind: 'promote' | 'demote' | 'remove'; readonly nodeId: string };
