/** What the API must know of the cluster that its node belongs to. */

/** Who answers: this node, or the one whose API is there. */
export type Leader = 'self' | { readonly url: string };

export interface ClusterDoor {
  readonly nodeId: string;
  /** True while this node leads and knows everything that was acknowledged before. */
  readonly isLeading: boolean;
  /** True while somebody leads: then requests can be taken here, and may be carried on. */
  readonly ready: boolean;
  /** Resolves with who leads, as soon as anybody does; with null where nobody does for so long. */
  leader(waitMs: number): Promise<Leader | null>;
  /**
   * Resolves once what is read here is at least as new as anything acknowledged before the call.
   *
   * @throws OrchestratorError `NOT_LEADER`, `OVERLOADED`, `READ_TIMEOUT`
   */
  readBarrier(): Promise<void>;
}
